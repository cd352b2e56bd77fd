#include "tests/support/sha256.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <cstdio>

namespace sheaf {
namespace test {
namespace {

uint32_t RotateRight(uint32_t x, unsigned n) { return x >> n | x << (32 - n); }

// The standard's constants are the first 32 bits of the fractions of roots of the first primes.
uint32_t FractionBits(long double root) {
  return static_cast<uint32_t>((root - std::floor(root)) * 4294967296.0L);
}

std::array<unsigned, 64> FirstPrimes() {
  std::array<unsigned, 64> primes{};
  size_t found = 0;
  for (unsigned n = 2; found < primes.size(); ++n) {
    bool prime = true;
    for (size_t i = 0; i < found; ++i) prime = prime && n % primes[i] != 0;
    if (prime) primes[found++] = n;
  }
  return primes;
}

}  // namespace

std::string Sha256Hex(std::string_view bytes) {
  const std::array<unsigned, 64> primes = FirstPrimes();
  std::array<uint32_t, 8> hash;
  for (size_t i = 0; i < hash.size(); ++i) hash[i] = FractionBits(std::sqrt(1.0L * primes[i]));
  std::array<uint32_t, 64> k;
  for (size_t i = 0; i < k.size(); ++i) k[i] = FractionBits(std::cbrt(1.0L * primes[i]));

  std::string padded(bytes);
  padded += '\x80';
  while (padded.size() % 64 != 56) padded += '\0';
  for (int shift = 56; shift >= 0; shift -= 8) {
    padded += static_cast<char>(uint64_t{bytes.size()} * 8 >> shift);
  }

  for (size_t at = 0; at < padded.size(); at += 64) {
    uint32_t w[64];
    for (size_t i = 0; i < 16; ++i) {
      w[i] = 0;
      for (size_t b = 0; b < 4; ++b) {
        w[i] = w[i] << 8 | static_cast<uint8_t>(padded[at + 4 * i + b]);
      }
    }
    for (size_t i = 16; i < 64; ++i) {
      const uint32_t s0 = RotateRight(w[i - 15], 7) ^ RotateRight(w[i - 15], 18) ^ w[i - 15] >> 3;
      const uint32_t s1 = RotateRight(w[i - 2], 17) ^ RotateRight(w[i - 2], 19) ^ w[i - 2] >> 10;
      w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    std::array<uint32_t, 8> v = hash;
    for (size_t i = 0; i < 64; ++i) {
      const uint32_t s1 = RotateRight(v[4], 6) ^ RotateRight(v[4], 11) ^ RotateRight(v[4], 25);
      const uint32_t choice = (v[4] & v[5]) ^ (~v[4] & v[6]);
      const uint32_t t1 = v[7] + s1 + choice + k[i] + w[i];
      const uint32_t s0 = RotateRight(v[0], 2) ^ RotateRight(v[0], 13) ^ RotateRight(v[0], 22);
      const uint32_t t2 = s0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
      v = {t1 + t2, v[0], v[1], v[2], v[3] + t1, v[4], v[5], v[6]};
    }
    for (size_t i = 0; i < hash.size(); ++i) hash[i] += v[i];
  }

  std::string hex;
  for (const uint32_t word : hash) {
    char digits[9];
    std::snprintf(digits, sizeof digits, "%08x", word);
    hex += digits;
  }
  return hex;
}

}  // namespace test
}  // namespace sheaf
