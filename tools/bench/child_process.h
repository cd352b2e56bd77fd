// RunChild: runs a program and says what the operating system says that it took.
//
// Thread safety: one call at a time.
//
//   absl::StatusOr<ChildUsage> usage = RunChild({"sort", "-o", out, in}, "/dev/null", log);

#ifndef SHEAF_TOOLS_BENCH_CHILD_PROCESS_H_
#define SHEAF_TOOLS_BENCH_CHILD_PROCESS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sheaf {
namespace bench {

struct ChildUsage {
  double wall_seconds = 0;
  double cpu_seconds = 0;  // of all threads, in the kernel too
  // Resident memory at its highest. Not less than what this process had when it started the child:
  // Linux counts what was there before exec. Keep it small.
  uint64_t peak_bytes = 0;
};

// Runs `arguments`, of which the first is looked for in PATH, in locale C, with stdin from the file
// `input`; both stdout and stderr go to the file `log`, which is replaced. Returns when it has
// ended. Errors: Cancelled after SIGINT or SIGTERM; Internal, with the end of `log`, unless its
// exit status is 0.
absl::StatusOr<ChildUsage> RunChild(const std::vector<std::string>& arguments,
                                    const std::string& input, const std::string& log);

// From now on SIGINT and SIGTERM end the child that runs, and no other is started: so that who
// uses RunChild() comes to its end and removes its files.
void EndChildrenAtSignals();

// True after one of those signals.
bool Interrupted();

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_CHILD_PROCESS_H_
