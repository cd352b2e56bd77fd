// HexByte: a byte as messages show it: "0xB0".
//
// The merge operator makes such messages, and must survive a failed allocation. absl::StrFormat
// does not: it ends the process.

#ifndef SHEAF_PLUGIN_CODEC_HEX_BYTE_H_
#define SHEAF_PLUGIN_CODEC_HEX_BYTE_H_

#include <string>

namespace sheaf {
namespace internal {

// REQUIRES: `byte` fits in 8 bits.
inline std::string HexByte(unsigned byte) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  return {'0', 'x', kDigits[byte >> 4 & 0xF], kDigits[byte & 0xF]};
}

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_HEX_BYTE_H_
