// LoadState: what a journal says an earlier load of the same has finished, and the records that say
// so.
//
// Thread safety: none.
//
//   absl::StatusOr<LoadState> state = LoadState::Read(*journal);
//   if (state.ok() && !state->done) absl::Status status = journal->Append(DoneRecord());

#ifndef SHEAF_TOOLS_LOAD_RESUME_LOAD_STATE_H_
#define SHEAF_TOOLS_LOAD_RESUME_LOAD_STATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/load/output/ingestion.h"
#include "tools/load/output/sorted_load.h"
#include "tools/load/output/sst_builder.h"
#include "tools/load/resume/load_journal.h"
#include "tools/load/sort/run_maker.h"
#include "tools/load/sort/sorted_rows.h"

namespace sheaf {
namespace load {

// How lists are written, and where key ranges are cut.
struct WritePlan {
  struct Range {
    RowRange keys;
    size_t shard = 0;
  };
  bool operands = false;
  // Each begins where the one before ends; together they are all keys.
  std::vector<Range> ranges;
};

struct LoadCounts {
  uint64_t rows = 0;
  uint64_t values = 0;
  uint64_t rows_skipped = 0;
  uint64_t bytes_in = 0;     // of the files
  uint64_t input_bytes = 0;  // the same after decompression
};

// How far the lists are built. Rows are in runs, then in SSTs of the ranges of a plan; or in parts,
// if the input is sorted.
struct BuildState {
  // By path.
  std::map<std::string, RunInfo> runs;
  std::optional<WritePlan> plan;
  std::map<size_t, RangeFiles> ranges;  // of `plan`, by index
  SortedParts sorted;
  bool not_sorted = false;
  // All rows are in SSTs: those of `ranges` if there is a plan, else those of `sorted`.
  bool written = false;
  LoadCounts counts;  // with `written`
  // Greater than all numbers of runs and of parts.
  uint64_t next_run = 0;
  uint64_t next_part = 0;
};

struct LoadState {
  BuildState build;
  // A folder that is made and then moved to its place, and whether all is in it.
  std::string staged;
  bool built = false;
  std::optional<IngestionIntent> intent;  // into a DB that was there
  bool done = false;

  // Of a load with this journal in `folder`. Believes no name of a file that such a load could not
  // have made, so that nothing else is read or removed because a journal says so.
  // Errors: DataLoss, naming the record, if it is not what this program writes.
  static absl::StatusOr<LoadState> Read(const JournalContents& journal, const std::string& folder);
  static absl::StatusOr<LoadState> Read(const LoadJournal& journal) {
    return Read(journal.contents(), journal.folder());
  }

  // That the plan can be of a load with `shards` and this order of keys. `folder`: of the journal,
  // for the message. Errors: DataLoss.
  absl::Status CheckPlan(const KeyOrder& order, uint64_t shards, const std::string& folder) const;
};

// A run is complete. `replaced`: paths of the runs whose rows it has now.
JournalRecord RecordOf(const RunInfo& run, const std::vector<std::string>& replaced);
JournalRecord RecordOf(const WritePlan& plan);
// The SSTs of a range of the plan are complete.
JournalRecord RecordOf(size_t range, const RangeFiles& files);
// The part with this number, in the place of what was recorded as that; without chunks there is
// none.
JournalRecord RecordOfPart(uint64_t number, const SortedPart& part);
JournalRecord NotSortedRecord();
// All rows are in SSTs.
JournalRecord RecordOf(const LoadCounts& written);
JournalRecord StagedRecord(const std::string& folder);
JournalRecord BuiltRecord();
// What was staged is no more.
JournalRecord UnstagedRecord();
JournalRecord RecordOf(const IngestionIntent& intent);
JournalRecord DoneRecord();

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_RESUME_LOAD_STATE_H_
