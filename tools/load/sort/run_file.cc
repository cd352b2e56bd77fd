#include "tools/load/sort/run_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#define LZ4_STATIC_LINKING_ONLY  // decompression in place
#define XXH_INLINE_ALL
#include "absl/strings/str_cat.h"
#include "lz4.h"
#include "tools/common/interrupt.h"
#include "tools/common/owned_folder.h"
#include "tools/common/text.h"
#include "tools/common/varint.h"
#include "tools/load/input/frame.h"
#include "tools/load/sort/row_record.h"
#include "tools/load/sort/run_format.h"
#include "xxhash.h"

namespace sheaf {
namespace load {
namespace {

absl::Status Failed(const std::string& path, const char* what) {
  return absl::InternalError(absl::StrCat(path, ": ", what, ": ", ErrnoText(errno)));
}

absl::Status Damaged(const std::string& path, uint64_t offset) {
  return absl::DataLossError(
      absl::StrCat(path, ": the run is damaged at offset ", offset,
                   "; remove the folder of this load and load again without --resume"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Run>> Run::Open(const std::string& path) {
  // Discard() writes.
  const int fd = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0 && errno == ENOENT) return absl::NotFoundError(absl::StrCat(path, ": is not there"));
  if (fd < 0) return Failed(path, "cannot read");
  std::unique_ptr<Run> run(new Run(path, fd));
  if (absl::Status status = OwnedFolder::CheckFile(fd, path); !status.ok()) return status;
  if (absl::Status status = run->ReadFooter(); !status.ok()) return status;
  return run;
}

Run::~Run() { close(fd_); }

absl::Status Run::ReadFooter() {
  const off_t size = lseek(fd_, 0, SEEK_END);
  char trailer[kRunTrailerBytes];
  if (size < static_cast<off_t>(kRunHeaderBytes + kRunTrailerBytes) ||
      pread(fd_, trailer, sizeof trailer, size - static_cast<off_t>(kRunTrailerBytes)) !=
          static_cast<ssize_t>(sizeof trailer)) {
    return Damaged(path_, static_cast<uint64_t>(std::max<off_t>(size, 0)));
  }
  char header[kRunHeaderBytes];
  if (pread(fd_, header, sizeof header, 0) != static_cast<ssize_t>(sizeof header) ||
      std::memcmp(header, kRunMagic, sizeof kRunMagic) != 0 || LoadU32(header + 8) != kRunVersion) {
    return Damaged(path_, 0);
  }
  uint64_t at;
  std::memcpy(&at, trailer, sizeof at);
  const uint64_t end_of_footer = static_cast<uint64_t>(size) - kRunTrailerBytes;
  if (LoadU32(trailer + 12) != kRunVersion || at < kRunHeaderBytes || at > end_of_footer ||
      LoadU32(trailer + 8) != end_of_footer - at) {
    return Damaged(path_, end_of_footer);
  }
  std::string footer;
  footer_offset_ = end_of_footer;  // for ReadBlock()
  uint64_t end = at;
  if (absl::Status status = ReadBlock(&end, &footer); !status.ok()) return status;
  footer_offset_ = at;
  const std::string_view fields = std::string_view(footer).substr(sizeof(RunBlockHeader));
  return end == end_of_footer && ParseFooter(fields) ? absl::OkStatus() : Damaged(path_, at);
}

bool Run::ParseFooter(std::string_view footer) {
  const char* from = footer.data();
  const char* const end = from + footer.size();
  // Each of so many things takes `bytes` at least.
  const auto pop_count = [&](uint64_t bytes, uint64_t* count) {
    return PopVarint(&from, end, count) && *count <= static_cast<uint64_t>(end - from) / bytes;
  };
  std::string_view first, last;
  uint64_t count;
  if (!PopVarint(&from, end, &rows_) || !PopVarint(&from, end, &largest_block_) ||
      !PopText(&from, end, &first) || !PopText(&from, end, &last) || !pop_count(1, &count)) {
    return false;
  }
  // A block is not larger than its rows, in the file or before they were compressed.
  if (largest_block_ > std::max<uint64_t>(footer_offset_, kMaxCompressed + 4096)) return false;
  first_key_ = std::string(first);
  last_key_ = std::string(last);
  positions_.resize(count);
  uint64_t before = 0;
  for (uint64_t& position : positions_) {
    uint64_t step;
    if (!PopVarint(&from, end, &step) || step > UINT64_MAX - before) return false;
    position = before += step;
  }
  if (!pop_count(2, &count)) return false;
  samples_.resize(count);
  before = kRunHeaderBytes;
  for (auto& [key, offset] : samples_) {
    std::string_view text;
    if (!PopText(&from, end, &text) || !PopVarint(&from, end, &offset)) return false;
    if (offset < before || offset >= footer_offset_) return false;
    key = std::string(text);
    before = offset;
  }
  return from == end;
}

bool Run::AreRows(std::string_view rows, std::string* last) const {
  const char* at = rows.data();
  const char* const end = at + rows.size();
  std::string_view before = *last;
  for (bool first = true; at != end; first = false) {
    std::string_view key, body;
    uint64_t chunk;
    if (!PopText(&at, end, &key) || (first && key.empty()) || !PopVarint(&at, end, &chunk) ||
        chunk >= positions_.size() || !PopText(&at, end, &body) || !IsBody(body)) {
      return false;
    }
    if (key.empty() || order_ == nullptr) continue;
    if (!before.empty() && order_->Compare(key, before) < 0) return false;
    before = key;
    // Keys are compared from the bytes on that the first and the last one do not share.
    if (order_->bytewise() && (key < first_key_ || order_->Border(key) > last_key_)) return false;
  }
  if (before.data() != last->data()) last->assign(before);
  return !rows.empty();
}

absl::Status Run::ReadBlock(uint64_t* at, std::string* block) const {
  const uint64_t offset = *at;
  RunBlockHeader header;
  // One access for most blocks: all but those with a long row have about this size.
  block->resize(std::min<uint64_t>(kRunBlockBytes + 4096, footer_offset_ - offset));
  const auto read_at = [this, offset, block](size_t from) {
    while (from < block->size()) {
      const ssize_t got =
          pread(fd_, block->data() + from, block->size() - from, static_cast<off_t>(offset + from));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) return false;
      from += static_cast<size_t>(got);
    }
    return true;
  };
  if (block->size() < sizeof header || !read_at(0)) return Damaged(path_, offset);
  std::memcpy(&header, block->data(), sizeof header);
  const uint64_t size = sizeof header + uint64_t{header.bytes};
  if (size > footer_offset_ - offset || header.rows_bytes > kMaxCompressed) {
    return Damaged(path_, offset);
  }
  const size_t had = block->size();
  block->resize(size);
  if (had < size && !read_at(had)) return Damaged(path_, offset);
  if (XXH3_64bits_withSeed(block->data() + sizeof header, header.bytes, header.rows_bytes) !=
      header.checksum) {
    return Damaged(path_, offset);
  }
  // The next one is wanted soon.
  posix_fadvise(fd_, static_cast<off_t>(offset + size), kRunBlockBytes, POSIX_FADV_WILLNEED);
  *at = offset + size;
  if (header.rows_bytes == 0) return absl::OkStatus();
  // In its place, from the end to the front.
  block->resize(sizeof header + LZ4_DECOMPRESS_INPLACE_BUFFER_SIZE(size_t{header.rows_bytes}));
  if (block->size() < size) return Damaged(path_, offset);
  char* const rows = block->data() + sizeof header;
  char* const from = block->data() + block->size() - header.bytes;
  std::memmove(from, rows, header.bytes);
  const int got = LZ4_decompress_safe(from, rows, static_cast<int>(header.bytes),
                                      static_cast<int>(header.rows_bytes));
  if (got != static_cast<int>(header.rows_bytes)) return Damaged(path_, offset);
  block->resize(sizeof header + header.rows_bytes);
  return absl::OkStatus();
}

absl::Status Run::ReadRows(uint64_t* at, std::string* block, std::string* last) const {
  const uint64_t offset = *at;
  absl::Status status = ReadBlock(at, block);
  if (!status.ok() || written_here_) return status;
  const std::string_view rows = std::string_view(*block).substr(sizeof(RunBlockHeader));
  return AreRows(rows, last) ? absl::OkStatus() : Damaged(path_, offset);
}

// The last sample before the range: rows of its first key may lie in the block before. A sample may
// be less than its key, so it is compared with the border of the range's first.
uint64_t Run::BeginOf(const RowRange& range) const {
  if (!range.has_begin) return kRunHeaderBytes;
  const std::string_view begin = order_->Border(range.begin);
  const auto after = std::partition_point(
      samples_.begin(), samples_.end(),
      [&](const auto& sample) { return order_->Compare(sample.first, begin) < 0; });
  return after == samples_.begin() ? kRunHeaderBytes : std::prev(after)->second;
}

// The first sample behind the range.
uint64_t Run::EndOf(const RowRange& range) const {
  if (!range.has_end) return footer_offset_;
  const auto end = std::partition_point(samples_.begin(), samples_.end(), [&](const auto& sample) {
    return order_->Compare(sample.first, range.end) < 0;
  });
  return end == samples_.end() ? footer_offset_ : end->second;
}

void Run::Discard(const RowRange& range) const {
  // What is between the ranges before and behind.
  RowRange before, behind;
  before.has_end = range.has_begin;
  before.end = range.begin;
  behind.has_begin = range.has_end;
  behind.begin = range.end;
  const uint64_t begin = range.has_begin ? EndOf(before) : kRunHeaderBytes;
  const uint64_t end = range.has_end ? BeginOf(behind) : footer_offset_;
  // Not all file systems can; the space comes back when the file is removed.
  if (begin < end) {
    fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(begin),
              static_cast<off_t>(end - begin));
  }
}

absl::Status Run::Verify(const RowRange& range) const {
  std::string block, last;
  const uint64_t end = EndOf(range);
  for (uint64_t offset = BeginOf(range); offset < end;) {
    if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
    if (absl::Status status = ReadRows(&offset, &block, &last); !status.ok()) return status;
  }
  return absl::OkStatus();
}

class Run::Reader final : public SortedRows {
 public:
  Reader(const Run* run, const RowRange& range)
      : run_(run), range_(range), offset_(run->BeginOf(range)), limit_(run->EndOf(range)) {}

