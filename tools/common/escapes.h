// Escapes of a tsv file: how any byte is written in a line of text.
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

// Appends `bytes` to `*out` as text without TAB and LF. TAB, LF and backslash are written as above;
// other control bytes, and all bytes from 0x80 on if `bytes` is not UTF-8, as \xHH. So the text is
// UTF-8 whatever the bytes are, and UTF-8 stays readable.
void AppendEscaped(std::string_view bytes, std::string* out);

// The same, given to `write` piece by piece: escaped bytes take up to four times as much memory.
void EscapeInPieces(std::string_view bytes, const std::function<void(std::string_view)>& write);

// Replaces `*out` with what `text` stands for. On a bad escape returns false, and `*bad` is that
// escape as it was found, like "\q".
bool Unescape(std::string_view text, std::string* out, std::string* bad);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_ESCAPES_H_
