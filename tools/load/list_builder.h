// ListBuilder: from rows of inputs to SSTs of lists, outside of any DB.
//
// Rows in the order of their keys go straight into SSTs (LoadSorted); others are sorted within a
// limit of memory (RunMaker), merged and written (SstBuilder). What is finished is recorded, so
// that a later load goes on from there.
//
// Thread safety: one thread; it uses threads of its own.
//
//   ListBuilder builder(job, &state, &summary);
//   absl::Status status = builder.Build();
//   ingest(state.ranges);
//   status = builder.rejects()->Commit();

#ifndef SHEAF_TOOLS_LOAD_LIST_BUILDER_H_
#define SHEAF_TOOLS_LOAD_LIST_BUILDER_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/common/progress.h"
#include "tools/database/database.h"
#include "tools/load/input/chunk_reader.h"
#include "tools/load/input/reject_log.h"
#include "tools/load/load_options.h"
#include "tools/load/output/ingestion.h"
#include "tools/load/output/sorted_load.h"
#include "tools/load/resume/load_journal.h"
#include "tools/load/resume/load_state.h"
#include "tools/load/sort/run_maker.h"

namespace sheaf {
namespace load {

class ListBuilder {
 public:
  // All borrowed.
  struct Job {
    const LoadOptions* options = nullptr;
    const Database* database = nullptr;
    const KeyOrder* order = nullptr;
    LoadMark mark;
    // SstPlan::family.
    std::shared_ptr<rocksdb::ColumnFamilyHandle> family;
    // Lists are written as operands, not as values.
    bool operands = false;
    // LoadOptions::rejects, absolute.
    std::string rejects;
    // The inputs can be read again.
    bool can_read_again = true;
    uint64_t total_bytes = 0;  // of the inputs, 0 if not known: for progress
    LoadJournal* journal = nullptr;
    Progress* progress = nullptr;
  };

  // `state`: what an earlier load of the same has finished.
  ListBuilder(const Job& job, LoadState* state, LoadSummary* summary);

  // Fills `ranges` and `plan` of the state, and the summary. Errors: as Load().
  absl::Status Build();

  // Not null after Build().
  RejectLog* rejects() { return rejects_.get(); }

 private:
  absl::Status OpenRejects();
  bool TakeWritten();
  absl::StatusOr<bool> BuildSorted();
  absl::StatusOr<SortedParts> TakeParts();
  void TakeRanges(SortedParts* parts);
  absl::StatusOr<std::vector<PositionRange>> TakeRuns(RunMaker* maker);
  absl::Status Verify(const Run& run) const;
  std::vector<PositionRange> PassOver(const std::vector<ChunkRead>& chunks);
  absl::Status ReadRows();
  absl::Status WriteSsts();
  absl::Status MakePlan(const std::vector<const RowStore*>& stores);
  absl::Status RecordWritten();
  void Count(const LoadCounts& counts);
  bool IsFinished(size_t range) const;
  size_t Writers() const;
  uint64_t RangeBytes(uint64_t bytes) const;
  SstPlan MakeSstPlan(uint64_t used) const;

  const Job job_;
  const LoadOptions& options_;
  LoadState& state_;
  LoadSummary& summary_;
  const uint64_t memory_;
  const size_t threads_;
  std::unique_ptr<RejectLog> rejects_;
  std::unique_ptr<RunMaker> maker_;
  std::set<std::string> noted_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_LIST_BUILDER_H_
