// Log check: finds write-ahead logs that RocksDB cannot read to their end, if no crash explains it.
//
// RocksDB reports no error: it opens the DB with what is before the damage. If it opens the DB for
// writing, it also deletes the logs. So commands that write call CheckLogsForWriting() first, and
// commands that read get the faults from OpenFrozen().
//
// A log that ends within a record is not a fault, because a crash leaves such a log. It is a fault
// if a later log does not continue from it.
//
// Thread safety: ReplayWatch none; free functions.
//
//   ReplayWatch watch;
//   options.wal_filter = &watch;
//   rocksdb::Status opened = rocksdb::DB::OpenForReadOnly(options, path, &db);
//   absl::Status status = CheckLogs(logs, options, watch, &faults);

#ifndef SHEAF_TOOLS_DATABASE_LOG_CHECK_H_
#define SHEAF_TOOLS_DATABASE_LOG_CHECK_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/wal_filter.h"
#include "tools/database/frozen_files.h"

namespace sheaf {
namespace load {

struct LogFault {
  uint64_t number = 0;
  std::string path;
  uint64_t offset = 0;  // of what cannot be read
  uint64_t bytes = 0;   // from there to the end of the log
  std::string reason;
  std::vector<std::string> later;  // names of later logs that are not read because of it

  // For people, without the path.
  std::string Text() const;
};

// Records what RocksDB reads from logs when it opens a DB. Changes none of it.
class ReplayWatch final : public rocksdb::WalFilter {
 public:
  void ColumnFamilyLogNumberMap(const std::map<uint32_t, uint64_t>& numbers,
                                const std::map<std::string, uint32_t>& families) override;
  WalProcessingOption LogRecordFound(unsigned long long number, const std::string& path,
                                     const rocksdb::WriteBatch& batch,
                                     rocksdb::WriteBatch* new_batch, bool* changed) override;
  const char* Name() const override { return "SheafReplayWatch"; }

  // All data of logs before this one is in SSTs.
  uint64_t first_needed() const { return first_needed_; }
  bool Replayed(uint64_t number) const { return replayed_.count(number) != 0; }

 private:
  uint64_t first_needed_ = 0;
  std::map<uint64_t, uint64_t> replayed_;  // log -> records
};

// Replaces `*faults` with those of `logs`, which are sorted by number. `options` are the DB's.
// Errors: Internal for a log that cannot be read; the faults are those of the logs before it.
absl::Status CheckLogs(const std::vector<FrozenFiles::Log>& logs, const rocksdb::DBOptions& options,
                       const ReplayWatch& watch, std::vector<LogFault>* faults);

// The folder with the logs of the DB in `path`.
std::string WalFolder(const rocksdb::DBOptions& options, const std::string& path);

// The faults of the logs that the DB in `path` needs. Reads the logs once. Opens the DB for reading
// only if the logs hold records. Errors: as CheckLogs.
absl::StatusOr<std::vector<LogFault>> FindLogFaults(
    const rocksdb::DBOptions& options, const std::string& path,
    const std::vector<rocksdb::ColumnFamilyDescriptor>& families);

// Returns FailedPrecondition, saying what to do, if opening the DB for writing would delete a log
// that was not read to its end.
absl::Status CheckLogsForWriting(const rocksdb::DBOptions& options, const std::string& path,
                                 const std::vector<rocksdb::ColumnFamilyDescriptor>& families);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_LOG_CHECK_H_
