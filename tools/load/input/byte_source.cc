#include "tools/load/input/byte_source.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/common/interrupt.h"
#include "tools/common/text.h"
#include "tools/load/input/content_kind.h"
#include "tools/load/input/decoder.h"

namespace sheaf {
namespace load {
namespace {

// What the content is recognized by, and how much is decompressed at a time.
constexpr size_t kBufferBytes = size_t{1} << 18;

// A source of which nothing was looked at.
class RawSource : public ByteSource {
 public:
  std::string_view front() const final { return ""; }
  std::string_view tail() const final { return ""; }
};

class FileSource final : public RawSource {
 public:
  FileSource(std::string name, int fd, bool regular)
      : name_(std::move(name)), fd_(fd), regular_(regular) {}
  ~FileSource() override {
    if (fd_ != STDIN_FILENO) close(fd_);
  }

  absl::StatusOr<size_t> Read(char* to, size_t n) override {
    size_t got = 0;
    while (got < n) {
      const absl::StatusOr<size_t> more = ReadSome(to + got, n - got);
      if (!more.ok()) return more;
      if (*more == 0) break;
      got += *more;
      at_.fetch_add(*more, std::memory_order_relaxed);
    }
    return got;
  }

  absl::Status Skip(uint64_t bytes) override {
    struct stat info;
    if (regular_ && fstat(fd_, &info) == 0 && static_cast<uint64_t>(info.st_size) >= at_ + bytes &&
        lseek(fd_, static_cast<off_t>(bytes), SEEK_CUR) >= 0) {
      at_ += bytes;
      return absl::OkStatus();
    }
    return absl::InvalidArgumentError(absl::StrCat(name_, ": expected ", Grouped(bytes),
                                                   " bytes more behind offset ", at_.load(),
                                                   ", found the end; the file has changed"));
  }

  const std::string& name() const override { return name_; }
  uint64_t file_bytes() const override { return at_.load(std::memory_order_relaxed); }

 private:
  absl::StatusOr<size_t> ReadSome(char* to, size_t n) {
    for (;;) {
      if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
      if (!regular_) {
        // A read from a pipe may wait for ever; a signal must end it, on whatever thread it
        // arrived.
        struct pollfd waits[2] = {{fd_, POLLIN, 0}, {InterruptFd(), POLLIN, 0}};
        if (poll(waits, 2, -1) < 0) {
          if (errno == EINTR) continue;
        } else if (waits[1].revents != 0) {
          continue;
        }
      }
      const ssize_t got = read(fd_, to, n);
      if (got >= 0) return static_cast<size_t>(got);
      if (errno == EINTR || errno == EAGAIN) continue;
      return absl::InternalError(
          absl::StrCat(name_, ": cannot read at offset ", at_.load(), ": ", ErrnoText(errno)));
    }
  }

  const std::string name_;
  const int fd_;
  const bool regular_;
  std::atomic<uint64_t> at_{0};
};

// What was read to recognize the content, then the rest.
class FrontedSource final : public ByteSource {
 public:
  FrontedSource(std::unique_ptr<ByteSource> rest, std::string front, std::string tail)
      : file_(std::move(rest)), front_(std::move(front)), tail_(std::move(tail)) {}

  std::string_view front() const override { return front_; }
  std::string_view tail() const override { return tail_; }

  absl::StatusOr<size_t> Read(char* to, size_t n) override {
    const size_t first = std::min(n, front_.size() - taken_);
    std::memcpy(to, front_.data() + taken_, first);
    taken_ += first;
    if (first == n) return n;
    const absl::StatusOr<size_t> rest = file_->Read(to + first, n - first);
    if (!rest.ok()) return rest;
    return first + *rest;
  }

  absl::Status Skip(uint64_t bytes) override {
    const uint64_t first = std::min<uint64_t>(bytes, front_.size() - taken_);
    taken_ += first;
    return first == bytes ? absl::OkStatus() : file_->Skip(bytes - first);
  }

  const std::string& name() const override { return file_->name(); }
  uint64_t file_bytes() const override { return file_->file_bytes(); }

 private:
  const std::unique_ptr<ByteSource> file_;
  const std::string front_;
  const std::string tail_;
  size_t taken_ = 0;
};

class DecodedSource final : public RawSource {
 public:
  DecodedSource(std::unique_ptr<FileSource> file, std::string front,
                std::unique_ptr<Decoder> decoder)
      : file_(std::move(file)),
        buffer_(std::move(front)),
        in_(buffer_),
        decoder_(std::move(decoder)) {}

