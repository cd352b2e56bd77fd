#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#define XXH_INLINE_ALL
#include "absl/strings/str_cat.h"
#include "lz4.h"
#include "tools/common/interrupt.h"
#include "tools/common/text.h"
#include "tools/common/varint.h"
#include "tools/load/sort/run_format.h"
#include "tools/load/sort/run_writer.h"
#include "xxhash.h"

namespace sheaf {
namespace load {
namespace {

constexpr uint64_t kMaxSampleBytes = uint64_t{1} << 18;
// Every so many blocks it is tried whether compressing is faster.
constexpr uint64_t kTryEvery = 32;

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

absl::Status Failed(const std::string& path, const char* what) {
  return absl::InternalError(absl::StrCat(path, ": ", what, ": ", ErrnoText(errno)));
}

}  // namespace

absl::Status FitsRun(std::string_view key, uint64_t body_bytes) {
  // Sizes are 32 bits wide; the rest of a row is some varints.
  constexpr uint64_t kMaxBytes = 0xFFFFFFFF - 3 * kMaxVarint64;
  if (body_bytes <= kMaxBytes && key.size() <= kMaxBytes - body_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("a row of key ", Quoted(key), " is too large: ", Grouped(key.size()),
                   " bytes of the key and ", Grouped(body_bytes),
                   " of its values; a row that is sorted has at most ", Grouped(kMaxBytes),
                   ". Spread its values over several rows"));
}

absl::StatusOr<std::unique_ptr<RunWriter>> RunWriter::Create(const std::string& path,
                                                             const KeyOrder& order,
                                                             RunCompression compression) {
  // A run is this user's alone, and no link is followed to what is not.
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (fd < 0) return Failed(path, "cannot write");
  return std::unique_ptr<RunWriter>(new RunWriter(path, fd, order, compression));
}

// Not synced: a run is verified before a load that resumes goes on with it.
RunWriter::~RunWriter() { close(fd_); }

absl::Status RunWriter::Write(SortedRows& rows, const std::vector<uint64_t>& positions) {
  char header[kRunHeaderBytes];
  std::memcpy(header, kRunMagic, sizeof kRunMagic);
  std::memcpy(header + sizeof kRunMagic, &kRunVersion, sizeof kRunVersion);
  if (absl::Status status = WriteAll(header, sizeof header); !status.ok()) return status;
  // Rows of one chunk are mostly behind each other only in the input, so there is no order to use;
  // the number of positions is small.
  uint64_t chunk = 0;
  while (rows.Next()) {
    if (positions[chunk] != rows.position()) {
      chunk = static_cast<uint64_t>(
          std::lower_bound(positions.begin(), positions.end(), rows.position()) -
          positions.begin());
    }
    if (absl::Status status = FitsRun(rows.key(), rows.body().size()); !status.ok()) return status;
    const bool is_long = rows.key().size() + rows.body().size() >= kRunBlockBytes;
    if (block_.size() >= kRunBlockBytes || is_long) {
      if (absl::Status status = FlushBlock(); !status.ok()) return status;
    }
    Add(rows.key(), chunk, rows.body());
  }
  if (!rows.status().ok()) return rows.status();
  absl::Status status = FlushBlock();
  return status.ok() ? WriteFooter(positions) : status;
}

void RunWriter::Add(std::string_view key, uint64_t chunk, std::string_view body) {
  if (rows_++ == 0) first_key_ = std::string(order_.Border(key));
  const bool same = !block_.empty() && key == key_;
  if (block_.empty()) {
    block_.resize(sizeof(RunBlockHeader));
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
  AppendVarint(chunk, &block_);
  AppendText(body, &block_);
}

absl::Status RunWriter::FlushBlock() {
  if (block_.empty()) return absl::OkStatus();
  if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
  const auto rows_bytes = static_cast<uint32_t>(block_.size() - sizeof(RunBlockHeader));
  const size_t compressed = Compress();
  std::string& bytes = compressed != 0 ? compressed_ : block_;
  RunBlockHeader header = {rows_bytes, 0, 0};
  if (compressed != 0) header = {static_cast<uint32_t>(compressed), rows_bytes, 0};
  header.checksum =
      XXH3_64bits_withSeed(bytes.data() + sizeof header, header.bytes, header.rows_bytes);
  std::memcpy(bytes.data(), &header, sizeof header);
  largest_block_ = std::max<uint64_t>(largest_block_, block_.size());
  const double began = Seconds();
  absl::Status status = WriteAll(bytes.data(), sizeof header + header.bytes);
  const double seconds = (Seconds() - began) / header.bytes;
  write_seconds_ = write_seconds_ == 0 ? seconds : (7 * write_seconds_ + seconds) / 8;
  if (block_.capacity() > 8 * kRunBlockBytes) block_ = std::string();
  block_.clear();
  return status;
}

// Bytes of the rows of block_ in compressed_, behind a header; 0 if they are not to be compressed.
size_t RunWriter::Compress() {
  const size_t size = block_.size() - sizeof(RunBlockHeader);
  if (compression_ == RunCompression::kNever || size > kMaxCompressed) return 0;
  const auto is_faster = [this] {
    // A compressed block is read once and decompressed, in less than half the time.
    return compressed_share_ < 1 &&
           1.5 * compress_seconds_ < (1 - compressed_share_) * write_seconds_;
  };
  const bool tries = blocks_ % kTryEvery == 2;  // the first block tells how long writing takes
  if (!tries && compression_ == RunCompression::kWhenFaster && !is_faster()) return 0;
  compressed_.resize(sizeof(RunBlockHeader) +
                     static_cast<size_t>(LZ4_compressBound(kMaxCompressed)));
  const double began = Seconds();
  const int got = LZ4_compress_default(
      block_.data() + sizeof(RunBlockHeader), compressed_.data() + sizeof(RunBlockHeader),
      static_cast<int>(size), static_cast<int>(compressed_.size() - sizeof(RunBlockHeader)));
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
  block_.resize(sizeof(RunBlockHeader));
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
  if (block_.size() - sizeof(RunBlockHeader) > 0xFFFFFFFF) {
    return absl::ResourceExhaustedError(
        absl::StrCat(path_, ": the list of what is in the run takes ", Bytes(block_.size()),
                     "; expected less than 4 GB. Load the input in several parts"));
  }
  if (absl::Status status = FlushBlock(); !status.ok()) return status;
  const auto size = static_cast<uint32_t>(offset_ - at);
  char trailer[kRunTrailerBytes];
  std::memcpy(trailer, &at, 8);
  std::memcpy(trailer + 8, &size, 4);
  std::memcpy(trailer + 12, &kRunVersion, 4);
  return WriteAll(trailer, sizeof trailer);
}

}  // namespace load
}  // namespace sheaf
