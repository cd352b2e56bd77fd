// ThreadSlot: a small number that belongs to one thread as long as that thread lives.
//
// A thread writes the counters of its slot without an atomic read-modify-write. When it ends,
// another thread may get the slot, and then sees everything that was written to these counters.
//
// Thread safety: all of it.

#ifndef SHEAF_PLUGIN_ROCKSDB_THREAD_SLOT_H_
#define SHEAF_PLUGIN_ROCKSDB_THREAD_SLOT_H_

#include <cstddef>

#include "plugin/rocksdb/thread_local.h"

namespace sheaf {
namespace internal {

class ThreadSlot {
 public:
  // Slots are below kOwned. If all are taken when a thread first asks, it never gets one: Mine() is
  // kNone. A thread that is ending may have returned its slot already.
  static constexpr size_t kOwned = 32;
  static constexpr size_t kNone = kOwned;

  static size_t Mine() {
    const size_t slot = mine_;
    return slot != kUnknown ? slot : Claim();
  }

  // All slots from this on were never taken. Another thread may not see yet that one was taken.
  static size_t EverTaken();
  // How many threads have a slot now; at least 1.
  static size_t Taken();

 private:
  static constexpr size_t kUnknown = ~size_t{0};
  struct Returner;

  static size_t Claim();

  static SHEAF_THREAD_LOCAL size_t mine_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_THREAD_SLOT_H_
