// Ledger: counts a Store's reads and pins, and keeps its caches as long as there is a pin.
//
// One reference count for all blocks of a Store would be one cache line that every read of every
// thread writes. So there are several, each with the counters of the threads that share it:
//
//     Store -- one on each --> shard 0: refs = 1 + its pins --.
//     Pin -------------------> shard 1: refs = 1 + its pins --+--> Ledger: live shards --> Caches
//     Pin -------------------> ...                          --'
//
// A shard can only reach 0 after the Store let go of its own reference; the last shard to do so
// destroys the Ledger. Pins are taken through a live Store only, so a shard at 0 never comes back.
//
// Thread safety: all of it.

#ifndef SHEAF_PLUGIN_ROCKSDB_LEDGER_H_
#define SHEAF_PLUGIN_ROCKSDB_LEDGER_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "plugin/rocksdb/caches.h"
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

  static Ptr New(std::shared_ptr<const Caches> caches) {
    return Ptr(new Ledger(std::move(caches)));
  }

  // Counts a list found, whose block is entered until the Pin goes.
  Pin CountFound(uint64_t bytes);
  // In addition, if its bytes were copied.
  void CountCopied(CopyReason reason, uint64_t bytes);
  void CountNotFound();
  void CountCorrupt();

  StoreStats Snapshot() const;

 private:
  static constexpr size_t kShards = 16;

  // Two cache lines: prefetchers fetch them in pairs.
  struct alignas(128) Shard {
    std::atomic<uint64_t> refs{1};
    std::atomic<uint64_t> bytes_pinned{0};
    std::atomic<uint64_t> found{0};
    std::atomic<uint64_t> not_found{0};
    std::atomic<uint64_t> corrupt{0};
    std::atomic<uint64_t> copied_reads[kCopyReasons] = {};
    std::atomic<uint64_t> copied_bytes[kCopyReasons] = {};
    Ledger* ledger = nullptr;
  };

  explicit Ledger(std::shared_ptr<const Caches> caches);
  ~Ledger() = default;

  Shard& Mine();
  static void Unref(Shard* shard);
  void Close();

  const std::shared_ptr<const Caches> caches_;
  std::atomic<size_t> live_shards_{kShards};
  Shard shards_[kShards];
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_LEDGER_H_
