// What fuzz targets share: an input that is taken apart, a file in memory, and a check.
//
// Ownership: an Input borrows the bytes; a MemoryFile owns its file. Thread safety: none.
//
//   Input input(data, size);
//   const bool fixed64 = input.Byte() % 2 != 0;
//   const std::string_view value = input.Rest();
//   Check(list.ok(), "a list that was written is read back", list.status().message());

#ifndef SHEAF_TESTS_FUZZ_FUZZ_H_
#define SHEAF_TESTS_FUZZ_FUZZ_H_

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace sheaf {
namespace fuzz {

// Ends the run, as a crash does, unless `holds`. `what` must hold; `detail` is what was found.
template <typename Text = std::string_view>
void Check(bool holds, const char* what, const Text& detail = {}) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s: %.*s\n", what, static_cast<int>(detail.size()),
               detail.data());
  std::abort();
}

// An input that decisions are taken from, then bytes. At its end all are 0 or empty.
class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool empty() const { return rest_.empty(); }

  uint8_t Byte() {
    if (rest_.empty()) return 0;
    const auto byte = static_cast<uint8_t>(rest_[0]);
    rest_.remove_prefix(1);
    return byte;
  }
  uint64_t Number() {
    uint64_t number = 0;
    for (int i = 0; i < 8; ++i) number = number << 8 | Byte();
    return number;
  }
  std::string_view Take(size_t bytes) {
    const std::string_view taken = rest_.substr(0, bytes);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  // A byte of size, then the bytes.
  std::string_view Text() { return Take(Byte()); }
  // Up to `end`, which is taken too.
  std::string_view Until(std::string_view end) {
    const size_t at = rest_.find(end);
    const std::string_view taken = rest_.substr(0, at);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + end.size());
    return taken;
  }
  std::string_view Rest() { return Take(rest_.size()); }

 private:
  std::string_view rest_;
};

// A file without a disk, for what reads a path.
class MemoryFile {
 public:
  MemoryFile()
      : fd_(memfd_create("fuzz", MFD_CLOEXEC)), path_("/proc/self/fd/" + std::to_string(fd_)) {
    Check(fd_ >= 0, "a file in memory can be made");
  }
  ~MemoryFile() { close(fd_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  int fd() const { return fd_; }
  // Opening it begins at the front.
  const std::string& path() const { return path_; }

  void Write(std::string_view bytes) {
    Clear();
    while (!bytes.empty()) {
      const ssize_t written = write(fd_, bytes.data(), bytes.size());
      Check(written > 0, "a file in memory can be written");
      bytes.remove_prefix(static_cast<size_t>(written));
    }
  }
  void Clear() {
    Check(ftruncate(fd_, 0) == 0 && lseek(fd_, 0, SEEK_SET) == 0, "a file can be emptied");
  }
  std::string Read() const {
    std::string bytes(static_cast<size_t>(std::max<off_t>(lseek(fd_, 0, SEEK_END), 0)), '\0');
    const ssize_t got = pread(fd_, bytes.data(), bytes.size(), 0);
    Check(got == static_cast<ssize_t>(bytes.size()), "a file in memory can be read");
    return bytes;
  }

 private:
  const int fd_;
  const std::string path_;
};

}  // namespace fuzz
}  // namespace sheaf

#endif  // SHEAF_TESTS_FUZZ_FUZZ_H_
