#include "plugin/codec/encoder.h"

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "plugin/codec/little_endian.h"
#include "plugin/codec/size_sums.h"
#include "plugin/codec/varint.h"

namespace sheaf {
namespace internal {
namespace {

unsigned Log2(unsigned width) { return width == 1 ? 0 : width == 2 ? 1 : 2; }

}  // namespace

void ListShape::AddAll(const ValueRange& values) {
  if (values.empty()) return;
  values.WithSizes([&](auto sizes) {
    using Size = decltype(sizes[0]);
    if (values.uniform()) return Add(sizes[0], values.size());
    // Which bits are set, and which differ from the first: steps that the compiler does for many
    // sizes at once, whatever their width.
    Size bits = 0;
    Size differ = 0;
    const Size first = sizes[0];
    for (size_t i = 0; i < values.size(); ++i) {
      bits |= sizes[i];
      differ |= sizes[i] ^ first;
    }
    first_ = count_ == 0 ? first : first_;
    differ_ |= differ | (first ^ first_);
    max_size_ = std::max<uint64_t>(max_size_, bits);
    bytes_ += values.contents().size();
    count_ += values.size();
  });
}

absl::Status ValueTooLarge(uint64_t size) {
  return absl::ResourceExhaustedError(
      absl::StrCat("a value of ", size, " bytes; a value has at most ", disk::kMaxValueBytes));
}

absl::Status ListShape::Fits(Layout layout) const {
  if (max_size_ > disk::kMaxValueBytes) {
    return ValueTooLarge(max_size_);
  }
  if (layout == Layout::kCompact && bytes_ > disk::kMaxCompactContents) {
    return absl::ResourceExhaustedError(absl::StrCat(count_, " values of ", bytes_,
                                                     " bytes in all; a compact blob holds at most ",
                                                     disk::kMaxCompactContents));
  }
  if (layout == Layout::kCompact && count_ > disk::kMaxCompactCount) {
    return absl::ResourceExhaustedError(
        absl::StrCat(count_, " values; a compact blob holds at most ", disk::kMaxCompactCount));
  }
  return absl::OkStatus();
}

uint64_t ListShape::EncodedBytes(Layout layout) const {
  if (layout == Layout::kFixed64) {
    return disk::kFixed64HeaderBytes + disk::kFixed64SizeBytes * count_ + bytes_;
  }
  const uint64_t tag_and_count = 1 + VarintBytes(count_);
  if (uniform()) return tag_and_count + width() + bytes_;
  const uint64_t checkpoints = count_ == 0 ? 0 : (count_ - 1) / disk::kGroupValues;
  return tag_and_count + count_ * width() + checkpoints * disk::kCheckpointBytes + bytes_;
}

absl::Status ListShape::FitsRocksDb(Layout layout) const {
  if (absl::Status status = Fits(layout); !status.ok()) return status;
  const uint64_t encoded = EncodedBytes(layout);
  if (encoded <= disk::kMaxRocksDbValue) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat(count_, " values make a ", LayoutName(layout), " blob of ", encoded,
                   " bytes; a value of RocksDB has at most ", disk::kMaxRocksDbValue));
}

HeaderWriter::HeaderWriter(const ListShape& shape, Layout layout, std::string* out, uint8_t tag)
    : layout_(layout),
      uniform_(layout == Layout::kCompact && shape.uniform()),
      width_(layout == Layout::kFixed64 ? disk::kFixed64SizeBytes : shape.width()),
      count_(shape.count()),
      out_(out) {
  out->clear();
  out->reserve(shape.EncodedBytes(layout));
  if (layout == Layout::kFixed64) {
    AppendTo<uint64_t>(out, shape.EncodedBytes(layout) - sizeof(uint64_t));
    AppendTo<uint64_t>(out, count_);
  } else {
    out->push_back(static_cast<char>(tag | (uniform_ ? disk::kUniformBit : 0) | Log2(width_)));
    AppendVarint(out, count_);
  }
  sizes_at_ = out->size();
}

void HeaderWriter::Flush() {
  out_->append(buffer_, buffered_);
  buffered_ = 0;
}

void HeaderWriter::AddSize(uint64_t size) {
  if (uniform_) {
    if (size_written_) return;
    size_written_ = true;
  }
  if (buffered_ == sizeof buffer_) Flush();
  // Little-endian: the low bytes come first, whatever the width.
  std::memcpy(buffer_ + buffered_, &size, width_);
  buffered_ += width_;
}

void HeaderWriter::AddSize(uint64_t size, size_t count) {
  if (uniform_) return AddSize(size);
  if (width_ > 1) {
    for (; count != 0; --count) AddSize(size);
    return;
  }
  Flush();
  out_->append(count, static_cast<char>(size));
}

void HeaderWriter::AddSizes(const ValueRange& values) {
  if (values.empty()) return;
  if (!uniform_ && !values.uniform() && values.width() == width_) {
    Flush();
    out_->append(values.sizes(), values.size() * width_);
    return;
  }
  values.WithSizes([&](auto sizes) {
    if (uniform_ || values.uniform()) return AddSize(sizes[0], values.size());
    for (size_t i = 0; i < values.size(); ++i) AddSize(sizes[i]);
  });
}

void HeaderWriter::Finish() {
  Flush();
  if (layout_ == Layout::kFixed64 || uniform_) return;
  uint64_t offset = 0;
  for (uint64_t first = disk::kGroupValues; first < count_; first += disk::kGroupValues) {
    const char* const group = out_->data() + sizes_at_ + (first - disk::kGroupValues) * width_;
    offset += SumSizes(group, disk::kGroupValues, width_);
    AppendTo<uint32_t>(out_, static_cast<uint32_t>(offset));
  }
}

}  // namespace internal
}  // namespace sheaf
