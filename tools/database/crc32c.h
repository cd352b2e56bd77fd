// CRC32C: the checksum of RocksDB's write-ahead logs.
//
// Thread safety: free functions.
//
//   if (Crc32cUnmasked(stored) != Crc32c(bytes)) ...

#ifndef SHEAF_TOOLS_DATABASE_CRC32C_H_
#define SHEAF_TOOLS_DATABASE_CRC32C_H_

#include <cstdint>
#include <string_view>

namespace sheaf {
namespace load {

// Castagnoli's polynomial, RFC 3720.
uint32_t Crc32c(std::string_view bytes);

// Undoes RocksDB's masking. RocksDB stores checksums masked, because its logs may hold bytes that
// contain checksums themselves.
constexpr uint32_t Crc32cUnmasked(uint32_t masked) {
  const uint32_t rotated = masked - 0xa282ead8u;
  return (rotated >> 17) | (rotated << 15);
}

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_CRC32C_H_
