#include "tools/sheaf/plain_text.h"

#include <algorithm>
#include <cstddef>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace sheaf {
namespace tool {

TextBytes Look(std::string_view bytes, char quote) {
  const char* at = bytes.data();
  size_t left = bytes.size();
  bool special = false;
  bool high = false;
#if defined(__SSE2__)
  if (left >= 16) {
    const __m128i last_control = _mm_set1_epi8(0x1F);
    const __m128i del = _mm_set1_epi8(0x7F);
    const __m128i backslash = _mm_set1_epi8('\\');
    const __m128i quotes = _mm_set1_epi8(quote);
    __m128i specials = _mm_setzero_si128();
    __m128i all = _mm_setzero_si128();
    const auto look = [&](const char* sixteen) {
      const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(sixteen));
      const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(v, last_control), v);
      const __m128i named =
          _mm_or_si128(_mm_cmpeq_epi8(v, quotes), _mm_or_si128(_mm_cmpeq_epi8(v, backslash),  //
                                                               _mm_cmpeq_epi8(v, del)));
      specials = _mm_or_si128(specials, _mm_or_si128(control, named));
      all = _mm_or_si128(all, v);
    };
    const char* const last = at + left - 16;  // the last sixteen may overlap those before
    for (; at < last; at += 16) look(at);
    look(last);
    return {_mm_movemask_epi8(specials) != 0, _mm_movemask_epi8(all) != 0};
  }
#endif
  for (; left != 0; --left, ++at) {
    const auto c = static_cast<unsigned char>(*at);
    special |= c < 0x20 || c == 0x7F || c == '\\' || *at == quote;
    high |= c >= 0x80;
  }
  return {special, high};
}

std::string_view PopCharacters(std::string_view* text, size_t limit) {
  size_t size = std::min(limit, text->size());
  // The byte behind it begins a character.
  while (size < text->size() && (static_cast<unsigned char>((*text)[size]) & 0xC0) == 0x80) --size;
  const std::string_view taken = text->substr(0, size);
  text->remove_prefix(size);
  return taken;
}

}  // namespace tool
}  // namespace sheaf
