// Finished files: which runs and SSTs of an interrupted load are there and whole, so that their
// rows need not be read or written again.
//
// Keep...() tell `note` what is missing or damaged, and remove all other files from the folder of
// the journal: those were being written when the load was killed.
//
// Thread safety: free functions; one thread.
//
//   absl::StatusOr<std::vector<KeptRun>> runs = KeepRuns(state, &order, journal.get(), note);
//   if (!runs.ok()) return runs.status();
//   for (KeptRun& kept : *runs) maker.AddRun(std::move(kept.run), *kept.info);

#ifndef SHEAF_TOOLS_LOAD_RESUME_FINISHED_FILES_H_
#define SHEAF_TOOLS_LOAD_RESUME_FINISHED_FILES_H_

#include <cstddef>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/common/key_order.h"
#include "tools/load/input/chunk_reader.h"
#include "tools/load/output/sorted_load.h"
#include "tools/load/resume/load_journal.h"
#include "tools/load/resume/load_state.h"
#include "tools/load/sort/run_file.h"
#include "tools/load/sort/run_maker.h"

namespace sheaf {
namespace load {

// All SSTs of this range of the plan are there.
bool IsFinished(const BuildState& state, size_t range);

// All SSTs of the plan are there or, if there is no plan, of all parts. `operands`: what SSTs of
// parts have to hold.
bool AreFinished(const BuildState& state, bool operands);

// The parts of `parts` whose SSTs are there and hold `operands`. The journal gets a record of each
// other one. Errors: those of LoadJournal::Append().
absl::StatusOr<SortedParts> KeepParts(SortedParts parts, bool operands, LoadJournal* journal,
                                      const LoadJournal::Note& note);

struct KeptRun {
  std::unique_ptr<Run> run;
  const RunInfo* info;  // in the state
};

// The runs of `state` that have all rows of the ranges that are not finished. Borrows `state` and
// `order`. Errors: Cancelled; Internal if a file cannot be opened or read: it may be whole.
absl::StatusOr<std::vector<KeptRun>> KeepRuns(const BuildState& state, const KeyOrder* order,
                                              LoadJournal* journal, const LoadJournal::Note& note);

// Chunks of the input whose rows are in the runs, in the order of the input.
std::vector<ChunkRead> ChunksOf(const std::vector<KeptRun>& runs);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_RESUME_FINISHED_FILES_H_
