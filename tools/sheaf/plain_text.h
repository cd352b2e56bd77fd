// Plain text: finds out quickly that bytes need no escaping, as most do not.
//
//   const TextBytes found = Look(values.contents(), '"');
//   if (!found.special && !found.high) out.Write(...);       // as they are

#ifndef SHEAF_TOOLS_SHEAF_PLAIN_TEXT_H_
#define SHEAF_TOOLS_SHEAF_PLAIN_TEXT_H_

#include <string_view>

namespace sheaf {
namespace tool {

// What is among some bytes.
struct TextBytes {
  bool special = false;  // control bytes, DEL, backslash, and the quote that was asked for
  bool high = false;     // 0x80 and above: plain if the text is UTF-8
};

// `quote`: a byte that is special beside those; a backslash for none. At the speed of memory.
TextBytes Look(std::string_view bytes, char quote);

// The longest prefix of `*text` of at most `limit` bytes that ends between two characters, taken
// off its front. REQUIRES: *text is UTF-8, limit >= 4.
std::string_view PopCharacters(std::string_view* text, size_t limit);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_PLAIN_TEXT_H_
