#include "tools/load/input/chunk_reader.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "tools/common/interrupt.h"
#include "tools/common/text.h"
#include "tools/load/input/content_kind.h"
#include "tools/load/input/frame.h"

namespace sheaf {
namespace load {

namespace {

// A header is read by so many bytes, up to a limit.
constexpr size_t kHeaderStep = size_t{4} << 10;
constexpr size_t kMaxHeaderBytes = size_t{1} << 20;

}  // namespace

absl::StatusOr<bool> ChunkReader::Next(RowChunk* chunk, const MayUse& may_use) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (failed_) return false;  // the thread that met the error has it
  chunk->Shrink(4 * options_.chunk_bytes);
  failed_ = true;  // what an exception leaves is not gone on with either
  absl::StatusOr<bool> more = NextLocked(chunk, may_use);
  failed_ = !more.ok();
  return more;
}

// Going on would read rows once more, or not at all.
absl::Status ChunkReader::CheckReadBefore(bool at_end) const {
  if (read_before_ == options_.read_before.size()) return absl::OkStatus();
  const PositionRange& range = options_.read_before[read_before_];
  if (!at_end && position_ <= range.begin && range.begin <= range.end) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat(
      "bytes ", range.begin, " to ", range.end, " of the input were read before, but ",
      at_end ? "it ends at " : "so were those up to ", position_,
      ": the input has changed, or the temporary folder is not of it; remove the folder and load "
      "again without --resume"));
}

absl::Status ChunkReader::PassOver() {
  for (;; ++read_before_) {
    if (absl::Status status = CheckReadBefore(/*at_end=*/false); !status.ok()) return status;
    if (read_before_ == options_.read_before.size()) return absl::OkStatus();
    const PositionRange& range = options_.read_before[read_before_];
    if (range.begin != position_ || range.again) return absl::OkStatus();
    // Where an input ends the range is of the next one.
    if (rest_.empty()) {
      if (at_end_) return absl::OkStatus();
      rest_.resize(1);
      const absl::StatusOr<size_t> got = source_->Read(rest_.data(), 1);
      rest_.resize(got.ok() ? *got : 0);
      if (!got.ok() || rest_.empty()) return got.status();
    }
    uint64_t left = range.end - range.begin;
    position_ += left;
    offset_ += left;
    const auto had = static_cast<size_t>(std::min<uint64_t>(left, rest_.size()));
    rest_.erase(0, had);
    left -= had;
    if (left == 0) continue;
    if (absl::Status status = source_->Skip(left); !status.ok()) return status;
  }
}

// What may be the reason why the first row of the input cannot be read.
std::string ChunkReader::Hint(RowFormat format) const {
  if (offset_ != 0) return "";
  const std::string hint = FormatHint(source_->front(), format);
  return hint.empty() ? "" : absl::StrCat("; ", hint);
}

absl::Status ChunkReader::CheckContent(RowFormat format) const {
  const std::string fault = ForeignContent(source_->front(), source_->tail(), format);
  if (fault.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(source_->name(), ": ", fault));
}

absl::Status ChunkReader::FindColumns() {
  if (!options_.csv.header) {
    absl::StatusOr<CsvColumns> columns = FindCsvColumns(options_.csv);
    if (columns.ok()) csv_ = std::make_shared<CsvColumns>(*std::move(columns));
    return columns.status();
  }
  if (absl::Status status = CheckContent(RowFormat::kCsv); !status.ok()) return status;
  const size_t begin = ByteOrderMark(source_->front(), RowFormat::kCsv);
  CsvCutter cutter(begin);
  while (cutter.first_end() == 0 && !at_end_ && rest_.size() < kMaxHeaderBytes) {
    const size_t had = rest_.size();
    rest_.resize(had + kHeaderStep);
    const absl::StatusOr<size_t> got = source_->Read(&rest_[had], kHeaderStep);
    rest_.resize(had + (got.ok() ? *got : 0));
    if (!got.ok()) return got.status();
    at_end_ = *got == 0;
    if (rest_.size() > begin) cutter.Look(rest_.data(), rest_.size());
  }
  if (rest_.size() <= begin) {  // no rows either
    csv_ = std::make_shared<CsvColumns>();
    return absl::OkStatus();
  }
  size_t end = cutter.first_end();
  if (end == 0 && at_end_) end = rest_.size();
  absl::Status status;
  if (end == 0) {
    status = absl::InvalidArgumentError(absl::StrCat(
        "expected a header of ", Bytes(kMaxHeaderBytes), " at most, found a longer row"));
  } else {
    absl::StatusOr<CsvColumns> columns =
        FindCsvColumns(options_.csv, std::string_view(rest_).substr(begin, end - begin));
    if (columns.ok()) csv_ = std::make_shared<CsvColumns>(*std::move(columns));
    status = columns.status();
  }
  if (status.ok()) return status;
  return absl::InvalidArgumentError(
      absl::StrCat(source_->name(), ":1: ", status.message(), Hint(RowFormat::kCsv)));
}

