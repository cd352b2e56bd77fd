// ListBuilder: from rows of inputs to SSTs of lists, outside of any DB.
//
// Rows in the order of their keys go straight into SSTs (LoadSorted); others are sorted within a
// limit of memory (RunMaker), merged and written (SstBuilder). What is finished is recorded, so
// that a later load goes on from there.
//
// Thread safety: one thread; it uses threads of its own.
//
//   ListBuilder builder(job, std::move(state.build));
//   absl::StatusOr<BuiltLists> lists = builder.Build();
//   if (!lists.ok()) return lists.status();
//   const Delivery delivery{&options, &preflight, mark, &*lists, journal.get()};
//   absl::Status status = IngestLists(delivery, preflight.database);

#ifndef SHEAF_TOOLS_LOAD_LIST_BUILDER_H_
#define SHEAF_TOOLS_LOAD_LIST_BUILDER_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/common/key_order.h"
#include "tools/common/progress.h"
#include "tools/load/input/chunk_reader.h"
#include "tools/load/input/reject_log.h"
#include "tools/load/load_options.h"
#include "tools/load/output/sst_builder.h"
#include "tools/load/preflight.h"
#include "tools/load/resume/load_journal.h"
#include "tools/load/resume/load_state.h"
#include "tools/load/sort/run_maker.h"

namespace sheaf {
namespace load {

// SSTs of all lists, in the folder of the load's journal.
struct BuiltLists {
  struct Range {
    size_t shard = 0;
    RangeFiles files;
  };
  // No two of them have the same key.
  std::vector<Range> ranges;
  // Rows that were skipped. Commit() gives their file its name: once the lists are at their place.
  std::unique_ptr<RejectLog> rejects;
};

// What Build() did, as far as it came.
struct BuildSummary {
  bool written = false;  // all rows are in SSTs
  LoadCounts counts;
  std::vector<std::string> skipped;  // RejectLog::Account()
  bool sorted = false;               // rows came in the order of their keys
  uint64_t runs = 0;
  uint64_t run_bytes = 0;
  double read_seconds = 0;  // and sort
  double write_seconds = 0;
};

class ListBuilder {
 public:
  // All borrowed.
  struct Job {
    const LoadOptions* options = nullptr;
    const Preflight* preflight = nullptr;
    // Of MakeSstPlan(), but for sizes that are a share of LoadOptions::memory.
    SstPlan sst;
    // LoadLimits::max_runs.
    size_t max_runs = 0;
    // LoadOptions::rejects, absolute.
    std::string rejects;
    LoadJournal* journal = nullptr;
    // The journal is of an interrupted load.
    bool resumed = false;
    Progress* progress = nullptr;
  };

  // `state`: what the interrupted load has finished.
  ListBuilder(const Job& job, BuildState state);

  // REQUIRES: called once. Errors: as Load().
  absl::StatusOr<BuiltLists> Build();

  // After Build(), also if it failed.
  const BuildSummary& summary() const { return summary_; }

 private:
  using Ranges = std::vector<BuiltLists::Range>;

  absl::Status OpenRejects();
  bool MayBeSorted() const;
  std::optional<Ranges> LoadWritten();
  absl::StatusOr<Ranges> BuildRanges();
  absl::StatusOr<std::optional<Ranges>> BuildSorted();
  absl::Status ReadRows();
  absl::StatusOr<std::vector<PositionRange>> AddKeptRuns();
  absl::StatusOr<Ranges> WriteRows();
  absl::Status RecordWritten(const Ranges& ranges);
  size_t Writers() const;
  SstPlan SizedSstPlan(uint64_t used) const;

  const Job job_;
  const LoadOptions& options_;
  const LoadInputs& inputs_;
  const KeyOrder& order_;
  const uint64_t memory_;
  const size_t threads_;
  BuildState state_;
  BuildSummary summary_;
  std::unique_ptr<RejectLog> rejects_;
  std::unique_ptr<RunMaker> maker_;
  std::shared_ptr<std::set<std::string>> noted_ = std::make_shared<std::set<std::string>>();
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_LIST_BUILDER_H_
