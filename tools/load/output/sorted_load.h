// SortedLoad: rows that come in the order of their keys, straight into SSTs.
//
// Sorted input, as an export is or what another sort gave, needs neither tables nor runs, so it
// takes little memory and about the time that writing SSTs takes. That rows are in order is seen
// while they are read; at the first that is not, all was in vain, and the rows have to be sorted.
//
// The input is cut into lanes, one for each thread, at lines where about equal parts of it begin,
// and each lane writes SSTs of its own. A list that goes on behind a cut must not be in two SSTs:
//
//   input   a1 a2 b1 b2 | b3 c1 c2 d1 | d2 d3 d4 d5 | d6 e1
//   lane 0  a1 a2 b1 b2   b3
//   lane 1                   c1 c2 d1   d2 d3 d4 d5   d6
//   lane 2                                               (nothing: its first list goes on)
//   lane 3                                               e1
//
// A lane leaves out the list of its first row, and takes the first list behind its end, whether
// that list goes on or begins there. So what a lane has depends on its two ends only, and the same
// holds for the parts that it is finished in, now and then between two chunks: a later load of the
// same goes on from whatever parts are there.
//
// Where reading cannot begin in the middle (archives, frames), and where rejects have to come in
// the order of the input, there is one lane, whose threads encode chunks at the same time and take
// turns at the SST.
//
// Thread safety: none; it uses threads of its own.

#ifndef SHEAF_TOOLS_LOAD_OUTPUT_SORTED_LOAD_H_
#define SHEAF_TOOLS_LOAD_OUTPUT_SORTED_LOAD_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/common/row_format.h"
#include "tools/load/input/chunk_reader.h"
#include "tools/load/input/reject_log.h"
#include "tools/load/output/sst_builder.h"

namespace sheaf {
namespace load {

// SSTs, and the chunks of input whose rows are in them: neighbours, but for the list of the first
// row (if they do not begin the input) and with the list of the row behind them.
struct SortedPart {
  bool operands = false;  // SstPlan::operands
  uint64_t rows = 0;
  uint64_t values = 0;
  RangeFiles lists;
  // Chunks of one input are put together, but for those with rejects.
  std::vector<ChunkRead> chunks;

  uint64_t begin() const { return chunks.front().begin; }
  uint64_t end() const { return chunks.back().end; }
};

// By number: the order in which they were begun.
using SortedParts = std::map<uint64_t, SortedPart>;

struct SortedLoadOptions {
  std::vector<std::string> inputs;
  // As in ChunkReader::Options.
  std::optional<RowFormat> format;
  size_t threads = 1;
  // How many lanes there are at once. Each takes the memory of a writer of SSTs.
  size_t max_lanes = 1;
  // Bytes for chunks of rows and what becomes of them, of all threads.
  uint64_t memory = 0;
  OnError on_error = OnError::kStop;
  const SstPlan* plan = nullptr;
  // Of the SSTs' names.
  std::string prefix;
  // A part is finished when its SSTs are so large.
  uint64_t part_bytes = 0;
  // Numbers below this were given to parts of earlier loads.
  uint64_t first_number = 0;
  // Called for each part when it is complete, with its number, by one thread at a time; with a part
  // without chunks for one of an earlier load that is of no use any more.
  std::function<absl::Status(uint64_t, const SortedPart&)> on_part;
  // Called some times a second, with the bytes of files and the rows so far.
  std::function<void(uint64_t bytes, uint64_t rows)> tick;
};

struct SortedLoad {
  // False if the rows are not in order, or one is too long to be taken this way; what was written
  // is then of no use.
  bool sorted = false;
  uint64_t file_bytes = 0;   // of the inputs
  uint64_t input_bytes = 0;  // the same after decompression
};

// Reads all inputs and adds to `parts`, which may have those of an earlier load; those of them that
// cannot be gone on from are removed, but for their files. Errors: those of reading, writing and
// on_part(). A malformed row that stops is in `log`, and ends it. REQUIRES: the DB's order of keys
// is bytewise; `log` is new.
absl::StatusOr<SortedLoad> LoadSorted(const SortedLoadOptions& options, RejectLog* log,
                                      SortedParts* parts);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_OUTPUT_SORTED_LOAD_H_
