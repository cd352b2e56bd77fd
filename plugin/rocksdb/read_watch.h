// ReadWatch: finds out why a read was copied.
//
// RocksDB pins what it can, and does not say why it could not. The reason is
//   - a merge, if the merge operator ran (ReadContext);
//   - else a memtable, with an ordinary block cache;
//   - else a memtable or a file. RocksDB's perf context tells whether the read looked at any file
//     (for MultiGet: for any of the keys). That costs a few readings of the clock.

#ifndef SHEAF_PLUGIN_ROCKSDB_READ_WATCH_H_
#define SHEAF_PLUGIN_ROCKSDB_READ_WATCH_H_

#include <cstdint>

#include "plugin/rocksdb/pin_policy.h"
#include "rocksdb/options.h"
#include "rocksdb/perf_context.h"
#include "rocksdb/perf_level.h"

namespace sheaf {
namespace internal {

// From construction to destruction, on the calling thread, around one read.
class ReadWatch {
 public:
  ReadWatch(const PinPolicy& policy, const rocksdb::ReadOptions& options)
      : file_reason_(policy.file_reason),
        watches_files_(policy.files_may_copy || !options.fill_cache) {
    if (!watches_files_) return;
    level_ = rocksdb::GetPerfLevel();
    if (level_ < rocksdb::PerfLevel::kEnableTimeExceptForMutex) {
      rocksdb::SetPerfLevel(rocksdb::PerfLevel::kEnableTimeExceptForMutex);
    }
    file_time_ = rocksdb::get_perf_context()->get_from_output_files_time;
  }
  ~ReadWatch() {
    if (watches_files_) rocksdb::SetPerfLevel(level_);
  }
  ReadWatch(const ReadWatch&) = delete;
  ReadWatch& operator=(const ReadWatch&) = delete;

  // An iterator read the value, because the row cache could not be trusted.
  void ReadPastRowCache() { past_row_cache_ = true; }

  // Why a value is not pinned. `operands`: how many it was merged from, or 0.
  CopyReason WhyCopied(uint64_t operands) const {
    if (operands != 0) return CopyReason::kMerge;
    if (past_row_cache_) return CopyReason::kRowCache;
    if (watches_files_ && rocksdb::get_perf_context()->get_from_output_files_time != file_time_) {
      return file_reason_;
    }
    return CopyReason::kMemtable;
  }

 private:
  const CopyReason file_reason_;
  const bool watches_files_;
  bool past_row_cache_ = false;
  rocksdb::PerfLevel level_ = rocksdb::PerfLevel::kUninitialized;
  uint64_t file_time_ = 0;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_READ_WATCH_H_
