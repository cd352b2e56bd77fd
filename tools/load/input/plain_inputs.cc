#include "tools/load/input/plain_inputs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "tools/load/input/decoder.h"

namespace sheaf {
namespace load {
namespace {

// A line that is longer is not looked through for its end.
constexpr uint64_t kLongestLine = uint64_t{16} << 20;

// Closed at the end of its scope.
class ReadFd {
 public:
  explicit ReadFd(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~ReadFd() {
    if (fd_ >= 0) close(fd_);
  }
  ReadFd(const ReadFd&) = delete;
  ReadFd& operator=(const ReadFd&) = delete;

  // Fewer than `size` bytes at the end, and if reading fails: whoever reads rows will say so.
  size_t Read(uint64_t offset, char* to, size_t size) const {
    const ssize_t got = fd_ < 0 ? 0 : pread(fd_, to, size, static_cast<off_t>(offset));
    return got < 0 ? 0 : static_cast<size_t>(got);
  }

 private:
  const int fd_;
};

}  // namespace

std::optional<PlainInputs> PlainInputs::Open(const std::vector<std::string>& inputs,
                                             std::optional<RowFormat> format) {
  PlainInputs plain;
  for (const std::string& path : inputs) {
    struct stat info;
    const RowFormat rows = format.value_or(FormatOfFile(path));
    // Where a frame or a csv row begins, only what is before it tells.
    if (rows == RowFormat::kFramed || rows == RowFormat::kCsv || stat(path.c_str(), &info) != 0 ||
        !S_ISREG(info.st_mode)) {
      return std::nullopt;
    }
    char front[8];
    const size_t got = ReadFd(path).Read(0, front, sizeof front);
    // A file may have bytes that its size does not say: those of /proc.
    if (DecoderOf({front, got}) != nullptr || (info.st_size == 0 && got != 0)) return std::nullopt;
    const uint64_t begin = plain.bytes();
    plain.files_.push_back(
        {path, begin, begin + static_cast<uint64_t>(info.st_size), info.st_mtim});
  }
  return plain;
}

std::optional<uint64_t> PlainInputs::LineAt(uint64_t position) const {
  const auto file = std::find_if(files_.begin(), files_.end(),
                                 [position](const File& f) { return position < f.end; });
  if (file == files_.end() || position <= file->begin) return position;
  // The byte before is the end of a line, or belongs to one.
  const ReadFd fd(file->path);
  char buffer[1 << 14];
  for (uint64_t at = position - 1; at < position + kLongestLine;) {
    const size_t got = fd.Read(at - file->begin, buffer, sizeof buffer);
    if (got == 0) return file->end;
    if (const void* const found = std::memchr(buffer, '\n', got)) {
      return at + static_cast<uint64_t>(static_cast<const char*>(found) - buffer) + 1;
    }
    at += got;
  }
  return std::nullopt;
}

std::vector<uint64_t> PlainInputs::Cut(uint64_t begin, uint64_t end, uint64_t parts) const {
  std::vector<uint64_t> cuts;
  uint64_t last = begin;
  for (uint64_t part = 1; part < parts; ++part) {
    const std::optional<uint64_t> line = LineAt(begin + (end - begin) / parts * part);
    if (!line.has_value() || *line <= last || *line >= end) continue;
    cuts.push_back(last = *line);
  }
  return cuts;
}

std::vector<PositionRange> PlainInputs::Except(uint64_t begin, uint64_t end) const {
  std::vector<PositionRange> ranges;
  for (const File& file : files_) {
    if (file.begin < std::min(file.end, begin)) {
      ranges.push_back({file.begin, std::min(file.end, begin), false});
    }
    if (std::max(file.begin, end) < file.end) {
      ranges.push_back({std::max(file.begin, end), file.end, false});
    }
  }
  return ranges;
}

bool PlainInputs::Changed() const {
  return std::any_of(files_.begin(), files_.end(), [](const File& file) {
    struct stat info;
    return stat(file.path.c_str(), &info) != 0 ||
           static_cast<uint64_t>(info.st_size) != file.end - file.begin ||
           info.st_mtim.tv_sec != file.modified.tv_sec ||
           info.st_mtim.tv_nsec != file.modified.tv_nsec;
  });
}

}  // namespace load
}  // namespace sheaf
