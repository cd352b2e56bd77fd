#include "plugin/rocksdb/fork_count.h"

#include <pthread.h>

namespace sheaf {
namespace internal {

std::atomic<uint64_t> ForkCount::now_{1};

uint64_t ForkCount::Watch() {
  // It fails only without memory; then forks are not seen.
  static const int watched =
      pthread_atfork(nullptr, nullptr, [] { now_.fetch_add(1, std::memory_order_relaxed); });
  (void)watched;
  return Now();
}

}  // namespace internal
}  // namespace sheaf
