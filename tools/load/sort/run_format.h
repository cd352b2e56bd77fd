// The bytes of a run that its writer and its reader share; tools/load/sort/run_file.h describes
// them.

#ifndef SHEAF_TOOLS_LOAD_SORT_RUN_FORMAT_H_
#define SHEAF_TOOLS_LOAD_SORT_RUN_FORMAT_H_

#include <cstddef>
#include <cstdint>

namespace sheaf {
namespace load {

constexpr char kRunMagic[8] = {'S', 'H', 'E', 'A', 'F', 'R', 'U', 'N'};
constexpr uint32_t kRunVersion = 1;
constexpr uint64_t kRunHeaderBytes = 12;
constexpr uint64_t kRunTrailerBytes = 16;

struct RunBlockHeader {
  uint32_t bytes;
  uint32_t rows_bytes;  // when they are compressed
  uint64_t checksum;
};
static_assert(sizeof(RunBlockHeader) == 16);

// Large enough for one disk access, small enough for hundreds of runs in memory.
constexpr size_t kRunBlockBytes = size_t{1} << 18;
// Blocks with a row beyond this stay as they are, as they would need as much memory once more.
constexpr size_t kMaxCompressed = 2 * kRunBlockBytes;

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_RUN_FORMAT_H_
