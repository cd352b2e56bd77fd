// WriteSsts: raw rocksdb::SstFileWriter of lists that are sorted and encoded already: what a loader
// cannot be faster than, with as many threads.
//
//   absl::StatusOr<ChildUsage> usage = WriteSsts(file.bytes(), {folder + "/0.sst"});

#ifndef SHEAF_TOOLS_BENCH_SST_WRITERS_H_
#define SHEAF_TOOLS_BENCH_SST_WRITERS_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/bench/child_process.h"

namespace sheaf {
namespace bench {

// `lists` are those of LoadInput::Lists(). Writes them to as many files as there are `paths`, of
// about equal sizes, a thread each, with RocksDB's default options. Files are finished and synced.
// The peak of memory is not measured. Errors: Internal, naming the file.
absl::StatusOr<ChildUsage> WriteSsts(std::string_view lists, const std::vector<std::string>& paths);

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_SST_WRITERS_H_
