// Joined parts: takes apart what a merge operator joined that does not know operands of
// sheaf.append.
//
//   part (delimiter part)*
//   plain value (delimiter part)*
//
// Parts delimit themselves, so the delimiter may occur in them. All but the first are operands. A
// plain value does not: it ends at the first delimiter behind which there are parts to the end.
//
// Thread safety: free functions.

#ifndef SHEAF_TOOLS_SHEAF_JOINED_PARTS_H_
#define SHEAF_TOOLS_SHEAF_JOINED_PARTS_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sheaf/layout.h"

namespace sheaf {
namespace tool {

struct JoinedPart {
  std::string_view bytes;
  bool clears = false;  // an operand that has a clear in it
};

// What the first part is.
enum class FirstPart { kOperand, kList, kBundle };

// Replaces `*parts` with the parts of `input`, all of it; they borrow it. `layout` is that of a
// list. Errors: DataLoss, telling which part does not decode and why.
absl::Status SplitJoined(std::string_view input, FirstPart first, Layout layout,
                         std::string_view delimiter, std::vector<JoinedPart>* parts);

// Whether a list, an operand or a bundle, of this or of a later version, begins with this byte.
bool IsTag(char byte);

struct PlainValue {
  std::string_view value;
  std::vector<JoinedPart> parts;  // behind it
};

// Takes `input` apart that begins with a plain value. Its time is linear in the size of `input`,
// whatever that holds: each place is looked at as a part once, and all places together read a
// bounded number of bytes a byte of input. `*bytes_read`, if given, is how many these were.
//
// Errors: DataLoss where a part is found, but what is behind it does not decode: the first such
// place, which part of it, and why.
absl::StatusOr<PlainValue> SplitPlain(std::string_view input, std::string_view delimiter,
                                      uint64_t* bytes_read = nullptr);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_JOINED_PARTS_H_
