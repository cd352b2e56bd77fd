// RowMerge: several sorted rows as one, and how its work is cut for threads.
//
// Thread safety: as SortedRows.

#ifndef SHEAF_TOOLS_LOAD_SORT_ROW_MERGE_H_
#define SHEAF_TOOLS_LOAD_SORT_ROW_MERGE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tools/load/sort/sorted_rows.h"

namespace sheaf {
namespace load {

// A tournament (Knuth, The Art of Computer Programming, volume 3, 5.4.1): the row that comes next
// is found with one comparison a level of a tree of losers. Keys are compared by eight bytes first,
// and by those alone if there are no more.
class RowMerge final : public SortedRows {
 public:
  // `shared`: bytes that all keys begin with. Borrows `order`.
  RowMerge(std::vector<std::unique_ptr<SortedRows>> inputs, const KeyOrder& order, size_t shared);

  bool Next() override;

 private:
  struct Entry {
    uint64_t prefix = 0;
    size_t size = 0;             // of the key
    SortedRows* rows = nullptr;  // null at its end
  };

  void Load(size_t input);
  bool Before(size_t a, size_t b) const;
  size_t Play(size_t node);

  const std::vector<std::unique_ptr<SortedRows>> inputs_;
  const KeyOrder& order_;
  const size_t shared_;
  std::vector<Entry> entries_;
  std::vector<size_t> losers_;  // of nodes 1..n-1; the children of i are 2i and 2i+1, leaves from n
  size_t winner_ = 0;
  bool started_ = false;
};

// Of all stores together; for RowMerge.
size_t SharedPrefix(const std::vector<const RowStore*>& stores, const KeyOrder& order);

// Ranges of keys, each before the next, that together cover everything: of about `bytes` bytes, or
// less if a border is one of `borders` places that cut all rows into parts of equal size.
// `*part_of`: for each range the part, from 0.
std::vector<RowRange> CutRanges(const std::vector<const RowStore*>& stores, const KeyOrder& order,
                                uint64_t bytes, size_t parts, std::vector<size_t>* part_of);

// The rows of `range` in all stores.
std::unique_ptr<SortedRows> MergeRange(const std::vector<const RowStore*>& stores,
                                       const RowRange& range, const KeyOrder& order, size_t shared);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_ROW_MERGE_H_
