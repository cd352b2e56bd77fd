// ContentKind: what the first bytes of an input say about it: a byte order mark, a kind of file
// that is no rows, or another format of rows than it is read as.
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

// Bytes of the UTF-8 byte order mark at the front of text, to be passed over; 0 if there is none.
// Frames have any bytes, so these are theirs.
size_t ByteOrderMark(std::string_view front, RowFormat format);

// What a file is that holds no rows, and how to get at them: "is a bzip2 archive; ..."; empty if
// it may be rows. `tail`: the last kTailBytes, empty if they are not known.
std::string ForeignContent(std::string_view front, std::string_view tail, RowFormat format);

// Whether a file of rows as text may begin with `key` as it is. If not, one byte of it must be
// escaped, or the file would be taken for another kind or lose a byte order mark.
bool MayBeginRows(std::string_view key);

// Why the first row is none: "it looks like JSON; use --format jsonl"; empty if that is not clear.
// `front`: of the input.
std::string FormatHint(std::string_view front, RowFormat format);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_CONTENT_KIND_H_
