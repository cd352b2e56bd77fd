// AddUp: the sum of all bytes, which is what a benchmark does that touches a value. Near the speed
// of memory, so that what is measured is not the addition.

#ifndef SHEAF_TOOLS_BENCH_ADD_UP_H_
#define SHEAF_TOOLS_BENCH_ADD_UP_H_

#include <cstdint>
#include <string_view>

#if defined(__x86_64__)
#include <emmintrin.h>
#endif

namespace sheaf {
namespace bench {

inline uint64_t AddUp(std::string_view bytes) {
  const char* at = bytes.data();
  const char* const end = at + bytes.size();
  uint64_t sum = 0;
#if defined(__x86_64__)
  __m128i sums = _mm_setzero_si128();
  for (; end - at >= 16; at += 16) {
    const __m128i sixteen = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    sums = _mm_add_epi64(sums, _mm_sad_epu8(sixteen, _mm_setzero_si128()));
  }
  sum = static_cast<uint64_t>(_mm_cvtsi128_si64(sums)) +
        static_cast<uint64_t>(_mm_cvtsi128_si64(_mm_unpackhi_epi64(sums, sums)));
#endif
  for (; at != end; ++at) sum += static_cast<unsigned char>(*at);
  return sum;
}

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_ADD_UP_H_
