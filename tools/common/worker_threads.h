// RunWorkers: does the same work on several threads, and waits for them.
//
// Thread safety: `work` runs on all threads at once, `tick` on the calling one.
//
//   absl::Status status = RunWorkers(
//       threads, [&](size_t i) { return Sort(&pieces[i]); }, [&] { progress.At(done); });

#ifndef SHEAF_TOOLS_COMMON_WORKER_THREADS_H_
#define SHEAF_TOOLS_COMMON_WORKER_THREADS_H_

#include <cstddef>
#include <functional>

#include "absl/status/status.h"

namespace sheaf {
namespace load {

// Calls `f`. An exception, which would end the process if it left a thread, becomes an error:
// ResourceExhausted if memory ran out, else Internal.
absl::Status WithoutExceptions(const std::function<absl::Status()>& f);

// True if `status` says that the system gave no memory, as an error of WithoutExceptions() may. The
// next time it may give some.
bool IsOutOfMemory(const absl::Status& status);

// Calls `work(i)` for i in [0, count), each on a thread of its own, and `tick` some times a second
// meanwhile. If the system gives fewer threads, this one does the rest, one i after the other: no
// work may wait for another one to begin.
// Returns when all are done. Returns the first error by index; Cancelled only if there is no other.
// Exceptions become errors as in WithoutExceptions().
absl::Status RunWorkers(size_t count, const std::function<absl::Status(size_t i)>& work,
                        const std::function<void()>& tick);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_WORKER_THREADS_H_
