// BlobView: a list of values inside an encoded blob, without owning it.
//
// Like absl::Span<const std::string_view>, but the views are computed from the blob's size header
// when they are asked for: nothing is allocated, whatever the number of values.
//
// Lifetime: a BlobView and every std::string_view that it returns borrow the encoded bytes, not the
// BlobView. They are valid as long as the bytes: keep the owner (a PinnedBlob, a std::string, a
// mapped file).
//
// Thread safety: immutable and trivially copyable; any number of threads may read one.
//
//   absl::StatusOr<sheaf::BlobView> list = sheaf::BlobView::Parse(bytes);
//   if (!list.ok()) return list.status();          // says what, where and what was expected
//   for (std::string_view value : *list) Use(value);
//   if (!list->empty()) Use(list->back());
//
// WARNING: the bytes of a temporary are gone at the end of the statement:
//   auto list = sheaf::BlobView::Parse(db_value.ToString());   // WRONG, clang warns: views dangle

#ifndef SHEAF_BLOB_VIEW_H_
#define SHEAF_BLOB_VIEW_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sheaf/blob_iterator.h"
#include "sheaf/hardened.h"
#include "sheaf/layout.h"

namespace sheaf {

class BlobView {
 public:
  using value_type = std::string_view;
  using const_iterator = BlobIterator;
  using iterator = const_iterator;
  using const_reverse_iterator = std::reverse_iterator<const_iterator>;
  using reverse_iterator = const_reverse_iterator;

  // An empty list of layout `kCompact`, over no bytes at all: encoded() is "".
  BlobView() = default;

  // Checks the whole of `encoded`, once, in time linear in the bytes of its header (sizes and
  // checkpoints; contents are not read). After it no access can fail or read out of bounds.
  //
  // Errors: absl::StatusCode::kDataLoss, naming the field, its offset, what was found and what was
  // expected. Bytes after the blob's end are an error too.
  [[nodiscard]] static absl::StatusOr<BlobView> Parse(
      std::string_view encoded ABSL_ATTRIBUTE_LIFETIME_BOUND, Layout layout = Layout::kCompact);

  // The same. (Clang does not look through the conversion of a std::string to its view, and would
  // not warn of a temporary one. A template, so that it is not ambiguous with the one above.)
  template <typename String, typename = std::enable_if_t<std::is_same<String, std::string>::value>>
  [[nodiscard]] static absl::StatusOr<BlobView> Parse(
      const String& encoded ABSL_ATTRIBUTE_LIFETIME_BOUND, Layout layout = Layout::kCompact) {
    return Parse(std::string_view(encoded), layout);
  }

  // The same for a blob at the front of `*input`, which may go on after it: for streams and for
  // salvage. On success advances `*input` past the blob; on error leaves it as it was.
  [[nodiscard]] static absl::StatusOr<BlobView> ParsePrefix(std::string_view* input,
                                                            Layout layout = Layout::kCompact);

  // Number of values.
  [[nodiscard]] size_t size() const { return count_; }
  [[nodiscard]] bool empty() const { return count_ == 0; }

  // REQUIRES: i < size(), which a hardened build checks (sheaf/hardened.h). O(1) in `kCompact`.
  // `kFixed64` (64-bit sizes, no checkpoints) adds up sizes, at the speed of memory: on average
  // 1/32 of all of them in a list of 256 values or more, and 1/4 in a shorter one. If you want all
  // values by index there, take Views().
  [[nodiscard]] std::string_view operator[](size_t i) const;

  // The first and the last value: O(1) in either layout. REQUIRES: !empty().
  [[nodiscard]] std::string_view front() const;
  [[nodiscard]] std::string_view back() const;

  // As operator[], for an index that may be wrong. Errors: absl::StatusCode::kOutOfRange.
  [[nodiscard]] absl::StatusOr<std::string_view> At(size_t i) const;

  // OK if each value has `bytes` bytes. O(1) if the blob has one size for all values, as Sheaf
  // encodes a list of equal sizes in `kCompact`; else linear in the number of values.
  // Errors: absl::StatusCode::kInvalidArgument, naming the first value of another size.
  [[nodiscard]] absl::Status CheckValueSizes(size_t bytes) const;

  // In order, and backwards. O(1) a step; BlobIterator says what a jump costs. Iterators borrow the
  // bytes, not this BlobView.
  [[nodiscard]] const_iterator begin() const;
  [[nodiscard]] const_iterator end() const;
  [[nodiscard]] const_reverse_iterator rbegin() const { return const_reverse_iterator(end()); }
  [[nodiscard]] const_reverse_iterator rend() const { return const_reverse_iterator(begin()); }

  // An iterator at value `i`, found as operator[] finds it: in layout `kFixed64` faster than
  // `begin() + i`. REQUIRES: i <= size().
  [[nodiscard]] const_iterator From(size_t i) const;

  // Calls `f(std::string_view)` for each value in order. The fastest way over a whole list: what
  // depends on the layout is decided once, not at each step.
  template <typename F>
  void ForEach(F&& f) const;

