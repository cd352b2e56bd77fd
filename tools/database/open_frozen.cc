#include "tools/database/open_frozen.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/common/silent_logger.h"

namespace sheaf {
namespace load {
namespace {

std::vector<std::string> OtherFolders(
    const rocksdb::DBOptions& options,
    const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  std::vector<std::string> folders;
  if (!options.wal_dir.empty()) folders.push_back(options.wal_dir);
  for (const rocksdb::DbPath& path : options.db_paths) folders.push_back(path.path);
  for (const rocksdb::ColumnFamilyDescriptor& family : families) {
    for (const rocksdb::DbPath& path : family.options.cf_paths) folders.push_back(path.path);
  }
  return folders;
}

void Close(std::vector<rocksdb::ColumnFamilyHandle*>* handles, rocksdb::DB** db) {
  for (rocksdb::ColumnFamilyHandle* const handle : *handles) {
    (*db)->DestroyColumnFamilyHandle(handle);
  }
  handles->clear();
  delete *db;
  *db = nullptr;
}

// One attempt. `*again`: what it gave is not to be believed.
absl::Status OpenOnce(const rocksdb::DBOptions& options, const std::string& path,
                      const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                      std::vector<rocksdb::ColumnFamilyHandle*>* handles, rocksdb::DB** db,
                      FrozenDb* frozen, bool* again) {
  *again = false;
  rocksdb::DBOptions reading = options;
  reading.info_log = std::make_shared<SilentLogger>();
  reading.wal_filter = frozen->replay.get();
  // Other modes refuse logs that a crash cut, do not tell that a log is missing, or never come to
  // the end of a recycled log.
  reading.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  auto files =
      FrozenFiles::Capture(options.env->GetFileSystem(), path, OtherFolders(options, families));
  if (files.ok()) {
    frozen->files = *std::move(files);
    frozen->env = rocksdb::NewCompositeEnv(frozen->files);
    reading.env = frozen->env.get();
  } else if (!absl::IsNotFound(files.status())) {
    return files.status();
  }
  frozen->opened = rocksdb::DB::OpenForReadOnly(reading, path, families, handles, db);
  const std::string folder = WalFolder(options, path);
  frozen->logs_read = CheckLogs(
      frozen->files == nullptr ? FrozenFiles::LogsNow(folder) : frozen->files->Logs(folder),
      options, *frozen->replay, &frozen->log_faults);
  *again =
      frozen->files != nullptr &&
      (frozen->files->Disturbed(frozen->replay->first_needed()) || frozen->files->missed() ||
       std::any_of(frozen->log_faults.begin(), frozen->log_faults.end(),
                   [&](const LogFault& fault) { return frozen->files->WrittenSince(fault.path); }));
  if (!frozen->opened.ok()) {
    std::string text = absl::StrCat(path, ": cannot open the DB: ", frozen->opened.ToString());
    // It may be for this that it cannot be opened.
    for (const LogFault& fault : frozen->log_faults) {
      absl::StrAppend(&text, "; ", fault.path, ": ", fault.Text());
    }
    if (!frozen->logs_read.ok()) absl::StrAppend(&text, "; ", frozen->logs_read.message());
    return absl::InternalError(text);
  }
  if (!frozen->logs_read.ok() || *again) Close(handles, db);
  return frozen->logs_read;
}

}  // namespace

absl::Status OpenFrozen(const rocksdb::DBOptions& options, const std::string& path,
                        const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                        std::vector<rocksdb::ColumnFamilyHandle*>* handles, rocksdb::DB** db,
                        FrozenDb* frozen) {
  for (int attempt = 0; attempt < kOpenAttempts; ++attempt) {
    frozen->log_faults.clear();
    frozen->replay = std::make_unique<ReplayWatch>();
    bool again = false;
    absl::Status status = OpenOnce(options, path, families, handles, db, frozen, &again);
    if (!again) return status;
  }
  return absl::AbortedError(absl::StrCat(
      path,
      ": another process deletes or rewrites files of this DB faster than they can be read. "
      "Run this again when it writes less, or on a checkpoint of the DB"));
}

}  // namespace load
}  // namespace sheaf
