// Integers in the form that they have on disk: little-endian, at any alignment.

#ifndef SHEAF_PLUGIN_CODEC_LITTLE_ENDIAN_H_
#define SHEAF_PLUGIN_CODEC_LITTLE_ENDIAN_H_

#include <cstdint>
#include <cstring>
#include <string>

namespace sheaf {
namespace internal {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "Sheaf copies integers between memory and disk as they are");

// The integer at `at`.
template <typename T>
T Load(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Appends the bytes of `value`.
template <typename T>
void AppendTo(std::string* out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out->append(bytes, sizeof value);
}

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_LITTLE_ENDIAN_H_
