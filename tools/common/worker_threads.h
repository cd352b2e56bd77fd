// RunWorkers: the same work on several threads while this one looks after them.
//
// Thread safety: `work` runs on all threads at once; `tick` on the calling one.

#ifndef SHEAF_TOOLS_COMMON_WORKER_THREADS_H_
#define SHEAF_TOOLS_COMMON_WORKER_THREADS_H_

#include <cstddef>
#include <functional>

#include "absl/status/status.h"

namespace sheaf {
namespace load {

// Calls `f`. Also errors: ResourceExhausted if memory ran out in it, Internal for any other
// exception, which would end the process if it left a thread.
absl::Status WithoutExceptions(const std::function<absl::Status()>& f);

// True for the error of WithoutExceptions() that says so, and for others where the system gave no
// memory: it may, the next time.
bool IsOutOfMemory(const absl::Status& status);

// Calls `work(i)` for i in [0, count), each on a thread of its own, and `tick` some times a second
// meanwhile. Where the system gives fewer threads this one does the rest, one i after the other: no
// work may wait for another one to begin.
// Returns when all are done: the error of the lowest i, Cancelled last, as threads end so that
// another one's error ends. Exceptions are errors as of WithoutExceptions().
absl::Status RunWorkers(size_t count, const std::function<absl::Status(size_t i)>& work,
                        const std::function<void()>& tick);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_WORKER_THREADS_H_
