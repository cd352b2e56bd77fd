#include "tools/database/guarded_file_system.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "rocksdb/env.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;
using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// Links are not followed: RocksDB names files by the folder that it was given.
std::string Normal(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  std::string normal = (error ? fs::path(path) : absolute).lexically_normal().string();
  while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

}  // namespace

bool IsLogName(const std::string& name) {
  return absl::EndsWith(name, ".log") && name.find_first_not_of("0123456789") == name.size() - 4;
}

GuardedFileSystem::GuardedFileSystem(const std::vector<std::string>& writable,
                                     std::string options_text)
    : FileSystemWrapper(rocksdb::Env::Default()->GetFileSystem()),
      options_text_(std::move(options_text)) {
  for (const std::string& folder : writable) writable_.push_back(Normal(folder));
}

IOStatus GuardedFileSystem::Check(const std::string& path) const {
  const std::string normal = Normal(path);
  for (const std::string& folder : writable_) {
    if (normal == folder || absl::StartsWith(normal, folder == "/" ? folder : folder + "/")) {
      return IOStatus::OK();
    }
  }
  return IOStatus::IOError(path, writable_.empty()
                                     ? "not changed: the DB is open for reading only"
                                     : "not changed: it is in none of the DB's own folders");
}

IOStatus GuardedFileSystem::NewWritableFile(const std::string& path, const FileOptions& options,
                                            std::unique_ptr<rocksdb::FSWritableFile>* file,
                                            IODebugContext* debug) {
  IOStatus status = Check(path);
  return status.ok() ? target_->NewWritableFile(path, options, file, debug) : status;
}

IOStatus GuardedFileSystem::ReopenWritableFile(const std::string& path, const FileOptions& options,
                                               std::unique_ptr<rocksdb::FSWritableFile>* file,
                                               IODebugContext* debug) {
  IOStatus status = Check(path);
  return status.ok() ? target_->ReopenWritableFile(path, options, file, debug) : status;
}

IOStatus GuardedFileSystem::ReuseWritableFile(const std::string& path, const std::string& old_path,
                                              const FileOptions& options,
                                              std::unique_ptr<rocksdb::FSWritableFile>* file,
                                              IODebugContext* debug) {
  IOStatus status = Check(path);
  if (status.ok()) status = Check(old_path);
  return status.ok() ? target_->ReuseWritableFile(path, old_path, options, file, debug) : status;
}

IOStatus GuardedFileSystem::NewRandomRWFile(const std::string& path, const FileOptions& options,
                                            std::unique_ptr<rocksdb::FSRandomRWFile>* file,
                                            IODebugContext* debug) {
  IOStatus status = Check(path);
  return status.ok() ? target_->NewRandomRWFile(path, options, file, debug) : status;
}

IOStatus GuardedFileSystem::NewLogger(const std::string& path, const IOOptions& options,
                                      std::shared_ptr<rocksdb::Logger>* logger,
                                      IODebugContext* debug) {
  IOStatus status = Check(path);
  return status.ok() ? target_->NewLogger(path, options, logger, debug) : status;
}

IOStatus GuardedFileSystem::GetChildren(const std::string& folder, const IOOptions& options,
                                        std::vector<std::string>* names, IODebugContext* debug) {
  IOStatus status = target_->GetChildren(folder, options, names, debug);
  if (status.ok() && hide_logs_) {
    names->erase(std::remove_if(names->begin(), names->end(), IsLogName), names->end());
  }
  return status;
}

IOStatus GuardedFileSystem::DeleteFile(const std::string& path, const IOOptions& options,
                                       IODebugContext* debug) {
  IOStatus status = Check(path);
  return status.ok() ? target_->DeleteFile(path, options, debug) : status;
}

IOStatus GuardedFileSystem::Truncate(const std::string& path, size_t size, const IOOptions& options,
                                     IODebugContext* debug) {
  IOStatus status = Check(path);
  return status.ok() ? target_->Truncate(path, size, options, debug) : status;
}

IOStatus GuardedFileSystem::CreateDir(const std::string& path, const IOOptions& options,
                                      IODebugContext* debug) {
  IOStatus status = Check(path);
  return status.ok() ? target_->CreateDir(path, options, debug) : status;
}

IOStatus GuardedFileSystem::CreateDirIfMissing(const std::string& path, const IOOptions& options,
                                               IODebugContext* debug) {
  std::error_code error;
  if (fs::is_directory(path, error)) return IOStatus::OK();
  IOStatus status = Check(path);
  return status.ok() ? target_->CreateDirIfMissing(path, options, debug) : status;
}

IOStatus GuardedFileSystem::DeleteDir(const std::string& path, const IOOptions& options,
                                      IODebugContext* debug) {
  IOStatus status = Check(path);
  return status.ok() ? target_->DeleteDir(path, options, debug) : status;
}

IOStatus GuardedFileSystem::RenameFile(const std::string& from, const std::string& to,
                                       const IOOptions& options, IODebugContext* debug) {
  IOStatus status = Check(from);
  if (status.ok()) status = Check(to);
  // RocksDB writes OPTIONS under another name first, and checks what it has written.
  const bool is_options = absl::StartsWith(fs::path(to).filename().string(), "OPTIONS-");
  if (status.ok() && is_options && !options_text_.empty()) {
    status = WriteOptionsText(from, options, debug);
  }
  return status.ok() ? target_->RenameFile(from, to, options, debug) : status;
}

IOStatus GuardedFileSystem::WriteOptionsText(const std::string& path, const IOOptions& options,
                                             IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus status = target_->NewWritableFile(path, FileOptions(), &file, debug);
  if (status.ok()) status = file->Append(options_text_, options, debug);
  if (status.ok()) status = file->Sync(options, debug);
  if (status.ok()) status = file->Close(options, debug);
  return status;
}

IOStatus GuardedFileSystem::LinkFile(const std::string& from, const std::string& to,
                                     const IOOptions& options, IODebugContext* debug) {
  IOStatus status = Check(to);
  return status.ok() ? target_->LinkFile(from, to, options, debug) : status;
}

IOStatus GuardedFileSystem::LockFile(const std::string& path, const IOOptions& options,
                                     rocksdb::FileLock** lock, IODebugContext* debug) {
  IOStatus status = Check(path);
  return status.ok() ? target_->LockFile(path, options, lock, debug) : status;
}

}  // namespace load
}  // namespace sheaf
