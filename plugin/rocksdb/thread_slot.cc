#include "plugin/rocksdb/thread_slot.h"

#include <atomic>
#include <cstdint>

namespace sheaf {
namespace internal {
namespace {

// A bit for each number that a thread has.
std::atomic<uint64_t> taken{0};
std::atomic<size_t> ever_taken{0};

void RaiseEverTaken(size_t to) {
  size_t before = ever_taken.load(std::memory_order_relaxed);
  while (before < to && !ever_taken.compare_exchange_weak(before, to, std::memory_order_relaxed)) {
  }
}

}  // namespace

SHEAF_THREAD_LOCAL size_t ThreadSlot::mine_ = ThreadSlot::kUnknown;

struct ThreadSlot::Returner {
  ~Returner() {
    const size_t slot = mine_;
    mine_ = kNone;
    // Release: whoever takes the number goes on where this thread's stores ended.
    if (slot < kOwned) taken.fetch_and(~(uint64_t{1} << slot), std::memory_order_release);
  }
};

size_t ThreadSlot::Claim() {
  static thread_local Returner returner;
  (void)&returner;  // constructed by being named
  uint64_t seen = taken.load(std::memory_order_relaxed);
  for (size_t slot = 0; slot < kOwned;) {
    const uint64_t bit = uint64_t{1} << slot;
    if ((seen & bit) != 0) {
      ++slot;
    } else if (taken.compare_exchange_weak(seen, seen | bit, std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
      RaiseEverTaken(slot + 1);
      mine_ = slot;
      return slot;
    }
  }
  mine_ = kNone;
  return kNone;
}

size_t ThreadSlot::Taken() {
  const uint64_t bits = taken.load(std::memory_order_relaxed);
  return bits == 0 ? 1 : static_cast<size_t>(__builtin_popcountll(bits));
}

size_t ThreadSlot::EverTaken() { return ever_taken.load(std::memory_order_relaxed); }

}  // namespace internal
}  // namespace sheaf
