// ListSource: lists in key order, one key a step: what sorting gives and an SST takes.
//
// This is the seam between how rows are sorted (in memory, or one day outside of it) and how SSTs
// are written.
//
// Thread safety: none; several sources of one sort may be used by a thread each.

#ifndef SHEAF_TOOLS_LOAD_LIST_SOURCE_H_
#define SHEAF_TOOLS_LOAD_LIST_SOURCE_H_

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"
#include "sheaf/blob_builder.h"

namespace sheaf {
namespace load {

class ListSource {
 public:
  virtual ~ListSource() = default;

  // The next list: its key, valid until the next call, and its values in the order of the input,
  // added to `*values`, which is empty before. False at the end.
  // Errors: ResourceExhausted if the list is larger than memory or a value of RocksDB can be.
  virtual absl::StatusOr<bool> Next(std::string_view* key, BlobBuilder* values) = 0;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_LIST_SOURCE_H_
