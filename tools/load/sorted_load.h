// SortedLoad: rows that come in the order of their keys, straight into SSTs.
//
// Sorted input, as an export is or what another sort gave, needs neither tables nor runs: threads
// parse and encode blocks at the same time and take turns, in the order of the input, at one
// SstBuilder. So it takes little memory and about the time that writing SSTs takes. That rows are
// in order is seen while they are read; at the first that is not, all was in vain, and the rows
// have to be sorted.
//
// Now and then, between two lists, the SSTs so far are finished as a part, from whose end a later
// load of the same can go on.
//
// Thread safety: none; it uses threads of its own.

#ifndef SHEAF_TOOLS_LOAD_SORTED_LOAD_H_
#define SHEAF_TOOLS_LOAD_SORTED_LOAD_H_

#include <cstddef>
#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "tools/load/block_reader.h"
#include "tools/load/reject_log.h"
#include "tools/load/sst_builder.h"

namespace sheaf {
namespace load {

// SSTs, and the blocks of input whose rows are in them.
struct SortedPart {
  bool operands = false;  // SstPlan::operands
  uint64_t rows = 0;
  uint64_t values = 0;
  RangeFiles lists;
  // Neighbours of an input are put together, but for those with rejects. If the last list of the
  // part goes on in the block behind them, its rows there are in the part as well.
  std::vector<BlockRead> blocks;
};

struct SortedLoadOptions {
  size_t threads = 1;
  // Of a thread, for a block of rows and what becomes of it.
  uint64_t memory = 0;
  OnError on_error = OnError::kStop;
  const SstPlan* plan = nullptr;
  // Of the SSTs' names.
  std::string prefix;
  // A part is finished when its SSTs are so large.
  uint64_t part_bytes = 0;
  // Called for each part when it is complete, with its number.
  std::function<absl::Status(size_t, const SortedPart&)> on_part;
  // Called some times a second, with the rows so far.
  std::function<void(uint64_t rows)> tick;
};

// Reads all of `reader` and adds to `parts`, which may have those of an earlier load that `reader`
// passes over. False if the rows are not in order, or one is too long to be taken this way; what
// was written is then of no use. Errors: those of reading, writing and on_part(). A malformed row
// that stops is in `log`, and ends it.
// REQUIRES: the DB's order of keys is bytewise.
absl::StatusOr<bool> LoadSorted(const SortedLoadOptions& options, BlockReader* reader,
                                RejectLog* log, std::vector<SortedPart>* parts);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORTED_LOAD_H_
