// Joined parts: splits a value that another merge operator made. It joined operands of sheaf.append
// with a delimiter, because it did not know them.
//
//   part (delimiter part)*
//   plain value (delimiter part)*
//
// Parts delimit themselves, so the delimiter may occur in them. All but the first are operands. A
// plain value does not delimit itself: it ends at the first delimiter after which there are only
// parts, up to the end.
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
  bool clears = false;  // an operand that contains a clear
};

// What the first part is.
enum class FirstPart { kOperand, kList, kBundle };

// Splits all of `input` into `*parts`, which borrow its bytes. `layout` is that of a first part
// that is a list. Errors: DataLoss, naming the part that does not decode and the reason.
absl::Status SplitJoined(std::string_view input, FirstPart first, Layout layout,
                         std::string_view delimiter, std::vector<JoinedPart>* parts);

// True if a list, an operand or a bundle, of this or a later version, may begin with `byte`.
bool IsTag(char byte);

struct PlainValue {
  std::string_view value;
  std::vector<JoinedPart> parts;  // after it
};

// Splits an `input` that begins with a plain value. The time is linear in the size of `input`,
// whatever its bytes: each offset is tried as a part once, and all tries together read a bounded
// number of bytes for each byte of input. Sets `*bytes_read`, if not null, to that number of bytes.
//
// Errors: DataLoss if a part is found, but what follows it does not decode; names the first such
// place, the part and the reason.
absl::StatusOr<PlainValue> SplitPlain(std::string_view input, std::string_view delimiter,
                                      uint64_t* bytes_read = nullptr);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_JOINED_PARTS_H_
