// Lists for tests: of given sizes, with contents that differ from value to value.

#ifndef SHEAF_TESTS_CODEC_LISTS_H_
#define SHEAF_TESTS_CODEC_LISTS_H_

#include <cstddef>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "sheaf/layout.h"
#include "tests/codec/reference_codec.h"

namespace sheaf {
namespace test {

// How much of the heavy tests to do: SHEAF_TEST_SCALE=0.1 is a tenth, for valgrind; above 1 is the
// long form of those that have one.
inline double Scale() {
  const char* const scale = std::getenv("SHEAF_TEST_SCALE");
  return scale == nullptr ? 1 : std::atof(scale);
}

// `size` bytes that depend on `seed` and, every so often, on their place.
inline std::string Bytes(size_t size, size_t seed) {
  std::string bytes(size, static_cast<char>(seed * 31));
  for (size_t i = 0; i < size; i += 61) bytes[i] = static_cast<char>(seed + i / 61 * 7);
  return bytes;
}

inline reference::Values ListOfSizes(const std::vector<size_t>& sizes) {
  reference::Values values;
  values.reserve(sizes.size());
  for (const size_t size : sizes) values.push_back(Bytes(size, values.size()));
  return values;
}

// `count` values of 0 to `largest` bytes.
inline reference::Values RandomList(std::mt19937_64& random, size_t count, size_t largest) {
  std::uniform_int_distribution<size_t> size(0, largest);
  std::vector<size_t> sizes(count);
  for (size_t& s : sizes) s = size(random);
  return ListOfSizes(sizes);
}

// For INSTANTIATE_TEST_SUITE_P over layouts.
struct LayoutTestName {
  template <typename Info>
  std::string operator()(const Info& info) const {
    return LayoutName(info.param);
  }
};

}  // namespace test
}  // namespace sheaf

#endif  // SHEAF_TESTS_CODEC_LISTS_H_
