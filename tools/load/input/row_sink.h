// RowSink: where rows go, in the order of the input.
//
// Readers know nothing of what becomes of their rows: a RowTable keeps them in memory, a test
// counts them.

#ifndef SHEAF_TOOLS_LOAD_INPUT_ROW_SINK_H_
#define SHEAF_TOOLS_LOAD_INPUT_ROW_SINK_H_

#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace sheaf {
namespace load {

class RowSink {
 public:
  virtual ~RowSink() = default;

  // Takes a row: `values` are appended to what `key` has. No value at all makes an empty list of a
  // key that has none. Both are borrowed for the call. An error ends reading.
  // REQUIRES: `key` is not empty.
  virtual absl::Status Add(std::string_view key, absl::Span<const std::string_view> values) = 0;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_ROW_SINK_H_
