// Store::Get and MultiGet, and the reads of a part of a list.

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/container/fixed_array.h"
#include "absl/strings/str_cat.h"
#include "plugin/codec/blob_parser.h"
#include "plugin/codec/blob_view_access.h"
#include "plugin/rocksdb/pinnable_block.h"
#include "plugin/rocksdb/read_context.h"
#include "plugin/rocksdb/read_watch.h"
#include "plugin/rocksdb/store_core.h"
#include "sheaf/store.h"

namespace sheaf {
namespace internal {
namespace {

using StoreBlock = PinnableBlock<Ledger::Pin>;

// One call of Get, GetLast or MultiGet: makes lists of what RocksDB read, and counts them.
class Reading {
 public:
  // Borrows both. Begins to watch, for why a value is copied.
  Reading(const StoreCore& core, const rocksdb::ReadOptions& options)
      : core_(core), options_(options), watch_(*core.pin_policy, options) {}

  void ReadPastRowCache() { watch_.ReadPastRowCache(); }

  // Turns what the read of `key` left in `block` into `*list`, which is empty. `operands()` tells
  // how many it was merged from, and is called only if it is not pinned. `*s` is OK, and is written
  // only if the bytes are not a list: that costs time.
  template <typename Operands>
  void Found(const rocksdb::Slice& key, std::unique_ptr<StoreBlock> block, Operands operands,
             PinnedBlob* list, rocksdb::Status* s) const {
    rocksdb::PinnableSlice& value = block->value();
    const absl::Status status = BlobParser::ParseInto(
        value.ToStringView(), core_.layout, BlobParser::Extent::kWhole, BlobViewAccess::view(list));
    if (!status.ok()) return NotAList(key, value, status, s);
    const uint64_t bytes = value.size();
    const bool can_share = HoldsPin(value) && !core_.pin_policy->pins_die_with_db;
    const bool share_pin = can_share && !core_.copy_reads;
    Ledger::Pin pin = core_.ledger->CountFound(bytes);
    if (!share_pin) {
      const uint64_t merged = can_share ? 0 : operands();
      const CopyReason reason = can_share          ? CopyReason::kCopyReads
                                : value.IsPinned() ? core_.pin_policy->pin_reason
                                                   : watch_.WhyCopied(merged);
      core_.ledger->CountCopied(reason, bytes);
      if (merged != 0) core_.ledger->CountMerged(merged);
      if (core_.copy_reads) block->Copy();
    }
    if (bytes > core_.pin_policy->max_kept) NotKept(can_share);
    StoreBlock::Seal(std::move(block), share_pin, std::move(pin), list);
  }

  // The read of `key` returned no list. `*s` says why, better if the merge operator knows.
  [[gnu::noinline, gnu::cold]] void Missed(const rocksdb::Slice& key, const MergeFailure& failure,
                                           rocksdb::Status* s) const {
    core_.ledger->CountMiss(*s);
    if (failure.kind == MergeFailure::Kind::kNone) return;
    *s = ExplainFailure(core_.Subject(key), failure, *s);
  }

 private:
  // A list is larger than what a cache keeps. If it came from a file, and may have been read from
  // it, count that.
  [[gnu::noinline, gnu::cold]] void NotKept(bool is_pin) const {
    if (is_pin && options_.fill_cache && options_.read_tier != rocksdb::kBlockCacheTier) {
      core_.ledger->CountNotKept();
    }
  }

  [[gnu::noinline, gnu::cold]] void NotAList(const rocksdb::Slice& key, const rocksdb::Slice& value,
                                             const absl::Status& status, rocksdb::Status* s) const {
    // RocksDB also says OK and leaves the value empty where a table's index, or the base under
    // operands, is not in a cache.
    if (value.empty() && options_.read_tier == rocksdb::kBlockCacheTier) {
      core_.ledger->CountFailed();
      *s = rocksdb::Status::Incomplete("not all of the list is in a cache (kBlockCacheTier)");
      return;
    }
    core_.ledger->CountCorrupt();
    *s = CorruptList(core_.Subject(key), value, core_.layout, status);
  }

