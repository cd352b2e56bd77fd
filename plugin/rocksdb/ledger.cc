#include "plugin/rocksdb/ledger.h"

namespace sheaf {
namespace internal {

Ledger::Ledger(std::shared_ptr<const Caches> caches) : caches_(std::move(caches)) {
  for (Shard& shard : shards_) shard.ledger = this;
}

void Ledger::Unref(Shard* shard, uint64_t n) {
  if (shard->refs.fetch_sub(n, std::memory_order_acq_rel) != n) return;
  Ledger* const ledger = shard->ledger;
  if (ledger->live_shards_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete ledger;
}

void Ledger::Close() {
  // Reads are over, so nobody takes from `spare` any more. Only the last Unref may destroy this.
  for (Shard& shard : shards_) Unref(&shard, 1 + shard.spare.load(std::memory_order_relaxed));
}

Ledger::Pin Ledger::CountFound(uint64_t bytes) {
  Shard* mine = nullptr;
  InMine([&](Shard& shard, bool alone) {
    mine = &shard;
    if (!alone) {
      shard.refs.fetch_add(1, std::memory_order_relaxed);
    } else {
      uint64_t spare = shard.spare.load(std::memory_order_relaxed);
      if (spare == 0) {
        shard.refs.fetch_add(kStock, std::memory_order_relaxed);
        spare = kStock;
      }
      shard.spare.store(spare - 1, std::memory_order_relaxed);
    }
    shard.found.Add(1, alone);
    shard.found_bytes.Add(bytes, alone);
  });
  return Pin(mine, bytes);
}

Ledger::Pin::~Pin() {
  if (shard_ == nullptr) return;
  shard_->ledger->InMine([this](Shard& shard, bool alone) {
    shard.released.Add(1, alone);
    shard.released_bytes.Add(bytes_, alone);
  });
  Unref(shard_, 1);
}

void Ledger::CountCopied(CopyReason reason, uint64_t bytes) {
  InMine([=](Shard& shard, bool alone) {
    shard.copied_reads[static_cast<size_t>(reason)].Add(1, alone);
    shard.copied_bytes[static_cast<size_t>(reason)].Add(bytes, alone);
  });
}

void Ledger::CountNotFound() {
  InMine([](Shard& shard, bool alone) { shard.not_found.Add(1, alone); });
}
void Ledger::CountCorrupt() {
  InMine([](Shard& shard, bool alone) { shard.corrupt.Add(1, alone); });
}

void Ledger::CountFailed() {
  InMine([](Shard& shard, bool alone) { shard.failed.Add(1, alone); });
}

StoreStats Ledger::Snapshot() const {
  StoreStats stats;
  uint64_t copied = 0;
  uint64_t released = 0;
  uint64_t released_bytes = 0;
  // Last things first, so that no difference below is of something that had not begun: a read is
  // counted as found before it is counted as copied, and before its block is released.
  for (const Shard& shard : shards_) {
    for (size_t reason = 0; reason < kCopyReasons; ++reason) {
      const uint64_t reads = shard.copied_reads[reason].get();
      stats.copied_reads[reason] += reads;
      stats.copied_bytes[reason] += shard.copied_bytes[reason].get();
      copied += reads;
    }
    released += shard.released.get();
    released_bytes += shard.released_bytes.get();
  }
  uint64_t found = 0;
  uint64_t found_bytes = 0;
  for (const Shard& shard : shards_) {
    found += shard.found.get();
    found_bytes += shard.found_bytes.get();
    stats.not_found += shard.not_found.get();
    stats.corrupt += shard.corrupt.get();
    stats.failed += shard.failed.get();
  }
  stats.blocks_pinned = found > released ? found - released : 0;
  stats.bytes_pinned = found_bytes > released_bytes ? found_bytes - released_bytes : 0;
  stats.zero_copy_reads = found > copied ? found - copied : 0;
  stats.reads = found + stats.not_found + stats.corrupt + stats.failed;
  return stats;
}

}  // namespace internal
}  // namespace sheaf
