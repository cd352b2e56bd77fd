// Hex: bytes written as a document writes them, "B0 01 03 616263".

#ifndef SHEAF_TESTS_SUPPORT_HEX_H_
#define SHEAF_TESTS_SUPPORT_HEX_H_

#include <string>
#include <string_view>

#include "absl/strings/escaping.h"

namespace sheaf {
namespace test {

// The bytes of `digits`, ignoring spaces. REQUIRES: an even number of hex digits.
inline std::string Hex(std::string_view digits) {
  std::string packed;
  for (const char c : digits) {
    if (c != ' ') packed += c;
  }
  return absl::HexStringToBytes(packed);
}

}  // namespace test
}  // namespace sheaf

#endif  // SHEAF_TESTS_SUPPORT_HEX_H_
