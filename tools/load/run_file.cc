#include "tools/load/run_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#define LZ4_STATIC_LINKING_ONLY  // decompression in place
#define XXH_INLINE_ALL
#include "absl/strings/str_cat.h"
#include "lz4.h"
#include "tools/load/frame.h"
#include "tools/load/interrupt.h"
#include "tools/load/row_record.h"
#include "tools/load/text.h"
#include "xxhash.h"

namespace sheaf {
namespace load {
namespace {

constexpr char kMagic[8] = {'S', 'H', 'E', 'A', 'F', 'R', 'U', 'N'};
constexpr uint32_t kVersion = 1;
constexpr uint64_t kHeaderBytes = 12;
constexpr uint64_t kTrailerBytes = 16;

struct BlockHeader {
  uint32_t bytes;
  uint32_t rows_bytes;  // when they are compressed
  uint64_t checksum;
};
static_assert(sizeof(BlockHeader) == 16);

// Large enough for one disk access, small enough for hundreds of runs in memory.
constexpr size_t kBlockBytes = size_t{1} << 18;
constexpr uint64_t kMaxSampleBytes = uint64_t{1} << 18;
// Every so many blocks it is tried whether compressing is faster.
constexpr uint64_t kTryEvery = 32;
// Blocks with a row beyond this stay as they are, as they would need as much memory once more.
constexpr size_t kMostCompressed = 2 * kBlockBytes;

// Positions, samples and counts are written as varints and texts.
void AppendVarint(uint64_t value, std::string* out) {
  char bytes[kMaxVarint64];
  out->append(bytes, static_cast<size_t>(StoreVarint(value, bytes) - bytes));
}

void AppendText(std::string_view text, std::string* out) {
  AppendVarint(text.size(), out);
  out->append(text);
}

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

absl::Status Failed(const std::string& path, const char* what) {
  return absl::InternalError(absl::StrCat(path, ": ", what, ": ", ErrnoText(errno)));
}

absl::Status Damaged(const std::string& path, uint64_t offset) {
  return absl::DataLossError(
      absl::StrCat(path, ": the run is damaged at offset ", offset,
                   "; remove the folder of this load and load again without --resume"));
}

}  // namespace

absl::Status FitsRun(std::string_view key, uint64_t body_bytes) {
  // Sizes are 32 bits wide; the rest of a row is some varints.
  constexpr uint64_t kMostBytes = 0xFFFFFFFF - 3 * kMaxVarint64;
  if (body_bytes <= kMostBytes && key.size() <= kMostBytes - body_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("a row of key ", Quoted(key), " is too large: ", Grouped(key.size()),
                   " bytes of the key and ", Grouped(body_bytes),
                   " of its values; a row that is sorted has at most ", Grouped(kMostBytes),
                   ". Spread its values over several rows"));
}

absl::StatusOr<std::unique_ptr<RunWriter>> RunWriter::Create(const std::string& path,
                                                             const KeyOrder& order,
                                                             RunCompression compression) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd < 0) return Failed(path, "cannot write");
  return std::unique_ptr<RunWriter>(new RunWriter(path, fd, order, compression));
}

RunWriter::~RunWriter() { close(fd_); }

absl::Status RunWriter::Write(SortedRows& rows, const std::vector<uint64_t>& positions) {
  char header[kHeaderBytes];
  std::memcpy(header, kMagic, sizeof kMagic);
  std::memcpy(header + sizeof kMagic, &kVersion, sizeof kVersion);
  if (absl::Status status = WriteAll(header, sizeof header); !status.ok()) return status;
  // Rows of one block are mostly behind each other only in the input, so there is no order to use;
  // the number of positions is small.
  uint64_t segment = 0;
  while (rows.Next()) {
    if (positions[segment] != rows.position()) {
      segment = static_cast<uint64_t>(
          std::lower_bound(positions.begin(), positions.end(), rows.position()) -
          positions.begin());
    }
    if (absl::Status status = FitsRun(rows.key(), rows.body().size()); !status.ok()) return status;
    const bool is_long = rows.key().size() + rows.body().size() >= kBlockBytes;
    if (block_.size() >= kBlockBytes || is_long) {
      if (absl::Status status = FlushBlock(); !status.ok()) return status;
    }
    Add(rows.key(), segment, rows.body());
  }
  if (!rows.status().ok()) return rows.status();
  absl::Status status = FlushBlock();
  return status.ok() ? WriteFooter(positions) : status;
}

