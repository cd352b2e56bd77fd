// Store: lists of values under keys of one RocksDB column family. Includes all that an application
// needs of Sheaf but the plugin's registration (sheaf/plugin.h).
//
// Like rocksdb::DB, but a key has a list of values instead of one, and a read returns the list
// pinned where RocksDB has it. Everything else is RocksDB's: transactions, snapshots, column
// families, options.
//
// Ownership: does not own the DB or the column family, which must outlive the Store and its
// Cursors. What Get, GetLast and MultiGet return may outlive all of them, the DB included: blocks
// hold the caches that they are pinned in. What GetSegments returns may not.
//
// Thread safety: all of Store from any number of threads. A Cursor is used by one thread at a time.
//
//   rocksdb::Options options;
//   options.create_if_missing = true;
//   options.merge_operator = sheaf::NewAppendOperator();
//   std::unique_ptr<sheaf::Store> store;
//   s = rocksdb::DB::Open(options, path, &db);
//   s = sheaf::Store::Open(db, db->DefaultColumnFamily(), {}, &store);
//   s = store->Append(rocksdb::WriteOptions(), "user:7", {"login", "search", "logout"});
//   sheaf::PinnedBlob events;
//   s = store->Get(rocksdb::ReadOptions(), "user:7", &events);
//   if (!s.ok()) return s;                                   // each step above can fail
//   for (std::string_view event : events) Use(event);        // no copy, no allocation
//   sheaf::PinnedSlice first;                                // may outlive everything
//   if (!events.empty()) first = events.Slice(0);

#ifndef SHEAF_STORE_H_
#define SHEAF_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/types/span.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/slice.h"
#include "rocksdb/status.h"
#include "rocksdb/utilities/transaction.h"
#include "rocksdb/utilities/write_batch_with_index.h"
#include "rocksdb/write_batch_base.h"
#include "sheaf/append_operator.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "sheaf/layout.h"
#include "sheaf/pinnable.h"
#include "sheaf/pinned_blob.h"
#include "sheaf/pinned_slice.h"
#include "sheaf/store_stats.h"

namespace sheaf {

namespace internal {
class StoreCore;
}  // namespace internal

struct StoreOptions {
  // Layout of the lists. Must be the `layout` of the column family's merge operator, if that is
  // `sheaf.append`.
  // Default: kCompact
  Layout layout = Layout::kCompact;
};

// Keys from `begin` on, before `end`, in the order of the column family's comparator. An empty
// `end` is no bound; so is an empty `begin`.
struct KeyRange {
  std::string begin;
  std::string end;

  // All keys that start with `prefix`. For the bytewise comparator.
  static KeyRange Prefix(std::string_view prefix);
  static KeyRange All() { return KeyRange(); }
};

// Steps over lists in key order, one key a step.
//
//   auto cursor = store->Scan(rocksdb::ReadOptions(), sheaf::KeyRange::Prefix("user:"));
//   for (; cursor->Valid(); cursor->Next()) Use(cursor->key(), cursor->values());
//   if (!cursor->status().ok()) return cursor->status();
//
// That ends at the first value that is not a list. To go on behind it:
//
//   for (; cursor->HasKey(); cursor->Next()) {
//     if (cursor->Valid()) Use(cursor->key(), cursor->values());
//     else Report(cursor->status());                          // names the key
//   }
//   if (!cursor->status().ok()) return cursor->status();      // RocksDB's: not all was seen
class Cursor {
 public:
  virtual ~Cursor() = default;

  // True at a list. False at the end, and at what status() tells.
  virtual bool Valid() const = 0;

  // True at a key, whether its value is a list or not; false at the end, and where RocksDB's
  // iterator failed.
  virtual bool HasKey() const = 0;

  // To the next key. REQUIRES: HasKey().
  virtual void Next() = 0;

  // OK at a list and at the end. Corruption, naming the key, where a value does not decode; or
  // whatever RocksDB's iterator found.
  virtual rocksdb::Status status() const = 0;

  // The key, valid until Next(). REQUIRES: HasKey().
  virtual rocksdb::Slice key() const = 0;

  // The list; it and all views of it are valid until Next(). REQUIRES: Valid().
  virtual const BlobView& values() const = 0;

