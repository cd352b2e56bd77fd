#include "plugin/codec/blob_parser.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "plugin/codec/hex_byte.h"
#include "plugin/codec/little_endian.h"
#include "plugin/codec/size_sums.h"
#include "plugin/codec/varint.h"

namespace sheaf {
namespace {

using internal::Load;

// Cold: each way to fail is built away from the path that succeeds.
template <typename... Parts>
[[gnu::noinline, gnu::cold]] absl::Status Corrupt(const char* layout, const char* field,
                                                  size_t offset, const Parts&... parts) {
  return absl::DataLossError(
      absl::StrCat(layout, " blob: ", field, " at offset ", offset, ": ", parts...));
}

constexpr char kCompactName[] = "compact";
constexpr char kFixed64Name[] = "fixed64";

[[gnu::noinline, gnu::cold]] absl::Status BadTag(uint8_t found, uint8_t expected) {
  const char* what = "not a tag of this layout";
  if ((found & disk::kEditTagMask) == disk::kEditTag) {
    what = "an edit operand, not a list";
  } else if ((found & disk::kCompactTagMask) == disk::kBundleTag) {
    what = "a bundle of raw inputs that could not be merged";
  } else if ((found & disk::kCompactTagMask) == expected) {
    what = "a reserved size width";
  }
  return Corrupt(
      kCompactName, "tag", 0,
      absl::StrCat("found ", internal::HexByte(found), " (", what, "), expected ",
                   internal::HexByte(expected), "..",
                   internal::HexByte(expected | disk::kMaxLog2Width), " or ",
                   internal::HexByte(expected | disk::kUniformBit), "..",
                   internal::HexByte(expected | disk::kUniformBit | disk::kMaxLog2Width)));
}

// Reads an unsigned LEB128 of minimal length at `*at` and advances past it.
absl::Status ReadCount(std::string_view input, size_t* at, uint64_t* count) {
  // Most lists are short.
  if (*at < input.size() && static_cast<uint8_t>(input[*at]) < 0x80) {
    *count = static_cast<uint8_t>(input[*at]);
    ++*at;
    return absl::OkStatus();
  }
  const size_t begin = *at;
  switch (internal::ReadVarint(input, at, count)) {
    case internal::VarintFault::kNone:
      return absl::OkStatus();
    case internal::VarintFault::kCutOff:
      return Corrupt(kCompactName, "count", begin, "the varint is cut off after ", *at - begin,
                     " bytes");
    case internal::VarintFault::kNotShortest:
      return Corrupt(kCompactName, "count", begin, "the varint has ", *at - begin,
                     " bytes, expected the shortest form of ", *count);
    default:
      return Corrupt(kCompactName, "count", begin, "the varint does not fit 64 bits");
  }
}

// Finds which checkpoint is wrong, for the message. REQUIRES: one is, which is so as
// well if the sizes add up to more than a checkpoint can hold.
[[gnu::noinline, gnu::cold]] absl::Status WrongCheckpoint(const char* sizes, unsigned width,
                                                          size_t sizes_offset, size_t count) {
  const char* const checkpoints = sizes + count * width;
  const size_t checkpoints_offset = sizes_offset + count * width;
  uint64_t sum = 0;
  for (size_t k = 0;; ++k) {
    sum += internal::SumSizes(sizes + k * disk::kGroupValues * width, disk::kGroupValues, width);
    const auto found = Load<uint32_t>(checkpoints + k * disk::kCheckpointBytes);
    if (found != sum) {
      return Corrupt(kCompactName, "checkpoint", checkpoints_offset + k * disk::kCheckpointBytes,
                     "found ", found, " for value ", (k + 1) * disk::kGroupValues, ", expected ",
                     sum, " from the sizes before it");
    }
  }
}

// Adds up the sizes of a non-uniform list and checks the `groups` checkpoints that follow them.
absl::Status CheckSizes(const char* sizes, unsigned width, size_t sizes_offset, size_t count,
                        size_t groups, uint64_t* total) {
  if (groups != 0 && (!internal::CheckGroups(sizes, width, sizes + count * width, groups, total) ||
                      *total > disk::kMaxCompactContents)) {
    return WrongCheckpoint(sizes, width, sizes_offset, count);
  }
  const size_t last = groups * disk::kGroupValues;
  *total += internal::SumSizes(sizes + last * width, count - last, width);
  if (*total > disk::kMaxCompactContents) {
    return Corrupt(kCompactName, "sizes", sizes_offset, "they add up to ", *total,
                   " bytes, a list has at most ", disk::kMaxCompactContents);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status BlobParser::ParseCompact(std::string_view input, Extent extent, uint8_t tag,
                                      BlobView* view) {
  if (input.empty()) {
    return Corrupt(kCompactName, "tag", 0, "found no bytes, the empty list has 2");
  }
  const auto found = static_cast<uint8_t>(input[0]);
  const unsigned log2_width = found & disk::kLog2WidthMask;
  if ((found & disk::kCompactTagMask) != tag || log2_width > disk::kMaxLog2Width) {
    return BadTag(found, tag);
  }
  size_t at = 1;
  uint64_t count = 0;
  if (absl::Status status = ReadCount(input, &at, &count); !status.ok()) return status;
  if (count > disk::kMaxCompactCount) {
    return Corrupt(kCompactName, "count", 1, "found ", count, ", a list has at most ",
                   disk::kMaxCompactCount, " values");
  }

  const bool uniform = (found & disk::kUniformBit) != 0;
  const unsigned width = 1u << log2_width;
  const char* const sizes = input.data() + at;
  size_t remaining = input.size() - at;
  uint64_t total = 0;
  if (uniform) {
    if (count < 2) {
      return Corrupt(kCompactName, "count", 1, "found ", count,
                     " in a uniform list, expected at least 2");
    }
    if (remaining < width) {
      return Corrupt(kCompactName, "size", at, "needs ", width, " bytes, ", remaining, " remain");
    }
    const uint64_t size = internal::LoadSize(sizes, width);
    if (size == 0) {
      return Corrupt(kCompactName, "size", at, "found 0 in a uniform list, expected at least 1");
    }
    total = count * size;  // both below 2^32
    if (total > disk::kMaxCompactContents) {
      return Corrupt(kCompactName, "size", at, count, " values of ", size,
                     " bytes, a list has at most ", disk::kMaxCompactContents, " bytes");
    }
    at += width;
    remaining -= width;
  } else {
    // count < 2^32, so neither product wraps.
    const uint64_t sizes_bytes = count * width;
    if (sizes_bytes > remaining) {
      return Corrupt(kCompactName, "sizes", at, count, " sizes of ", width, " bytes need ",
                     sizes_bytes, " bytes, ", remaining, " remain");
    }
    remaining -= sizes_bytes;
    const uint64_t groups = count == 0 ? 0 : (count - 1) / disk::kGroupValues;
    const uint64_t checkpoints_bytes = groups * disk::kCheckpointBytes;
    if (checkpoints_bytes > remaining) {
      return Corrupt(kCompactName, "checkpoints", at + sizes_bytes, groups, " of them need ",
                     checkpoints_bytes, " bytes, ", remaining, " remain");
    }
    remaining -= checkpoints_bytes;
    absl::Status status = CheckSizes(sizes, width, at, static_cast<size_t>(count), groups, &total);
    if (!status.ok()) return status;
    at += sizes_bytes + checkpoints_bytes;
  }
  if (total > remaining) {
    return Corrupt(kCompactName, "contents", at, "the sizes add up to ", total, " bytes, ",
                   remaining, " remain");
  }
  if (extent == Extent::kWhole && total < remaining) {
    return Corrupt(kCompactName, "contents", at, "the sizes add up to ", total, " bytes, found ",
                   remaining, ": ", remaining - total, " too many");
  }
  view->encoded_ = input.data();
  view->sizes_ = sizes;
  view->contents_ = input.data() + at;
  view->contents_size_ = static_cast<size_t>(total);
  view->count_ = static_cast<size_t>(count);
  view->width_ = static_cast<uint8_t>(width);
  view->stride_ = uniform ? 0 : static_cast<uint8_t>(width);
  view->layout_ = Layout::kCompact;
  return absl::OkStatus();
}

absl::Status BlobParser::ParseFixed64(std::string_view input, Extent extent, BlobView* view) {
  if (input.size() < disk::kFixed64HeaderBytes) {
    return Corrupt(kFixed64Name, "header", 0, "needs ", disk::kFixed64HeaderBytes,
                   " bytes for total_length and count, found ", input.size());
  }
  const auto total_length = Load<uint64_t>(input.data());
  const auto count = Load<uint64_t>(input.data() + 8);
  const uint64_t after_length = input.size() - 8;
  if (total_length > after_length) {
    return Corrupt(kFixed64Name, "total_length", 0, "found ", total_length, ", ", after_length,
                   " bytes remain after it");
  }
  if (total_length < 8) {
    return Corrupt(kFixed64Name, "total_length", 0, "found ", total_length,
                   ", expected at least 8 for the count");
  }
  if (extent == Extent::kWhole && total_length < after_length) {
    return Corrupt(kFixed64Name, "total_length", 0, "found ", total_length, ", but ", after_length,
                   " bytes remain after it: ", after_length - total_length, " too many");
  }
  const uint64_t after_count = total_length - 8;
  if (count > after_count / disk::kFixed64SizeBytes) {
    return Corrupt(kFixed64Name, "count", 8, count, " sizes of 8 bytes do not fit the ",
                   after_count, " bytes that total_length leaves for them");
  }
  const size_t contents_at = disk::kFixed64HeaderBytes + count * disk::kFixed64SizeBytes;
  const uint64_t contents_size = after_count - count * disk::kFixed64SizeBytes;
  const char* const sizes = input.data() + disk::kFixed64HeaderBytes;
  const uint64_t limit = std::min<uint64_t>(contents_size, disk::kMaxValueBytes);
  const size_t spans = BlobView::SpansOf(count, contents_size);
  uint64_t total = 0;
  size_t begin = 0;
  for (size_t span = 1; begin < count && total <= contents_size; ++span) {
    const auto end = static_cast<size_t>(BlobView::SpanBegin(count, span, spans));
    uint64_t sum = 0;
    const size_t fits =
        internal::SumFixed64(sizes + begin * disk::kFixed64SizeBytes, end - begin, limit, &sum);
    if (fits != end - begin) {
      const size_t value = begin + fits;
      const size_t at = disk::kFixed64HeaderBytes + value * disk::kFixed64SizeBytes;
      return Corrupt(kFixed64Name, "sizes", at, "value ", value, " has ",
                     Load<uint64_t>(input.data() + at), " bytes, the contents have ", contents_size,
                     " and a value at most ", disk::kMaxValueBytes);
    }
    total += sum;
    begin = end;
    if (span < spans) view->marks_[span - 1] = static_cast<uint32_t>(total);
  }
  if (total != contents_size) {
    return Corrupt(kFixed64Name, "contents", contents_at, "the sizes add up to ",
                   begin < count ? "at least " : "", total, " bytes, total_length leaves ",
                   contents_size);
  }
  view->encoded_ = input.data();
  view->sizes_ = sizes;
  view->contents_ = input.data() + contents_at;
  view->contents_size_ = static_cast<size_t>(contents_size);
  view->count_ = static_cast<size_t>(count);
  view->width_ = disk::kFixed64SizeBytes;
  view->stride_ = disk::kFixed64SizeBytes;
  view->layout_ = Layout::kFixed64;
  return absl::OkStatus();
}

absl::Status BlobParser::ParseInto(std::string_view encoded, Layout layout, Extent extent,
                                   BlobView* view) {
  return layout == Layout::kFixed64 ? ParseFixed64(encoded, extent, view)
                                    : ParseCompact(encoded, extent, disk::kCompactTag, view);
}

absl::StatusOr<BlobView> BlobParser::ParseTagged(std::string_view encoded, uint8_t tag,
                                                 Extent extent) {
  BlobView view;
  absl::Status status = ParseCompact(encoded, extent, tag, &view);
  if (!status.ok()) return status;
  return view;
}

}  // namespace sheaf