  bool Next() override {
    while (Step()) {
      if (range_.has_begin) {
        if (run_->order_->Compare(key_, range_.begin) < 0) continue;
        range_.has_begin = false;
      }
      if (range_.has_end && new_key_ && run_->order_->Compare(key_, range_.end) >= 0) {
        at_ = end_ = nullptr;
        offset_ = limit_;
        return false;
      }
      return true;
    }
    return false;
  }

 private:
  bool Step() {
    if (at_ == end_) {
      if (offset_ >= limit_) return false;
      status_ = run_->ReadRows(&offset_, &block_, &last_);
      if (!status_.ok()) {
        offset_ = limit_;
        return false;
      }
      at_ = block_.data() + sizeof(RunBlockHeader);
      end_ = block_.data() + block_.size();
    }
    const std::string_view key = LoadText(&at_);
    new_key_ = !key.empty();
    if (new_key_) key_ = key;
    position_ = run_->positions_[LoadVarint(&at_)];
    body_ = LoadText(&at_);
    return true;
  }

  const Run* const run_;
  RowRange range_;
  uint64_t offset_;
  const uint64_t limit_;  // no row of the range is from here on
  std::string block_;
  std::string last_;  // key of the block before, if rows are checked
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  bool new_key_ = false;
};

std::unique_ptr<SortedRows> Run::Read(const RowRange& range) const {
  return std::make_unique<Reader>(this, range);
}

std::vector<KeySample> Run::Samples() const {
  std::vector<KeySample> samples;
  for (size_t i = 0; i < samples_.size(); ++i) {
    const uint64_t end = i + 1 < samples_.size() ? samples_[i + 1].second : footer_offset_;
    samples.push_back({samples_[i].first, end - samples_[i].second});
  }
  return samples;
}

}  // namespace load
}  // namespace sheaf
