// KeyOrder: the order of keys in a column family.
//
// Thread safety: immutable.

#ifndef SHEAF_TOOLS_COMMON_KEY_ORDER_H_
#define SHEAF_TOOLS_COMMON_KEY_ORDER_H_

#include <cstddef>
#include <string_view>

#include "rocksdb/comparator.h"
#include "rocksdb/slice.h"

namespace sheaf {
namespace load {

class KeyOrder {
 public:
  explicit KeyOrder(const rocksdb::Comparator* comparator)
      : comparator_(comparator), bytewise_(comparator == rocksdb::BytewiseComparator()) {}

  bool bytewise() const { return bytewise_; }
  const rocksdb::Comparator* comparator() const { return comparator_; }

  int Compare(std::string_view a, std::string_view b) const {
    if (bytewise_) return a.compare(b);
    return comparator_->Compare(rocksdb::Slice(a.data(), a.size()),
                                rocksdb::Slice(b.data(), b.size()));
  }
  // A short stand-in for `key` as the border between two ranges, so that long keys take no memory
  // there. In bytewise order it is a prefix: no key before `key` is after its border. Other
  // comparators may order a prefix in any way, so for them it is the whole key.
  std::string_view Border(std::string_view key) const {
    constexpr size_t kMaxBytes = 1024;
    return bytewise_ ? key.substr(0, kMaxBytes) : key;
  }
  bool Equal(std::string_view a, std::string_view b) const {
    return bytewise_ ? a == b : Compare(a, b) == 0;
  }

 private:
  const rocksdb::Comparator* comparator_;
  bool bytewise_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_KEY_ORDER_H_
