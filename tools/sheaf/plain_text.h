// Plain text: a quick check for bytes that need no escaping, which most do not.
//
//   const TextBytes found = Look(values.contents(), '"');
//   if (!found.special && !found.high) out.Write(...);       // as they are

#ifndef SHEAF_TOOLS_SHEAF_PLAIN_TEXT_H_
#define SHEAF_TOOLS_SHEAF_PLAIN_TEXT_H_

#include <string_view>

namespace sheaf {
namespace tool {

// The kinds of bytes in a text.
struct TextBytes {
  bool special = false;  // control bytes, DEL, backslash, and the quote that was asked for
  bool high = false;     // 0x80 and above: plain if the text is UTF-8
};

// `quote` is one more special byte; pass a backslash for none. As fast as memory can be read.
TextBytes Look(std::string_view bytes, char quote);

// Removes the longest prefix of `*text` that has at most `limit` bytes and ends between two
// characters, and returns it. REQUIRES: *text is UTF-8, limit >= 4.
std::string_view PopCharacters(std::string_view* text, size_t limit);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_PLAIN_TEXT_H_
