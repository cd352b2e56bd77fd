// RunWorkers: runs the same work on several threads while the calling thread watches them.
//
// Thread safety: `work` runs on all threads at once; `tick` on the calling one.

#ifndef SHEAF_TOOLS_COMMON_WORKER_THREADS_H_
#define SHEAF_TOOLS_COMMON_WORKER_THREADS_H_

#include <cstddef>
#include <functional>

#include "absl/status/status.h"

namespace sheaf {
namespace load {

// Calls `f` and returns its status. Turns exceptions into errors, because an exception that leaves
// a thread ends the process: ResourceExhausted if memory ran out, Internal for any other.
absl::Status WithoutExceptions(const std::function<absl::Status()>& f);

// True if `status` says that memory ran out, here or in the system. Another attempt may succeed.
bool IsOutOfMemory(const absl::Status& status);

// Calls `work(i)` for i in [0, count), each on a thread of its own, and `tick` several times a
// second meanwhile. If the system gives fewer threads, the calling thread does the rest, one i
// after the other. So no `work` may wait for another one to begin. Returns when all are done.
// Returns the first error by index, and Cancelled only if there is no other error. Handles
// exceptions as WithoutExceptions() does.
absl::Status RunWorkers(size_t count, const std::function<absl::Status(size_t i)>& work,
                        const std::function<void()>& tick);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_WORKER_THREADS_H_
