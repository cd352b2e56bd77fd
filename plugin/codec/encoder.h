// Encoder: writes the encoded form of a list whose values are not all in one place.
//
// Two passes over sizes and one over contents: the shape of the list decides how wide its header
// is; then each byte is appended once to memory reserved once.

#ifndef SHEAF_PLUGIN_CODEC_ENCODER_H_
#define SHEAF_PLUGIN_CODEC_ENCODER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "sheaf/blob_view.h"
#include "sheaf/layout.h"

namespace sheaf {
namespace internal {

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
  void AddAll(const BlobView& values);

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
  uint64_t max_size_ = 0;
  uint64_t differ_ = 0;  // 0 while all sizes are equal
};

// Writes one list: BeginHeader, then exactly the sizes of `shape` in order, then EndHeader; the
// caller appends the contents to `*out` itself.
class HeaderWriter {
 public:
  // Replaces `*out`, with room for the whole blob.
  // `tag`: disk::kCompactTag or disk::kBundleTag; of layout `kCompact` only.
  // REQUIRES: shape.Fits(layout).ok().
  HeaderWriter(const ListShape& shape, Layout layout, std::string* out,
               uint8_t tag = disk::kCompactTag);

  void AddSize(uint64_t size);
  void AddSizes(const BlobView& values);

  // Checkpoints. REQUIRES: all sizes were added.
  void Finish();

 private:
  void Flush();

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

// Replaces `*out` with the concatenation of `lists`, of any layouts, as one blob of `layout`.
// One allocation. Errors: as ListShape::FitsRocksDb; `*out` is then empty.
absl::Status Concatenate(absl::Span<const BlobView> lists, Layout layout, std::string* out);

// Replaces `*out` with `values` in layout `kCompact` under `tag`: disk::kCompactTag or
// disk::kBundleTag. Errors: as ListShape::FitsRocksDb; `*out` is then empty.
absl::Status EncodeTagged(absl::Span<const std::string_view> values, uint8_t tag, std::string* out);

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_ENCODER_H_
