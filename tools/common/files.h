// Files and folders: their names, a lock, and a move that has reached the disk when it returns.
//
// Thread safety: from any thread.

#ifndef SHEAF_TOOLS_COMMON_FILES_H_
#define SHEAF_TOOLS_COMMON_FILES_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"

namespace sheaf {
namespace load {

// Makes `path` absolute, without symbolic links and without a slash at its end. `path` need not
// exist: the result is the same before and after a load makes it.
std::string CanonicalPath(const std::string& path);

// Makes `path` absolute, but follows no links: /dev/stderr is a link to what only this process has.
// Returns `path` as it is if it is empty, or if the working folder was removed.
std::string AbsolutePath(const std::string& path);

// Advisory lock (flock) on a folder, for short work. Waits at most 1 s; check held().
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
// (the file that makes it valid) last. If it returns OK, all of it has reached the disk. It can be
// called again after an error or a kill, unless `last` has moved: then only SyncMoved() is left to
// do. Errors: Aborted if another process has made one of the files at `to` meanwhile; Internal,
// naming the path and the reason, if a file cannot be moved or synced.
absl::Status MoveFolder(const std::string& from, const std::string& to, const std::string& last);

// Syncs what is at `to`, and its name. Errors: Internal.
absl::Status SyncMoved(const std::string& to);

// Bytes of disk that the files in `folder` and below take.
uint64_t DiskBytesIn(const std::string& folder);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_FILES_H_
