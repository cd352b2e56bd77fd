// LaneLimits: the sizes by which LoadSorted() cuts the input into lanes and chunks.
//
// Those of production are the defaults. They are far larger than what a test can load many times,
// so tests call LoadSortedWithin() with smaller ones.

#ifndef SHEAF_TOOLS_LOAD_OUTPUT_LANE_LIMITS_H_
#define SHEAF_TOOLS_LOAD_OUTPUT_LANE_LIMITS_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/statusor.h"
#include "tools/load/input/reject_log.h"
#include "tools/load/output/sorted_load.h"

namespace sheaf {
namespace load {

struct LaneLimits {
  // Input that is smaller is not worth a lane of its own.
  uint64_t min_lane_bytes = uint64_t{16} << 20;
  // ChunkReader::Options::chunk_bytes.
  size_t chunk_bytes = size_t{1} << 19;
};

// LoadSorted() with other limits.
absl::StatusOr<SortedLoad> LoadSortedWithin(const LaneLimits& limits,
                                            const SortedLoadOptions& options, RejectLog* log,
                                            SortedParts* parts);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_OUTPUT_LANE_LIMITS_H_
