// VectorOf: a std::vector of something made of each value of a list: of views, of slices.
//
// A pair of ValueIterators is what the vector is constructed from. Like BlobIterator, but the width
// of a size is a template parameter, so the loop does not look at it. The vector allocates once,
// and constructs each element in place. (A loop of push_back takes five times as long, as it keeps
// the vector's end in memory.)
//
// Lifetime: iterators borrow the list during the call. Thread safety: free functions.

#ifndef SHEAF_PLUGIN_CODEC_VALUE_ITERATOR_H_
#define SHEAF_PLUGIN_CODEC_VALUE_ITERATOR_H_

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <type_traits>
#include <utility>
#include <vector>

#include "plugin/codec/blob_view_access.h"
#include "plugin/codec/little_endian.h"
#include "sheaf/blob_view.h"

namespace sheaf {
namespace internal {

// `Size` is the type of a size, or void for a uniform list. `*it` is `make(content, size)`.
template <typename Size, typename Make>
class ValueIterator {
 public:
  // std::vector needs no more of a random-access iterator than input iteration and the distance.
  using iterator_category = std::random_access_iterator_tag;
  using value_type = decltype(std::declval<Make>()(nullptr, 0));
  using difference_type = ptrdiff_t;
  using pointer = void;
  using reference = value_type;

  ValueIterator(const char* size, const char* content, size_t uniform, size_t left, Make make)
      : size_(size), content_(content), uniform_(uniform), left_(left), make_(make) {}

  value_type operator*() const { return make_(content_, size()); }
  ValueIterator& operator++() {
    content_ += size();
    if constexpr (!std::is_void_v<Size>) size_ += sizeof(Size);
    --left_;
    return *this;
  }
  friend bool operator==(const ValueIterator& a, const ValueIterator& b) {
    return a.left_ == b.left_;
  }
  friend bool operator!=(const ValueIterator& a, const ValueIterator& b) { return !(a == b); }
  friend difference_type operator-(const ValueIterator& a, const ValueIterator& b) {
    return static_cast<difference_type>(b.left_) - static_cast<difference_type>(a.left_);
  }

 private:
  size_t size() const {
    if constexpr (std::is_void_v<Size>) {
      return uniform_;
    } else {
      return static_cast<size_t>(Load<Size>(size_));
    }
  }

  const char* size_;
  const char* content_;
  size_t uniform_;
  size_t left_;
  Make make_;
};

template <typename Size, typename Make>
auto VectorOfWidth(const BlobView& view, Make make) {
  using Iterator = ValueIterator<Size, Make>;
  const char* const content = view.contents().data();
  const size_t uniform = std::is_void_v<Size> ? view.contents().size() / view.size() : 0;
  const Iterator begin(BlobViewAccess::sizes(view), content, uniform, view.size(), make);
  const Iterator end(nullptr, nullptr, 0, 0, make);
  return std::vector<typename Iterator::value_type>(begin, end);
}

// The vector of `make(content, size)` for each value of `view`, in order.
template <typename Make>
auto VectorOf(const BlobView& view, Make make) {
  if (BlobViewAccess::uniform(view)) return VectorOfWidth<void>(view, make);
  switch (BlobViewAccess::width(view)) {
    case 1:
      return VectorOfWidth<uint8_t>(view, make);
    case 2:
      return VectorOfWidth<uint16_t>(view, make);
    case 4:
      return VectorOfWidth<uint32_t>(view, make);
    default:
      return VectorOfWidth<uint64_t>(view, make);
  }
}

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_VALUE_ITERATOR_H_
