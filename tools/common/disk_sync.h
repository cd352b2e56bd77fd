// fsync(2), if the file system supports it: some do not for folders, and devices never do.
//
// close(2) cannot fail to write what was synced. So code that writes what must last calls TrySync()
// and handles its error. Code that only reads, or throws away what it wrote, ignores the result of
// close(2).
//
// Thread safety: from any thread.

#ifndef SHEAF_TOOLS_COMMON_DISK_SYNC_H_
#define SHEAF_TOOLS_COMMON_DISK_SYNC_H_

#include <string>

#include "absl/status/status.h"

namespace sheaf {
namespace load {

// Returns 0, or the errno.
int TrySync(int fd);
// The same for a file or folder. Returns 0 also if this user may not read it.
int TrySync(const std::string& path);

// The same. Errors: Internal, naming `path` and the reason.
absl::Status SyncPath(const std::string& path);
// The error of SyncPath() for the errno `error`.
absl::Status NotSynced(const std::string& path, int error);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_DISK_SYNC_H_
