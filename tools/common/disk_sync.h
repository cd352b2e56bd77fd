// fsync(2), where the file system can do it: some cannot for folders, and devices never do.
//
// What was synced cannot fail to be written by close(2). So whoever writes what has to last calls
// TrySync() and handles its error; whoever only reads, or throws away what it wrote, closes without
// a look at the result.
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
// The same of a file or folder; 0 also if this user may not read it.
int TrySync(const std::string& path);

// The same with a message: Internal, naming `path` and the reason.
absl::Status SyncPath(const std::string& path);
absl::Status NotSynced(const std::string& path, int error);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_DISK_SYNC_H_
