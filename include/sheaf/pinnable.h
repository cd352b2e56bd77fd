// FromPinnable: takes over what any RocksDB read left in a PinnableSlice.
//
// For reads that do not go through a Store: DB::Get of any instance, DB::MultiGet,
// Transaction::GetForUpdate, WriteBatchWithIndex::GetFromBatchAndDB. It copies no bytes, whether
// RocksDB pinned them or put them into the PinnableSlice's own buffer.
//
// WARNING: the bytes are as right as RocksDB's read. A secondary instance that caught up shows
// operands twice; a row cache forgets the range deletions of an SST; batched MultiGet of a
// TransactionDB that is not WRITE_COMMITTED shows what is prepared (RocksDB 7.8). A Store refuses
// the first, and reads the others in another way.
//
// Lifetime: the block holds RocksDB's pin until its last PinnedBlob or PinnedSlice goes. A pin in a
// block, row or blob cache needs that cache. Pass its shared_ptr, or KeepAlive() below, as
// `keep_alive`, and the block may outlive the DB.
//
// WARNING: without `keep_alive` the blob must go before the rocksdb::DB does. And some pins die
// with the DB whatever is passed:
//   - pins of operands, which DB::GetMergeOperands makes;
//   - pins through a blob cache that is charged against the block cache
//     (CacheEntryRole::kBlobCache);
//   - pins of a read-only or secondary instance with DBOptions::allow_mmap_reads;
//   - pins in a table whose factory only wraps a block-based one (NewAdaptiveTableFactory), unless
//     the application holds the block cache itself.
// A Store counts the first kind (Store::GetSegments, Store::Close), and copies the others.
//
//   rocksdb::PinnableSlice value;
//   rocksdb::Status s = transaction->GetForUpdate(read_options, cf, key, &value);
//   if (!s.ok()) return s;
//   absl::StatusOr<sheaf::PinnedBlob> list =
//       sheaf::FromPinnable(std::move(value), sheaf::Layout::kCompact, sheaf::KeepAlive(db, cf));

#ifndef SHEAF_PINNABLE_H_
#define SHEAF_PINNABLE_H_

#include <memory>

#include "absl/status/statusor.h"
#include "rocksdb/db.h"
#include "rocksdb/slice.h"
#include "sheaf/layout.h"
#include "sheaf/pinned_blob.h"

namespace sheaf {

// Errors: as BlobView::Parse; `value` is then left as it was. On success `value` is empty and can
// be read into again. Thread safety: as `value`.
[[nodiscard]] absl::StatusOr<PinnedBlob> FromPinnable(
    rocksdb::PinnableSlice&& value, Layout layout = Layout::kCompact,
    std::shared_ptr<const void> keep_alive = nullptr);

// Holds the block, row and blob cache of a column family (the default one if `cf` is null). That is
// what a pin of one of its values needs to outlive the DB. It costs a copy of the DB's options, so
// call it once and keep the result.
[[nodiscard]] std::shared_ptr<const void> KeepAlive(rocksdb::DB* db,
                                                    rocksdb::ColumnFamilyHandle* cf = nullptr);

}  // namespace sheaf

#endif  // SHEAF_PINNABLE_H_
