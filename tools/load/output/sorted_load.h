// LoadSorted: writes rows that come in the order of their keys straight into SSTs.
//
// Sorted input, such as an export, needs neither tables nor runs. So loading it needs little
// memory, and about the time that writing SSTs takes. The order of the rows is checked while they
// are read. At the first row that is not in order, all was in vain: the rows have to be sorted.
//
// The input is cut into lanes of about equal size, one for each thread. Cuts are where lines begin.
// Each lane writes SSTs of its own. A list that goes on behind a cut must not be in two SSTs:
//
//   input   a1 a2 b1 b2 | b3 c1 c2 d1 | d2 d3 d4 d5 | d6 e1
//   lane 0  a1 a2 b1 b2   b3
//   lane 1                   c1 c2 d1   d2 d3 d4 d5   d6
//   lane 2                                               (nothing: its first list goes on)
//   lane 3                                               e1
//
// A lane leaves out the list of its first row. It adds the first list behind its end, whether that
// list begins there or before. So what a lane has depends on its two ends only. A lane is finished
// in parts: a part ends now and then between two chunks. The same rule holds for parts, so that a
// later load of the same input can use any parts that are there.
//
// There is only one lane if reading cannot begin in the middle (archives, frames), or if malformed
// rows are skipped, as rejects have to come in the order of the input. Its threads encode chunks at
// the same time, and take turns at the SST.
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
#include "tools/load/input/csv.h"
#include "tools/load/input/reject_log.h"
#include "tools/load/output/sst_builder.h"

namespace sheaf {
namespace load {

// SSTs, and the chunks of input whose rows are in them. The chunks lie one behind the other. The
// SSTs lack the list of the first row, unless the part begins the input. They have the first list
// behind the part.
struct SortedPart {
  bool operands = false;  // SstPlan::operands
  uint64_t rows = 0;
  uint64_t values = 0;
  RangeFiles lists;
  // Chunks of one input are put together, except those with rejects.
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
  CsvOptions csv;
  size_t threads = 1;
  // How many lanes there are at once. Each takes the memory of a writer of SSTs.
  size_t max_lanes = 1;
  // Bytes of memory for chunks of rows and what is made of them, for all threads together.
  uint64_t memory = 0;
  OnError on_error = OnError::kStop;
  const SstPlan* plan = nullptr;
  // Paths of SSTs begin with it.
  std::string prefix;
  // A part is finished when its SSTs have so many bytes.
  uint64_t part_bytes = 0;
  // Numbers below this are those of parts of earlier loads.
  uint64_t first_number = 0;
  // Called with each complete part and its number, by one thread at a time. A part without chunks
  // says that the part with this number, of an earlier load, is of no more use.
  std::function<absl::Status(uint64_t, const SortedPart&)> on_part;
  // Called some times a second, with the bytes of files and the rows so far.
  std::function<void(uint64_t bytes, uint64_t rows)> tick;
};

struct SortedLoad {
  // False if the rows are not in order, or one is too long. What was written is then of no use.
  bool sorted = false;
  uint64_t file_bytes = 0;   // of the inputs
  uint64_t input_bytes = 0;  // the same after decompression
};

// Reads all inputs and adds to `parts`. These may have parts of an earlier load. Parts that are of
// no use are removed; their files stay. A malformed row that stops ends the load, and is in `log`.
// Errors: those of reading, writing and on_part(). REQUIRES: the DB's order of keys is bytewise;
// `log` is new.
absl::StatusOr<SortedLoad> LoadSorted(const SortedLoadOptions& options, RejectLog* log,
                                      SortedParts* parts);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_OUTPUT_SORTED_LOAD_H_
