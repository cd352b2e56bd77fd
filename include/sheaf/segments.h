// Segments: several blobs, one after the other, as one list.
//
// Like PinnedBlob, but the list lies in several blocks. Store::GetSegments returns such blobs: the
// list that was merged last and the operands that were appended since, none of them copied.
//
// Lifetime: holds the blocks of its blobs. operator[], begin() and ForEach() give borrowed views,
// which are valid while some holder of that block exists. Slice() and Slices() return holders.
// Segments of Store::GetSegments must be dropped before the DB is closed (see there).
//
// Thread safety: as PinnedBlob. Immutable; other threads may use copies.
//
//   std::vector<sheaf::PinnedBlob> blobs;
//   rocksdb::Status s = store->GetSegments(rocksdb::ReadOptions(), "user:7", &blobs);
//   if (!s.ok()) return s;
//   const sheaf::Segments events(std::move(blobs));
//   for (std::string_view event : events) Use(event);

#ifndef SHEAF_SEGMENTS_H_
#define SHEAF_SEGMENTS_H_

#include <cstddef>
#include <iterator>
#include <string_view>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/status/statusor.h"
#include "sheaf/blob_view.h"
#include "sheaf/hardened.h"
#include "sheaf/pinned_blob.h"
#include "sheaf/pinned_slice.h"

namespace sheaf {

class Segments {
 public:
  class const_iterator;
  using value_type = std::string_view;
  using iterator = const_iterator;
  using const_reverse_iterator = std::reverse_iterator<const_iterator>;
  using reverse_iterator = const_reverse_iterator;

  // An empty list.
  Segments() = default;
  // The values of all blobs, in order.
  explicit Segments(std::vector<PinnedBlob> blobs);

  // Number of values, in all blobs.
  [[nodiscard]] size_t size() const { return ends_.empty() ? 0 : ends_.back(); }
  [[nodiscard]] bool empty() const { return size() == 0; }

  // REQUIRES: i < size(). A binary search for the blob, and what BlobView::operator[] takes.
  [[nodiscard]] std::string_view operator[](size_t i) const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    const size_t blob = BlobOf(i);
    return blobs_[blob][i - BeginOf(blob)];
  }

  // The first and the last value. REQUIRES: !empty().
  [[nodiscard]] std::string_view front() const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  [[nodiscard]] std::string_view back() const ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // As operator[], for an index that may be wrong. Errors: absl::StatusCode::kOutOfRange.
  [[nodiscard]] absl::StatusOr<std::string_view> At(size_t i) const ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // In order, and backwards. O(1) a step, and one more for each blob without values. A jump takes a
  // binary search for the blob, and what a jump in it takes (see BlobIterator). Iterators borrow
  // these Segments: use them while the Segments exist, and are not moved or assigned to.
  [[nodiscard]] const_iterator begin() const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  [[nodiscard]] const_iterator end() const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  [[nodiscard]] const_reverse_iterator rbegin() const ABSL_ATTRIBUTE_LIFETIME_BOUND;
  [[nodiscard]] const_reverse_iterator rend() const ABSL_ATTRIBUTE_LIFETIME_BOUND;

  // Calls `f(std::string_view)` for each value in order. The fastest way over all.
  template <typename F>
  void ForEach(F&& f) const {
    for (const PinnedBlob& blob : blobs_) blob.view().ForEach(f);
  }

  // Value `i` as a holder of its block. REQUIRES: i < size().
  [[nodiscard]] PinnedSlice Slice(size_t i) const {
    const size_t blob = BlobOf(i);
    return blobs_[blob].Slice(i - BeginOf(blob));
  }

  // All values as holders of their blocks: one atomic add a blob.
  [[nodiscard]] std::vector<PinnedSlice> Slices() const;

  // The blobs, in order.
  [[nodiscard]] const std::vector<PinnedBlob>& blobs() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return blobs_;
  }

 private:
  // The blob that value `i` is in. REQUIRES: i < size().
  size_t BlobOf(size_t i) const;
  size_t BeginOf(size_t blob) const { return blob == 0 ? 0 : ends_[blob - 1]; }

  std::vector<PinnedBlob> blobs_;
  std::vector<size_t> ends_;  // of each blob: how many values there are up to its end
};

