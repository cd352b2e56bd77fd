#include "tools/database/open_policy.h"

#include <sys/stat.h>

#include <filesystem>
#include <limits>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "sheaf/append_operator.h"
#include "tools/common/files.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;

bool IsSameFolder(const std::string& a, const std::string& b) {
  struct stat first, second;
  return stat(a.c_str(), &first) == 0 && stat(b.c_str(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

absl::Status CheckFolder(const std::string& option, const std::string& folder) {
  std::error_code error;
  if (fs::is_directory(folder, error)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(option, " ", folder,
                                                    ": expected a folder that is there, found ",
                                                    fs::exists(folder, error) ? "a file" : "none"));
}

absl::Status CheckNoOtherDb(const std::string& option, const std::string& folder) {
  std::error_code error;
  if (!fs::exists(folder + "/CURRENT", error)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(option, " ", folder, ": this is another DB, and the files in it are its own"));
}

// The name of a log in `folder` that has bytes; empty if there is none.
std::string LogIn(const std::string& folder) {
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const fs::path& path = entry.path();
    if (path.extension() == ".log" && entry.file_size(error) > 0 && !error) {
      return path.filename().string();
    }
  }
  return "";
}

absl::Status ResolveWalDir(const std::string& path, const std::string& given,
                           std::string* wal_dir) {
  const std::string said = *wal_dir;
  wal_dir->clear();
  if (!given.empty()) {
    if (absl::Status status = CheckFolder("--wal-dir", given); !status.ok()) return status;
    if (IsSameFolder(given, path)) return absl::OkStatus();
    const std::string own = said.empty() || IsSameFolder(said, path) ? LogIn(path) : "";
    if (!own.empty()) {
      return absl::FailedPreconditionError(
          absl::StrCat("--wal-dir ", given, ": OPTIONS of ", path,
                       " name no other folder for its log, and its own has one, ", own,
                       ": leave --wal-dir out"));
    }
    *wal_dir = CanonicalPath(given);
    return CheckNoOtherDb("--wal-dir", given);
  }
  // What a relative path is relative to, only the application knows.
  if (said.empty() || (fs::path(said).is_absolute() && IsSameFolder(said, path))) {
    return absl::OkStatus();
  }
  if (!fs::path(said).is_absolute()) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, ": the DB's OPTIONS name a folder for its log, wal_dir=", said,
        ", and what that is relative to, only the application knows. Say where the log is: "
        "--wal-dir ",
        path,
        " if it is in the DB's own folder, as with db_paths and a relative name of the DB; else "
        "--wal-dir and that folder"));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      path, ": the DB's OPTIONS name another folder for its log, wal_dir=", said,
      ". A copy, a checkpoint and a moved DB have the OPTIONS of the original, so the log there "
      "may be that of another DB. Say where the log of this DB is: --wal-dir ",
      said, " if this is the DB that writes there, or --wal-dir ", path,
      " if its log is in its own folder, as that of a checkpoint or backup"));
}

}  // namespace

absl::Status ResolveFolders(const std::string& path, const DbFolders& folders,
                            rocksdb::DBOptions* db_options) {
  absl::Status status = ResolveWalDir(path, folders.wal_dir, &db_options->wal_dir);
  if (!status.ok()) return status;
  db_options->db_paths.clear();
  for (const std::string& folder : folders.db_paths) {
    status = CheckFolder("--db-path", folder);
    if (!status.ok()) return status;
    const bool own = IsSameFolder(folder, path);
    if (!own) status = CheckNoOtherDb("--db-path", folder);
    if (!status.ok()) return status;
    db_options->db_paths.emplace_back(own ? path : CanonicalPath(folder),
                                      std::numeric_limits<uint64_t>::max());
  }
  return absl::OkStatus();
}

void ApplyOpenPolicy(rocksdb::DBOptions* db_options,
                     std::vector<rocksdb::ColumnFamilyDescriptor>* families) {
  rocksdb::DBOptions& db = *db_options;
  db.create_if_missing = false;
  db.create_missing_column_families = false;
  db.error_if_exists = false;
  db.best_efforts_recovery = false;
  db.paranoid_checks = true;
  db.skip_checking_sst_file_sizes_on_db_open = false;
  db.avoid_flush_during_recovery = true;
  db.max_total_wal_size = 0;
  db.db_write_buffer_size = 0;
  db.write_buffer_manager = nullptr;
  db.allow_fallocate = false;
  db.manual_wal_flush = false;
  db.db_log_dir.clear();
  db.keep_log_file_num = std::numeric_limits<size_t>::max();
  db.use_direct_reads = false;
  db.use_direct_io_for_flush_and_compaction = false;
  db.allow_mmap_writes = false;
  db.persist_stats_to_disk = false;
  db.stats_persist_period_sec = 0;
  db.stats_dump_period_sec = 0;
  db.wal_filter = nullptr;
  if (db.wal_recovery_mode == rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords) {
    db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  }
  db.fail_if_options_file_error = true;
  for (rocksdb::ColumnFamilyDescriptor& family : *families) {
    family.options.disable_auto_compactions = true;
    family.options.compaction_filter = nullptr;
    family.options.compaction_filter_factory = nullptr;
    if (family.options.merge_operator == nullptr) {
      family.options.merge_operator = NewAppendOperator();
    }
  }
}

absl::Status CheckKeepsSsts(const std::string& path, const char* command,
                            const rocksdb::ColumnFamilyOptions& family) {
  if (family.compaction_style != rocksdb::kCompactionStyleFIFO) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      path, ": cannot ", command,
      ": the column family has FIFO compaction (compaction_style=kCompactionStyleFIFO), which "
      "drops its oldest SSTs as soon as all are larger than max_table_files_size or older than "
      "ttl. `sheaf append` adds to its lists; or load into a DB with level compaction"));
}

}  // namespace load
}  // namespace sheaf
