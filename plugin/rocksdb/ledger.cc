#include "plugin/rocksdb/ledger.h"

#include <algorithm>

namespace sheaf {
namespace internal {

Ledger::Ledger(std::shared_ptr<const PinPolicy> pin_policy) : pin_policy_(std::move(pin_policy)) {
  for (Shard& shard : shards_) shard.ledger = this;
}

void Ledger::Unref(Shard* shard, uint64_t n) {
  if (shard->refs.fetch_sub(n, std::memory_order_acq_rel) != n) return;
  Ledger* const ledger = shard->ledger;
  if (ledger->live_shards_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete ledger;
}

void Ledger::Close() {
  // Reads are over, so nobody takes from `reserved` any more. Only the last Unref may destroy this.
  for (Shard& shard : shards_) Unref(&shard, 1 + shard.reserved.load(std::memory_order_relaxed));
}

Ledger::Pin Ledger::CountFound(uint64_t bytes) {
  Shard* mine = nullptr;
  InMine([&](Shard& shard, bool alone) {
    mine = &shard;
    if (!alone) {
      shard.refs.fetch_add(1, std::memory_order_relaxed);
    } else {
      if (shard.reserved.load(std::memory_order_relaxed) == 0) ReserveRefs(shard);
      shard.reserved.store(shard.reserved.load(std::memory_order_relaxed) - 1,
                           std::memory_order_relaxed);
    }
    shard.found.Add(1, alone);
    shard.found_bytes.Add(bytes, alone);
    if (!alone) {
      UpdatePeak(Pinned());
    } else if (shard.blocks() > shard.blocks_mark || shard.bytes() > shard.bytes_mark) {
      Look(shard);
    }
  });
  return Pin(mine, bytes);
}

void Ledger::ReserveRefs(Shard& mine) {
  mine.refs.fetch_add(kReservedRefs, std::memory_order_relaxed);
  mine.reserved.store(kReservedRefs, std::memory_order_relaxed);
  // The more threads, the more it costs to look, and the more others look.
  if (++mine.reservations >= ThreadSlot::Taken()) Look(mine);
}

Ledger::Level Ledger::Pinned() const {
  Level found;
  Level released;
  const auto each = [this](auto&& add) {
    const size_t used = ThreadSlot::EverTaken();
    for (size_t i = 0; i < used; ++i) add(shards_[i]);
    add(shards_[kShared]);
  };
  // What was taken before what was given up, so that no pin counts that had gone when another
  // began.
  each([&](const Shard& shard) {
    found.blocks += shard.found.GetFirst();
    found.bytes += shard.found_bytes.GetFirst();
  });
  each([&](const Shard& shard) {
    released.blocks += shard.released.get();
    released.bytes += shard.released_bytes.get();
  });
  Level now;
  now.blocks = found.blocks - std::min(found.blocks, released.blocks);
  now.bytes = found.bytes - std::min(found.bytes, released.bytes);
  return now;
}

namespace {

// Raises `max` to `value`, if that is more, and returns what it is then.
uint64_t UpdateMax(std::atomic<uint64_t>& max, uint64_t value) {
  uint64_t before = max.load(std::memory_order_relaxed);
  while (before < value && !max.compare_exchange_weak(before, value, std::memory_order_relaxed)) {
  }
  return before < value ? value : before;
}

}  // namespace

Ledger::Level Ledger::UpdatePeak(Level now) {
  return {UpdateMax(peak_blocks_, now.blocks), UpdateMax(peak_bytes_, now.bytes)};
}

void Ledger::CountMerged(uint64_t operands) {
  InMine([operands](Shard& shard, bool alone) { shard.operands_merged.Add(operands, alone); });
  UpdateMax(peak_operands_, operands);
}

void Ledger::Look(Shard& mine) {
  const Level now = Pinned();
  const Level peak = UpdatePeak(now);
  // As far up as the sum can go without a new maximum. Where others have a part in the sum, mine
  // may rise for ever while it stays the same: leave room, so as not to look at every read.
  const auto mark = [](int64_t part, uint64_t sum, uint64_t highest) {
    const uint64_t slack = static_cast<uint64_t>(part) == sum ? 0 : highest / 64;
    return part + static_cast<int64_t>(highest - sum + slack);
  };
  mine.blocks_mark = mark(mine.blocks(), now.blocks, peak.blocks);
  mine.bytes_mark = mark(mine.bytes(), now.bytes, peak.bytes);
  mine.reservations = 0;
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

void Ledger::CountNotKept() {
  InMine([](Shard& shard, bool alone) { shard.not_kept.Add(1, alone); });
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

StoreStats Ledger::Snapshot() {
  const Level now = Pinned();
  const Level peak = UpdatePeak(now);
  StoreStats stats;
  uint64_t copied = 0;
  // Last things first, so that the difference below is not of something that had not begun: a read
  // is counted as found before it is counted as copied.
  for (const Shard& shard : shards_) {
    for (size_t reason = 0; reason < kCopyReasons; ++reason) {
      const uint64_t reads = shard.copied_reads[reason].get();
      stats.copied_reads[reason] += reads;
      stats.copied_bytes[reason] += shard.copied_bytes[reason].get();
      copied += reads;
    }
  }
  uint64_t found = 0;
  for (const Shard& shard : shards_) {
    found += shard.found.get();
    stats.reads_not_kept += shard.not_kept.get();
    stats.not_found += shard.not_found.get();
    stats.corrupt += shard.corrupt.get();
    stats.failed += shard.failed.get();
    stats.operands_merged += shard.operands_merged.get();
  }
  stats.operands_merged_peak = peak_operands_.load(std::memory_order_relaxed);
  stats.blocks_pinned_peak = peak.blocks;
  stats.bytes_pinned_peak = peak.bytes;
  stats.blocks_pinned = now.blocks;
  stats.bytes_pinned = now.bytes;
  stats.zero_copy_reads = found > copied ? found - copied : 0;
  stats.reads = found + stats.not_found + stats.corrupt + stats.failed;
  return stats;
}

}  // namespace internal
}  // namespace sheaf
