// PartWriter: the SSTs of a lane. It takes the lists of the lane's chunks in the order of the
// input, and finishes a part now and then. tools/load/output/sorted_load.h says what a lane has.
//
// Ownership: borrows SharedParts. Thread safety: one writer a thread at a time; several writers may
// share the parts.
//
//   PartWriter writer(&parts, /*begins_input=*/true);
//   absl::Status status = writer.Add(chunk, read, lists, &sorted);
//   if (status.ok() && sorted) status = writer.End();

#ifndef SHEAF_TOOLS_LOAD_OUTPUT_PART_WRITER_H_
#define SHEAF_TOOLS_LOAD_OUTPUT_PART_WRITER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "tools/load/input/chunk_reader.h"
#include "tools/load/input/row_chunk.h"
#include "tools/load/output/chunk_lists.h"
#include "tools/load/output/sorted_load.h"
#include "tools/load/output/sst_builder.h"

namespace sheaf {
namespace load {

// What the writers of all lanes share.
struct SharedParts {
  // `load_parts`: those of an earlier load.
  SharedParts(const SortedLoadOptions& load_options, SortedParts* load_parts)
      : options(load_options),
        plan(*load_options.plan),
        next_number(load_options.first_number),
        parts(*load_parts) {
    for (const auto& [number, part] : parts) rows += part.rows;
  }

  const SortedLoadOptions& options;
  SstPlan plan;
  std::atomic<uint64_t> rows{0};
  std::atomic<uint64_t> next_number;
  std::mutex mutex;  // of parts and on_part()
  SortedParts& parts;
};

class PartWriter {
 public:
  // `begins_input`: there is no lane before, so the list of the first row is this lane's.
  PartWriter(SharedParts* shared, bool begins_input) : shared_(*shared), skips_(!begins_input) {}

  // Adds the lists of the lane's next chunk. Sets `*sorted` to false, and adds nothing, if its keys
  // do not come after those of the chunk before.
  absl::Status Add(const RowChunk& chunk, const ChunkRead& read, const ChunkLists& lists,
                   bool* sorted);

  // Adds the first list behind the lane, as far as it is in `lists`: those of the next chunk behind
  // the lane. `*more` becomes false if the list does not go on in the chunk after that.
  absl::Status AddBehind(const ChunkLists& lists, bool* more, bool* sorted);

  // Finishes the current part, if there is one.
  absl::Status End();

 private:
  bool IsBehind(const ChunkLists& lists, bool* sorted);
  bool SkipsFirst(const ChunkLists& lists);
  absl::Status Append(const ChunkLists& lists, size_t begin, size_t end);

  SharedParts& shared_;
  std::unique_ptr<SstBuilder> builder_;  // of part_; null until it has a list
  uint64_t number_ = 0;                  // of part_
  SortedPart part_;
  std::string last_key_;  // empty before the first
  bool skips_;
  std::string skipped_;  // key of the list that is the lane's before; empty before the first
  std::string behind_;   // key of the first list behind the lane
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_OUTPUT_PART_WRITER_H_
