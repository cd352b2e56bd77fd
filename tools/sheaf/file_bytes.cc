#include "tools/sheaf/file_bytes.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "tools/common/text.h"

namespace sheaf {
namespace tool {

absl::StatusOr<std::unique_ptr<FileBytes>> FileBytes::Read(const std::string& path) {
  const bool is_stdin = path == "-";
  const auto failed = [&](const char* what) {
    return absl::InternalError(
        absl::StrCat(is_stdin ? "stdin" : path, ": ", what, ": ", load::ErrnoText(errno)));
  };
  const int fd = is_stdin ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed("cannot open");
  auto bytes = std::make_unique<FileBytes>();
  absl::Status status;
  struct stat info;
  if (!is_stdin && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0) {
    void* const at =
        mmap(nullptr, static_cast<size_t>(info.st_size), PROT_READ, MAP_PRIVATE, fd, 0);
    if (at != MAP_FAILED) {
      bytes->view_ = {static_cast<const char*>(at), static_cast<size_t>(info.st_size)};
      bytes->mapped_ = true;
      close(fd);
      return bytes;
    }
  }
  char chunk[1 << 16];
  for (;;) {
    const ssize_t got = read(fd, chunk, sizeof chunk);
    if (got == 0) break;
    if (got < 0) {
      if (errno == EINTR) continue;
      status = failed("cannot read");
      break;
    }
    bytes->read_.append(chunk, static_cast<size_t>(got));
  }
  if (!is_stdin) close(fd);
  if (!status.ok()) return status;
  bytes->view_ = bytes->read_;
  return bytes;
}

FileBytes::~FileBytes() {
  if (mapped_) munmap(const_cast<char*>(view_.data()), view_.size());
}

}  // namespace tool
}  // namespace sheaf
