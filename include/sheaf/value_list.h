// ValueList: the values that a call is given. A parameter, made of whatever the caller has them in.
//
// Like absl::Span<const std::string_view>, but made of any range of strings, or of one string. A
// string is what converts to std::string_view, or has its bytes at data() and size():
// rocksdb::Slice, absl::string_view, PinnedSlice.
//
//   auto two = sheaf::Encode({"login", "search"});
//   auto one = sheaf::Encode("login");
//   std::vector<std::string> events = {"a", "b"};
//   auto more = sheaf::Encode(events);  // or a std::set, an array, a BlobView, ...
//
// Lifetime: borrows the strings and, if it is one of std::string_views in a row, the range. Both
// must live until the call returns, as temporaries in its arguments do. Not for members or
// variables, so it cannot be copied. It allocates if it is made of more than 8 values that are not
// std::string_views in a row.
//
// Thread safety: immutable.

#ifndef SHEAF_VALUE_LIST_H_
#define SHEAF_VALUE_LIST_H_

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/types/span.h"

// What the compiler says of another type.
#define SHEAF_NOT_A_STRING                                                                    \
  "give a std::string_view, a std::string, a const char*, a rocksdb::Slice or the like; for " \
  "integers and structs, sheaf::AsValues (sheaf/typed_list.h)"

namespace sheaf {

namespace internal {

template <typename T, typename = void>
struct HasBytes : std::false_type {};
template <typename T>
struct HasBytes<
    T, std::enable_if_t<
           std::is_convertible<decltype(std::declval<const T&>().data()), const char*>::value &&
           std::is_convertible<decltype(std::declval<const T&>().size()), size_t>::value>>
    : std::true_type {};

// A null pointer converts to std::string_view, and is none.
template <typename T>
constexpr bool kIsString =
    !std::is_null_pointer<T>::value &&
    (std::is_convertible<const T&, std::string_view>::value || HasBytes<T>::value);

// Whether it borrows its bytes, so that they stay when it goes.
template <typename T>
constexpr bool kIsView = std::is_pointer<T>::value ||
                         (std::is_trivially_destructible<T>::value &&
                          std::is_constructible<T, const char*, size_t>::value);

template <typename T, typename = void>
struct IsForward : std::false_type {};
template <typename T>
struct IsForward<T, std::void_t<typename std::iterator_traits<T>::iterator_category>>
    : std::is_base_of<std::forward_iterator_tag,
                      typename std::iterator_traits<T>::iterator_category> {};

template <typename T, typename = void>
struct IsRange : std::false_type {};
template <typename T>
struct IsRange<T, std::void_t<decltype(std::begin(std::declval<T&>())),
                              decltype(std::end(std::declval<T&>()))>> : std::true_type {};

// What a function of one string deletes an overload for: C++20 makes one std::string_view of two
// literals in braces.
struct TwoLiterals {
  template <size_t n, size_t m>
  TwoLiterals(const char (&)[n], const char (&)[m]);
};

template <typename T>
std::string_view ViewOf(const T& string) {
  if constexpr (std::is_convertible<const T&, std::string_view>::value) {
    return string;
  } else {
    return std::string_view(string.data(), string.size());
  }
}

}  // namespace internal

class ValueList {
 public:
  // One value of a list in braces. Not std::string_view, which C++20 makes of two pointers:
  // `{{"aa", "bb"}}` would be one value.
  class Value {
   public:
    // Borrows the bytes of a string.
    template <typename String, typename = std::enable_if_t<internal::kIsString<String> ||
                                                           std::is_arithmetic<String>::value>>
    Value(const String& value) {  // NOLINT(google-explicit-constructor)
      static_assert(internal::kIsString<String>, "a value is a string: " SHEAF_NOT_A_STRING);
      if constexpr (internal::kIsString<String>) view_ = internal::ViewOf(value);
    }
    // The same for `size` bytes at `data`.
    Value(const char* data, size_t size) : view_(data, size) {}

   private:
    friend class ValueList;
    std::string_view view_;
  };

  // No values.
  ValueList() = default;
  // The values in braces.
  // NOLINTNEXTLINE(google-explicit-constructor)
  ValueList(std::initializer_list<Value> values) {
    std::string_view* const views = Room(values.size());
    for (const Value& value : values) views[size_++] = value.view_;
  }
  // The views of a span, which is not copied.
  // NOLINTNEXTLINE(google-explicit-constructor)
  ValueList(absl::Span<const std::string_view> values)
      : views_(values.data()), size_(values.size()) {}
  // The same of an array.
  ValueList(const std::string_view* values, size_t count) : views_(values), size_(count) {}
  // Of a string, or of a range of strings.
  template <
      typename T, typename Plain = std::remove_cv_t<std::remove_reference_t<T>>,
      typename = std::enable_if_t<!std::is_same<Plain, ValueList>::value &&
                                  (internal::kIsString<Plain> || internal::IsRange<Plain>::value ||
                                   std::is_arithmetic<Plain>::value)>>
  ValueList(T&& values) {  // NOLINT(google-explicit-constructor)
    static_assert(!std::is_arithmetic<Plain>::value, "a value is a string: " SHEAF_NOT_A_STRING);
    if constexpr (internal::kIsString<Plain>) {
      Room(1)[0] = internal::ViewOf(values);
      size_ = 1;
    } else if constexpr (std::is_convertible<Plain&, absl::Span<const std::string_view>>::value) {
      const absl::Span<const std::string_view> views = values;
      views_ = views.data();
      size_ = views.size();
    } else if constexpr (internal::IsRange<Plain>::value) {
      Collect(values);
    }
  }

  ValueList(const ValueList&) = delete;
  ValueList& operator=(const ValueList&) = delete;

  // The values, their number, and whether there are none.
  absl::Span<const std::string_view> views() const { return {views_, size_}; }
  size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

 private:
  static constexpr size_t kFew = 8;

  // Where `count` views go.
  std::string_view* Room(size_t count) {
    if (count > kFew) many_.resize(count);
    std::string_view* const room = count > kFew ? many_.data() : few_;
    views_ = room;
    return room;
  }

  template <typename Range>
  void Collect(Range& range) {
    using std::begin;
    using std::end;
    using Iterator = decltype(begin(range));
    using Element = decltype(*begin(range));
    using String = std::remove_cv_t<std::remove_reference_t<Element>>;
    static_assert(internal::kIsString<String>,
                  "the elements of this range are not strings: " SHEAF_NOT_A_STRING);
    static_assert(std::is_reference<Element>::value || internal::kIsView<String>,
                  "this range makes each string anew, and they would be gone before they are "
                  "read: copy them into a std::vector<std::string> first");
    if constexpr (!internal::kIsString<String>) {
      return;
    } else if constexpr (internal::IsForward<Iterator>::value &&
                         std::is_same<Iterator, decltype(end(range))>::value) {
      std::string_view* const views =
          Room(static_cast<size_t>(std::distance(begin(range), end(range))));
      for (auto&& value : range) views[size_++] = internal::ViewOf(value);
    } else {
      for (auto&& value : range) many_.push_back(internal::ViewOf(value));
      views_ = many_.data();
      size_ = many_.size();
    }
  }

  const std::string_view* views_ = nullptr;
  size_t size_ = 0;
  std::string_view few_[kFew];
  std::vector<std::string_view> many_;
};

}  // namespace sheaf

#undef SHEAF_NOT_A_STRING

#endif  // SHEAF_VALUE_LIST_H_
