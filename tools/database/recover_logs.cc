// Database::CheckLogs and Database::RecoverLogs: logs that cannot be read to their end.

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/common/silent_logger.h"
#include "tools/database/database.h"
#include "tools/database/kept_files.h"
#include "tools/database/log_scan.h"

namespace sheaf {
namespace load {
namespace {

// Copies the logs from number `first` on into a new folder in `db`.
absl::StatusOr<std::string> CopyLogs(const std::string& db, const std::string& log_folder,
                                     uint64_t first) {
  std::vector<std::string> paths;
  for (const FrozenFiles::Log& log : FrozenFiles::LogsNow(log_folder)) {
    if (log.number >= first) paths.push_back(log.path);
  }
  return KeepFiles(db, absl::StrFormat("damaged-logs-%06d", first), paths);
}

// RocksDB comes to no end in a recycled log if it is to skip what it cannot read: it takes the
// first record of the log of before again and again.
absl::Status CheckCanSkip(const std::string& log_folder) {
  for (const FrozenFiles::Log& log : FrozenFiles::LogsNow(log_folder)) {
    const absl::StatusOr<LogScan> scan = ScanLog(log.path, log.number, log.size);
    if (!scan.ok()) return scan.status();
    if (!scan->is_recyclable) continue;
    return absl::FailedPreconditionError(absl::StrCat(
        log.path,
        ": cannot skip damage: RocksDB cannot do that with logs that it may recycle "
        "(recycle_log_file_num). Nothing was changed. `--damaged-logs stop` recovers what was "
        "written before the damage"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Database::CheckLogs() const {
  if (is_new_) return absl::OkStatus();
  rocksdb::DBOptions options = db_options_;
  const std::unique_ptr<rocksdb::Env> env = ReadingEnv();
  options.env = env.get();
  return CheckLogsForWriting(options, path_, families_);
}

absl::StatusOr<std::string> Database::RecoverLogs(LogRecovery how, std::string* note) const {
  if (absl::Status status = CheckUnlocked(); !status.ok()) return status;
  rocksdb::DBOptions options = db_options_;
  const std::unique_ptr<rocksdb::Env> reading = ReadingEnv();
  options.env = reading.get();
  const auto faults = FindLogFaults(options, path_, families_);
  if (!faults.ok()) return faults.status();
  if (faults->empty()) return std::string();
  // What is recovered becomes SSTs.
  if (absl::Status status = CheckSstFolder("recover the logs"); !status.ok()) return status;
  const bool skips = how == LogRecovery::kSkip;
  const std::string folder = WalFolder(db_options_, path_);
  if (skips) {
    if (absl::Status status = CheckCanSkip(folder); !status.ok()) return status;
  }
  const uint64_t first = faults->front().number;
  const absl::StatusOr<FileSurvey> survey = SurveyFiles(path_, db_options_, families_);
  if (!survey.ok()) return survey.status();
  if (absl::Status status = KeepUnnamedFiles(*survey, note); !status.ok()) return status;
  absl::StatusOr<std::string> copies = CopyLogs(path_, folder, first);
  if (!copies.ok()) return copies.status();
  std::unique_ptr<rocksdb::Env> env = WritingEnv();
  options.env = env.get();
  options.info_log = std::make_shared<SilentLogger>();
  // Nothing but what is recovered is written, and then the logs go.
  options.avoid_flush_during_recovery = false;
  options.wal_recovery_mode = skips ? rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords
                                    : rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(options, path_, families_, &handles, &db);
  if (!status.ok()) {
    return absl::InternalError(absl::StrCat(path_, ": cannot recover the logs: ", status.ToString(),
                                            !skips ? ". `--damaged-logs skip` may" : "",
                                            ". Copies of the logs are in ", *copies));
  }
  const OpenedDatabase closed_by_this(std::move(env), db, std::move(handles), nullptr);
  return copies;
}

}  // namespace load
}  // namespace sheaf
