#include "tools/database/crc32c.h"

#include <array>
#include <cstddef>

namespace sheaf {
namespace load {
namespace {

constexpr size_t kSlices = 8;
using Tables = std::array<std::array<uint32_t, 256>, kSlices>;

// tables[k][b]: the checksum of byte b and k zero bytes behind it.
constexpr Tables MakeTables() {
  constexpr uint32_t kReversedPolynomial = 0x82f63b78u;
  Tables tables = {};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kReversedPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (size_t k = 1; k < kSlices; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t crc = tables[k - 1][byte];
      tables[k][byte] = (crc >> 8) ^ tables[0][crc & 0xff];
    }
  }
  return tables;
}

constexpr Tables kTables = MakeTables();

}  // namespace

uint32_t Crc32c(std::string_view bytes) {
  uint32_t crc = 0xffffffffu;
  while (bytes.size() >= kSlices) {
    uint32_t next = 0;
    for (size_t i = 0; i < kSlices; ++i) {
      const uint32_t of_crc = i < 4 ? crc >> (8 * i) : 0;
      next ^= kTables[kSlices - 1 - i][(static_cast<unsigned char>(bytes[i]) ^ of_crc) & 0xff];
    }
    crc = next;
    bytes.remove_prefix(kSlices);
  }
  for (const char byte : bytes) {
    crc = (crc >> 8) ^ kTables[0][(crc ^ static_cast<unsigned char>(byte)) & 0xff];
  }
  return crc ^ 0xffffffffu;
}

}  // namespace load
}  // namespace sheaf
