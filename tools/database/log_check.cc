#include "tools/database/log_check.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/common/text.h"
#include "tools/database/log_scan.h"
#include "tools/database/open_frozen.h"

namespace sheaf {
namespace load {
namespace {

struct ScannedLog {
  FrozenFiles::Log log;
  LogScan scan;
};

absl::Status ScanLogs(const std::vector<FrozenFiles::Log>& logs, uint64_t first_needed,
                      std::vector<ScannedLog>* scanned) {
  for (const FrozenFiles::Log& log : logs) {
    if (log.number < first_needed) continue;
    absl::StatusOr<LogScan> scan = ScanLog(log.open_path, log.number, log.size);
    if (!scan.ok())
      return absl::InternalError(absl::StrCat(log.path, ": ", scan.status().message()));
    scanned->push_back({log, *std::move(scan)});
  }
  return absl::OkStatus();
}

// `follows(log)`: whether RocksDB reads on in a later log, behind a log that ends within a record.
template <typename Follows>
std::vector<LogFault> Judge(const std::vector<ScannedLog>& logs, Follows follows) {
  std::vector<LogFault> faults;
  for (size_t i = 0; i < logs.size(); ++i) {
    const LogScan& scan = logs[i].scan;
    if (!scan.damage.has_value() && !scan.torn.has_value()) continue;
    LogFault fault;
    for (size_t j = i + 1; j < logs.size(); ++j) {
      if (logs[j].scan.records == 0) continue;
      if (follows(logs[j].log)) break;
      fault.later.push_back(std::filesystem::path(logs[j].log.path).filename().string());
    }
    if (!scan.damage.has_value() && fault.later.empty()) continue;
    fault.number = logs[i].log.number;
    fault.path = logs[i].log.path;
    if (scan.damage.has_value()) {
      fault.offset = scan.damage->offset;
      fault.bytes = scan.damage->bytes;
      fault.reason = scan.damage->reason;
    } else {
      fault.offset = *scan.torn;
      fault.bytes = logs[i].log.size - *scan.torn;
      fault.reason = "ends within a record, and the next log does not follow on what is before it";
    }
    faults.push_back(std::move(fault));
  }
  return faults;
}

absl::Status Refuse(const LogFault& fault) {
  return absl::FailedPreconditionError(absl::StrCat(
      fault.path, ": ", fault.Text(),
      ". To write to the DB would delete the log, so nothing was written. Put the log back from a "
      "backup, or run `sheaf repair --damaged-logs stop`, which gives the lists as they were "
      "before "
      "the damage, or `--damaged-logs skip`, which also takes what can be read behind it; both "
      "keep copies of the logs"));
}

}  // namespace

std::string LogFault::Text() const {
  return absl::StrCat("damaged log: at offset ", offset, ": ", reason, "; ", Plural(bytes, "byte"),
                      " from there on cannot be read",
                      later.empty() ? "" : ", nor what is in the later ",
                      absl::StrJoin(later, ", "));
}

void ReplayWatch::ColumnFamilyLogNumberMap(const std::map<uint32_t, uint64_t>& numbers,
                                           const std::map<std::string, uint32_t>&) {
  first_needed_ = numbers.empty() ? 0 : std::numeric_limits<uint64_t>::max();
  for (const auto& [family, number] : numbers) first_needed_ = std::min(first_needed_, number);
}

rocksdb::WalFilter::WalProcessingOption ReplayWatch::LogRecordFound(unsigned long long number,
                                                                    const std::string&,
                                                                    const rocksdb::WriteBatch&,
                                                                    rocksdb::WriteBatch*, bool*) {
  ++replayed_[number];
  return WalProcessingOption::kContinueProcessing;
}

absl::Status CheckLogs(const std::vector<FrozenFiles::Log>& logs, const rocksdb::DBOptions& options,
                       const ReplayWatch& watch, std::vector<LogFault>* faults) {
  std::vector<ScannedLog> scanned;
  // With two-phase commits older logs may be needed too, for what was prepared in them.
  const uint64_t first = options.allow_2pc ? 0 : watch.first_needed();
  absl::Status status = ScanLogs(logs, first, &scanned);
  *faults =
      Judge(scanned, [&watch](const FrozenFiles::Log& log) { return watch.Replayed(log.number); });
  return status;
}

std::string WalFolder(const rocksdb::DBOptions& options, const std::string& path) {
  return options.wal_dir.empty() ? path : options.wal_dir;
}

absl::StatusOr<std::vector<LogFault>> FindLogFaults(
    const rocksdb::DBOptions& options, const std::string& path,
    const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  std::vector<ScannedLog> scanned;
  absl::Status status = ScanLogs(FrozenFiles::LogsNow(WalFolder(options, path)), 0, &scanned);
  if (!status.ok()) return status;
  std::vector<LogFault> suspects = Judge(scanned, [](const FrozenFiles::Log&) { return false; });
  if (suspects.empty()) return suspects;
  // Which of these logs are needed, and whether one follows on another, RocksDB knows.
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  FrozenDb frozen;
  status = OpenFrozen(options, path, families, &handles, &db, &frozen);
  if (!status.ok()) return frozen.log_faults.empty() ? suspects : frozen.log_faults;
  for (rocksdb::ColumnFamilyHandle* const handle : handles) db->DestroyColumnFamilyHandle(handle);
  delete db;
  return frozen.log_faults;
}

absl::Status CheckLogsForWriting(const rocksdb::DBOptions& options, const std::string& path,
                                 const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  const auto faults = FindLogFaults(options, path, families);
  if (!faults.ok()) return faults.status();
  return faults->empty() ? absl::OkStatus() : Refuse(faults->front());
}

}  // namespace load
}  // namespace sheaf
