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

// Appends `bytes` to `*out` as text without TAB and LF. Writes TAB, LF and backslash as above, and
// other control bytes as \xHH. If `bytes` is not UTF-8, writes all bytes from 0x80 on as \xHH too.
// So the text is always UTF-8, and UTF-8 stays readable.
void AppendEscaped(std::string_view bytes, std::string* out);

// The same, but calls `write` with one piece after the other. Use it for long values: escaped, they
// need up to four times as much memory.
void EscapeInPieces(std::string_view bytes, const std::function<void(std::string_view)>& write);

// Replaces `*out` with what `text` stands for. Returns false on a bad escape, and sets `*bad` to it
// as it was found, like "\q".
bool Unescape(std::string_view text, std::string* out, std::string* bad);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_ESCAPES_H_
