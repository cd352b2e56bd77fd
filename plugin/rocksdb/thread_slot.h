// ThreadSlot: a small number that a thread has for itself as long as it lives.
//
// With it, a thread writes counters of its own without a read-modify-write. When the thread ends
// the number goes to another, which sees all that was written under it.
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
  // Numbers are below kOwned. A thread gets none, for as long as it lives, if that many others have
  // one when it first asks; and a thread that is ending may have lost its own.
  static constexpr size_t kOwned = 32;
  static constexpr size_t kNone = kOwned;

  static size_t Mine() {
    const size_t slot = mine_;
    return slot != kUnknown ? slot : Claim();
  }

  // Numbers from this on were never anybody's. A number that a thread has just been given may not
  // count yet, on another.
  static size_t EverTaken();
  // How many threads have a number now; at least 1.
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
