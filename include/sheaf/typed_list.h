// TypedList<T>: a list whose values are all of type T: integers, or structs of fixed size.
//
// Like absl::Span<const T>, but the values may be at any alignment: each is loaded with memcpy, and
// returned by value. AsValues() is the way back: it gives Store::Append the bytes of integers.
//
// The bytes of a value are those that T has in memory: little-endian on all machines that Sheaf
// builds for. See sheaf/big_endian.h for integers that sort as bytes.
//
// Lifetime: a TypedList made by FromBlob() holds the block, as a PinnedSlice does. One made by
// FromView() borrows the bytes. Iterators borrow them in either case.
//
// Sharing: a copy is one atomic add, a move none. Thread safety: as PinnedSlice.
//
//   std::vector<uint64_t> ids = {7, 9};
//   rocksdb::Status s = store->Append(rocksdb::WriteOptions(), "friends", sheaf::AsValues(ids));
//   if (!s.ok()) return s;
//   sheaf::PinnedBlob friends;
//   s = store->Get(rocksdb::ReadOptions(), "friends", &friends);
//   if (!s.ok()) return s;
//   auto list = sheaf::TypedList<uint64_t>::FromBlob(friends);
//   if (!list.ok()) return list.status();  // "value 3 of the list has 5 bytes, expected 8"
//   for (uint64_t id : *list) Use(id);

#ifndef SHEAF_TYPED_LIST_H_
#define SHEAF_TYPED_LIST_H_

#include <cstddef>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <new>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "sheaf/blob_view.h"
#include "sheaf/hardened.h"
#include "sheaf/pinned_blob.h"
#include "sheaf/pinned_slice.h"

namespace sheaf {
namespace internal {

// Whether the bytes of a T are all that it is, so that another process can load them. What a
// const char* converts to keeps an address: std::string_view, rocksdb::Slice. (So does bool, whose
// bytes may be neither true nor false.)
template <typename T>
constexpr bool kIsStorable =
    std::is_trivially_copyable<T>::value && !std::is_const<T>::value &&
    !std::is_pointer<T>::value && !std::is_convertible<const char*, T>::value;

template <typename T>
std::vector<std::string_view> BytesOf(const T* values, size_t count) {
  static_assert(kIsStorable<T>, "T must be trivially copyable, and not a pointer or a view");
  std::vector<std::string_view> bytes;
  bytes.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    bytes.emplace_back(reinterpret_cast<const char*>(values + i), sizeof(T));
  }
  return bytes;
}

}  // namespace internal

template <typename T>
class TypedList {
  static_assert(internal::kIsStorable<T>,
                "T must be trivially copyable, and not a pointer or a view");

 public:
  class const_iterator;
  using value_type = T;
  using iterator = const_iterator;
  using const_reverse_iterator = std::reverse_iterator<const_iterator>;
  using reverse_iterator = const_reverse_iterator;

  // An empty list that holds no block.
  TypedList() = default;

  // Holds the block of `list`: one atomic add. Checks the sizes, as BlobView::CheckValueSizes does:
  // O(1) in layout `kCompact` as Sheaf encodes it.
  // Errors: absl::StatusCode::kInvalidArgument, naming a value whose size is not sizeof(T).
  [[nodiscard]] static absl::StatusOr<TypedList> FromBlob(const PinnedBlob& list) {
    absl::Status status = list.view().CheckValueSizes(sizeof(T));
    if (!status.ok()) return status;
    return TypedList(list.Contents());
  }

  // The same, but borrows the bytes of `list`, which must stay as they are.
  [[nodiscard]] static absl::StatusOr<TypedList> FromView(BlobView list) {
    absl::Status status = list.CheckValueSizes(sizeof(T));
    if (!status.ok()) return status;
    return TypedList(PinnedSlice(list.contents(), nullptr));
  }

  // Number of values.
  [[nodiscard]] size_t size() const { return contents_.size() / sizeof(T); }
  [[nodiscard]] bool empty() const { return contents_.empty(); }

  // REQUIRES: i < size(), which a hardened build checks (sheaf/hardened.h).
  [[nodiscard]] T operator[](size_t i) const {
    SHEAF_CHECK_RANGE(i < size(), "value", i, size());
    return Load(contents_.data() + i * sizeof(T));
  }
  // As operator[], for an index that may be wrong. Errors: absl::StatusCode::kOutOfRange.
  [[nodiscard]] absl::StatusOr<T> At(size_t i) const {
    if (i < size()) return (*this)[i];
    return absl::OutOfRangeError(
        absl::StrCat("value ", i, " of a list of ", size(), size() == 1 ? " value" : " values"));
  }
  // The first and the last value. REQUIRES: !empty().
  [[nodiscard]] T front() const { return (*this)[0]; }
  [[nodiscard]] T back() const {
    SHEAF_CHECK_RANGE(!empty(), "value", 0, size());
    return (*this)[size() - 1];
  }

