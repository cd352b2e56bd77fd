#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "plugin/rocksdb/store_core.h"
#include "rocksdb/comparator.h"
#include "rocksdb/iterator.h"

namespace sheaf {
namespace internal {
namespace {

// Whether `key` and a zero byte is the first key after `key`.
bool IsBytewise(const rocksdb::Comparator* comparator) {
  return comparator == rocksdb::BytewiseComparator();
}

}  // namespace

rocksdb::Status GetByIterator(const StoreCore& core, const rocksdb::ReadOptions& options,
                              const rocksdb::Slice& key, const ReadContext& context,
                              rocksdb::PinnableSlice* value) {
  if (options.read_tier == rocksdb::kPersistedTier) {
    return rocksdb::Status::NotSupported(
        "ReadOptions::read_tier = kPersistedTier with a row cache",
        absl::StrCat(core.WhyNotRowCache(),
                     "; read with kReadAllTier, or open the DB without DBOptions::row_cache"));
  }
  // An iterator forgets some errors, as ScanIterator says, and that a block is not cached is one.
  if (options.read_tier == rocksdb::kBlockCacheTier) {
    return rocksdb::Status::Incomplete("the row cache cannot be trusted (kBlockCacheTier)",
                                       core.WhyNotRowCache());
  }
  // What DB::Get takes no notice of, or cannot do.
  rocksdb::ReadOptions seek = options;
  seek.iterate_lower_bound = nullptr;
  seek.iterate_upper_bound = nullptr;
  seek.iter_start_ts = nullptr;
  seek.table_filter = nullptr;
  seek.tailing = false;
  seek.pin_data = false;
  seek.prefix_same_as_start = false;
  seek.auto_prefix_mode = false;
  // Plain tables with a prefix extractor have no other way to find a key.
  seek.total_order_seek = false;
  seek.max_skippable_internal_keys = 0;

  // If `key` is not there, the iterator merges the list of the next key. A bound prevents that, but
  // not every order has one.
  const rocksdb::Comparator* const comparator = core.cf->GetComparator();
  std::string after;
  rocksdb::Slice bound;
  if (IsBytewise(comparator)) {
    after = key.ToString();
    after.push_back('\0');
    bound = after;
    seek.iterate_upper_bound = &bound;
  }
  const std::unique_ptr<rocksdb::Iterator> iterator = core.NewIterator(seek);
  iterator->Seek(key);
  if (!iterator->Valid()) {
    rocksdb::Status s = iterator->status();
    const bool is_of_next = context.failure().kind != MergeFailure::Kind::kNone &&
                            !context.MayHaveFailed(key.ToStringView());
    return s.ok() || is_of_next ? rocksdb::Status::NotFound() : s;
  }
  if (comparator->CompareWithoutTimestamp(iterator->key(), /*a_has_ts=*/false, key,
                                          /*b_has_ts=*/false) != 0) {
    return rocksdb::Status::NotFound();
  }
  value->PinSelf(iterator->value());
  return iterator->status();
}

}  // namespace internal
}  // namespace sheaf
