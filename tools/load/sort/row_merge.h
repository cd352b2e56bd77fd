// RowMerge: merges several sorted rows into one. CutRanges() cuts the work for several threads.
//
// Thread safety: as SortedRows.
//
//   const std::vector<RowRange> ranges = CutRanges(stores, order, bytes, 1, &part_of);
//   const std::unique_ptr<SortedRows> rows =
//       MergeRange(stores, ranges[0], order, SharedPrefix(stores, order));

#ifndef SHEAF_TOOLS_LOAD_SORT_ROW_MERGE_H_
#define SHEAF_TOOLS_LOAD_SORT_ROW_MERGE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tools/load/sort/sorted_rows.h"

namespace sheaf {
namespace load {

// A tree of losers (Knuth, The Art of Computer Programming, volume 3, 5.4.1): finding the next row
// takes one comparison for each level of the tree. Keys are compared by eight bytes first, and by
// these alone if they have no more.
class RowMerge final : public SortedRows {
 public:
  // `shared`: how many bytes all keys begin with (SharedPrefix()). Borrows `order`.
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

// How many bytes all keys of the stores begin with. 0 if the order is not bytewise.
size_t SharedPrefix(const std::vector<const RowStore*>& stores, const KeyOrder& order);

// Cuts all keys into ranges, each before the next, of about `bytes` bytes or less. The ranges form
// `parts` parts of about equal size. Sets `*part_of` to the part of each range, from 0.
std::vector<RowRange> CutRanges(const std::vector<const RowStore*>& stores, const KeyOrder& order,
                                uint64_t bytes, size_t parts, std::vector<size_t>* part_of);

// Returns the rows of `range` in all stores. `shared`: as for RowMerge. Borrows the stores and the
// order.
std::unique_ptr<SortedRows> MergeRange(const std::vector<const RowStore*>& stores,
                                       const RowRange& range, const KeyOrder& order, size_t shared);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_ROW_MERGE_H_