  const StoreCore& core_;
  const rocksdb::ReadOptions& options_;
  ReadWatch watch_;
};

// What stands in for DB::Get where that is not always right. True if it was an iterator.
bool ReadWithCare(const StoreCore& core, const rocksdb::ReadOptions& options,
                  const rocksdb::Slice& key, ReadContext* context, rocksdb::PinnableSlice* value,
                  rocksdb::Status* s) {
  if (core.ReadsBlobsWithoutIo(options)) {
    *s = rocksdb::Status::Incomplete("lists may lie in blob files (kBlockCacheTier)");
    return true;
  }
  const auto get = [&] {
    value->Reset();
    context->Restart();
    *s = core.db->Get(options, core.cf, key, value);
  };
  bool is_right = true;
  if (!core.has_row_cache) {
    get();
  } else {
    using Wait = RangeDeletionGuard::Wait;
    // There is no iterator for kPersistedTier.
    const Wait wait = options.read_tier == rocksdb::kPersistedTier ? Wait::kYes : Wait::kNo;
    is_right = core.row_cache_fault == nullptr && core.no_range_deletions->Run(get, wait);
  }
  if (is_right) {
    // DBWithTTL takes a value that RocksDB left empty, as it is not cached, for one without its
    // stamp.
    if (core.instance.has_ttl && options.read_tier == rocksdb::kBlockCacheTier &&
        s->IsCorruption()) {
      *s = rocksdb::Status::Incomplete("not all of the list is in a cache (kBlockCacheTier)");
    }
    return false;
  }
  value->Reset();
  context->Restart();
  *s = GetByIterator(core, options, key, *context, value);
  return true;
}

}  // namespace

rocksdb::Status ReadList(const StoreCore& core, const rocksdb::ReadOptions& options,
                         const rocksdb::Slice& key, ReadContext* context, PinnedBlob* list) {
  list->Reset();
  if (core.closed()) return core.ClosedStatus();
  // RocksDB reads straight into the block: moving a PinnableSlice costs more than the block that
  // is allocated in vain where there is no list.
  auto block = std::make_unique<StoreBlock>();
  Reading reading(core, options);
  rocksdb::Status s;
  if (core.reads_plainly && !core.ReadsBlobsWithoutIo(options)) {
    context->AllowStop();
    s = core.db->Get(options, core.cf, key, &block->value());
  } else if (ReadWithCare(core, options, key, context, &block->value(), &s)) {
    reading.ReadPastRowCache();
  }
  if (s.ok()) {
    const auto operands = [context] { return context->operands(); };
    reading.Found(key, std::move(block), operands, list, &s);
  } else {
    reading.Missed(key, context->failure(), &s);
  }
  return s;
}

namespace {

// Store::MultiGet where batched MultiGet is not right: all reads are of one moment.
void ReadListsOneByOne(const StoreCore& core, rocksdb::ReadOptions options, size_t n,
                       const rocksdb::Slice* keys, PinnedBlob* lists, rocksdb::Status* statuses) {
  const rocksdb::Snapshot* const own =
      options.snapshot == nullptr ? core.db->GetSnapshot() : nullptr;
  const absl::Cleanup release = [&core, own] {
    if (own != nullptr) core.db->ReleaseSnapshot(own);
  };
  if (own != nullptr) options.snapshot = own;
  for (size_t i = 0; i < n; ++i) {
    ReadContext context;
    statuses[i] = ReadList(core, options, keys[i], &context, &lists[i]);
  }
}

}  // namespace
}  // namespace internal

using internal::StoreCore;

rocksdb::Status Store::Get(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                           PinnedBlob* list) {
  internal::ReadContext context;
  return internal::ReadList(*core_, options, key, &context, list);
}

rocksdb::Status Store::GetLast(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                               size_t count, std::vector<PinnedSlice>* values) {
  values->clear();
  const AppendOptions& append = core_->append_options;
  const bool limited = append.max_values != 0 || append.max_bytes != 0;
  // Where the limits drop newer values, or large ones, what is seen is not all that is kept.
  const bool may_stop = append.max_bytes == 0 && !(limited && append.keep == Keep::kFirst);
  uint64_t wanted = count;
  if (may_stop && limited) wanted = std::min(wanted, append.max_values);
  PinnedBlob list;
  rocksdb::Status s;
  {
    internal::ReadContext context;
    context.WantLast(wanted, may_stop);
    s = internal::ReadList(*core_, options, key, &context, &list);
  }
  if (s.ok()) *values = list.Slices(list.size() - std::min(list.size(), count));
  return s;
}

rocksdb::Status Store::GetRange(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                                uint64_t first, size_t count, std::vector<PinnedSlice>* values) {
  values->clear();
  PinnedBlob list;
  internal::ReadContext context;
  context.WantRange(first, count);
  const rocksdb::Status s = internal::ReadList(*core_, options, key, &context, &list);
  if (!s.ok()) return s;
  const uint64_t begin = context.is_cut() ? 0 : std::min<uint64_t>(first, list.size());
  *values = list.Slices(static_cast<size_t>(begin), count);
  return s;
}

rocksdb::Status Store::GetAt(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                             uint64_t index, PinnedSlice* value) {
  *value = PinnedSlice();
  PinnedBlob list;
  internal::ReadContext context;
  context.WantRange(index, 1);
  const rocksdb::Status s = internal::ReadList(*core_, options, key, &context, &list);
  if (!s.ok()) return s;
  const uint64_t size = context.is_cut() ? context.whole_size() : list.size();
  if (index >= size) {
    return rocksdb::Status::NotFound(
        absl::StrCat("value ", index, " of a list of ", size, size == 1 ? " value" : " values"));
  }
  *value = list.Slice(context.is_cut() ? 0 : static_cast<size_t>(index));
  return s;
}

rocksdb::Status Store::Count(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                             uint64_t* count) {
  *count = 0;
  PinnedBlob list;
  internal::ReadContext context;
  context.WantRange(0, 0);
  const rocksdb::Status s = internal::ReadList(*core_, options, key, &context, &list);
  if (s.ok()) *count = context.is_cut() ? context.whole_size() : list.size();
  return s;
}

rocksdb::Status Store::Exists(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                              bool* exists) {
  PinnedBlob list;
  internal::ReadContext context;
  context.WantLast(0, /*may_stop=*/true);
  const rocksdb::Status s = internal::ReadList(*core_, options, key, &context, &list);
  *exists = s.ok();
  return s.IsNotFound() ? rocksdb::Status::OK() : s;
}

void Store::MultiGet(const rocksdb::ReadOptions& options, size_t n, const rocksdb::Slice* keys,
                     PinnedBlob* lists, rocksdb::Status* statuses) {
  if (core_->closed()) {
    std::fill_n(lists, n, PinnedBlob());
    std::fill_n(statuses, n, core_->ClosedStatus());
    return;
  }
  // A batched MultiGet also keeps, in a row cache, what it saw before it failed.
  if (core_->instance.reads_one_by_one() || core_->has_row_cache ||
      core_->ReadsBlobsWithoutIo(options)) {
    internal::ReadListsOneByOne(*core_, options, n, keys, lists, statuses);
    return;
  }
  absl::FixedArray<rocksdb::PinnableSlice, 32> values(n);
  const internal::Reading reading(*core_, options);
  internal::ReadContext::MergedKeys merged;
  internal::ReadContext context;
  context.TellKeysApart(&merged);
  context.AllowStop();
  core_->db->MultiGet(options, core_->cf, n, keys, values.data(), statuses);
  for (size_t i = 0; i < n; ++i) {
    lists[i].Reset();
    const auto outcome = [&] { return context.Of(keys[i].ToStringView()); };
    if (statuses[i].ok()) {
      auto block = std::make_unique<internal::StoreBlock>();
      block->MoveFrom(std::move(values[i]));
      const auto operands = [&] { return context.operands() == 0 ? 0 : outcome().operands; };
      reading.Found(keys[i], std::move(block), operands, &lists[i], &statuses[i]);
    } else {
      reading.Missed(keys[i],
                     statuses[i].IsCorruption() ? outcome().failure : internal::MergeFailure(),
                     &statuses[i]);
    }
  }
}

std::vector<rocksdb::Status> Store::MultiGet(const rocksdb::ReadOptions& options,
                                             absl::Span<const rocksdb::Slice> keys,
                                             std::vector<PinnedBlob>* lists) {
  std::vector<rocksdb::Status> statuses(keys.size());
  lists->resize(keys.size());
  MultiGet(options, keys.size(), keys.data(), lists->data(), statuses.data());
  return statuses;
}

}  // namespace sheaf
