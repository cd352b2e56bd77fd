// LoadState: what a journal says an earlier load of the same has finished.
//
// Thread safety: none.

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
  bool operands = false;
  std::vector<RowRange> ranges;
  std::vector<size_t> part_of;  // the shard of each range
};

struct LoadCounts {
  uint64_t rows = 0;
  uint64_t values = 0;
  uint64_t rows_skipped = 0;
  uint64_t bytes_in = 0;
  uint64_t input_bytes = 0;
};

struct LoadState {
  // By path. Names of files are without the folder in the journal, which may have been moved.
  std::map<std::string, RunInfo> runs;
  std::optional<WritePlan> plan;
  std::map<size_t, RangeFiles> ranges;  // of `plan`
  // What was loaded without sorting, as long as the input was in order.
  SortedParts sorted;
  bool not_sorted = false;
  // All rows are in SSTs: those of `sorted` or of `ranges`.
  bool written = false;
  // A folder that is made and then moved to its place, and whether all is in it.
  std::string staged;
  bool built = false;
  std::optional<IngestionIntent> intent;  // into a DB that was there
  LoadCounts counts;                      // with `written`
  bool done = false;
  // Greater than all numbers of runs and of parts.
  uint64_t next_run = 0;
  uint64_t next_part = 0;

  // Of a load with this journal in `folder`. Believes no name of a file that such a load could not
  // have made, so that nothing else is read or removed because a journal says so.
  // Errors: DataLoss, naming the record, if it is not what this program writes.
  static absl::StatusOr<LoadState> Read(const JournalContents& journal, const std::string& folder);
  static absl::StatusOr<LoadState> Read(const LoadJournal& journal) {
    return Read(journal.contents(), journal.folder());
  }

  // That the plan and what belongs to it can be of a load with `shards` and this order of keys.
  // Errors: DataLoss.
  absl::Status CheckPlan(const KeyOrder& order, uint64_t shards, const std::string& folder) const;
};

LoadJournal::Record RecordOf(const RunInfo& run, const std::vector<std::string>& replaced);
LoadJournal::Record RecordOf(const WritePlan& plan);
LoadJournal::Record RecordOf(size_t range, const RangeFiles& files);
// The part with this number, in the place of what was recorded as that; without chunks there is
// none.
LoadJournal::Record RecordOfPart(uint64_t number, const SortedPart& part);
LoadJournal::Record NotSortedRecord();
LoadJournal::Record RecordOf(const LoadCounts& written);
LoadJournal::Record StagedRecord(const std::string& folder);
LoadJournal::Record BuiltRecord();
// What was staged is no more.
LoadJournal::Record UnstagedRecord();
LoadJournal::Record RecordOf(const IngestionIntent& intent);
LoadJournal::Record DoneRecord();

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_RESUME_LOAD_STATE_H_
