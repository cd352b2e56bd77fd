// Joined parts: takes apart what a merge operator joined that does not know operands of
// sheaf.append.
//
//   part (delimiter part)*
//
// Parts delimit themselves, so the delimiter may occur in them. All but the first are operands.
//
// Thread safety: free functions.

#ifndef SHEAF_TOOLS_SHEAF_JOINED_PARTS_H_
#define SHEAF_TOOLS_SHEAF_JOINED_PARTS_H_

#include <string_view>
#include <vector>

#include "absl/status/status.h"
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

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_JOINED_PARTS_H_