absl::StatusOr<bool> ChunkReader::NextLocked(RowChunk* chunk, const MayUse& may_use) {
  for (;;) {
    if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
    if (source_ == nullptr) {
      if (input_ == options_.inputs.size()) {
        if (absl::Status status = CheckReadBefore(/*at_end=*/true); !status.ok()) return status;
        return false;
      }
      absl::StatusOr<std::unique_ptr<ByteSource>> source =
          ByteSource::Open(options_.inputs[input_++]);
      if (!source.ok()) return source.status();
      source_ = *std::move(source);
      offset_ = 0;
      at_end_ = false;
      rest_.clear();
      csv_.reset();
      if (format() == RowFormat::kCsv) {
        if (absl::Status status = FindColumns(); !status.ok()) return status;
      }
    }
    if (absl::Status status = PassOver(); !status.ok()) return status;
    chunk->name_ = source_->name();
    chunk->input_ = input_ - 1;
    chunk->format_ = format();
    chunk->csv_ = csv_;
    if (offset_ == 0) {
      if (absl::Status status = CheckContent(chunk->format_); !status.ok()) return status;
    }
    chunk->offset_ = offset_;
    chunk->position_ = position_;
    chunk->size_ = 0;
    // A chunk ends where one begins that was read before; such a one is read as it was.
    uint64_t max = std::numeric_limits<uint64_t>::max();
    chunk->again_ = false;
    if (read_before_ < options_.read_before.size()) {
      const PositionRange& range = options_.read_before[read_before_];
      chunk->again_ = range.begin == position_;
      max = chunk->again_ ? range.end - range.begin : range.begin - position_;
    }
    size_t size = 0;
    size_t whole = 0;
    size_t want = std::max(options_.chunk_bytes, rest_.size());
    CsvCutter csv(offset_ == 0 ? ByteOrderMark(source_->front(), chunk->format_) : 0);
    if (chunk->again_) want = std::max<size_t>(want, max);
    for (bool grown = false;; grown = true) {
      if (!chunk->Grow(want)) {
        return absl::UnavailableError(absl::StrCat(chunk->name_, ": offset ", offset_,
                                                   ": out of memory for rows of ", Bytes(want),
                                                   "; lower --memory or --threads"));
      }
      const size_t had = size;
      if (!rest_.empty()) {
        std::memcpy(chunk->buffer_, rest_.data(), rest_.size());
        size = rest_.size();
        rest_.clear();
      }
      while (size < want && !at_end_) {
        const absl::StatusOr<size_t> got = source_->Read(chunk->buffer_ + size, want - size);
        if (!got.ok()) return got.status();
        size += *got;
        at_end_ = *got == 0;
      }
      file_bytes_.store(closed_bytes_ + source_->file_bytes(), std::memory_order_relaxed);
      const auto usable = static_cast<size_t>(std::min<uint64_t>(size, max));
      whole = WholeRows(chunk->format_, chunk->buffer_, usable, at_end_ || usable == max,
                        /*one=*/grown, had, &csv);
      if (whole != 0 || at_end_) break;
      // A little at a time: what is behind the row is short, and memory is not used before it is
      // written.
      want = size + options_.chunk_bytes;
      if (!may_use(want)) {
        return absl::ResourceExhaustedError(absl::StrCat(
            chunk->name_, ": offset ", offset_, ": a row of more than ", Bytes(size),
            " does not fit into --memory; raise it, or look for a missing ",
            chunk->format_ == RowFormat::kCsv ? "quote" : "line end", Hint(chunk->format_)));
      }
    }
    if (at_end_ && whole == 0 && size != 0) return CutOff(*chunk, chunk->buffer_, size);
    rest_.assign(chunk->buffer_ + whole, size - whole);
    if (at_end_ && rest_.empty()) {
      closed_bytes_ += source_->file_bytes();
      source_.reset();
    }
    if (whole == 0) continue;
    chunk->size_ = whole;
    chunk->number_ = number_++;
    if (chunk->again_ && whole == max) ++read_before_;
    offset_ += whole;
    position_ += whole;
    return true;
  }
}

size_t ChunkReader::WholeRows(RowFormat format, const char* data, size_t size, bool at_end,
                              bool one, size_t searched, CsvCutter* csv) {
  if (format == RowFormat::kFramed) return one ? FirstFrame(data, size) : WholeFrames(data, size);
  if (at_end && !one) return size;
  if (format == RowFormat::kCsv) {
    csv->Look(data, size);
    const size_t found = one ? csv->first_end() : csv->last_end();
    return found != 0 ? found : at_end ? size : 0;
  }
  const void* const end =
      one ? std::memchr(data + searched, '\n', size - searched) : memrchr(data, '\n', size);
  if (end != nullptr) return static_cast<size_t>(static_cast<const char*>(end) - data) + 1;
  return at_end ? size : 0;
}

// Nothing tells where the next frame would begin, so what is left cannot be skipped like a row.
absl::Status ChunkReader::CutOff(const RowChunk& chunk, const char* data, size_t size) const {
  const std::string expected =
      size < kFrameHeaderBytes ? absl::StrCat("expected ", kFrameHeaderBytes,
                                              " bytes of key size and value size, found ", size)
                               : absl::StrCat("expected a key of ", FrameKeySize(data),
                                              " and a value of ", FrameValueSize(data),
                                              " bytes, found ", size - kFrameHeaderBytes, " bytes");
  return absl::InvalidArgumentError(absl::StrCat(chunk.name(), ": offset ", chunk.offset(),
                                                 ": truncated frame: ", expected,
                                                 Hint(RowFormat::kFramed)));
}

}  // namespace load
}  // namespace sheaf
