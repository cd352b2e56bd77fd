// Varints (LEB128, as in protobuf and RocksDB), and texts with a varint of their size before them.
//
// For bytes that only these tools read: rows in memory, runs. The blobs of lists have varints too,
// which must be of minimal length; plugin/codec/varint.h reads those.
//
// Thread safety: free functions.
//
//   std::string bytes;
//   AppendVarint(7, &bytes);
//   AppendText("text", &bytes);
//   const char* at = bytes.data();
//   uint64_t number = LoadVarint(&at);            // 7
//   std::string_view text = LoadText(&at);        // "text"

#ifndef SHEAF_TOOLS_COMMON_VARINT_H_
#define SHEAF_TOOLS_COMMON_VARINT_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sheaf {
namespace load {

constexpr size_t kMaxVarint64 = 10;

inline size_t VarintBytes(uint64_t value) {
  size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

// Store... write to `at` and return the end of what they wrote. REQUIRES: there is room.
inline char* StoreVarint(uint64_t value, char* at) {
  for (; value >= 0x80; value >>= 7) *at++ = static_cast<char>(value | 0x80);
  *at++ = static_cast<char>(value);
  return at;
}

inline char* StoreText(std::string_view text, char* at) {
  at = StoreVarint(text.size(), at);
  std::memcpy(at, text.data(), text.size());
  return at + text.size();
}

inline void AppendVarint(uint64_t value, std::string* out) {
  char bytes[kMaxVarint64];
  out->append(bytes, static_cast<size_t>(StoreVarint(value, bytes) - bytes));
}

inline void AppendText(std::string_view text, std::string* out) {
  AppendVarint(text.size(), out);
  out->append(text);
}

// Load... read what was written by the functions above, and move `*at` behind it.
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

inline std::string_view LoadText(const char** at) {
  const size_t size = LoadVarint(at);
  const std::string_view text(*at, size);
  *at += size;
  return text;
}

// Pop... read any bytes: they return false if there is no whole one at the front of [*at, end).
inline bool PopVarint(const char** at, const char* end, uint64_t* value) {
  *value = 0;
  for (unsigned shift = 0; *at < end && shift < 64; shift += 7) {
    const uint64_t byte = static_cast<uint8_t>(*(*at)++);
    if (shift == 63 && byte > 1) return false;
    *value |= (byte & 0x7F) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

inline bool PopText(const char** at, const char* end, std::string_view* text) {
  uint64_t size;
  if (!PopVarint(at, end, &size) || size > static_cast<uint64_t>(end - *at)) return false;
  *text = std::string_view(*at, size);
  *at += size;
  return true;
}

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_VARINT_H_
