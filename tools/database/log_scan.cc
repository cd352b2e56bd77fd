#include "tools/database/log_scan.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "plugin/codec/little_endian.h"
#include "tools/common/text.h"
#include "tools/database/crc32c.h"

namespace sheaf {
namespace load {
namespace {

constexpr size_t kBlock = 32768;
constexpr size_t kHeader = 7;             // checksum, length, type
constexpr size_t kRecyclableHeader = 11;  // and the log's number
constexpr size_t kTypeAt = 6;
// What a disk writes at once; file systems fill what was not written with zeros.
constexpr size_t kSector = 512;
// Sequence number and count, which every write batch begins with.
constexpr size_t kBatchHeader = 12;

// Types of records. 1 to 4 have their counterparts of logs that may be recycled in 5 to 8.
constexpr int kFull = 1;
constexpr int kFirst = 2;
constexpr int kMiddle = 3;
constexpr int kLast = 4;

bool IsRecyclable(int type) {
  return (type >= 5 && type <= 8) || type == 11 || type == 131;  // timestamp sizes, predecessor
}

// 1 to 4; 0 for records that are no part of a write batch.
int PartOf(int type) { return type >= 1 && type <= 8 ? (type - 1) % 4 + 1 : 0; }

enum class Found {
  kRecord,
  kNothing,  // the rest of the block is not used
  kOld,      // a record of the log that this file was before
  kZeros,    // a header of zeros
  kCut,      // the file ends within the record
  kBad,
};

struct Record {
  Found found = Found::kBad;
  int type = 0;
  size_t header = kHeader;
  size_t length = 0;
  std::string reason;     // of kBad
  bool readable = false;  // kBad only where it is: a part of a record without the others
};

bool AllZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char byte) { return byte == '\0'; });
}

class Scanner {
 public:
  Scanner(int fd, uint64_t number, uint64_t size)
      : fd_(fd), number_(static_cast<uint32_t>(number)), size_(size) {}

  // False if the file cannot be read; errno tells why.
  bool Run(LogScan* scan) {
    uint64_t begun = 0;  // where the record begins that `in_record`
    bool in_record = false;
    uint64_t bad = size_;
    Record what;
    what.found = Found::kNothing;
    for (uint64_t at = 0; at < size_; at += kBlock) {
      if (!ReadBlock(at)) return false;
      size_t pos = 0;
      bool broken = false;
      while (pos < block_.size()) {
        Record record = Parse(pos);
        if (record.found == Found::kNothing) break;
        // What a log begins with about itself, as its compression, does not tell.
        const bool tells = record.found == Found::kOld ||
                           (record.found == Found::kRecord &&
                            (PartOf(record.type) != 0 || IsRecyclable(record.type)));
        if (!recycled_known_ && tells) {
          recycled_known_ = true;
          recycled_ = IsRecyclable(record.type);
        }
        if (record.found == Found::kRecord) {
          const int part = PartOf(record.type);
          if (in_record && (part == kFull || part == kFirst)) {
            record = Misplaced("a record has no end");
            bad = begun;
            broken = true;
          } else if (!in_record && (part == kMiddle || part == kLast)) {
            record = Misplaced("a record has no beginning");
          } else {
            if (part == kFirst) begun = at + pos;
            in_record = part == kFirst || part == kMiddle;
            if (part == kFull || part == kLast) ++scan->records;
            pos += record.header + record.length;
            continue;
          }
        }
        if (!broken) bad = at + pos;
        broken = true;
        what = std::move(record);
        break;
      }
      if (!broken) continue;
      return Judge(at, pos, bad, in_record ? begun : bad, what, scan);
    }
    if (in_record) scan->torn = begun;
    return true;
  }

  bool is_recycled() const { return recycled_; }

 private:
  static Record Misplaced(std::string reason) {
    Record record;
    record.reason = std::move(reason);
    record.readable = true;
    return record;
  }

