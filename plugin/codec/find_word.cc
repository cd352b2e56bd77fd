#include "plugin/codec/find_word.h"

#include "plugin/codec/little_endian.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace sheaf {
namespace internal {
namespace {

// Words are looked at in steps of so many, which do not depend on each other.
constexpr size_t kStep = 32;

#if defined(__x86_64__)
// How many whole steps have no `word`, of words that touch (stride 8) or overlap by half (4).
template <size_t stride>
__attribute__((target("avx2"))) size_t SkipAvx2(const char* bytes, size_t count, uint64_t mask,
                                                uint64_t word) {
  static_assert(stride == 8 || stride == 4, "a lane is a word, or its lower half");
  if (stride == 4) {
    mask |= mask << 32;
    word |= word << 32;
  }
  const __m256i masks = _mm256_set1_epi64x(static_cast<int64_t>(mask));
  const __m256i words = _mm256_set1_epi64x(static_cast<int64_t>(word));
  size_t i = 0;
  for (; i + kStep <= count; i += kStep) {
    __m256i found = _mm256_setzero_si256();
    for (size_t at = 0; at < kStep * stride; at += sizeof(__m256i)) {
      const auto* const from = reinterpret_cast<const __m256i*>(bytes + i * stride + at);
      const __m256i value = _mm256_and_si256(_mm256_loadu_si256(from), masks);
      found = _mm256_or_si256(
          found, stride == 8 ? _mm256_cmpeq_epi64(value, words) : _mm256_cmpeq_epi32(value, words));
    }
    if (!_mm256_testz_si256(found, found)) break;
  }
  return i;
}
#endif

}  // namespace

size_t FindWord(const char* bytes, size_t stride, size_t count, uint64_t mask, uint64_t word) {
  if (count == 0 || (Load<uint64_t>(bytes) & mask) == word) return 0;  // often, of many matches
  size_t i = 0;
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) {
    if (stride == 8) i = SkipAvx2<8>(bytes, count, mask, word);
    // The upper half of such a word is the next one's.
    if (stride == 4 && mask >> 32 == 0) i = SkipAvx2<4>(bytes, count, mask, word);
  }
#endif
  for (; i + kStep <= count; i += kStep) {
    unsigned found = 0;
    for (size_t k = 0; k < kStep; ++k) {
      found |= (Load<uint64_t>(bytes + (i + k) * stride) & mask) == word ? 1U : 0U;
    }
    if (found != 0) break;
  }
  while (i < count && (Load<uint64_t>(bytes + i * stride) & mask) != word) ++i;
  return i;
}

}  // namespace internal
}  // namespace sheaf