  // A copy of the list that may outlive the Cursor: one copy of its bytes. REQUIRES: Valid().
  virtual PinnedBlob Detach() const = 0;
};

class Store {
  template <typename Target>
  using IfTarget = std::enable_if_t<!std::is_const<Target>::value &&
                                    (std::is_base_of<rocksdb::WriteBatchBase, Target>::value ||
                                     std::is_base_of<rocksdb::Transaction, Target>::value)>;

 public:
  using Values = absl::Span<const std::string_view>;

  // `cf` may be null: the default column family. Reads the column family's options once, to hold
  // its caches and to know why a read was copied.
  // Errors: InvalidArgument for a null `db`, or a merge operator of another layout; NotSupported
  // for a secondary instance (DB::OpenAsSecondary), whose reads are wrong after it caught up, and
  // for cuckoo tables, which hold no operands. docs/guide.md, section 16, has what is supported.
  static rocksdb::Status Open(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf,
                              const StoreOptions& options, std::unique_ptr<Store>* store);

  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Replaces the list of `key`. An empty list is kept, and is not the same as no list.
  // Errors: InvalidArgument past a layout's limit (see BlobBuilder); NotSupported where keys have
  // user-defined timestamps; RocksDB's own.
  rocksdb::Status Put(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                      Values values);

  // Appends to the list of `key`, or begins it: one DB::Merge, no read.
  // Errors: as Put; InvalidArgument if the column family's merge operator is not `sheaf.append`.
  rocksdb::Status Append(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                         Values values);

  // Edits of the list of `key`: one DB::Merge, no read. They act on what was written before them,
  // and leave an empty list where there was none. Errors: as Append.
  //
  // Keeps `count` values at one end, and drops the others.
  rocksdb::Status Trim(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                       uint64_t count, Keep keep = Keep::kLast);
  // Drops every value that equals `value`.
  rocksdb::Status Remove(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                         std::string_view value);
  // Drops all values, and whatever under the key does not decode. (DB::Delete leaves no list.)
  rocksdb::Status Clear(const rocksdb::WriteOptions& options, const rocksdb::Slice& key);

  // The same into a rocksdb::WriteBatchBase (WriteBatch, WriteBatchWithIndex) or a
  // rocksdb::Transaction, which locks the key, or watches it for a conflict; what is put into a
  // Transaction's GetWriteBatch() it would not. (Templates, so that `{}` means default WriteOptions
  // and never a null batch.) Errors: in addition InvalidArgument for a null `target`;
  // NotSupported for what is not Put, into a Transaction of the write policies WRITE_PREPARED and
  // WRITE_UNPREPARED.
  template <typename Target, typename = IfTarget<Target>>
  rocksdb::Status Put(Target* target, const rocksdb::Slice& key, Values values) {
    return WriteInto(target, key, Putting(values));
  }
  template <typename Target, typename = IfTarget<Target>>
  rocksdb::Status Append(Target* target, const rocksdb::Slice& key, Values values) {
    return WriteInto(target, key, Appending(values));
  }
  template <typename Target, typename = IfTarget<Target>>
  rocksdb::Status Trim(Target* target, const rocksdb::Slice& key, uint64_t count,
                       Keep keep = Keep::kLast) {
    return WriteInto(target, key, Trimming(count, keep));
  }
  template <typename Target, typename = IfTarget<Target>>
  rocksdb::Status Remove(Target* target, const rocksdb::Slice& key, std::string_view value) {
    return WriteInto(target, key, Removing(value));
  }
  template <typename Target, typename = IfTarget<Target>>
  rocksdb::Status Clear(Target* target, const rocksdb::Slice& key) {
    return WriteInto(target, key, Clearing());
  }

  // The list of `key`, all validated. Pinned without a copy where RocksDB can (zero_copy()), and
  // otherwise in a block of its own; stats() tells them apart. On failure `*list` is empty.
  // Where the row cache cannot be trusted (CopyReason::kRowCache) the list is read past it.
  // Errors: NotFound; Corruption, naming the key and what does not decode; MemoryLimit if there was
  // not enough memory to merge it; Incomplete where read_tier is kBlockCacheTier and not all of it
  // is in a cache; RocksDB's own.
  rocksdb::Status Get(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                      PinnedBlob* list);