  // All values, in one allocation of 16 bytes a value.
  [[nodiscard]] std::vector<std::string_view> Views() const;

  // The values back to back, and the whole blob.
  [[nodiscard]] std::string_view contents() const { return {contents_, contents_size_}; }
  [[nodiscard]] std::string_view encoded() const {
    return {encoded_, static_cast<size_t>(contents_ - encoded_) + contents_size_};
  }
  [[nodiscard]] Layout layout() const { return layout_; }

 private:
  friend struct BlobParser;      // plugin/codec: parses into a view
  friend struct BlobViewAccess;  // plugin/codec: relocation, bundles

  // Width of a size in bytes: 1, 2, 4 or 8.
  template <typename Size, typename F>
  void ForEachOfWidth(F&& f) const;

  // Where value `i` begins, relative to contents. REQUIRES: i < size(), not uniform.
  uint64_t OffsetOf(size_t i) const;

  // A fixed64 list has no checkpoints on disk. So the parser keeps in `marks_` where in contents
  // values k * (count_ / kSpans), k >= 1, begin. It does so if there are enough values for it to
  // pay, and less than 4 GiB of contents, which is all that RocksDB holds.
  static constexpr size_t kSpans = 8;
  static constexpr size_t kMinMarkedCount = 256;
  static size_t SpansOf(size_t count, uint64_t contents_size) {
    return count < kMinMarkedCount || contents_size > UINT32_MAX ? 1 : kSpans;
  }
  // The first value of a span. Spans are equal but for the last, which has the rest.
  static size_t SpanBegin(size_t count, size_t span, size_t spans) {
    return span == spans ? count : count / spans * span;
  }

  // Invariant: the count_ sizes at sizes_ (or the one, if stride_ is 0) and the checkpoints behind
  // them lie before contents_, and add up to contents_size_.
  const char* encoded_ = "";
  const char* sizes_ = "";
  const char* contents_ = encoded_;
  size_t contents_size_ = 0;
  size_t count_ = 0;
  uint8_t width_ = 1;
  uint8_t stride_ = 1;  // width_, or 0 if one size stands for all
  Layout layout_ = Layout::kCompact;
  uint32_t marks_[kSpans - 1] = {};
};

// Implementation only from here on.

inline std::string_view BlobView::operator[](size_t i) const {
  SHEAF_CHECK_RANGE(i < count_, "value", i, count_);
  const uint64_t size = internal::LoadSize(sizes_ + i * stride_, width_);
  const uint64_t offset = stride_ == 0 ? i * size : OffsetOf(i);
  return {contents_ + offset, static_cast<size_t>(size)};
}

inline std::string_view BlobView::front() const {
  SHEAF_CHECK_RANGE(count_ != 0, "value", 0, count_);
  return {contents_, static_cast<size_t>(internal::LoadSize(sizes_, width_))};
}

inline std::string_view BlobView::back() const {
  SHEAF_CHECK_RANGE(count_ != 0, "value", 0, count_);
  const uint64_t size = internal::LoadSize(sizes_ + (count_ - 1) * stride_, width_);
  return {contents_ + (contents_size_ - size), static_cast<size_t>(size)};
}

inline BlobView::const_iterator BlobView::begin() const {
  return const_iterator(sizes_, contents_, count_, count_, width_, stride_);
}

inline BlobView::const_iterator BlobView::From(size_t i) const {
  SHEAF_CHECK_RANGE(i <= count_, "value", i, count_);
  if (i == count_) return end();
  return const_iterator(sizes_ + i * stride_, (*this)[i].data(), count_ - i, count_, width_,
                        stride_);
}

inline BlobView::const_iterator BlobView::end() const {
  return const_iterator(sizes_ + count_ * stride_, contents_ + contents_size_, 0, count_, width_,
                        stride_);
}

template <typename Size, typename F>
void BlobView::ForEachOfWidth(F&& f) const {
  const char* content = contents_;
  const char* at = sizes_;
  for (size_t left = count_; left != 0; --left) {
    Size size;
    std::memcpy(&size, at, sizeof size);
    f(std::string_view(content, static_cast<size_t>(size)));
    content += size;
    at += sizeof(Size);
  }
}

template <typename F>
void BlobView::ForEach(F&& f) const {
  if (stride_ == 0) {
    const auto size = static_cast<size_t>(internal::LoadSize(sizes_, width_));
    const char* const end = contents_ + contents_size_;
    for (const char* content = contents_; content != end; content += size) {
      f(std::string_view(content, size));
    }
    return;
  }
  switch (width_) {
    case 1:
      return ForEachOfWidth<uint8_t>(f);
    case 2:
      return ForEachOfWidth<uint16_t>(f);
    case 4:
      return ForEachOfWidth<uint32_t>(f);
    default:
      return ForEachOfWidth<uint64_t>(f);
  }
}

static_assert(std::is_trivially_copyable<BlobView>::value, "a view is passed by value");

}  // namespace sheaf

#endif  // SHEAF_BLOB_VIEW_H_
