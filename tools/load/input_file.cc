#include "tools/load/input_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/load/interrupt.h"
#include "tools/load/text.h"

namespace sheaf {
namespace load {
namespace {

absl::Status CannotOpen(const std::string& path, int error) {
  const std::string message = absl::StrCat(path, ": cannot open: ", ErrnoText(error));
  return error == ENOENT ? absl::NotFoundError(message) : absl::InternalError(message);
}

absl::Status IsDirectory(const std::string& path) {
  return absl::InvalidArgumentError(
      absl::StrCat(path, ": is a directory; expected a file, a pipe or - for stdin"));
}

}  // namespace

absl::Status InputFile::Check(const std::string& path, uint64_t* bytes) {
  struct stat info;
  if (path == "-") {
    if (fstat(STDIN_FILENO, &info) == 0 && S_ISREG(info.st_mode)) *bytes += info.st_size;
    return absl::OkStatus();
  }
  if (stat(path.c_str(), &info) != 0) return CannotOpen(path, errno);
  if (S_ISDIR(info.st_mode)) return IsDirectory(path);
  if (access(path.c_str(), R_OK) != 0) return CannotOpen(path, errno);
  if (S_ISREG(info.st_mode)) *bytes += info.st_size;
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<InputFile>> InputFile::Open(const std::string& path,
                                                           MayUse may_use) {
  const bool is_stdin = path == "-";
  const int fd = is_stdin ? STDIN_FILENO : open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return CannotOpen(path, errno);
  struct stat info;
  const bool known = fstat(fd, &info) == 0;
  if (known && S_ISDIR(info.st_mode)) {
    if (!is_stdin) close(fd);
    return IsDirectory(is_stdin ? "stdin" : path);
  }
  const bool regular = known && S_ISREG(info.st_mode);
  if (regular) posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  return std::unique_ptr<InputFile>(
      new InputFile(is_stdin ? "stdin" : path, fd, regular, std::move(may_use)));
}

InputFile::InputFile(std::string name, int fd, bool regular, MayUse may_use)
    : name_(std::move(name)),
      fd_(fd),
      regular_(regular),
      may_use_(std::move(may_use)),
      capacity_(kChunkBytes) {
  buffer_.reset(new char[capacity_ + kPadding]);
}

InputFile::~InputFile() {
  if (capacity_ > kChunkBytes) may_use_(0);
  if (fd_ != STDIN_FILENO) close(fd_);
}

absl::Status InputFile::MakeRoom() {
  if (begin_ > 0) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  // Half of the buffer for the next read at least, so that a long row is not moved at each one.
  if (end_ <= capacity_ / 2) return absl::OkStatus();
  const size_t grown = capacity_ * 2;
  if (!may_use_(grown + capacity_)) {  // both, while one is copied
    if (end_ < capacity_) return absl::OkStatus();
    return absl::ResourceExhaustedError(
        absl::StrCat(name_, ": offset ", offset_, ": a row of more than ", Bytes(end_),
                     " does not fit into --memory; raise it, or look for a missing line end"));
  }
  std::unique_ptr<char[]> larger(new char[grown + kPadding]);
  std::memcpy(larger.get(), buffer_.get(), end_);
  buffer_ = std::move(larger);
  capacity_ = grown;
  may_use_(capacity_);
  return absl::OkStatus();
}

absl::StatusOr<bool> InputFile::Fill() {
  if (absl::Status status = MakeRoom(); !status.ok()) return status;
  for (;;) {
    if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
    if (!regular_) {
      // A read from a pipe may wait for ever; a signal must end it, on whatever thread it arrived.
      struct pollfd waits[2] = {{fd_, POLLIN, 0}, {InterruptFd(), POLLIN, 0}};
      if (poll(waits, 2, -1) < 0) {
        if (errno == EINTR) continue;
      } else if (waits[1].revents != 0) {
        continue;
      }
    }
    const ssize_t got = read(fd_, buffer_.get() + end_, capacity_ - end_);
    if (got >= 0) {
      end_ += static_cast<size_t>(got);
      return got > 0;
    }
    if (errno == EINTR || errno == EAGAIN) continue;
    return absl::InternalError(absl::StrCat(name_, ": cannot read at offset ",
                                            offset_ + (end_ - begin_), ": ", ErrnoText(errno)));
  }
}

}  // namespace load
}  // namespace sheaf
