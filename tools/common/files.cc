#include "tools/common/files.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/common/disk_sync.h"
#include "tools/common/owned_folder.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;

constexpr int kMaxLinks = 40;  // as the kernel

absl::Status Failed(const std::string& path, const std::string& reason) {
  return absl::InternalError(absl::StrCat(path, ": cannot make it: ", reason));
}

absl::Status MadeMeanwhile(const std::string& path, const std::string& file) {
  return absl::AbortedError(absl::StrCat(
      path, ": another process ", file == "CURRENT" ? "created this DB" : "made a file " + file,
      " meanwhile; run this again"));
}

}  // namespace

std::string CanonicalPath(const std::string& path) {
  std::error_code error;
  fs::path at = fs::absolute(path, error);
  if (error) return path;
  const auto without_slash = [](const fs::path& p) {
    return p.has_filename() || !p.has_relative_path() ? p : p.parent_path();
  };
  at = without_slash(at.lexically_normal());
  // A link to nothing is not followed by weakly_canonical().
  for (int i = 0; i < kMaxLinks && fs::is_symlink(at, error) && !fs::exists(at, error); ++i) {
    at = without_slash((at.parent_path() / fs::read_symlink(at, error)).lexically_normal());
  }
  const fs::path canonical = fs::weakly_canonical(at, error);
  return error ? at.string() : canonical.string();
}

std::string AbsolutePath(const std::string& path) {
  std::error_code error;
  if (path.empty()) return path;
  const fs::path absolute = fs::absolute(path, error);
  return error ? path : absolute.string();
}

FolderLock::FolderLock(const std::string& folder)
    : fd_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  for (int tries = 0; fd_ >= 0 && tries < 100; ++tries) {
    held_ = flock(fd_, LOCK_EX | LOCK_NB) == 0;
    if (held_ || errno != EWOULDBLOCK) break;
    usleep(10000);
  }
}

FolderLock::~FolderLock() {
  if (fd_ >= 0) close(fd_);
}

absl::Status MoveFolder(const std::string& from, const std::string& to, const std::string& last) {
  std::error_code error;
  if (!fs::is_directory(to, error)) {
    fs::rename(from, to, error);
    if (!error) return SyncMoved(to);
    if (!fs::is_directory(to, error)) return Failed(to, error.message());
  }
  const FolderLock lock(to);  // two loads must not move files into one folder at once
  if (fs::exists(to + "/" + last, error)) return MadeMeanwhile(to, last);
  std::vector<std::string> names;
  for (fs::directory_iterator at(from, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name != last) names.push_back(name);
  }
  if (error) return Failed(from, error.message());
  for (const std::string& name : names) {
    // These two are what RocksDB leaves where it could not make a DB.
    if (name != "LOCK" && name != "IDENTITY" && fs::exists(to + "/" + name, error)) {
      return MadeMeanwhile(to, name);
    }
  }
  names.push_back(last);
  for (const std::string& name : names) {
    if (name == last) {
      if (absl::Status status = SyncPath(to); !status.ok()) return status;
    }
    fs::rename(from + "/" + name, to + "/" + name, error);
    if (error) return Failed(to + "/" + name, error.message());
  }
  absl::Status status = SyncMoved(to);
  if (status.ok()) RemoveTree(from).IgnoreError();  // it is empty
  return status;
}

absl::Status SyncMoved(const std::string& to) {
  absl::Status status = SyncPath(to);
  if (status.ok()) status = SyncPath(fs::path(to).parent_path().string());
  if (status.ok()) return status;
  return absl::InternalError(absl::StrCat(status.message(), ". All is in ", to,
                                          ", but a power cut could still take it away"));
}

uint64_t DiskBytesIn(const std::string& folder) {
  uint64_t bytes = 0;
  std::error_code error;
  for (fs::recursive_directory_iterator at(folder, error), end; !error && at != end;
       at.increment(error)) {
    struct stat info;
    if (lstat(at->path().c_str(), &info) == 0) {
      bytes += uint64_t{512} * static_cast<uint64_t>(info.st_blocks);
    }
  }
  return bytes;
}

}  // namespace load
}  // namespace sheaf
