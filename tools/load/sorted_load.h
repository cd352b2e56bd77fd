// SortedLoad: rows that come in the order of their keys, straight into SSTs.
//
// Sorted input, as an export is or what another sort gave, needs neither tables nor runs: threads
// parse and encode blocks at the same time and take turns, in the order of the input, at one
// SstBuilder. So it takes little memory and about the time that writing SSTs takes. That rows are
// in order is seen while they are read; at the first that is not, all was in vain, and the rows
// have to be sorted.
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

struct SortedLoadOptions {
  size_t threads = 1;
  // Of a thread, for a block of rows and what becomes of it.
  uint64_t memory = 0;
  OnError on_error = OnError::kStop;
  // Of the blobs that the builder wants.
  Layout layout = Layout::kCompact;
  // Called some times a second, with the rows so far.
  std::function<void(uint64_t rows)> tick;
};

// Reads all of `reader` into `builder`. `*rows`, `*values`: what was read. False if the rows are
// not in order, or one is too long to be taken this way; what was written is then of no use.
// Errors: those of reading and writing. A malformed row that stops is in `log`, and ends it.
// REQUIRES: the DB's order of keys is bytewise.
absl::StatusOr<bool> LoadSorted(const SortedLoadOptions& options, BlockReader* reader,
                                RejectLog* log, SstBuilder* builder, uint64_t* rows,
                                uint64_t* values);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORTED_LOAD_H_
