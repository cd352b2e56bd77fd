// BlobIterator: an iterator of BlobView and PinnedBlob, which goes to any value of a list.
//
// Like std::vector's iterator, but `*it` is a std::string_view by value: a list has no object that
// a reference could refer to. In C++20 it is a std::random_access_iterator. C++17 would want `*it`
// to be a reference. It is tagged std::random_access_iterator_tag all the same, so that
// std::lower_bound and std::distance are fast.
//
// Cost: a step in either direction is O(1). A jump is O(1) in layout `kCompact`: it adds up at most
// 63 sizes. In `kFixed64`, which keeps 64-bit sizes and no sums of them, a jump by n values adds up
// n sizes, at the speed of memory. So a binary search there compares O(log n) values, but reads
// about every size once.
//
// Lifetime: borrows the encoded bytes, not the BlobView. Thread safety: as an int.
//
//   sheaf::BlobView list = blob.view();  // whose values are sorted
//   auto found = std::lower_bound(list.begin(), list.end(), "login");
//   if (found != list.end()) Use(found - list.begin(), *found);
//   for (auto it = list.rbegin(); it != list.rend(); ++it) Use(*it);  // from the last to the first

#ifndef SHEAF_BLOB_ITERATOR_H_
#define SHEAF_BLOB_ITERATOR_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <string_view>

namespace sheaf {
namespace internal {

// What `it->` returns where `*it` is a value: it keeps that value while a member is used.
template <typename T>
class ArrowProxy {
 public:
  explicit ArrowProxy(const T& value) : value_(value) {}
  const T* operator->() const { return &value_; }

 private:
  T value_;
};

// The size of `width` (1, 2, 4 or 8) bytes at `at`.
inline uint64_t LoadSize(const char* at, unsigned width) {
  // The width is the same for a whole list, so the branches are predicted.
  if (width == 1) return static_cast<uint8_t>(*at);
  if (width == 2) {
    uint16_t size;
    std::memcpy(&size, at, sizeof size);
    return size;
  }
  if (width == 4) {
    uint32_t size;
    std::memcpy(&size, at, sizeof size);
    return size;
  }
  uint64_t size;
  std::memcpy(&size, at, sizeof size);
  return size;
}

}  // namespace internal

class BlobIterator {
 public:
  using iterator_category = std::random_access_iterator_tag;
  using value_type = std::string_view;
  using difference_type = ptrdiff_t;
  using reference = std::string_view;
  using pointer = internal::ArrowProxy<std::string_view>;

  // Equal to others of its kind. Compare iterators of one list only.
  BlobIterator() = default;

  std::string_view operator*() const { return {content_, static_cast<size_t>(size())}; }
  pointer operator->() const { return pointer(**this); }
  std::string_view operator[](difference_type n) const { return *(*this + n); }

  BlobIterator& operator++() {
    content_ += size();
    size_ += stride_;
    --remaining_;
    return *this;
  }
  BlobIterator& operator--() {
    size_ -= stride_;
    content_ -= size();
    ++remaining_;
    return *this;
  }
  BlobIterator operator++(int) {
    BlobIterator before = *this;
    ++*this;
    return before;
  }
  BlobIterator operator--(int) {
    BlobIterator before = *this;
    --*this;
    return before;
  }

  // REQUIRES: the value that it goes to, or the end, is of the same list.
  BlobIterator& operator+=(difference_type n) {
    if (stride_ != 0) return Jump(n);
    content_ += n * static_cast<difference_type>(size());
    remaining_ -= static_cast<size_t>(n);
    return *this;
  }
  BlobIterator& operator-=(difference_type n) { return *this += -n; }
  friend BlobIterator operator+(BlobIterator it, difference_type n) { return it += n; }
  friend BlobIterator operator+(difference_type n, BlobIterator it) { return it += n; }
  friend BlobIterator operator-(BlobIterator it, difference_type n) { return it -= n; }
  friend difference_type operator-(const BlobIterator& a, const BlobIterator& b) {
    return static_cast<difference_type>(b.remaining_ - a.remaining_);
  }

  friend bool operator==(const BlobIterator& a, const BlobIterator& b) {
    return a.remaining_ == b.remaining_;
  }
  friend bool operator!=(const BlobIterator& a, const BlobIterator& b) { return !(a == b); }
  friend bool operator<(const BlobIterator& a, const BlobIterator& b) {
    return a.remaining_ > b.remaining_;
  }
  friend bool operator>(const BlobIterator& a, const BlobIterator& b) { return b < a; }
  friend bool operator<=(const BlobIterator& a, const BlobIterator& b) { return !(b < a); }
  friend bool operator>=(const BlobIterator& a, const BlobIterator& b) { return !(a < b); }

 private:
  friend class BlobView;
  BlobIterator(const char* size, const char* content, size_t remaining, size_t count, uint8_t width,
               uint8_t stride)
      : size_(size),
        content_(content),
        remaining_(remaining),
        count_(static_cast<uint32_t>(count)),
        width_(width),
        stride_(stride) {}

  uint64_t size() const { return internal::LoadSize(size_, width_); }
  // operator+= for a list of sizes that differ.
  BlobIterator& Jump(difference_type n);

  // The size and the contents of this value.
  const char* size_ = nullptr;
  const char* content_ = nullptr;
  size_t remaining_ = 0;  // values from this one to the end
  uint32_t count_ = 0;    // of all values; in `kCompact`, whose checkpoints are found by it
  uint8_t width_ = 1;     // of a size, in bytes: 1, 2, 4 or, in `kFixed64`, 8
  uint8_t stride_ = 1;    // width_, or 0 if one size stands for all
};

static_assert(sizeof(BlobIterator) == 3 * sizeof(void*) + 8, "an iterator is passed by value");
#if __cplusplus >= 202002L
static_assert(std::random_access_iterator<BlobIterator>);
#endif

}  // namespace sheaf

#endif  // SHEAF_BLOB_ITERATOR_H_
