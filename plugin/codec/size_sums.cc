#include "plugin/codec/size_sums.h"

#include "plugin/codec/little_endian.h"
#include "sheaf/layout.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sheaf {
namespace internal {
namespace {

constexpr size_t kGroup = disk::kGroupValues;

template <typename Size>
uint64_t Sum(const char* sizes, size_t count) {
  uint64_t sum = 0;
  for (size_t i = 0; i < count; ++i) sum += Load<Size>(sizes + i * sizeof(Size));
  return sum;
}

// Eight one-byte sizes at a time: pairs into 16-bit lanes, and the product's top lane adds those.
uint64_t SumEightBytes(uint64_t bytes) {
  constexpr uint64_t kEven = 0x00FF00FF00FF00FF;
  return (((bytes & kEven) + ((bytes >> 8) & kEven)) * 0x0001000100010001) >> 48;
}

template <>
uint64_t Sum<uint8_t>(const char* sizes, size_t count) {
  uint64_t sum = 0;
#if defined(__x86_64__)
  if (count >= 16) {
    __m128i sums = _mm_setzero_si128();
    for (; count >= 16; count -= 16, sizes += 16) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(sizes));
      sums = _mm_add_epi64(sums, _mm_sad_epu8(bytes, _mm_setzero_si128()));
    }
    sums = _mm_add_epi64(sums, _mm_unpackhi_epi64(sums, sums));
    sum = static_cast<uint64_t>(_mm_cvtsi128_si64(sums));
  }
#endif
  for (; count >= 8; count -= 8, sizes += 8) sum += SumEightBytes(Load<uint64_t>(sizes));
  for (; count > 0; --count, ++sizes) sum += Load<uint8_t>(sizes);
  return sum;
}

template <typename Size>
bool CheckGroupsOf(const char* sizes, const char* checkpoints, size_t groups, uint64_t* total) {
  uint32_t wrong = 0;
  uint32_t before = 0;
  for (size_t k = 0; k < groups; ++k) {
    const uint64_t sum = Sum<Size>(sizes + k * kGroup * sizeof(Size), kGroup);
    const auto checkpoint = Load<uint32_t>(checkpoints + k * disk::kCheckpointBytes);
    wrong |= (checkpoint - before) ^ static_cast<uint32_t>(sum);
    before = checkpoint;
    *total += sum;
  }
  return wrong == 0;
}

#if defined(__x86_64__)
#define SHEAF_AVX2 __attribute__((target("avx2")))

SHEAF_AVX2 inline __m256i Load256(const char* at) {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(at));
}
SHEAF_AVX2 inline __m128i Load128(const char* at) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
}
SHEAF_AVX2 inline __m128i AddHalves(__m256i v) {
  return _mm_add_epi32(_mm256_castsi256_si128(v), _mm256_extracti128_si256(v, 1));
}

// Sum of a group of 64 one-byte sizes, as four 64-bit partial sums.
SHEAF_AVX2 inline __m256i GroupOfBytes(const char* sizes) {
  const __m256i zero = _mm256_setzero_si256();
  return _mm256_add_epi64(_mm256_sad_epu8(Load256(sizes), zero),
                          _mm256_sad_epu8(Load256(sizes + 32), zero));
}

// Sum of a group of 64 two-byte sizes, as eight 32-bit partial sums.
SHEAF_AVX2 inline __m256i GroupOfShorts(const char* sizes) {
  const __m256i low = _mm256_set1_epi32(0xFFFF);
  __m256i sum = _mm256_setzero_si256();
  for (size_t i = 0; i < 4; ++i) {
    const __m256i v = Load256(sizes + i * 32);
    sum =
        _mm256_add_epi32(sum, _mm256_add_epi32(_mm256_and_si256(v, low), _mm256_srli_epi32(v, 16)));
  }
  return sum;
}

// The sums of four groups that follow each other, as 32-bit lanes in order.
template <typename Size>
SHEAF_AVX2 inline __m128i SumFourGroups(const char* sizes);

