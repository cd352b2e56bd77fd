// Preloaded: calls that fail with EIO, as on a disk that is broken.
//
//   FAIL_RENAME_TO=/name   rename() to a path that ends with it
//   FAIL_SYNC_OF=/name     fsync() of a path that ends with it

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

bool Fails(const char* variable, std::string_view path) {
  const char* const value = std::getenv(variable);
  const std::string_view end = value == nullptr ? "" : value;
  if (end.empty() || path.size() < end.size()) return false;
  if (path.substr(path.size() - end.size()) != end) return false;
  errno = EIO;
  return true;
}

}  // namespace

extern "C" int rename(const char* from, const char* to) noexcept {
  return Fails("FAIL_RENAME_TO", to) ? -1 : renameat(AT_FDCWD, from, AT_FDCWD, to);
}

extern "C" int fsync(int fd) {
  char path[PATH_MAX];
  const ssize_t size = readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path);
  if (size > 0 && Fails("FAIL_SYNC_OF", {path, static_cast<size_t>(size)})) return -1;
  return static_cast<int>(syscall(SYS_fsync, fd));
}
