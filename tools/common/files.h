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

// The absolute path, without symbolic links and without a slash at its end. `path` need not exist:
// the result is the same before and after a load.
std::string CanonicalPath(const std::string& path);

// The absolute path, with symbolic links as they are: /dev/stderr is a link to a file that only
// this process has. Returns `path` unchanged if it is empty, or if the working folder was removed.
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
// (the file that makes it valid) last. If it returns OK, everything has reached the disk. After an
// error or a kill, call it again, unless `last` has moved: then call only SyncMoved(). Errors:
// Aborted if another process made `last` or another of the files in `to` meanwhile; Internal,
// naming the path and the reason, also if a sync failed.
absl::Status MoveFolder(const std::string& from, const std::string& to, const std::string& last);

// Syncs folder `to`, which has the names of its files, and its own name. Errors: Internal.
absl::Status SyncMoved(const std::string& to);

// Bytes of disk that the files in `folder` and its subfolders take.
uint64_t DiskBytesIn(const std::string& folder);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_FILES_H_
