// Escapes of a tsv file: they write any byte in a line of text.
//
//   \t TAB   \n LF   \\ backslash   \xHH any byte, two hexadecimal digits
//
// Thread safety: free functions.

#ifndef SHEAF_TOOLS_COMMON_ESCAPES_H_
#define SHEAF_TOOLS_COMMON_ESCAPES_H_

#include <functional>
#include <string>
#include <string_view>

namespace sheaf {
namespace load {

// Appends `bytes` to `*out` as text without TAB and LF. TAB, LF and backslash are written as above.
// Other control bytes are written as \xHH, and so are all bytes from 0x80 on if `bytes` is not
// UTF-8. So the text is always UTF-8, and UTF-8 stays readable.
void AppendEscaped(std::string_view bytes, std::string* out);

// The same, but gives the text to `write` piece by piece: as a whole it would take up to four times
// the memory of `bytes`.
void EscapeInPieces(std::string_view bytes, const std::function<void(std::string_view)>& write);

// Replaces `*out` with the bytes that `text` stands for. Returns false for a bad escape, and sets
// `*bad` to it, like "\q".
bool Unescape(std::string_view text, std::string* out, std::string* bad);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_ESCAPES_H_
