// EncodeList: encodes a list whose values lie in several places.
//
// The list is a range of pieces, in order. A piece is one value (std::string_view), a whole list
// (BlobView), a part of one (ValueRange), or sizes and contents in two arrays (SizedContents).
//
// There are three passes. The first one finds the shape of the list, which decides the width of a
// size. The second writes the header, and the third the contents. Memory is allocated once, and
// each byte is written once.
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

// Values back to back, with their sizes in an array.
struct SizedContents {
  absl::Span<const uint32_t> sizes;
  std::string_view contents;
};

// ListShape: what an encoder must know of a list before it can write the first byte.
class ListShape {
 public:
  void Add(uint64_t size) {
    first_ = count_ == 0 ? size : first_;
    differ_ |= size ^ first_;
    max_size_ = size > max_size_ ? size : max_size_;
    bytes_ += size;
    ++count_;
  }
  // `times` values of `size` bytes. REQUIRES: times > 0.
  void Add(uint64_t size, uint64_t times) {
    Add(size);
    bytes_ += size * (times - 1);
    count_ += times - 1;
  }
  // All values of a piece.
  void AddAll(std::string_view value) { Add(value.size()); }
  void AddAll(const BlobView& values) { AddAll(ValueRange(values)); }
  void AddAll(const ValueRange& values);
  void AddAll(const SizedContents& values) {
    for (const uint32_t size : values.sizes) Add(size);
  }

  uint64_t count() const { return count_; }
  uint64_t bytes() const { return bytes_; }
  bool uniform() const { return count_ >= 2 && differ_ == 0 && first_ != 0; }
  // The smallest width that holds each size in a compact blob: 1, 2 or 4 bytes.
  unsigned width() const { return max_size_ <= 0xFF ? 1 : max_size_ <= 0xFFFF ? 2 : 4; }

  // Size of the whole blob, header included. REQUIRES: Fits(layout).ok().
  uint64_t EncodedBytes(Layout layout) const;

  // ResourceExhausted if `layout` cannot hold such a list.
  absl::Status Fits(Layout layout) const;
  // The same, and ResourceExhausted if the blob is too large for a value of RocksDB. (RocksDB
  // checks the size of a write. It does not check what a merge operator returns, and would cut off
  // the upper bits of its size.)
  absl::Status FitsRocksDb(Layout layout) const;

 private:
  uint64_t count_ = 0;
  uint64_t bytes_ = 0;
  uint64_t first_ = 0;
  uint64_t max_size_ = 0;  // or a number below 2^32 that has as many bits
  uint64_t differ_ = 0;    // 0 while all sizes are equal
};

// HeaderWriter: writes the header of a blob. Call the constructor, then AddSize or AddSizes for
// exactly the sizes of `shape` in order, then Finish(). The caller then appends the contents to
// `*out`.
class HeaderWriter {
 public:
  // Replaces `*out`, and reserves memory for the whole blob. `tag` is disk::kCompactTag or
  // disk::kBundleTag; layout `kFixed64` ignores it.
  // REQUIRES: shape.Fits(layout).ok().
  HeaderWriter(const ListShape& shape, Layout layout, std::string* out,
               uint8_t tag = disk::kCompactTag);

  void AddSize(uint64_t size);
  // All sizes of a piece.
  void AddSizes(std::string_view value) { AddSize(value.size()); }
  void AddSizes(const BlobView& values) { AddSizes(ValueRange(values)); }
  void AddSizes(const ValueRange& values);
  void AddSizes(const SizedContents& values) {
    for (const uint32_t size : values.sizes) AddSize(size);
  }

  // Writes the checkpoints, if the layout has any. REQUIRES: all sizes were added.
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
  bool size_written_ = false;  // of a uniform list, which has one
  size_t buffered_ = 0;
  char buffer_[512];
};

inline std::string_view ContentsOf(std::string_view value) { return value; }
inline std::string_view ContentsOf(const BlobView& values) { return values.contents(); }
inline std::string_view ContentsOf(const ValueRange& values) { return values.contents(); }
inline std::string_view ContentsOf(const SizedContents& values) { return values.contents; }

// Which check a blob must pass: ListShape::Fits or ListShape::FitsRocksDb.
enum class Limit { kLayout, kRocksDb };

// ResourceExhausted: no layout can hold a value of `size` bytes.
absl::Status ValueTooLarge(uint64_t size);

// Replaces `*out` with one blob of `layout` that holds all pieces of `range`. `tag` is as in
// HeaderWriter. One allocation. Errors: those of the check that `limit` names; `*out` is then
// empty.
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
