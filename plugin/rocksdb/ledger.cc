#include "plugin/rocksdb/ledger.h"

namespace sheaf {
namespace internal {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

// Threads are spread over shards in the order in which they first read.
size_t ThreadNumber() {
  static std::atomic<size_t> threads{0};
  thread_local const size_t number = threads.fetch_add(1, kRelaxed);
  return number;
}

}  // namespace

Ledger::Ledger(std::shared_ptr<const Caches> caches) : caches_(std::move(caches)) {
  for (Shard& shard : shards_) shard.ledger = this;
}

Ledger::Shard& Ledger::Mine() { return shards_[ThreadNumber() % kShards]; }

void Ledger::Unref(Shard* shard) {
  if (shard->refs.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  Ledger* const ledger = shard->ledger;
  if (ledger->live_shards_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete ledger;
}

void Ledger::Close() {
  // Only the last Unref may destroy this.
  for (Shard& shard : shards_) Unref(&shard);
}

Ledger::Pin Ledger::CountFound(uint64_t bytes) {
  Shard& shard = Mine();
  shard.refs.fetch_add(1, kRelaxed);
  shard.bytes_pinned.fetch_add(bytes, kRelaxed);
  shard.found.fetch_add(1, kRelaxed);
  return Pin(&shard, bytes);
}

Ledger::Pin::~Pin() {
  if (shard_ == nullptr) return;
  shard_->bytes_pinned.fetch_sub(bytes_, kRelaxed);
  Unref(shard_);
}

void Ledger::CountCopied(CopyReason reason, uint64_t bytes) {
  Shard& shard = Mine();
  shard.copied_reads[static_cast<size_t>(reason)].fetch_add(1, kRelaxed);
  shard.copied_bytes[static_cast<size_t>(reason)].fetch_add(bytes, kRelaxed);
}

void Ledger::CountNotFound() { Mine().not_found.fetch_add(1, kRelaxed); }
void Ledger::CountCorrupt() { Mine().corrupt.fetch_add(1, kRelaxed); }

StoreStats Ledger::Snapshot() const {
  StoreStats stats;
  uint64_t found = 0;
  uint64_t copied = 0;
  for (const Shard& shard : shards_) {
    // Copies first: a read is counted as found before it is counted as copied.
    for (size_t reason = 0; reason < kCopyReasons; ++reason) {
      const uint64_t reads = shard.copied_reads[reason].load(kRelaxed);
      stats.copied_reads[reason] += reads;
      stats.copied_bytes[reason] += shard.copied_bytes[reason].load(kRelaxed);
      copied += reads;
    }
    found += shard.found.load(kRelaxed);
    stats.not_found += shard.not_found.load(kRelaxed);
    stats.corrupt += shard.corrupt.load(kRelaxed);
    stats.blocks_pinned += shard.refs.load(kRelaxed) - 1;
    stats.bytes_pinned += shard.bytes_pinned.load(kRelaxed);
  }
  stats.zero_copy_reads = found > copied ? found - copied : 0;
  stats.reads = found + stats.not_found + stats.corrupt;
  return stats;
}

}  // namespace internal
}  // namespace sheaf
