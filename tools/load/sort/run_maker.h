// RunMaker: reads all inputs into sorted tables and, where memory does not hold them, runs.
//
// Each thread takes chunks of the input in turn, parses them into a table of its own, and when that
// is full sorts it and writes it as a run. So reading, parsing, sorting and writing of different
// threads overlap. A run has whole chunks: what was read is known by their positions.
//
// Ownership: owns tables and runs. Thread safety: none; it uses threads of its own.
//
//   RunMaker maker(options, &log);
//   absl::Status status = maker.Read(&reader, tick);
//   for (const RowStore* store : maker.stores()) ...

#ifndef SHEAF_TOOLS_LOAD_SORT_RUN_MAKER_H_
#define SHEAF_TOOLS_LOAD_SORT_RUN_MAKER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/load/input/chunk_reader.h"
#include "tools/load/input/reject_log.h"
#include "tools/load/sort/row_table.h"
#include "tools/load/sort/run_file.h"

namespace sheaf {
namespace load {

// A run, and the chunks that are in it.
struct RunInfo {
  std::string path;
  uint64_t rows = 0;
  uint64_t values = 0;
  uint64_t bytes = 0;
  std::vector<ChunkRead> chunks;
};

class RunMaker {
 public:
  struct Options {
    uint64_t memory = 0;
    size_t threads = 1;
    OnError on_error = OnError::kStop;
    // Of runs.
    std::string folder;
    // Numbers of runs below this one are not used: an earlier load has records of their names.
    uint64_t first_run = 0;
    // Called when a run is complete, by one thread at a time. `replaced`: paths of the runs whose
    // rows it has now.
    std::function<absl::Status(const RunInfo&, const std::vector<std::string>& replaced)> on_run;
    const KeyOrder* order = nullptr;
    // That are merged at once, and, about, that there are at once: each is an open file.
    size_t max_runs = 256;
    // Runs may be merged. Those of which a part was given back can only be read by ranges.
    bool merge = true;
  };

  // Borrows `log`.
  RunMaker(Options options, RejectLog* log);
  ~RunMaker();

  // A run that an earlier load made of this input.
  void AddRun(std::unique_ptr<Run> run, const RunInfo& info);

  // For the reader: rows of a chunk fit into a thread's table, however short they are.
  size_t chunk_bytes() const;

  // Reads all. Errors: those of reading and of writing runs; InvalidArgument for a malformed row
  // that stops; ResourceExhausted for one that does not fit into memory; Cancelled.
  absl::Status Read(ChunkReader* reader, const std::function<void()>& tick);

  // Afterwards: writes tables as runs where that is needed to leave `needed` bytes of memory, and
  // merges runs until few enough are left for `readers` threads to read all of them at once.
  absl::Status Settle(uint64_t needed, size_t readers, const std::function<void()>& tick);

  // Gives back the space of runs that no range but `range` needs, which is merged.
  void Discard(const RowRange& range) const;

  // What there is to merge.
  std::vector<const RowStore*> stores() const;
  uint64_t memory_used() const;
  size_t runs() const { return runs_.size(); }

  // Safe to call from another thread while Read() runs.
  uint64_t rows() const { return rows_.load(std::memory_order_relaxed); }
  uint64_t values() const { return values_.load(std::memory_order_relaxed); }
  uint64_t spilled_bytes() const { return spilled_bytes_.load(std::memory_order_relaxed); }

 private:
  class Worker;

  absl::Status Spill(RowTable& table, std::vector<ChunkRead>* chunks, bool release);
  // Writes `rows` as the run of `info`, whose path is set here.
  absl::Status WriteRun(SortedRows& rows, const std::vector<uint64_t>& positions, RunInfo info,
                        const std::vector<std::string>& replaced);
  struct FinishedRun {
    std::unique_ptr<Run> run;
    RunInfo info;
  };

  // So many of the first, smallest, runs can be read at once with `memory`.
  size_t Fitting(uint64_t memory);
  absl::Status MergeRuns(uint64_t memory);
  bool HasManyRuns();
  // While others read and write runs.
  absl::Status MergeSome(uint64_t memory);
  // The first of runs_. REQUIRES: mutex_ is held.
  std::vector<FinishedRun> TakeRuns(size_t count);
  absl::Status Merge(const std::vector<FinishedRun>& runs);

  const Options options_;
  ChunkReader* reader_ = nullptr;  // during Read()
  RejectLog* const log_;
  const size_t threads_;
  const uint64_t share_;  // of a thread's table
  std::vector<std::unique_ptr<Worker>> workers_;
  std::mutex mutex_;  // of runs_ and on_run
  std::vector<FinishedRun> runs_;
  std::atomic<bool> failed_{false};  // a worker has: reading more is in vain
  std::atomic<uint64_t> next_run_;
  std::atomic<uint64_t> rows_{0};
  std::atomic<uint64_t> values_{0};
  std::atomic<uint64_t> spilled_bytes_{0};
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_RUN_MAKER_H_
