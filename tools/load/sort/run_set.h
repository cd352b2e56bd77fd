// RunSet: the runs of a load. It writes them, and merges some into one where there are too many.
//
// Ownership: owns the runs. Their files stay, but for those that were merged into another.
// Thread safety: Write(), HasMany(), MergeSome() and written_bytes() from any thread; the rest by
// one thread while no other uses the set.
//
//   RunSet runs(options);
//   absl::Status status = runs.Write(*table.Read(RowRange()), table.positions(), info);
//   if (status.ok()) status = runs.MergeUntilReadable(memory);
//   for (const RowStore* run : runs.stores()) ...

#ifndef SHEAF_TOOLS_LOAD_SORT_RUN_SET_H_
#define SHEAF_TOOLS_LOAD_SORT_RUN_SET_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/load/input/chunk_reader.h"
#include "tools/load/sort/run_file.h"
#include "tools/load/sort/sorted_rows.h"

namespace sheaf {
namespace load {

// A run, and the chunks of input that are in it.
struct RunInfo {
  std::string path;
  uint64_t rows = 0;
  uint64_t values = 0;
  uint64_t bytes = 0;
  std::vector<ChunkRead> chunks;
};

struct RunSetOptions {
  // The folder that runs are written to.
  std::string folder;
  // Numbers of runs below this are not used: the journal has their names.
  uint64_t first_run = 0;
  // Called when a run is complete, by one thread at a time. `replaced`: paths of the runs that were
  // merged into it.
  std::function<absl::Status(const RunInfo&, const std::vector<std::string>& replaced)> on_run;
  const KeyOrder* order = nullptr;
  // How many runs are merged at once, and about how many there are at once. Each is an open file.
  size_t max_runs = 256;
  // Runs may be merged. Must be false if a part of one was given back: such a run can only be read
  // by ranges.
  bool merge = true;
};

class RunSet {
 public:
  explicit RunSet(RunSetOptions options)
      : options_(std::move(options)), next_run_(options_.first_run) {}

  // Adds a run that an earlier load wrote.
  void Add(std::unique_ptr<Run> run, const RunInfo& info);

  // Writes `rows` as a new run. `info`: what is in it; its path and bytes are set here.
  // Errors: as RunWriter::Write(); those of on_run().
  absl::Status Write(SortedRows& rows, const std::vector<uint64_t>& positions, RunInfo info) {
    return Write(rows, positions, std::move(info), {});
  }

  // True if there are more than max_runs, and they may be merged.
  bool HasMany();
  // Merges some of the smallest runs, if HasMany(), in `memory` bytes, while other threads write
  // runs. Does nothing if two runs do not fit into `memory`.
  absl::Status MergeSome(uint64_t memory);
  // Merges until all runs, or two, can be read at once in `memory` bytes.
  absl::Status MergeUntilReadable(uint64_t memory);

  // Gives back the space of rows of `range` that no other range needs.
  void Discard(const RowRange& range) const;

  size_t size() const { return runs_.size(); }
  bool empty() const { return runs_.empty(); }
  std::vector<const RowStore*> stores() const;
  // The most memory that reading one of the runs takes.
  uint64_t max_reading_bytes() const;
  // Bytes of all runs that were added or written, those that were merged too.
  uint64_t written_bytes() const { return written_bytes_.load(std::memory_order_relaxed); }

 private:
  struct FinishedRun {
    std::unique_ptr<Run> run;
    RunInfo info;
  };

  absl::Status Write(SortedRows& rows, const std::vector<uint64_t>& positions, RunInfo info,
                     const std::vector<std::string>& replaced);
  // Sorts runs_ by size. Returns how many of the first can be read at once in `memory` bytes.
  size_t CountReadable(uint64_t memory);
  // Removes the first `count` from runs_.
  std::vector<FinishedRun> Pop(size_t count);
  absl::Status Merge(const std::vector<FinishedRun>& runs);

  const RunSetOptions options_;
  std::mutex mutex_;  // of runs_ and on_run
  std::vector<FinishedRun> runs_;
  std::atomic<uint64_t> next_run_;
  std::atomic<uint64_t> written_bytes_{0};
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_RUN_SET_H_
