// Big-endian integers: fixed-size bytes that sort as the integers do.
//
// RocksDB compares keys as bytes, and std::lower_bound over a BlobView does so too. Of the integers
// of one type, a is less than b exactly if EncodeBigEndian(a) is less than EncodeBigEndian(b). That
// holds for signed types, whose sign bit is stored inverted. So numbers as decimal text ("10" <
// "9") or as little-endian bytes do not sort, and these do.
//
// Thread safety: free functions, which borrow nothing.
//
//   std::string key = "user:" + sheaf::EncodeBigEndian(uint64_t{7});  // 13 bytes
//   absl::StatusOr<uint64_t> id = sheaf::DecodeBigEndian<uint64_t>(key.substr(5));
//   if (!id.ok()) return id.status();  // "a big-endian integer has 5 bytes, expected 8"

#ifndef SHEAF_BIG_ENDIAN_H_
#define SHEAF_BIG_ENDIAN_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace sheaf {
namespace internal {

template <typename Int>
using IfInteger = std::enable_if_t<std::is_integral<Int>::value &&
                                   !std::is_same<Int, bool>::value && sizeof(Int) <= 8>;

// Inverts the sign bit of a signed type: negative numbers then come first.
template <typename Int>
constexpr std::make_unsigned_t<Int> kSignBit =
    std::is_signed<Int>::value ? static_cast<std::make_unsigned_t<Int>>(std::make_unsigned_t<Int>{1}
                                                                        << (8 * sizeof(Int) - 1))
                               : 0;

// InvalidArgument: `found` bytes instead of `expected`.
inline absl::Status BigEndianSizeError(size_t found, size_t expected) {
  return absl::InvalidArgumentError(
      absl::StrCat("a big-endian integer has ", found, " bytes, expected ", expected));
}

}  // namespace internal

// `value` in sizeof(Int) bytes, the most significant first. Mind the type of a literal:
// EncodeBigEndian(7) has 4 bytes, as an int has, and EncodeBigEndian(uint64_t{7}) has 8.
template <typename Int, typename = internal::IfInteger<Int>>
[[nodiscard]] std::string EncodeBigEndian(Int value) {
  auto bits = static_cast<std::make_unsigned_t<Int>>(static_cast<std::make_unsigned_t<Int>>(value) ^
                                                     internal::kSignBit<Int>);
  std::string bytes(sizeof bits, '\0');  // fits a std::string itself: no allocation
  for (size_t i = sizeof bits; i > 0; --i) {
    bytes[i - 1] = static_cast<char>(bits & 0xFF);
    bits = static_cast<std::make_unsigned_t<Int>>(static_cast<unsigned long long>(bits) >> 8);
  }
  return bytes;
}

// The integer that EncodeBigEndian<Int> made `bytes` of.
// Errors: absl::StatusCode::kInvalidArgument if they are not sizeof(Int) bytes.
template <typename Int, typename = internal::IfInteger<Int>>
[[nodiscard]] absl::StatusOr<Int> DecodeBigEndian(std::string_view bytes) {
  if (bytes.size() != sizeof(Int)) {
    return internal::BigEndianSizeError(bytes.size(), sizeof(Int));
  }
  unsigned long long bits = 0;
  for (const char byte : bytes) bits = bits << 8 | static_cast<unsigned char>(byte);
  return static_cast<Int>(static_cast<std::make_unsigned_t<Int>>(bits) ^ internal::kSignBit<Int>);
}

}  // namespace sheaf

#endif  // SHEAF_BIG_ENDIAN_H_
