// Files and folders: their names, a lock, and moving a folder so that it lasts.
//
// Thread safety: from any thread.

#ifndef SHEAF_TOOLS_COMMON_FILES_H_
#define SHEAF_TOOLS_COMMON_FILES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace sheaf {
namespace load {

// Absolute, without symbolic links and without a slash at its end, whether there is something at
// `path` or not: the same before and after a load.
std::string CanonicalPath(const std::string& path);

// Absolute, but not canonical: /dev/stderr is a link to what only this process has. `path` as it is
// if it is empty, or if the working folder was removed.
std::string AbsolutePath(const std::string& path);

// Advisory lock (flock) on a folder, for what takes a moment. Waits at most 1 s; check held().
class FolderLock {
 public:
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  bool held() const { return held_; }

 private:
  const int fd_;
  bool held_ = false;
};

// Moves folder `from` to `to`: one rename if `to` does not exist, else file by file, with `last`
// (the file that makes it valid) last. If it returns OK, all of it has reached the disk. After an
// error or a kill it can be called again, unless `last` has moved: then only SyncMoved() is left to
// do. Errors: Aborted if another process made `last` or another of the files there meanwhile;
// Internal, naming the path and the reason, also if it cannot reach the disk.
absl::Status MoveFolder(const std::string& from, const std::string& to, const std::string& last);

// What is at `to` has reached the disk, with its name. Errors: Internal.
absl::Status SyncMoved(const std::string& to);

// Bytes of disk that files in `folder` take, those in its folders among them.
uint64_t DiskBytesIn(const std::string& folder);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_FILES_H_
