// ValueRange: consecutive values of a blob, or all of them, as the blob has them: sizes in one
// place, contents in another.
//
// Like absl::Span, but each element is found by the sizes of those before it. So it can be cut at
// either end, at the speed at which sizes are added up. A BlobView cannot: it keeps to its blob.
//
// Lifetime: borrows the blob's bytes. Thread safety: as an int.
//
//   ValueRange range(list);
//   range.KeepLast(20);
//   range.ForEach([](std::string_view value) { Use(value); });

#ifndef SHEAF_PLUGIN_CODEC_VALUE_RANGE_H_
#define SHEAF_PLUGIN_CODEC_VALUE_RANGE_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "plugin/codec/blob_view_access.h"
#include "plugin/codec/little_endian.h"
#include "sheaf/blob_view.h"

namespace sheaf {
namespace internal {

class ValueRange {
 public:
  ValueRange() = default;
  explicit ValueRange(const BlobView& list)
      : sizes_(BlobViewAccess::sizes(list)),
        contents_(list.contents().data()),
        bytes_(list.contents().size()),
        count_(list.size()),
        width_(static_cast<uint8_t>(BlobViewAccess::width(list))),
        uniform_(BlobViewAccess::uniform(list)) {}

  size_t size() const { return count_; }
  bool empty() const { return count_ == 0; }
  std::string_view contents() const { return {contents_, bytes_}; }

  // The sizes, each of width() bytes; one for all if uniform().
  const char* sizes() const { return sizes_; }
  unsigned width() const { return width_; }
  bool uniform() const { return uniform_; }

  // Keeps `count` values at one end. REQUIRES: count <= size(). Takes time linear in the number of
  // values that go or stay, whichever are fewer.
  void KeepFirst(size_t count);
  void KeepLast(size_t count);

  // Values [begin, end), whose contents are at [from, to) of contents(). REQUIRES: begin < end.
  [[nodiscard]] ValueRange Part(size_t begin, size_t end, uint64_t from, uint64_t to) const {
    ValueRange part = *this;
    part.DropFirst(begin, from);
    part.count_ = end - begin;
    part.bytes_ = to - from;
    return part;
  }

  // Calls `f(std::string_view)` for each value in order.
  template <typename F>
  void ForEach(F f) const {
    WithSizes([&](auto sizes) {
      const char* content = contents_;
      for (size_t i = 0; i < count_; ++i) {
        const auto size = static_cast<size_t>(sizes[i]);
        f(std::string_view(content, size));
        content += size;
      }
    });
  }

  // Calls `f(sizes)`, where `sizes[i]` is the size of value `i`, with a type for each width, so
  // that what does not depend on `i` is decided once.
  template <typename F>
  auto WithSizes(F f) const {
    if (uniform_) return f(SameSize{bytes_ / count_});
    switch (width_) {
      case 1:
        return f(SizesOf<uint8_t>{sizes_});
      case 2:
        return f(SizesOf<uint16_t>{sizes_});
      case 4:
        return f(SizesOf<uint32_t>{sizes_});
      default:
        return f(SizesOf<uint64_t>{sizes_});
    }
  }

 private:
  struct SameSize {
    uint64_t size;
    uint64_t operator[](size_t /*i*/) const { return size; }
  };
  template <typename Size>
  struct SizesOf {
    const char* at;
    Size operator[](size_t i) const { return Load<Size>(at + i * sizeof(Size)); }
  };

  // The sum of the sizes from value `begin` on, before `end`.
  uint64_t BytesOf(size_t begin, size_t end) const;
  // Where value `i` begins in the contents.
  uint64_t OffsetOf(size_t i) const {
    return i <= count_ / 2 ? BytesOf(0, i) : bytes_ - BytesOf(i, count_);
  }
  // Drops the first `count` values, which have `bytes` bytes.
  void DropFirst(size_t count, uint64_t bytes) {
    if (!uniform_) sizes_ += count * width_;
    contents_ += bytes;
    bytes_ -= bytes;
    count_ -= count;
    if (count_ == 0) uniform_ = false;
  }

  const char* sizes_ = nullptr;
  const char* contents_ = nullptr;
  uint64_t bytes_ = 0;
  size_t count_ = 0;
  uint8_t width_ = 1;
  bool uniform_ = false;  // then it is not empty
};

inline uint64_t ValueRange::BytesOf(size_t begin, size_t end) const {
  if (begin == end) return 0;
  return WithSizes([begin, end](auto sizes) {
    uint64_t bytes = 0;
    for (size_t i = begin; i < end; ++i) bytes += sizes[i];
    return bytes;
  });
}

inline void ValueRange::KeepFirst(size_t count) {
  bytes_ = OffsetOf(count);
  count_ = count;
  if (count_ == 0) uniform_ = false;
}

inline void ValueRange::KeepLast(size_t count) {
  const size_t dropped = count_ - count;
  DropFirst(dropped, OffsetOf(dropped));
}

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_VALUE_RANGE_H_