template <>
SHEAF_AVX2 inline __m128i SumFourGroups<uint8_t>(const char* sizes) {
  const __m256i s01 =
      _mm256_or_si256(GroupOfBytes(sizes), _mm256_slli_epi64(GroupOfBytes(sizes + kGroup), 32));
  const __m256i s23 = _mm256_or_si256(GroupOfBytes(sizes + 2 * kGroup),
                                      _mm256_slli_epi64(GroupOfBytes(sizes + 3 * kGroup), 32));
  return AddHalves(
      _mm256_add_epi32(_mm256_unpacklo_epi64(s01, s23), _mm256_unpackhi_epi64(s01, s23)));
}

template <>
SHEAF_AVX2 inline __m128i SumFourGroups<uint16_t>(const char* sizes) {
  constexpr size_t kBytes = kGroup * sizeof(uint16_t);
  return AddHalves(_mm256_hadd_epi32(
      _mm256_hadd_epi32(GroupOfShorts(sizes), GroupOfShorts(sizes + kBytes)),
      _mm256_hadd_epi32(GroupOfShorts(sizes + 2 * kBytes), GroupOfShorts(sizes + 3 * kBytes))));
}

template <typename Size>
SHEAF_AVX2 bool CheckGroupsAvx2(const char* sizes, const char* checkpoints, size_t groups,
                                uint64_t* total) {
  // The first group has no checkpoint before it to load; the rest goes by fours.
  if (!CheckGroupsOf<Size>(sizes, checkpoints, groups == 0 ? 0 : 1, total)) return false;
  __m128i wrong = _mm_setzero_si128();
  __m256i sum = _mm256_setzero_si256();
  size_t k = 1;
  for (; k + 4 <= groups; k += 4) {
    const __m128i four = SumFourGroups<Size>(sizes + k * kGroup * sizeof(Size));
    const char* const at = checkpoints + k * disk::kCheckpointBytes;
    const __m128i step = _mm_sub_epi32(Load128(at), Load128(at - disk::kCheckpointBytes));
    wrong = _mm_or_si128(wrong, _mm_xor_si128(step, four));
    sum = _mm256_add_epi64(sum, _mm256_cvtepu32_epi64(four));
  }
  alignas(32) uint64_t lanes[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(lanes), sum);
  *total += lanes[0] + lanes[1] + lanes[2] + lanes[3];
  if (!_mm_testz_si128(wrong, wrong)) return false;
  for (; k < groups; ++k) {
    const uint64_t group = Sum<Size>(sizes + k * kGroup * sizeof(Size), kGroup);
    const char* const at = checkpoints + k * disk::kCheckpointBytes;
    const auto step = Load<uint32_t>(at) - Load<uint32_t>(at - disk::kCheckpointBytes);
    if (step != static_cast<uint32_t>(group)) return false;
    *total += group;
  }
  return true;
}

// The sum of `count` sizes of 8 bytes, and in `*bits` those that are set in any of them.
SHEAF_AVX2 uint64_t SumAndBitsAvx2(const char* sizes, size_t count, uint64_t* bits) {
  // The header of a long list is in the second-level cache, of which the processor by itself
  // fetches too few lines at a time. (A prefetch past the end does nothing.)
  constexpr size_t kPrefetchBytes = 1024;
  // By names: GCC 12 keeps a small array of these in memory, which costs more than the loads.
  __m256i low_sum = _mm256_setzero_si256();
  __m256i high_sum = low_sum;
  __m256i low_bits = low_sum;
  __m256i high_bits = low_sum;
  size_t i = 0;
  for (; i + 8 <= count; i += 8) {  // as much as a line of the cache
    const char* const at = sizes + i * sizeof(uint64_t);
    _mm_prefetch(at + kPrefetchBytes, _MM_HINT_T0);
    const __m256i low = Load256(at);
    const __m256i high = Load256(at + 32);
    low_sum = _mm256_add_epi64(low_sum, low);
    high_sum = _mm256_add_epi64(high_sum, high);
    low_bits = _mm256_or_si256(low_bits, low);
    high_bits = _mm256_or_si256(high_bits, high);
  }
  alignas(32) uint64_t sums[4];
  alignas(32) uint64_t any[4];
  _mm256_store_si256(reinterpret_cast<__m256i*>(sums), _mm256_add_epi64(low_sum, high_sum));
  _mm256_store_si256(reinterpret_cast<__m256i*>(any), _mm256_or_si256(low_bits, high_bits));
  uint64_t sum = sums[0] + sums[1] + sums[2] + sums[3];
  *bits = any[0] | any[1] | any[2] | any[3];
  for (; i < count; ++i) {
    const auto size = Load<uint64_t>(sizes + i * sizeof(uint64_t));
    *bits |= size;
    sum += size;
  }
  return sum;
}
#endif  // __x86_64__

