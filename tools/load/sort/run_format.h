// What the writer and the reader of a run share. tools/load/sort/run_file.h describes the bytes.

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
  uint32_t bytes;       // behind the header
  uint32_t rows_bytes;  // before compression; 0 if they are not compressed
  uint64_t checksum;
};
static_assert(sizeof(RunBlockHeader) == 16);

// Large enough for one disk access, small enough for hundreds of runs in memory.
constexpr size_t kRunBlockBytes = size_t{1} << 18;
// Larger blocks, which have one long row, are not compressed: that would need their memory twice.
constexpr size_t kMaxCompressed = 2 * kRunBlockBytes;

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_RUN_FORMAT_H_
