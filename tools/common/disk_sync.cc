#include "tools/common/disk_sync.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "tools/common/text.h"

namespace sheaf {
namespace load {

int TrySync(int fd) {
  return fsync(fd) == 0 || errno == EINVAL || errno == ENOTSUP || errno == EROFS ? 0 : errno;
}

int TrySync(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno == EACCES ? 0 : errno;
  const int error = TrySync(fd);
  close(fd);
  return error;
}

absl::Status SyncPath(const std::string& path) {
  const int error = TrySync(path);
  return error == 0 ? absl::OkStatus() : NotSynced(path, error);
}

absl::Status NotSynced(const std::string& path, int error) {
  return absl::InternalError(
      absl::StrCat(path, ": cannot write it to the disk: ", ErrnoText(error)));
}

}  // namespace load
}  // namespace sheaf
