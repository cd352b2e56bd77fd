// Varints (LEB128, as in protobuf and RocksDB) in memory, and texts with a varint of their size
// before them.
//
// Store... write to where there is room; Load... read what such a call has written; Take... read
// any bytes.

#ifndef SHEAF_TOOLS_COMMON_VARINT_H_
#define SHEAF_TOOLS_COMMON_VARINT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sheaf {
namespace load {

constexpr size_t kMaxVarint64 = 10;

inline char* StoreVarint(uint64_t value, char* at) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
  *at++ = static_cast<char>(value);
  return at;
}

inline uint64_t LoadVarint(const char** at) {
  uint64_t value = static_cast<uint8_t>(*(*at)++);
  if (value < 0x80) return value;
  value &= 0x7F;
  for (unsigned shift = 7;; shift += 7) {
    const uint64_t byte = static_cast<uint8_t>(*(*at)++);
    value |= (byte & 0x7F) << shift;
    if (byte < 0x80) return value;
  }
}

inline size_t VarintBytes(uint64_t value) {
  size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

inline char* StoreText(std::string_view text, char* at) {
  at = StoreVarint(text.size(), at);
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

inline std::string_view LoadText(const char** at) {
  const size_t size = LoadVarint(at);
  const std::string_view text(*at, size);
  *at += size;
  return text;
}

// The same of any bytes: false if no whole one is at the front of [*at, end).
inline bool TakeVarint(const char** at, const char* end, uint64_t* value) {
  *value = 0;
  for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
    const uint64_t byte = static_cast<uint8_t>(*(*at)++);
    if (shift == 63 && byte > 1) return false;
    *value |= (byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

inline bool TakeText(const char** at, const char* end, std::string_view* text) {
  uint64_t size;
  if (!TakeVarint(at, end, &size) || size > static_cast<uint64_t>(end - *at)) return false;
  *text = std::string_view(*at, size);
  *at += size;
  return true;
}

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_VARINT_H_
