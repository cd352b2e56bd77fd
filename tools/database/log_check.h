// Log check: which logs of a DB RocksDB cannot read to their end, although no crash explains it.
//
// RocksDB tells nobody: it opens the DB with what is before the damage and, when it opens it for
// writing, deletes the logs. So whoever writes calls CheckLogsForWriting before, and whoever reads
// gets the faults from OpenFrozen.
//
// A log that ends within a record is no fault: a crash leaves that. It is one where a later log
// does not follow on it.
//
// Thread safety: ReplayWatch none; free functions.
//
//   ReplayWatch watch;
//   options.wal_filter = &watch;
//   rocksdb::DB::OpenForReadOnly(options, ...);
//   absl::Status status = CheckLogs(logs, watch, &faults);

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
  std::vector<std::string> later;  // names of later logs that are not read therefore

  // For people, without the path.
  std::string Text() const;
};

// What RocksDB takes from logs when it opens a DB. Changes nothing of it.
class ReplayWatch final : public rocksdb::WalFilter {
 public:
  void ColumnFamilyLogNumberMap(const std::map<uint32_t, uint64_t>& numbers,
                                const std::map<std::string, uint32_t>& families) override;
  WalProcessingOption LogRecordFound(unsigned long long number, const std::string& path,
                                     const rocksdb::WriteBatch& batch,
                                     rocksdb::WriteBatch* new_batch, bool* changed) override;
  const char* Name() const override { return "SheafReplayWatch"; }

  // Logs before this one have nothing that is not in SSTs.
  uint64_t first_needed() const { return first_needed_; }
  bool Replayed(uint64_t number) const { return replayed_.count(number) != 0; }

 private:
  uint64_t first_needed_ = 0;
  std::map<uint64_t, uint64_t> replayed_;  // log -> records
};

// Replaces `*faults` with those of `logs`, which are sorted by number. `options`: of the DB.
// Errors: Internal for a log that cannot be read; the faults are those of the logs before it.
absl::Status CheckLogs(const std::vector<FrozenFiles::Log>& logs, const rocksdb::DBOptions& options,
                       const ReplayWatch& watch, std::vector<LogFault>* faults);

// The folder of the logs of the DB in `path`.
std::string WalFolder(const rocksdb::DBOptions& options, const std::string& path);

// The faults of the logs that the DB in `path` needs. Reads the logs once and, only if there is
// something in them, opens the DB for reading. Errors: as CheckLogs.
absl::StatusOr<std::vector<LogFault>> FindLogFaults(
    const rocksdb::DBOptions& options, const std::string& path,
    const std::vector<rocksdb::ColumnFamilyDescriptor>& families);

// FailedPrecondition if opening the DB for writing would delete a log that was not read to its end;
// says what to do.
absl::Status CheckLogsForWriting(const rocksdb::DBOptions& options, const std::string& path,
                                 const std::vector<rocksdb::ColumnFamilyDescriptor>& families);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_LOG_CHECK_H_
