// Varints: unsigned LEB128 in its shortest form (docs/format.md, "compact").

#ifndef SHEAF_PLUGIN_CODEC_VARINT_H_
#define SHEAF_PLUGIN_CODEC_VARINT_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sheaf {
namespace internal {

inline void AppendVarint(std::string* out, uint64_t value) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

// Number of bytes that AppendVarint appends.
inline uint64_t VarintBytes(uint64_t value) {
  uint64_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

enum class VarintFault { kNone, kCutOff, kNotShortest, kTooLarge };

// Reads the varint at `*at`, and advances `*at` past the bytes that were read. Sets `*value` for
// kNone and for kNotShortest; for the latter it is the number in its longer form.
inline VarintFault ReadVarint(std::string_view input, size_t* at, uint64_t* value) {
  uint64_t sum = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (*at == input.size()) return VarintFault::kCutOff;
    const auto byte = static_cast<uint8_t>(input[(*at)++]);
    if (shift == 63 && byte > 1) break;
    sum |= static_cast<uint64_t>(byte & 0x7F) << shift;
    if (byte < 0x80) {
      *value = sum;
      return byte == 0 && shift > 0 ? VarintFault::kNotShortest : VarintFault::kNone;
    }
  }
  return VarintFault::kTooLarge;
}

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_VARINT_H_
