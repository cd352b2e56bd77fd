// RowSink: takes the rows of a chunk, in its order.
//
// A parser does not know what becomes of its rows: a RowTable keeps them in memory, ChunkLists
// encodes them, a test counts them.
//
// Thread safety: none.

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

  // Takes a row: `values` are appended to the list of `key`. A key whose rows have no values at all
  // has an empty list. Both are borrowed for the call. An error ends parsing.
  // REQUIRES: `key` is not empty.
  virtual absl::Status Add(std::string_view key, absl::Span<const std::string_view> values) = 0;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_ROW_SINK_H_
