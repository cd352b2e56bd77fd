// RunMaker: reads all inputs into sorted tables, and into runs if memory does not hold them.
//
// Each thread parses one chunk of the input after the other into a table of its own. A full table
// is sorted and written as a run. So reading, parsing, sorting and writing overlap. A run has whole
// chunks: their positions tell a later load what was read.
//
// Ownership: owns tables and runs. Thread safety: none; it uses threads of its own.
//
//   RunMaker maker(options, &log);
//   absl::Status status = maker.Read(&reader, tick);
//   if (status.ok()) status = maker.Settle(needed, readers, tick);
//   for (const RowStore* store : maker.stores()) ...

#ifndef SHEAF_TOOLS_LOAD_SORT_RUN_MAKER_H_
#define SHEAF_TOOLS_LOAD_SORT_RUN_MAKER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "tools/load/input/chunk_reader.h"
#include "tools/load/input/reject_log.h"
#include "tools/load/sort/row_table.h"
#include "tools/load/sort/run_set.h"

namespace sheaf {
namespace load {

class RunMaker {
 public:
  struct Options : RunSetOptions {
    uint64_t memory = 0;
    size_t threads = 1;
    OnError on_error = OnError::kStop;
  };

  // Borrows `log`.
  RunMaker(Options options, RejectLog* log);
  ~RunMaker();

  // Adds a run that an earlier load made of this input.
  void AddRun(std::unique_ptr<Run> run, const RunInfo& info);

  // For the reader: the rows of a chunk of this size fit into a thread's table, however short they
  // are.
  size_t chunk_bytes() const;

  // Reads all. Errors: those of reading and of writing runs; ResourceExhausted for rows that do not
  // fit into memory; Cancelled. A malformed row that stops is in the log, and no error here.
  absl::Status Read(ChunkReader* reader, const std::function<void()>& tick);

  // To be called after Read(). Writes tables as runs if less than `needed` bytes of memory are
  // left, and merges runs until `readers` threads can read all of them at once.
  absl::Status Settle(uint64_t needed, size_t readers, const std::function<void()>& tick);

  // To be called when `range` was merged: gives back the space of its rows in runs.
  void Discard(const RowRange& range) const { runs_.Discard(range); }

  // The runs and tables that are to be merged.
  std::vector<const RowStore*> stores() const;
  uint64_t memory_used() const;
  size_t runs() const { return runs_.size(); }

  // Safe to call from another thread while Read() runs.
  uint64_t rows() const { return rows_.load(std::memory_order_relaxed); }
  uint64_t values() const { return values_.load(std::memory_order_relaxed); }
  uint64_t spilled_bytes() const { return runs_.written_bytes(); }

 private:
  class Worker;

  const Options options_;
  RejectLog* const log_;
  const size_t threads_;
  const uint64_t share_;  // of a thread's table
  RunSet runs_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::atomic<bool> failed_{false};  // a worker has: reading more is in vain
  std::atomic<uint64_t> rows_{0};
  std::atomic<uint64_t> values_{0};
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_RUN_MAKER_H_
