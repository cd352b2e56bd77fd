// ForkCount: tells a process from the one that it was forked from, at the price of one load.
//
// A child of fork() has the memory of its parent, but none of its threads. A DB there waits for
// ever for locks that those threads held and for work that they do, and both processes would write
// to the same files. getpid() would tell the two apart, but is a system call.
//
// Thread safety: all of it. Does not see clone() and vfork(), which run no handlers.
//
//   const uint64_t opened_in = ForkCount::Watch();
//   ...
//   if (opened_in != ForkCount::Now()) return NotSupported();    // in a child

#ifndef SHEAF_PLUGIN_ROCKSDB_FORK_COUNT_H_
#define SHEAF_PLUGIN_ROCKSDB_FORK_COUNT_H_

#include <atomic>
#include <cstdint>

namespace sheaf {
namespace internal {

class ForkCount {
 public:
  // Counts forks from the first call on. Returns Now().
  static uint64_t Watch();
  // Never 0. One more in a child than in its parent.
  static uint64_t Now() { return now_.load(std::memory_order_relaxed); }

 private:
  static std::atomic<uint64_t> now_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_FORK_COUNT_H_
