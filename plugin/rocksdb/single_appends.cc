#include "plugin/rocksdb/single_appends.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "plugin/codec/encoder.h"
#include "plugin/codec/little_endian.h"
#include "sheaf/blob_builder.h"

namespace sheaf {
namespace internal {
namespace {

// The bytes before the value of a list of one: tag, count, and a size of 1, 2 or 4 bytes.
constexpr size_t kHeader1 = 3;
constexpr size_t kHeader2 = 4;
constexpr size_t kHeader4 = 6;

// Of a list of one value that has `size` bytes in all, if there is one.
size_t HeaderBytes(size_t size) {
  return size <= kHeader1 + 0xFF ? kHeader1 : size <= kHeader2 + 0xFFFF ? kHeader2 : kHeader4;
}

// Whether `at` begins with the header of a list of one value of `size` bytes.
bool IsHeader(const char* at, size_t header, size_t size) {
  const auto tag_and_count = [at](unsigned log2_width) {
    return Load<uint16_t>(at) == ((disk::kCompactTag | log2_width) | 1 << 8);
  };
  if (header == kHeader1) return tag_and_count(0) && static_cast<uint8_t>(at[2]) == size;
  if (header == kHeader2) return tag_and_count(1) && Load<uint16_t>(at + 2) == size;
  return tag_and_count(2) && Load<uint32_t>(at + 2) == size;
}

bool IsSingleAppend(const rocksdb::Slice& operand) {
  const size_t header = HeaderBytes(operand.size());
  return operand.size() >= header && IsHeader(operand.data(), header, operand.size() - header);
}

size_t HeaderBytesOfValue(size_t size) {
  return size <= 0xFF ? kHeader1 : size <= 0xFFFF ? kHeader2 : kHeader4;
}

}  // namespace

std::string EncodeSingleAppend(std::string_view value) {
  const uint64_t size = value.size();
  const size_t header = HeaderBytesOfValue(value.size());
  const unsigned log2_width = header == kHeader1 ? 0 : header == kHeader2 ? 1 : 2;
  char bytes[kHeader4] = {static_cast<char>(disk::kCompactTag | log2_width), 1};
  std::memcpy(bytes + 2, &size, header - 2);  // little-endian
  std::string operand;
  operand.reserve(header + value.size());
  operand.append(bytes, header);
  operand.append(value);
  return operand;
}

absl::Status EncodeAppend(absl::Span<const std::string_view> values, std::string* operand) {
  if (values.size() == 1 && values[0].size() <= disk::kMaxOperandValue) {
    *operand = EncodeSingleAppend(values[0]);
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> encoded = Encode(values);
  if (encoded.ok()) *operand = *std::move(encoded);
  return encoded.status();
}

bool MergeSingleAppends(const BlobView& base, absl::Span<const rocksdb::Slice> operands,
                        Layout layout, std::string* out) {
  // To look at an operand twice costs less than to copy in vain a base that is long beside them.
  constexpr size_t kLook = 64;
  if (base.contents().size() / kLook >= operands.size() &&
      !std::all_of(operands.begin(), operands.end(), IsSingleAppend)) {
    return false;
  }
  ListShape shape;
  shape.AddAll(base);
  for (size_t i = 0; i < operands.size();) {
    const size_t size = operands[i].size();
    const size_t header = HeaderBytes(size);
    if (size < header) return false;
    const size_t first = i;
    while (++i < operands.size() && operands[i].size() == size) {
    }
    shape.Add(size - header, i - first);
  }
  if (!shape.FitsRocksDb(layout).ok()) return false;

  HeaderWriter writer(shape, layout, out);
  writer.AddSizes(base);
  for (const rocksdb::Slice& operand : operands) {
    writer.AddSize(operand.size() - HeaderBytes(operand.size()));
    if (layout == Layout::kCompact && shape.uniform()) break;  // one size stands for all
  }
  writer.Finish();
  out->append(base.contents());
  // Far enough ahead that an operand is there when it is needed.
  constexpr size_t kAhead = 12;
  for (size_t i = 0; i < operands.size(); ++i) {
    if (i + kAhead < operands.size()) {
      __builtin_prefetch(operands[i + kAhead].data());
      __builtin_prefetch(operands[i + kAhead].data() + 64);
    }
    const rocksdb::Slice& operand = operands[i];
    const size_t header = HeaderBytes(operand.size());
    const size_t size = operand.size() - header;
    if (!IsHeader(operand.data(), header, size)) {
      out->clear();
      return false;
    }
    out->append(operand.data() + header, size);
  }
  return true;
}

}  // namespace internal
}  // namespace sheaf
