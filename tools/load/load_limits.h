// LoadLimits: limits of a load that no user sets. Tests lower them, so that small inputs reach
// them.
//
// Thread safety: as Load().
//
//   LoadOptions options;
//   options.db = "lists.db";
//   LoadLimits limits;
//   limits.max_runs = 2;
//   LoadSummary summary;
//   absl::Status status = LoadWithLimits(options, limits, &summary);

#ifndef SHEAF_TOOLS_LOAD_LOAD_LIMITS_H_
#define SHEAF_TOOLS_LOAD_LOAD_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "tools/load/load_options.h"

namespace sheaf {
namespace load {

struct LoadLimits {
  // Bytes of the values of a list. Default: what RocksDB takes as one value.
  uint64_t max_list_bytes = 0xFFFFFFFF;
  // Runs that are read at once: each is an open file.
  size_t max_runs = 256;
};

// Load() calls this with the default limits. Others are for tests only.
absl::Status LoadWithLimits(const LoadOptions& options, const LoadLimits& limits,
                            LoadSummary* summary);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_LOAD_LIMITS_H_