void RunWriter::Add(std::string_view key, uint64_t segment, std::string_view body) {
  if (rows_++ == 0) first_key_ = std::string(order_.Border(key));
  const bool same = !block_.empty() && key == key_;
  if (block_.empty()) {
    block_.resize(sizeof(BlockHeader));
    if (blocks_++ % sample_every_ == 0) {
      samples_.emplace_back(std::string(order_.Border(key)), offset_);
      sample_bytes_ += samples_.back().first.size() + 32;
      if (sample_bytes_ > kMaxSampleBytes && samples_.size() > 2) {
        // Every second one.
        sample_every_ *= 2;
        sample_bytes_ = 0;
        size_t kept = 0;
        for (size_t i = 0; i < samples_.size(); i += 2, ++kept) {
          samples_[kept] = std::move(samples_[i]);
          sample_bytes_ += samples_[kept].first.size() + 32;
        }
        samples_.resize(kept);
      }
    }
  }
  if (same) {
    block_.push_back('\0');
  } else {
    AppendText(key, &block_);
    key_.assign(key.data(), key.size());
  }
  AppendVarint(segment, &block_);
  AppendText(body, &block_);
}

absl::Status RunWriter::FlushBlock() {
  if (block_.empty()) return absl::OkStatus();
  if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
  const auto rows_bytes = static_cast<uint32_t>(block_.size() - sizeof(BlockHeader));
  const size_t compressed = Compress();
  std::string& bytes = compressed != 0 ? compressed_ : block_;
  BlockHeader header = {rows_bytes, 0, 0};
  if (compressed != 0) header = {static_cast<uint32_t>(compressed), rows_bytes, 0};
  header.checksum =
      XXH3_64bits_withSeed(bytes.data() + sizeof header, header.bytes, header.rows_bytes);
  std::memcpy(bytes.data(), &header, sizeof header);
  largest_block_ = std::max<uint64_t>(largest_block_, block_.size());
  const double began = Seconds();
  absl::Status status = WriteAll(bytes.data(), sizeof header + header.bytes);
  const double seconds = (Seconds() - began) / header.bytes;
  write_seconds_ = write_seconds_ == 0 ? seconds : (7 * write_seconds_ + seconds) / 8;
  if (block_.capacity() > 8 * kBlockBytes) block_ = std::string();
  block_.clear();
  return status;
}

// Bytes of the rows of block_ in compressed_, behind a header; 0 if they are not to be compressed.
size_t RunWriter::Compress() {
  const size_t size = block_.size() - sizeof(BlockHeader);
  if (compression_ == RunCompression::kNever || size > kMostCompressed) return 0;
  const auto is_faster = [this] {
    // A compressed block is read once and decompressed, in less than half the time.
    return compressed_share_ < 1 &&
           1.5 * compress_seconds_ < (1 - compressed_share_) * write_seconds_;
  };
  const bool tries = blocks_ % kTryEvery == 2;  // the first block tells how long writing takes
  if (!tries && compression_ == RunCompression::kWhenFaster && !is_faster()) return 0;
  compressed_.resize(sizeof(BlockHeader) + static_cast<size_t>(LZ4_compressBound(kMostCompressed)));
  const double began = Seconds();
  const int got = LZ4_compress_default(
      block_.data() + sizeof(BlockHeader), compressed_.data() + sizeof(BlockHeader),
      static_cast<int>(size), static_cast<int>(compressed_.size() - sizeof(BlockHeader)));
  const auto bytes = static_cast<double>(size);
  compress_seconds_ = (Seconds() - began) / bytes;
  compressed_share_ = got / bytes;
  if (got <= 0 || static_cast<size_t>(got) >= size) return 0;
  return compression_ == RunCompression::kAlways || is_faster() ? static_cast<size_t>(got) : 0;
}

absl::Status RunWriter::WriteAll(const char* data, size_t size) {
  offset_ += size;
  while (size != 0) {
    const ssize_t written = write(fd_, data, size);
    if (written < 0) {
      if (errno == EINTR) continue;
      return Failed(path_, "cannot write");
    }
    data += written;
    size -= static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

absl::Status RunWriter::WriteFooter(const std::vector<uint64_t>& positions) {
  const uint64_t at = offset_;
  block_.resize(sizeof(BlockHeader));
  AppendVarint(rows_, &block_);
  AppendVarint(largest_block_, &block_);
  AppendText(first_key_, &block_);
  AppendText(order_.Border(key_), &block_);
  AppendVarint(positions.size(), &block_);
  uint64_t before = 0;
  for (const uint64_t position : positions) {
    AppendVarint(position - before, &block_);
    before = position;
  }
  AppendVarint(samples_.size(), &block_);
  for (const auto& [key, offset] : samples_) {
    AppendText(key, &block_);
    AppendVarint(offset, &block_);
  }
  if (absl::Status status = FlushBlock(); !status.ok()) return status;
  const auto size = static_cast<uint32_t>(offset_ - at);
  char trailer[kTrailerBytes];
  std::memcpy(trailer, &at, 8);
  std::memcpy(trailer + 8, &size, 4);
  std::memcpy(trailer + 12, &kVersion, 4);
  return WriteAll(trailer, sizeof trailer);
}

absl::StatusOr<std::unique_ptr<Run>> Run::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC);  // Discard() writes
  if (fd < 0 && errno == ENOENT) return absl::NotFoundError(absl::StrCat(path, ": is not there"));
  if (fd < 0) return Failed(path, "cannot read");
  std::unique_ptr<Run> run(new Run(path, fd));
  if (absl::Status status = run->ReadFooter(); !status.ok()) return status;
  return run;
}