  absl::StatusOr<size_t> Read(char* to, size_t n) override {
    size_t got = 0;
    while (got < n) {
      if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
      if (in_.empty() && !at_end_) {
        buffer_.resize(kBufferBytes);
        const absl::StatusOr<size_t> more = file_->Read(buffer_.data(), buffer_.size());
        if (!more.ok()) return more;
        in_ = std::string_view(buffer_.data(), *more);
        at_end_ = *more == 0;
      }
      // At the end of the file the decoder may still have bytes to give.
      const size_t before = in_.size();
      std::string error;
      const size_t decoded = decoder_->Decode(&in_, to + got, n - got, &error);
      if (!error.empty()) return Damaged("is damaged: " + error);
      got += decoded;
      decoded_ += decoded;
      if (in_.size() != before || decoded != 0) continue;
      if (!at_end_) continue;
      if (!decoder_->at_frame_end()) return Damaged("is truncated: it ends in the middle");
      break;
    }
    return got;
  }

  absl::Status Skip(uint64_t bytes) override {
    std::string passed(std::min<uint64_t>(bytes, kBufferBytes), '\0');
    while (bytes != 0) {
      const absl::StatusOr<size_t> got =
          Read(passed.data(), static_cast<size_t>(std::min<uint64_t>(bytes, passed.size())));
      if (!got.ok()) return got.status();
      if (*got == 0) return Damaged("has fewer bytes than before; it has changed");
      bytes -= *got;
    }
    return absl::OkStatus();
  }

  const std::string& name() const override { return file_->name(); }
  uint64_t file_bytes() const override { return file_->file_bytes(); }

 private:
  absl::Status Damaged(const std::string& what) const {
    return absl::InvalidArgumentError(absl::StrCat(
        name(), ": the ", decoder_->name(), " archive ", what, ", at offset ",
        file_->file_bytes() - in_.size(), ", after ", Grouped(decoded_), " decompressed bytes"));
  }

  const std::unique_ptr<FileSource> file_;
  std::string buffer_;
  std::string_view in_;  // of buffer_, not decoded
  bool at_end_ = false;  // of the file
  const std::unique_ptr<Decoder> decoder_;
  uint64_t decoded_ = 0;
};

// A pipe may deliver bytes one by one.
absl::StatusOr<std::string> ReadFront(ByteSource& source) {
  std::string front(kFrontBytes, '\0');
  size_t got = 0;
  while (got < front.size()) {
    const absl::StatusOr<size_t> more = source.Read(front.data() + got, front.size() - got);
    if (!more.ok()) return more.status();
    if (*more == 0) break;
    got += *more;
  }
  front.resize(got);
  return front;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> ByteSource::Open(const std::string& path) {
  const bool is_stdin = path == "-";
  const std::string name = is_stdin ? "stdin" : path;
  struct stat info;
  // Opening a FIFO waits for a writer, where no signal would end it. Without waiting poll() does:
  // before the first writer it does not tell of an end.
  const bool is_fifo = !is_stdin && stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode);
  const int fd = is_stdin ? STDIN_FILENO
                          : open(path.c_str(), O_RDONLY | O_CLOEXEC | (is_fifo ? O_NONBLOCK : 0));
  if (fd < 0) {
    const std::string message = absl::StrCat(name, ": cannot open: ", ErrnoText(errno));
    if (errno == ENOENT) return absl::NotFoundError(message);
    return absl::InternalError(message);
  }
  const bool known = fstat(fd, &info) == 0;
  if (known && S_ISDIR(info.st_mode)) {
    if (!is_stdin) close(fd);
    return absl::InvalidArgumentError(
        absl::StrCat(name, ": is a directory; expected a file, a pipe or - for stdin"));
  }
  const bool regular = known && S_ISREG(info.st_mode);
  if (regular) posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
  auto file = std::make_unique<FileSource>(name, fd, regular);
  std::string tail(kTailBytes, '\0');
  if (!regular || info.st_size < static_cast<off_t>(kTailBytes) ||
      pread(fd, tail.data(), tail.size(), info.st_size - static_cast<off_t>(kTailBytes)) !=
          static_cast<ssize_t>(kTailBytes)) {
    tail.clear();
  }
  absl::StatusOr<std::string> front = ReadFront(*file);
  if (!front.ok()) return front.status();
  std::unique_ptr<Decoder> decoder = DecoderOf(*front);
  std::unique_ptr<ByteSource> source;
  if (decoder == nullptr) {
    source = std::move(file);
  } else {
    source =
        std::make_unique<DecodedSource>(std::move(file), *std::move(front), std::move(decoder));
    front = ReadFront(*source);
    if (!front.ok()) return front.status();
    tail.clear();
  }
  return std::unique_ptr<ByteSource>(
      std::make_unique<FrontedSource>(std::move(source), *std::move(front), std::move(tail)));
}

}  // namespace load
}  // namespace sheaf
