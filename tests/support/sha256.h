// SHA-256 (FIPS 180-4), short rather than fast: compares large golden data by its digest.

#ifndef SHEAF_TESTS_SUPPORT_SHA256_H_
#define SHEAF_TESTS_SUPPORT_SHA256_H_

#include <string>
#include <string_view>

namespace sheaf {
namespace test {

// The digest of `bytes` as 64 lower-case hex digits.
std::string Sha256Hex(std::string_view bytes);

}  // namespace test
}  // namespace sheaf

#endif  // SHEAF_TESTS_SUPPORT_SHA256_H_