uint64_t SumAndBits(const char* sizes, size_t count, uint64_t* bits) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return SumAndBitsAvx2(sizes, count, bits);
#endif
  uint64_t sum = 0;
  *bits = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto size = Load<uint64_t>(sizes + i * sizeof(uint64_t));
    *bits |= size;
    sum += size;
  }
  return sum;
}

}  // namespace

uint64_t SumSizes(const char* sizes, size_t count, unsigned width) {
  switch (width) {
    case 1:
      return Sum<uint8_t>(sizes, count);
    case 2:
      return Sum<uint16_t>(sizes, count);
    default:
      return Sum<uint32_t>(sizes, count);
  }
}

bool CheckGroupsPortable(const char* sizes, unsigned width, const char* checkpoints, size_t groups,
                         uint64_t* total) {
  switch (width) {
    case 1:
      return CheckGroupsOf<uint8_t>(sizes, checkpoints, groups, total);
    case 2:
      return CheckGroupsOf<uint16_t>(sizes, checkpoints, groups, total);
    default:
      return CheckGroupsOf<uint32_t>(sizes, checkpoints, groups, total);
  }
}

bool CheckGroups(const char* sizes, unsigned width, const char* checkpoints, size_t groups,
                 uint64_t* total) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    if (width == 1) return CheckGroupsAvx2<uint8_t>(sizes, checkpoints, groups, total);
    if (width == 2) return CheckGroupsAvx2<uint16_t>(sizes, checkpoints, groups, total);
  }
#endif
  return CheckGroupsPortable(sizes, width, checkpoints, groups, total);
}

size_t SumFixed64(const char* sizes, size_t count, uint64_t limit, uint64_t* total) {
  // By pieces: within one, the bits of all sizes are collected beside their sum, without a branch
  // a size. A piece of sizes below 2^32 adds less than 2^45.
  constexpr size_t kPiece = 4096;
  uint64_t sum = 0;
  for (size_t done = 0; done < count;) {
    const size_t end = done + (count - done < kPiece ? count - done : kPiece);
    uint64_t bits;
    sum += SumAndBits(sizes + done * sizeof(uint64_t), end - done, &bits);
    if (bits > limit) {  // some size may be too large: look
      for (size_t i = done; i < end; ++i) {
        if (Load<uint64_t>(sizes + i * sizeof(uint64_t)) > limit) return i;
      }
    }
    if (sum >> 63 != 0) break;  // far past any contents, and the next pieces must not wrap it
    done = end;
  }
  *total = sum;
  return count;
}

uint64_t Fixed64Offset(const char* sizes, size_t index) {
  uint64_t bits;
  return SumAndBits(sizes, index, &bits);
}

uint64_t CompactOffset(const char* sizes, unsigned width, const char* checkpoints, size_t index) {
  const size_t group = index / kGroup;
  const uint64_t offset =
      group == 0 ? 0 : Load<uint32_t>(checkpoints + (group - 1) * disk::kCheckpointBytes);
  return offset + SumSizes(sizes + group * kGroup * width, index % kGroup, width);
}

}  // namespace internal
}  // namespace sheaf