Run::~Run() { close(fd_); }

absl::Status Run::ReadFooter() {
  const off_t size = lseek(fd_, 0, SEEK_END);
  char trailer[kTrailerBytes];
  if (size < static_cast<off_t>(kHeaderBytes + kTrailerBytes) ||
      pread(fd_, trailer, sizeof trailer, size - static_cast<off_t>(kTrailerBytes)) !=
          static_cast<ssize_t>(sizeof trailer)) {
    return Damaged(path_, static_cast<uint64_t>(std::max<off_t>(size, 0)));
  }
  char header[kHeaderBytes];
  if (pread(fd_, header, sizeof header, 0) != static_cast<ssize_t>(sizeof header) ||
      std::memcmp(header, kMagic, sizeof kMagic) != 0 || LoadU32(header + 8) != kVersion) {
    return Damaged(path_, 0);
  }
  uint64_t at;
  uint32_t footer_size;
  uint32_t version;
  std::memcpy(&at, trailer, 8);
  std::memcpy(&footer_size, trailer + 8, 4);
  std::memcpy(&version, trailer + 12, 4);
  std::string footer;
  if (version != kVersion || at + footer_size + kTrailerBytes != static_cast<uint64_t>(size)) {
    return Damaged(path_, at);
  }
  footer_offset_ = at + footer_size;  // for ReadBlock()
  uint64_t end = at;
  if (absl::Status status = ReadBlock(&end, &footer); !status.ok()) return status;
  footer_offset_ = at;
  // The checksum is right, so this is what was written.
  const char* from = footer.data() + sizeof(BlockHeader);
  rows_ = LoadVarint(&from);
  largest_block_ = LoadVarint(&from);
  first_key_ = std::string(LoadText(&from));
  last_key_ = std::string(LoadText(&from));
  positions_.resize(LoadVarint(&from));
  uint64_t before = 0;
  for (uint64_t& position : positions_) position = before += LoadVarint(&from);
  samples_.resize(LoadVarint(&from));
  for (auto& [key, offset] : samples_) {
    key = std::string(LoadText(&from));
    offset = LoadVarint(&from);
  }
  return absl::OkStatus();
}

absl::Status Run::ReadBlock(uint64_t* at, std::string* block) const {
  const uint64_t offset = *at;
  BlockHeader header;
  // One access for most blocks: all but those with a long row have about this size.
  block->resize(std::min<uint64_t>(kBlockBytes + 4096, footer_offset_ - offset));
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
  if (size > footer_offset_ - offset || header.rows_bytes > kMostCompressed) {
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
  posix_fadvise(fd_, static_cast<off_t>(offset + size), kBlockBytes, POSIX_FADV_WILLNEED);
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

// The last sample before the range: rows of its first key may lie in the block before. A sample may
// be less than its key, so it is compared with the border of the range's first.
uint64_t Run::BeginOf(const RowRange& range) const {
  if (!range.has_begin) return kHeaderBytes;
  const std::string_view begin = order_->Border(range.begin);
  const auto after = std::partition_point(
      samples_.begin(), samples_.end(),
      [&](const auto& sample) { return order_->Compare(sample.first, begin) < 0; });
  return after == samples_.begin() ? kHeaderBytes : std::prev(after)->second;
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
  const uint64_t begin = range.has_begin ? EndOf(before) : kHeaderBytes;
  const uint64_t end = range.has_end ? BeginOf(behind) : footer_offset_;
  // Not all file systems can; the space comes back when the file is removed.
  if (begin < end) {
    fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(begin),
              static_cast<off_t>(end - begin));
  }
}

absl::Status Run::Verify(const RowRange& range) const {
  std::string block;
  const uint64_t end = EndOf(range);
  for (uint64_t offset = BeginOf(range); offset < end;) {
    if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
    if (absl::Status status = ReadBlock(&offset, &block); !status.ok()) return status;
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
      status_ = run_->ReadBlock(&offset_, &block_);
      if (!status_.ok()) {
        offset_ = limit_;
        return false;
      }
      at_ = block_.data() + sizeof(BlockHeader);
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
