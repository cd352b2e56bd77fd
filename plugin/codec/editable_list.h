// EditableList: a list of borrowed values that edits are applied to, one after the other.
//
// Like std::deque<std::string_view>, but it holds ranges of values as their blobs have them. So
// appending a list of any length, or keeping one end of it, looks at few of its values or none.
// Any sequence of edits takes time linear in the bytes that it is given, not in their product with
// the length of the list.
//
//     append 1,000,000 values, drop one, append two:   [base, from value 1 on | first | second ]
//
// Removes that follow each other look at every value once, and split the ranges that they find some
// in. After a few of those, or with a limit on bytes, an IndexedList has the values instead.
//
// Lifetime: borrows the bytes of all values. Thread safety: none.

#ifndef SHEAF_PLUGIN_CODEC_EDITABLE_LIST_H_
#define SHEAF_PLUGIN_CODEC_EDITABLE_LIST_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "plugin/codec/indexed_list.h"
#include "plugin/codec/operand.h"
#include "plugin/codec/value_range.h"
#include "sheaf/blob_view.h"
#include "sheaf/layout.h"

namespace sheaf {
namespace internal {

class EditableList {
 public:
  using Limits = IndexedList::Limits;

  EditableList() = default;
  explicit EditableList(const Limits& limits);

  void Append(const BlobView& values);
  void Clear();
  void KeepFirst(uint64_t count);
  void KeepLast(uint64_t count);
  void DropFirst(uint64_t count);  // all, if there are fewer
  void Remove(std::string_view value);
  void RemovePrefix(std::string_view prefix);  // every value that begins with it
  void Apply(const Edit& edit);

  uint64_t size();
  bool empty() { return size() == 0; }

  // Replaces `*out` with the list as a blob, in one allocation; one more if it is indexed and
  // values in its middle were removed. Errors: ResourceExhausted past what `layout` or RocksDB
  // holds; `*out` is then empty.
  absl::Status Encode(Layout layout, std::string* out);

 private:
  // So many removes look at each value. From then on there is an index.
  static constexpr int kScans = 4;
  // A remove that would split the list into so many ranges more makes the index. A range takes the
  // memory of a few values there.
  static constexpr size_t kMaxNewRanges = 4096;

  // Removes what is in removed_.
  void Settle();
  // False if the index must do it; nothing has changed then.
  template <typename Removed>
  bool RemoveIf(const Removed& removed);
  void Index();

  Limits limits_;
  std::vector<ValueRange> ranges_;  // from begin_ on, none of them empty
  size_t begin_ = 0;
  uint64_t count_ = 0;  // of values in ranges_
  // To be removed, by one look at the list, before anything else is done.
  std::vector<std::string_view> removed_;
  int scans_ = 0;
  std::optional<IndexedList> indexed_;  // if set, it has all values
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_EDITABLE_LIST_H_
