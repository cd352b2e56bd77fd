// IndexedList: an EditableList that has each of its values by itself, and can look it up.
//
// It takes more time for each value than ranges do, and more memory. But where many values are
// removed, or what is appended is kept to a number of bytes, it still takes time linear in the
// bytes that it is given, but for the lookups: values that go are only marked.
//
// Lifetime: borrows the bytes of all values. Thread safety: none.

#ifndef SHEAF_PLUGIN_CODEC_INDEXED_LIST_H_
#define SHEAF_PLUGIN_CODEC_INDEXED_LIST_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "plugin/codec/value_range.h"
#include "sheaf/layout.h"

namespace sheaf {
namespace internal {

class IndexedList {
 public:
  // What each append keeps to. Values pass one by one: one that is larger than `max_bytes` alone is
  // dropped; else, with `keep_first`, it is dropped if the list would be too long or too large with
  // it, and without it the oldest ones are until the list is not. So it does not matter how values
  // are divided into appends, nor whether they passed before.
  struct Limits {
    uint64_t max_values = UINT64_MAX;
    uint64_t max_bytes = UINT64_MAX;
    bool keep_first = false;
  };

  explicit IndexedList(const Limits& limits) : limits_(limits) {}

  void Append(const ValueRange& values);
  void Clear();
  void KeepFirst(uint64_t count);
  void KeepLast(uint64_t count);
  void Remove(std::string_view value);
  void RemovePrefix(std::string_view prefix);

  uint64_t size() const { return live_; }

  // Replaces `*out` with the list as a blob. One allocation, and one more if values in its middle
  // were removed. Errors: ResourceExhausted past what `layout` or RocksDB holds; `*out` is then
  // empty.
  absl::Status Encode(Layout layout, std::string* out) const;

 private:
  static constexpr size_t kNone = SIZE_MAX;  // no place
  // So many removes look at each value. From then on there is an index.
  static constexpr int kScans = 4;

  void Add(std::string_view value);
  static bool HasData(std::string_view value) { return value.data() != nullptr; }
  bool IsLive(size_t i) const { return HasData(values_[i]); }
  void Drop(size_t i);
  void DropOldest();
  void DropNewest();
  // Drops the value at `last`, and all before it that are equal to it.
  void DropEqual(size_t last);
  void Enter(size_t i);
  void BuildIndex();

  Limits limits_;
  // From begin_ on; a value that was removed has no data.
  std::vector<std::string_view> values_;
  size_t begin_ = 0;
  uint64_t live_ = 0;
  uint64_t bytes_ = 0;  // of live values

  // Once indexed: the last place of each live value, and for each place the one before it with the
  // same value. Places before begin_ may still be in it.
  bool indexed_ = false;
  int scans_ = 0;
  // Not abseil's map, which does not survive a failed allocation: the merge operator has to.
  // In order, for prefixes.
  std::map<std::string_view, size_t> last_;
  std::vector<size_t> previous_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_INDEXED_LIST_H_
