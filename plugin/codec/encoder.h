// EncodeList: writes the encoded form of a list whose values are not all in one place.
//
// It goes over the list three times. The first pass finds the list's shape, which decides how wide
// its header is. The second writes the header, and the third the contents. Each byte is written
// once, to memory that is reserved once.
//
// A list is a range of pieces, in order. A piece is one value (std::string_view), a whole list
// (BlobView), a part of one (ValueRange), or sizes and contents that are kept apart
// (SizedContents).
//
// Lifetime: borrows the pieces during the call. Thread safety: free functions.
//
//   std::vector<BlobView> lists = ...;
//   absl::Status status =
//       EncodeList(lists, Layout::kCompact, disk::kCompactTag, Limit::kRocksDb, &out);

#ifndef SHEAF_PLUGIN_CODEC_ENCODER_H_
#define SHEAF_PLUGIN_CODEC_ENCODER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "plugin/codec/value_range.h"
#include "sheaf/blob_view.h"
#include "sheaf/layout.h"

namespace sheaf {
namespace internal {

// Values back to back, and the size of each.
struct SizedContents {
  absl::Span<const uint32_t> sizes;
  std::string_view contents;
};

// What must be known of a list before its first byte can be written.
class ListShape {
 public:
  void Add(uint64_t size) {
    first_ = count_ == 0 ? size : first_;
    differ_ |= size ^ first_;
    max_size_ = size > max_size_ ? size : max_size_;
    bytes_ += size;
    ++count_;
  }
  // `times` values of this size. REQUIRES: times > 0.
  void Add(uint64_t size, uint64_t times) {
    Add(size);
    bytes_ += size * (times - 1);
    count_ += times - 1;
  }
  // The values of a piece.
  void AddAll(std::string_view value) { Add(value.size()); }
  void AddAll(const BlobView& values) { AddAll(ValueRange(values)); }
  void AddAll(const ValueRange& values);
  void AddAll(const SizedContents& values) {
    for (const uint32_t size : values.sizes) Add(size);
  }

  uint64_t count() const { return count_; }
  uint64_t bytes() const { return bytes_; }
  bool uniform() const { return count_ >= 2 && differ_ == 0 && first_ != 0; }
  // Smallest width of a size in a compact blob: 1, 2 or 4 bytes.
  unsigned width() const { return max_size_ <= 0xFF ? 1 : max_size_ <= 0xFFFF ? 2 : 4; }

  // Bytes of the blob, header and all. REQUIRES: Fits(layout).ok().
  uint64_t EncodedBytes(Layout layout) const;

  // ResourceExhausted if `layout` cannot hold such a list.
  absl::Status Fits(Layout layout) const;
  // The same, and if RocksDB cannot hold the blob as a value: it checks what is written, but not
  // what a merge operator makes, whose length it would cut off.
  absl::Status FitsRocksDb(Layout layout) const;

 private:
  uint64_t count_ = 0;
  uint64_t bytes_ = 0;
  uint64_t first_ = 0;
  uint64_t max_size_ = 0;  // or a number below 2^32 that has as many bits
  uint64_t differ_ = 0;    // 0 while all sizes are equal
};

// Writes a header: the constructor, then exactly the sizes of `shape` in order, then Finish(). The
// caller appends the contents to `*out` itself.
class HeaderWriter {
 public:
  // Replaces `*out`, with room for the whole blob.
  // `tag`: disk::kCompactTag or disk::kBundleTag; of layout `kCompact` only.
  // REQUIRES: shape.Fits(layout).ok().
  HeaderWriter(const ListShape& shape, Layout layout, std::string* out,
               uint8_t tag = disk::kCompactTag);

  void AddSize(uint64_t size);
  // The sizes of a piece.
  void AddSizes(std::string_view value) { AddSize(value.size()); }
  void AddSizes(const BlobView& values) { AddSizes(ValueRange(values)); }
  void AddSizes(const ValueRange& values);
  void AddSizes(const SizedContents& values) {
    for (const uint32_t size : values.sizes) AddSize(size);
  }

  // Checkpoints. REQUIRES: all sizes were added.
  void Finish();

 private:
  void Flush();
  // `count` sizes that are `size`.
  void AddSize(uint64_t size, size_t count);

  const Layout layout_;
  const bool uniform_;
  const unsigned width_;  // of a size, in bytes
  const uint64_t count_;
  std::string* const out_;
  size_t sizes_at_ = 0;        // offset in *out_
  bool size_written_ = false;  // the one of a uniform list
  size_t buffered_ = 0;
  char buffer_[512];
};

inline std::string_view ContentsOf(std::string_view value) { return value; }
inline std::string_view ContentsOf(const BlobView& values) { return values.contents(); }
inline std::string_view ContentsOf(const ValueRange& values) { return values.contents(); }
inline std::string_view ContentsOf(const SizedContents& values) { return values.contents; }

// What a blob must fit: ListShape::Fits or ListShape::FitsRocksDb.
enum class Limit { kLayout, kRocksDb };

// ResourceExhausted, for a value of `size` bytes, which no layout can hold.
absl::Status ValueTooLarge(uint64_t size);

// Replaces `*out` with the list that `range` holds, as one blob of `layout` under `tag`:
// disk::kCompactTag, or in layout `kCompact` also disk::kBundleTag. One allocation.
// Errors: as `limit` says; `*out` is then empty.
template <typename Range>
absl::Status EncodeList(const Range& range, Layout layout, uint8_t tag, Limit limit,
                        std::string* out) {
  out->clear();
  ListShape shape;
  for (const auto& piece : range) shape.AddAll(piece);
  absl::Status status = limit == Limit::kRocksDb ? shape.FitsRocksDb(layout) : shape.Fits(layout);
  if (!status.ok()) return status;
  HeaderWriter header(shape, layout, out, tag);
  for (const auto& piece : range) header.AddSizes(piece);
  header.Finish();
  for (const auto& piece : range) out->append(ContentsOf(piece));
  return status;
}

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_ENCODER_H_