  // The newest `count` values of the list of `key`, the oldest of them first; fewer if the list has
  // fewer. Where operands are pending that hold them, older operands and the list itself are not
  // read (unless the column family has a row cache, max_bytes, or keep=first); the rest of the list
  // is not built in any case. Without operands it is the end of what Get returns, in that block.
  // All slices are in one block. On failure `*values` is empty. Errors: as Get.
  rocksdb::Status GetLast(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                          size_t count, std::vector<PinnedSlice>* values);

  // The list of `key` without merging it: the list that a compaction made last, and each operand
  // that is pending, in order, as RocksDB has them. Nothing is concatenated; RocksDB copies (and
  // zero_copy() is false) where all of it is less than 32 KiB, or less than 256 bytes a segment.
  // sheaf::Segments (sheaf/segments.h) reads them as one list. It is one segment, as Get returns
  // it, where nothing is pending; of a DBWithTTL, and of a TransactionDB whose write policy is not
  // WRITE_COMMITTED; with a row cache; where read_tier is kBlockCacheTier; where edits are pending
  // that are not appends, or the merge operator's limits drop values; where RocksDB has no operands
  // (an entity, a delete in a full memtable); and where anything does not decode, for the message.
  // On failure `*segments` is empty. Errors: as Get.
  //
  // WARNING: segments that are not copied, of a list with operands pending, are pinned to the DB
  // itself, not to a cache, with all memtables and files of that moment. They may outlive the
  // Store, and must be dropped before the DB is closed: closing it aborts the process where RocksDB
  // was built with assertions, as Debian's is, and elsewhere a segment that is dropped later uses
  // what was freed. Close() tells. For what is to be kept, PinnedSlice::Detach().
  rocksdb::Status GetSegments(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                              std::vector<PinnedBlob>* segments);

  // To be called before the DB is closed, if GetSegments is used. Errors: Busy, naming how many
  // segments are still pinned to the DB; nothing has changed then. A segment is, while any
  // PinnedBlob or PinnedSlice of it is held, or GetSegments is under way. Once it is OK no segment
  // can be pinned, and every other call fails with ShutdownInProgress, but stats(), layout(),
  // keep_alive() and Close(), which is OK again. Cursors, and other calls that are under way in
  // other threads, are the caller's to wait for.
  rocksdb::Status Close();

  // `n` lists of one moment; each has a status as Get gives. RocksDB's batched MultiGet; or one Get
  // after the other where that is not right: with a row cache, for a DBWithTTL, and for a
  // TransactionDB that is not WRITE_COMMITTED.
  void MultiGet(const rocksdb::ReadOptions& options, size_t n, const rocksdb::Slice* keys,
                PinnedBlob* lists, rocksdb::Status* statuses);

  // A Cursor at the first list of `range`. Bounds in `options`, if any, hold as well. The Cursor
  // keeps copies of all bounds; a snapshot and a timestamp in `options` are the caller's to keep.
  // With read_tier = kBlockCacheTier it is Incomplete where RocksDB's iterators would leave out
  // keys that are not cached: guide, section 16.
  std::unique_ptr<Cursor> Scan(const rocksdb::ReadOptions& options, KeyRange range);

  StoreStats stats() const;

  Layout layout() const;

  // Holds the caches of the column family, as every block of this Store does: the `keep_alive` for
  // FromPinnable, where a list is read through a transaction or a batch. May outlive the Store.
  std::shared_ptr<const void> keep_alive() const;

 private:
  explicit Store(std::unique_ptr<internal::StoreCore> core);

  // What a write does to a key, or why it cannot.
  struct Change {
    const char* name;  // of the method
    bool is_merge;
    rocksdb::Status status;
    std::string value;
  };
  Change Putting(Values values) const;
  Change Appending(Values values) const;
  Change Trimming(uint64_t count, Keep keep) const;
  Change Removing(std::string_view value) const;
  Change Clearing() const;
  Change Merging(const char* name, std::string operand) const;

  rocksdb::Status MayWrite(const Change& change) const;
  rocksdb::Status Write(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                        const Change& change);
  rocksdb::Status WriteInto(rocksdb::WriteBatchBase* batch, const rocksdb::Slice& key,
                            const Change& change);
  rocksdb::Status WriteInto(rocksdb::Transaction* transaction, const rocksdb::Slice& key,
                            const Change& change);

  std::unique_ptr<internal::StoreCore> core_;
};

}  // namespace sheaf

#endif  // SHEAF_STORE_H_
