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
  // A short key that stands for `key` where ranges of keys are cut, so that long keys take no
  // memory there. It is the front of `key`: no key before `key` is behind it, as long as keys are
  // compared by bytes. Other orders may compare the front of a key in any way, so it is the whole
  // key there.
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
