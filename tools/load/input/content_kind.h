// What the first bytes of an input say about it: a byte order mark, a kind of file that holds no
// rows, or another format of rows than the one it is read as.
//
// Thread safety: pure functions.
//
//   if (std::string fault = ForeignContent(front, tail, format); !fault.empty()) return ...;
//   rows.remove_prefix(ByteOrderMark(front, format));

#ifndef SHEAF_TOOLS_LOAD_INPUT_CONTENT_KIND_H_
#define SHEAF_TOOLS_LOAD_INPUT_CONTENT_KIND_H_

#include <cstddef>
#include <string>
#include <string_view>

#include "tools/common/row_format.h"

namespace sheaf {
namespace load {

// How many bytes at the front and at the end of a file are looked at.
constexpr size_t kFrontBytes = 512;
constexpr size_t kTailBytes = 8;

// Bytes of the UTF-8 byte order mark at the front of an input, which is no part of the first row. 0
// if there is none, and for frames, which may begin with any bytes.
size_t ByteOrderMark(std::string_view front, RowFormat format);

// Says what a file is that holds no rows, and what to do: "is a bzip2 archive; ...". Empty if the
// file may hold rows. `tail`: the last kTailBytes; empty if they are not known.
std::string ForeignContent(std::string_view front, std::string_view tail, RowFormat format);

// True if a file of rows as text may begin with `key` as it is. If not, a byte of it must be
// escaped: else the file looks like another kind, or loses a byte order mark.
bool MayBeginRows(std::string_view key);

// Says why the first row cannot be read: "it looks like JSON; use --format jsonl". Empty if that is
// not clear. `front`: the front of the input.
std::string FormatHint(std::string_view front, RowFormat format);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_CONTENT_KIND_H_