  // In order, and backwards. Steps and jumps are O(1).
  [[nodiscard]] const_iterator begin() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return const_iterator(contents_.data());
  }
  [[nodiscard]] const_iterator end() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return const_iterator(contents_.data() + contents_.size());
  }
  [[nodiscard]] const_reverse_iterator rbegin() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return const_reverse_iterator(end());
  }
  [[nodiscard]] const_reverse_iterator rend() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return const_reverse_iterator(begin());
  }

  // Copies all values to the begin of `out`: one memcpy. REQUIRES: out.size() >= size().
  void CopyTo(absl::Span<T> out) const {
    SHEAF_CHECK_RANGE(out.size() >= size(), "value", out.size(), out.size());
    if (!empty()) std::memcpy(out.data(), contents_.data(), contents_.size());
  }
  [[nodiscard]] std::vector<T> ToVector() const { return std::vector<T>(begin(), end()); }

 private:
  explicit TypedList(PinnedSlice contents) : contents_(std::move(contents)) {}

  static T Load(const char* at) {
    // Not a T of its own, which may have no default constructor.
    alignas(T) char bytes[sizeof(T)];
    std::memcpy(bytes, at, sizeof bytes);
    return *std::launder(reinterpret_cast<const T*>(bytes));
  }

  // Invariant: its size is a multiple of sizeof(T).
  PinnedSlice contents_;
};

template <typename T>
class TypedList<T>::const_iterator {
 public:
  // Yields by value, as BlobIterator does.
  using iterator_category = std::random_access_iterator_tag;
  using value_type = T;
  using difference_type = ptrdiff_t;
  using reference = T;
  using pointer = internal::ArrowProxy<T>;

  const_iterator() = default;

  T operator*() const { return Load(at_); }
  pointer operator->() const { return pointer(**this); }
  T operator[](difference_type n) const { return *(*this + n); }

  const_iterator& operator++() { return *this += 1; }
  const_iterator& operator--() { return *this -= 1; }
  const_iterator operator++(int) { return std::exchange(*this, *this + 1); }
  const_iterator operator--(int) { return std::exchange(*this, *this - 1); }
  const_iterator& operator+=(difference_type n) {
    at_ += n * kStep;
    return *this;
  }
  const_iterator& operator-=(difference_type n) { return *this += -n; }
  friend const_iterator operator+(const_iterator it, difference_type n) { return it += n; }
  friend const_iterator operator+(difference_type n, const_iterator it) { return it += n; }
  friend const_iterator operator-(const_iterator it, difference_type n) { return it -= n; }
  friend difference_type operator-(const const_iterator& a, const const_iterator& b) {
    return (a.at_ - b.at_) / kStep;
  }

  friend bool operator==(const const_iterator& a, const const_iterator& b) {
    return a.at_ == b.at_;
  }
  friend bool operator!=(const const_iterator& a, const const_iterator& b) { return !(a == b); }
  friend bool operator<(const const_iterator& a, const const_iterator& b) { return a.at_ < b.at_; }
  friend bool operator>(const const_iterator& a, const const_iterator& b) { return b < a; }
  friend bool operator<=(const const_iterator& a, const const_iterator& b) { return !(b < a); }
  friend bool operator>=(const const_iterator& a, const const_iterator& b) { return !(a < b); }

 private:
  friend class TypedList;
  static constexpr auto kStep = static_cast<difference_type>(sizeof(T));
  explicit const_iterator(const char* at) : at_(at) {}

  const char* at_ = nullptr;
};

// The bytes of each of `values`, as Store::Append and Encode() take them. `values` is what has its
// elements in one array: a std::vector, std::array, absl::Span. Borrows them. The number of bytes
// of each is that of its type: AsValues<uint64_t>({1, 2}) where the type is not clear.
template <typename Values, typename = decltype(std::data(std::declval<const Values&>()))>
[[nodiscard]] std::vector<std::string_view> AsValues(
    const Values& values ABSL_ATTRIBUTE_LIFETIME_BOUND) {
  return internal::BytesOf(std::data(values), std::size(values));
}
template <typename T>
[[nodiscard]] std::vector<std::string_view> AsValues(
    const std::initializer_list<T>& values ABSL_ATTRIBUTE_LIFETIME_BOUND) {
  return internal::BytesOf(values.begin(), values.size());
}

}  // namespace sheaf

#endif  // SHEAF_TYPED_LIST_H_
