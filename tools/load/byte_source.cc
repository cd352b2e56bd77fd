#include "tools/load/byte_source.h"
#include <fcntl.h>
#include <unistd.h>
#include "tools/load/text.h"
#include "absl/strings/str_cat.h"
namespace sheaf {
namespace load {
namespace {
class Plain final : public ByteSource {
 public:
  Plain(std::string n, int fd) : name_(std::move(n)), fd_(fd) {}
  ~Plain() { if (fd_) close(fd_); }
  absl::StatusOr<size_t> Read(char* to, size_t n) override { size_t got = 0; while (got < n) { ssize_t r = read(fd_, to + got, n - got); if (r < 0) return absl::InternalError("read"); if (r == 0) break; got += r; } at_ += got; return got; }
  const std::string& name() const override { return name_; }
  const char* codec() const override { return ""; }
  uint64_t file_bytes() const override { return at_; }
  absl::Status Skip(uint64_t bytes) override { lseek(fd_, bytes, SEEK_CUR); at_ += bytes; return absl::OkStatus(); }
 private:
  std::string name_; int fd_; uint64_t at_ = 0;
};
}
absl::StatusOr<std::unique_ptr<ByteSource>> ByteSource::Open(const std::string& path) {
  int fd = path == "-" ? 0 : open(path.c_str(), O_RDONLY);
  if (fd < 0) return absl::NotFoundError(absl::StrCat(path, ": cannot open: ", ErrnoText(errno)));
  return std::unique_ptr<ByteSource>(new Plain(path == "-" ? "stdin" : path, fd));
}
}  // namespace load
}  // namespace sheaf