class Segments::const_iterator {
 public:
  // Yields by value, as BlobIterator does.
  using iterator_category = std::random_access_iterator_tag;
  using value_type = std::string_view;
  using difference_type = ptrdiff_t;
  using reference = std::string_view;
  using pointer = BlobIterator::pointer;

  // Equal to others of its kind. Compare iterators of the same Segments only.
  const_iterator() = default;

  std::string_view operator*() const { return *value_; }
  pointer operator->() const { return pointer(*value_); }
  std::string_view operator[](difference_type n) const { return *(*this + n); }

  const_iterator& operator++() {
    ++value_;
    if (value_ == blob_->end()) Settle(blob_ + 1);
    return *this;
  }
  const_iterator& operator--() {
    if (blob_ == Last() || value_ == blob_->begin()) {
      do --blob_;
      while (blob_->empty());
      value_ = blob_->end();
    }
    --value_;
    return *this;
  }
  const_iterator operator++(int) {
    const_iterator before = *this;
    ++*this;
    return before;
  }
  const_iterator operator--(int) {
    const_iterator before = *this;
    --*this;
    return before;
  }

  // REQUIRES: the value that it goes to, or the end, is of the same Segments.
  const_iterator& operator+=(difference_type n);
  const_iterator& operator-=(difference_type n) { return *this += -n; }
  friend const_iterator operator+(const_iterator it, difference_type n) { return it += n; }
  friend const_iterator operator+(difference_type n, const_iterator it) { return it += n; }
  friend const_iterator operator-(const_iterator it, difference_type n) { return it -= n; }
  friend difference_type operator-(const const_iterator& a, const const_iterator& b) {
    return static_cast<difference_type>(a.Index() - b.Index());
  }

  friend bool operator==(const const_iterator& a, const const_iterator& b) {
    return a.value_ == b.value_ && a.blob_ == b.blob_;
  }
  friend bool operator!=(const const_iterator& a, const const_iterator& b) { return !(a == b); }
  friend bool operator<(const const_iterator& a, const const_iterator& b) {
    return a.blob_ != b.blob_ ? a.blob_ < b.blob_ : a.value_ < b.value_;
  }
  friend bool operator>(const const_iterator& a, const const_iterator& b) { return b < a; }
  friend bool operator<=(const const_iterator& a, const const_iterator& b) { return !(b < a); }
  friend bool operator>=(const const_iterator& a, const const_iterator& b) { return !(a < b); }

 private:
  friend class Segments;
  const_iterator(const Segments* segments, const PinnedBlob* blob) : segments_(segments) {
    Settle(blob);
  }

  const PinnedBlob* Last() const { return segments_->blobs_.data() + segments_->blobs_.size(); }

  // At the first value from `blob` on.
  void Settle(const PinnedBlob* blob) {
    const PinnedBlob* const last = Last();
    while (blob != last && blob->empty()) ++blob;
    blob_ = blob;
    value_ = blob == last ? BlobIterator() : blob->begin();
  }

  // Of the value, among all. A default-constructed iterator is at 0.
  size_t Index() const;

  // Invariant: value_ is at a value of *blob_, or default-constructed at the end.
  const Segments* segments_ = nullptr;
  const PinnedBlob* blob_ = nullptr;
  BlobIterator value_;
};

// Clang forgets an attribute that a definition does not repeat.
inline Segments::const_iterator Segments::begin() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
  return const_iterator(this, blobs_.data());
}

inline std::string_view Segments::front() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
  SHEAF_CHECK_RANGE(!empty(), "value", 0, size());
  return *begin();
}

inline std::string_view Segments::back() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
  SHEAF_CHECK_RANGE(!empty(), "value", 0, size());
  return *--end();
}

inline Segments::const_iterator Segments::end() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
  return const_iterator(this, blobs_.data() + blobs_.size());
}

inline Segments::const_reverse_iterator Segments::rbegin() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
  return const_reverse_iterator(end());
}

inline Segments::const_reverse_iterator Segments::rend() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
  return const_reverse_iterator(begin());
}

#if __cplusplus >= 202002L
static_assert(std::random_access_iterator<Segments::const_iterator>);
#endif

}  // namespace sheaf

#endif  // SHEAF_SEGMENTS_H_