  bool ReadBlock(uint64_t at) {
    block_at_ = at;
    buffer_.resize(static_cast<size_t>(std::min<uint64_t>(kBlock, size_ - at)));
    size_t done = 0;
    while (done < buffer_.size()) {
      const ssize_t got =
          pread(fd_, buffer_.data() + done, buffer_.size() - done, static_cast<off_t>(at + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return false;
      if (got == 0) break;  // was cut off meanwhile
      done += static_cast<size_t>(got);
    }
    block_ = std::string_view(buffer_).substr(0, done);
    is_last_ = at + kBlock >= size_ || done < kBlock;
    return true;
  }

  // What is at `pos` of the block.
  Record Parse(size_t pos) const {
    const std::string_view rest = block_.substr(pos);
    Record record;
    const bool whole_block = block_.size() == kBlock;
    const auto ends = [&] {
      record.found = whole_block ? Found::kNothing : Found::kCut;
      return record;
    };
    if (rest.size() < kHeader) return ends();
    record.type = static_cast<unsigned char>(rest[kTypeAt]);
    record.length = internal::Load<uint16_t>(rest.data() + 4);
    if (recycled_ && whole_block && rest.size() < kRecyclableHeader) return ends();
    if (IsRecyclable(record.type)) {
      record.header = kRecyclableHeader;
      if (rest.size() < kRecyclableHeader) return ends();
    }
    if (record.type == 0 && record.length == 0) {
      record.found = Found::kZeros;
      record.reason = "zeros in the place of a record";
      return record;
    }
    const size_t size = record.header + record.length;
    if (size > rest.size()) {
      record.found = is_last_ ? Found::kCut : Found::kBad;
      record.reason = absl::StrCat("a record says that it has ", Plural(record.length, "byte"),
                                   ", more than there is room for");
      return record;
    }
    if (!SumMatches(rest.substr(0, size))) {
      record.reason = "the checksum of a record does not match";
      return record;
    }
    const bool ours =
        record.header == kHeader || internal::Load<uint32_t>(rest.data() + kHeader) == number_;
    record.found = ours ? Found::kRecord : Found::kOld;
    record.reason = "a record of another log";
    return record;
  }

  static bool SumMatches(std::string_view record) {
    return Crc32cUnmasked(internal::Load<uint32_t>(record.data())) ==
           Crc32c(record.substr(kTypeAt));
  }

  // The record that begins at `begun` cannot be read from `bad` on, at `pos` of the block at `at`.
  bool Judge(uint64_t at, size_t pos, uint64_t bad, uint64_t begun, const Record& what,
             LogScan* scan) {
    // A file may get its size before its bytes, which are zeros then from a sector on.
    const size_t end_of_record = std::min(block_.size(), pos + what.header + what.length);
    const size_t zeros_from = ZerosFrom(pos);
    const bool zeros = zeros_from == pos;
    // Or it was reserved, and bytes were copied to it up to any of them.
    const bool has_room = at + end_of_record < size_;
    bool zeros_behind =
        zeros || SectorFrom(zeros_from) < end_of_record || (has_room && zeros_from < end_of_record);
    const bool cut =
        what.found == Found::kOld || (what.found == Found::kCut && !HasWrongLength(pos));
    uint64_t end = size_;
    bool follows = false;
    const size_t from = what.readable ? pos : pos + 1;
    if (!FindRecordBehind(at, from, &follows, &end, &zeros_behind)) return false;
    follows = follows || what.readable;
    if (!follows && (cut || zeros_behind || recycled_)) {
      const bool is_reserved_room = zeros && zeros_behind && begun == bad;
      (is_reserved_room ? scan->room : scan->torn) = begun;
      return true;
    }
    LogDamage damage;
    damage.offset = bad;
    damage.bytes = end - bad;
    damage.reason = what.reason.empty() ? "a record is not complete" : what.reason;
    scan->damage = std::move(damage);
    return true;
  }

  // From where on, `pos` at first, there are zeros up to the end of the block.
  size_t ZerosFrom(size_t pos) const {
    const size_t last = block_.find_last_not_of('\0');
    return last == std::string_view::npos ? pos : std::max(last + 1, pos);
  }

  // The first sector that begins there or later.
  static size_t SectorFrom(size_t pos) { return (pos + kSector - 1) / kSector * kSector; }

  // The record at `pos`, which seems to be cut off, is complete, but for its length.
  bool HasWrongLength(size_t pos) const {
    const std::string_view rest = block_.substr(pos);
    return rest.size() > kHeader && SumMatches(rest);
  }

  // Looks for a record of this log from `pos` of the block on that was read last. `*end`: behind
  // the last byte of the log. Takes `*zeros` back if there are other bytes in the blocks behind.
  bool FindRecordBehind(uint64_t at, size_t pos, bool* found, uint64_t* end, bool* zeros) {
    uint64_t last = at + pos;
    // Within the block records may begin anywhere; the next ones begin with a record.
    for (; pos + kHeader < block_.size() && !*found; ++pos) {
      const int part = PartOf(static_cast<unsigned char>(block_[pos + kTypeAt]));
      const size_t length = internal::Load<uint16_t>(block_.data() + pos + 4);
      if (part == 0 || (part <= kFirst && length < kBatchHeader)) continue;
      last = std::max(last, Walk(pos, found));
    }
    for (uint64_t next = at + kBlock; next < size_ && (!*found || recycled_); next += kBlock) {
      if (!ReadBlock(next)) return false;
      last = std::max(last, Walk(0, found));
      *zeros = *zeros && AllZero(block_);
    }
    *end = recycled_ ? last : size_;
    return true;
  }

  // Goes over the records of this log from `pos` of the block on; the offset behind the last one.
  uint64_t Walk(size_t pos, bool* found) {
    uint64_t end = 0;
    while (pos < block_.size()) {
      const Record record = Parse(pos);
      // Where the first record of its own was not written completely, nothing else told.
      recycled_ = recycled_ || (record.found == Found::kOld && !recycled_known_);
      if (record.found != Found::kRecord) break;
      if (recycled_ && !IsRecyclable(record.type)) break;
      *found = true;
      pos += record.header + record.length;
      end = block_at_ + pos;
    }
    return end;
  }

  const int fd_;
  const uint32_t number_;
  const uint64_t size_;
  bool recycled_known_ = false;
  bool recycled_ = false;
  std::string buffer_;
  std::string_view block_;
  uint64_t block_at_ = 0;
  bool is_last_ = false;
};

}  // namespace

absl::StatusOr<LogScan> ScanLog(const std::string& path, uint64_t number, uint64_t size) {
  const auto failed = [&path] {
    return absl::InternalError(absl::StrCat(path, ": cannot read the file: ", ErrnoText(errno)));
  };
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return failed();
  LogScan scan;
  Scanner scanner(fd, number, size);
  const bool read = scanner.Run(&scan);
  scan.is_recyclable = scanner.is_recycled();
  absl::Status status = read ? absl::OkStatus() : failed();
  close(fd);
  if (!status.ok()) return status;
  return scan;
}

}  // namespace load
}  // namespace sheaf
