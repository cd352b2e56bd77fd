// Ledger: counts a Store's reads and pins, and keeps its caches alive while there are pins.
//
// A single reference count for all blocks of a Store would be a cache line that each read of each
// thread writes. So there are many shards. Each but the last belongs to one thread at a time:
//
//     Store -- one on each --> shard 0: refs = 1 + its pins + reserved --.
//     Pin -------------------> shard 1: refs = 1 + its pins + reserved --+--> Ledger: live shards
//     Pin -------------------> ...                                     --'            |
//                                                                                     v
//                                                                                 PinPolicy
//
// Only the owner of a shard writes its counters and its reserved references, so it does that
// without an atomic read-modify-write. Any thread may drop a Pin, so that needs one.
//
// The high-water mark is the peak of the sum over all shards. An exact one would need counters that
// all threads share. They would add 19 ns to a read and its drop, which take 17 ns (24 ns with two
// threads). Nor can each read add up all shards. So a thread adds them up only
//   - when the pins that it took and did not drop itself pass a mark, above which the sum may have
//     a new maximum;
//   - each n-th time that it reserves references, where n is the number of threads, because the
//     reads of other threads change the sum too.
// A thread without a shard of its own adds them up at each read.
//
// A shard's count can reach 0 only after the Store has dropped its own reference and the reserved
// ones. The last shard to reach 0 destroys the Ledger. Pins are only taken through a live Store, so
// a count never leaves 0 again.
//
// Thread safety: all of it.

#ifndef SHEAF_PLUGIN_ROCKSDB_LEDGER_H_
#define SHEAF_PLUGIN_ROCKSDB_LEDGER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "plugin/rocksdb/pin_policy.h"
#include "plugin/rocksdb/thread_slot.h"
#include "rocksdb/status.h"
#include "sheaf/store_stats.h"

namespace sheaf {
namespace internal {

class Ledger {
 private:
  struct Shard;

 public:
  // One block's entry: counted until it is destroyed. Movable.
  class Pin {
   public:
    Pin() = default;  // no entry
    Pin(Pin&& other) noexcept
        : shard_(std::exchange(other.shard_, nullptr)), bytes_(other.bytes_) {}
    Pin& operator=(Pin&& other) noexcept {
      std::swap(shard_, other.shard_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Pin();

   private:
    friend class Ledger;
    Pin(Shard* shard, uint64_t bytes) : shard_(shard), bytes_(bytes) {}
    Shard* shard_ = nullptr;
    uint64_t bytes_ = 0;
  };

  // Held by the Store; dropping it is what Store's destructor does.
  struct Release {
    void operator()(Ledger* ledger) const { ledger->Close(); }
  };
  using Ptr = std::unique_ptr<Ledger, Release>;

  static Ptr New(std::shared_ptr<const PinPolicy> pin_policy) {
    return Ptr(new Ledger(std::move(pin_policy)));
  }

  // Counts a list found, whose block is entered until the Pin goes.
  Pin CountFound(uint64_t bytes);
  // Call these two in addition, if its bytes were copied, and if the cache will not keep it.
  void CountCopied(CopyReason reason, uint64_t bytes);
  void CountNotKept();
  void CountNotFound();
  void CountCorrupt();
  void CountFailed();
  // CountNotFound() or CountFailed(), by the status of a read that returned no list.
  void CountMiss(const rocksdb::Status& status) {
    if (status.IsNotFound()) {
      CountNotFound();
    } else {
      CountFailed();
    }
  }
  // Call it in addition, if the merge operator merged the list from so many operands.
  void CountMerged(uint64_t operands);

  StoreStats Snapshot();

 private:
  // One for each thread that has a slot, and one for all others.
  static constexpr size_t kShards = ThreadSlot::kOwned + 1;
  static constexpr size_t kShared = ThreadSlot::kNone;
  static constexpr uint64_t kReservedRefs = 64;  // at a time

  // A number that one thread at a time adds to, or many. Relaxed: for statistics.
  class Counter {
   public:
    // Release: a thread that sees a pin taken also sees the pins that were dropped before it.
    void Add(uint64_t n, bool alone) {
      if (alone) {
        value_.store(get() + n, std::memory_order_release);
      } else {
        value_.fetch_add(n, std::memory_order_release);
      }
    }
    uint64_t get() const { return value_.load(std::memory_order_relaxed); }
    // Before whatever is read afterwards.
    uint64_t GetFirst() const { return value_.load(std::memory_order_acquire); }

   private:
    std::atomic<uint64_t> value_{0};
  };

  // What is pinned at one time.
  struct Level {
    uint64_t blocks = 0;
    uint64_t bytes = 0;
  };

  // Two cache lines apart: prefetchers fetch them in pairs.
  struct alignas(128) Shard {
    // What the owner took and did not drop itself. Below 0 if it drops what others took.
    int64_t blocks() const { return static_cast<int64_t>(found.get() - released.get()); }
    int64_t bytes() const { return static_cast<int64_t>(found_bytes.get() - released_bytes.get()); }

    // Written by any thread.
    std::atomic<uint64_t> refs{1};
    // Written by the owner, or in the last shard by any thread.
    std::atomic<uint64_t> reserved{0};  // of refs: those that no Pin has. 0 in the last shard.
    Counter found;
    Counter found_bytes;
    Counter released;  // pins of any shard that this shard's thread dropped
    Counter released_bytes;
    // Only for the owner: above these, it adds up all shards.
    int64_t blocks_mark = 0;
    int64_t bytes_mark = 0;
    uint64_t reservations = 0;  // since it last added them up

    Ledger* ledger = nullptr;
    Counter not_kept;
    Counter not_found;
    Counter corrupt;
    Counter failed;
    Counter operands_merged;
    Counter copied_reads[kCopyReasons];
    Counter copied_bytes[kCopyReasons];
  };

  explicit Ledger(std::shared_ptr<const PinPolicy> pin_policy);
  ~Ledger() = default;

  // Calls `f(shard, alone)` with the calling thread's shard.
  template <typename F>
  void InMine(F f) {
    const size_t slot = ThreadSlot::Mine();
    f(shards_[slot], slot != kShared);
  }
  static void Unref(Shard* shard, uint64_t n);
  void Close();

  // The cold part of CountFound for a shard with an owner.
  void ReserveRefs(Shard& mine);
  // Adds up all shards, and sets the marks of `mine`.
  void Look(Shard& mine);
  // What is pinned now, or was a moment ago. Never too high.
  Level Pinned() const;
  // Raises the high-water mark to `now`, if that is more, and returns it.
  Level UpdatePeak(Level now);

  const std::shared_ptr<const PinPolicy> pin_policy_;
  std::atomic<uint64_t> peak_blocks_{0};
  std::atomic<uint64_t> peak_bytes_{0};
  std::atomic<uint64_t> peak_operands_{0};
  std::atomic<size_t> live_shards_{kShards};
  Shard shards_[kShards];
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_LEDGER_H_
