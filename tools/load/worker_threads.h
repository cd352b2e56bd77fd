// RunWorkers: the same work on several threads while this one looks after them.
//
// Thread safety: `work` runs on all threads at once; `tick` on the calling one.

#ifndef SHEAF_TOOLS_LOAD_WORKER_THREADS_H_
#define SHEAF_TOOLS_LOAD_WORKER_THREADS_H_

#include <cstddef>
#include <functional>

#include "absl/status/status.h"

namespace sheaf {
namespace load {

// Calls `work(i)` for i in [0, count), each on a thread of its own, and `tick` some times a second
// meanwhile. Returns when all are done: the error of the lowest i, Cancelled last, as threads end
// so that another one's error ends.
absl::Status RunWorkers(size_t count, const std::function<absl::Status(size_t i)>& work,
                        const std::function<void()>& tick);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_WORKER_THREADS_H_
