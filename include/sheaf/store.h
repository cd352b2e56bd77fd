// Store: lists of values under keys of one RocksDB column family. Includes all that an application
// needs of Sheaf but the plugin's registration (sheaf/plugin.h).
//
// Like rocksdb::DB, but a key has a list of values instead of one, and a read returns the list
// pinned where RocksDB has it. Everything else is RocksDB's: transactions, snapshots, column
// families, options.
//
// Ownership: does not own the DB or the column family, which must outlive the Store and its
// Cursors. What Get, GetLast and MultiGet return may outlive all of them, and the DB too: blocks
// hold the caches that they are pinned in. What GetSegments returns may not. A DB that is deleted
// before its Store cannot be noticed: declare the Store after it.
//
// Thread safety: any number of threads may use a Store. One thread at a time may use a Cursor. In a
// child of fork(), every call that would reach the DB fails with NotSupported.
//
//   rocksdb::Options options;
//   options.create_if_missing = true;
//   options.merge_operator = sheaf::NewAppendOperator();
//   std::unique_ptr<rocksdb::DB> lists;
//   rocksdb::Status s = sheaf::OpenDB(options, path, &lists);
//   if (!s.ok()) return s;                                   // as after each call below
//   std::unique_ptr<sheaf::Store> store;
//   s = sheaf::Store::Open(lists.get(), nullptr, {}, &store);
//   s = store->Append(rocksdb::WriteOptions(), "user:7", {"login", "search", "logout"});
//   sheaf::PinnedBlob events;
//   s = store->Get(rocksdb::ReadOptions(), "user:7", &events);
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

#include "absl/base/attributes.h"
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
#include "sheaf/cursor.h"
#include "sheaf/layout.h"
#include "sheaf/open_db.h"
#include "sheaf/pinnable.h"
#include "sheaf/pinned_blob.h"
#include "sheaf/pinned_slice.h"
#include "sheaf/store_stats.h"
#include "sheaf/value_list.h"

namespace sheaf {

namespace internal {
class StoreCore;
}  // namespace internal

// Options of Store::Open.
struct StoreOptions {
  // Layout of the lists. Must be the `layout` of the column family's merge operator.
  // Default: kCompact
  Layout layout = Layout::kCompact;

  // Only for reading: every write through the Store is NotSupported. Then the column family need
  // not have the merge operator `sheaf.append`; without it, lists with pending operands cannot be
  // read.
  // Default: false
  bool read_only = false;

  // For debugging: copies every list that is read into memory of its own, which is freed when the
  // last PinnedBlob or PinnedSlice of it goes. A Cursor copies each key and list, and frees them at
  // Next(). So AddressSanitizer and valgrind report a view that is used too late; otherwise the
  // bytes are still in RocksDB's cache, and the use seems to work. zero_copy() is false, and
  // stats() has CopyReason::kCopyReads.
  // The environment variable SHEAF_COPY_READS=1 does the same for every Store that is opened.
  // Default: false
  bool copy_reads = false;
};

class Store {
 public:
  // What a ValueList is made of at no cost.
  using Values = absl::Span<const std::string_view>;

  // `cf` may be null: the default column family. Reads the column family's options once, to hold
  // its caches and to know why a read was copied. Notes in RocksDB's info log if the shards of the
  // block cache are smaller than 1 MiB (StoreStats::reads_not_kept).
  // Errors: InvalidArgument for a null `db`, a column family whose merge operator is not
  // `sheaf.append` (unless StoreOptions::read_only is set), or has another layout; NotSupported
  // for a secondary instance (DB::OpenAsSecondary), whose reads are wrong after it caught up, and
  // for cuckoo tables, which hold no operands. docs/guide.md, section 16, has what is supported.
  static rocksdb::Status Open(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf,
                              const StoreOptions& options, std::unique_ptr<Store>* store);

  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Values may be any range of strings, or one string (sheaf/value_list.h):
  //
  //   std::vector<std::string> events = {"login", "search"};
  //   rocksdb::Status s = store->Put({}, "user:7", events);
  //   if (s.ok()) s = store->Append({}, "user:7", "logout");
  //
  // Replaces the list of `key`. An empty list is kept, and is not the same as no list.
  // Errors: InvalidArgument past a layout's limit (see BlobBuilder); NotSupported with
  // StoreOptions::read_only, and where keys have user-defined timestamps; RocksDB's own.
  rocksdb::Status Put(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                      const ValueList& values);

  // Appends to the list of `key`, or begins it: one DB::Merge, no read.
  // Errors: as Put.
  rocksdb::Status Append(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                         const ValueList& values);

  // Edits of the list of `key`: one DB::Merge, no read. An edit acts on what was written before it.
  // If there was no list, it leaves an empty one: a merge operator cannot say that there is none.
  // Errors: as Append.
  //
  // Keeps `count` values at one end, and drops the others.
  rocksdb::Status Trim(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                       uint64_t count, Keep keep = Keep::kLast);
  // Drops every value that equals one of `values`. One operand for all of them; of none, nothing is
  // written.
  rocksdb::Status Remove(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                         const ValueList& values);
  // Drops every value that begins with `prefix`.
  rocksdb::Status RemovePrefix(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                               const rocksdb::Slice& prefix);
  // Drops all values, and whatever under the key does not decode. An empty list is left.
  rocksdb::Status Clear(const rocksdb::WriteOptions& options, const rocksdb::Slice& key);

  // Deletes the list of `key`, and the key: DB::Delete. Errors: as Put.
  rocksdb::Status Delete(const rocksdb::WriteOptions& options, const rocksdb::Slice& key);

  // The same into a rocksdb::WriteBatchBase (WriteBatch, WriteBatchWithIndex) or a
  // rocksdb::Transaction. A Transaction locks the key, or watches it for a conflict. Do not write
  // into its GetWriteBatch(): that locks nothing. (Templates, so that `{}` means default
  // WriteOptions and never a null batch.)
  // Errors: in addition InvalidArgument for a null `target`; NotSupported for all but Put and
  // Delete into a Transaction of the write policies WRITE_PREPARED and WRITE_UNPREPARED.
  template <typename Target>
  rocksdb::Status Put(Target* target, const rocksdb::Slice& key, const ValueList& values) {
    return WriteInto(Checked(target), key, Putting(values));
  }
  template <typename Target>
  rocksdb::Status Append(Target* target, const rocksdb::Slice& key, const ValueList& values) {
    return WriteInto(Checked(target), key, Appending(values));
  }
  template <typename Target>
  rocksdb::Status Trim(Target* target, const rocksdb::Slice& key, uint64_t count,
                       Keep keep = Keep::kLast) {
    return WriteInto(Checked(target), key, Trimming(count, keep));
  }
  template <typename Target>
  rocksdb::Status Remove(Target* target, const rocksdb::Slice& key, const ValueList& values) {
    return WriteInto(Checked(target), key, Removing(values));
  }
  template <typename Target>
  rocksdb::Status RemovePrefix(Target* target, const rocksdb::Slice& key,
                               const rocksdb::Slice& prefix) {
    return WriteInto(Checked(target), key, RemovingPrefix(prefix));
  }
  template <typename Target>
  rocksdb::Status Clear(Target* target, const rocksdb::Slice& key) {
    return WriteInto(Checked(target), key, Clearing());
  }
  template <typename Target>
  rocksdb::Status Delete(Target* target, const rocksdb::Slice& key) {
    return WriteInto(Checked(target), key, Deleting());
  }

  // The list of `key`, all validated. It is pinned without a copy if RocksDB can do that, and
  // otherwise in a block of its own; zero_copy() and stats() tell. On failure `*list` is empty.
  // If the row cache cannot be trusted (CopyReason::kRowCache), the list is read past it.
  // Errors: NotFound, without a message, as a miss may be frequent and makes no string; Corruption,
  // naming the key and what does not decode; MemoryLimit if there was not enough memory to merge
  // it; Incomplete if read_tier is kBlockCacheTier and not all of it is in a cache; RocksDB's own.
  rocksdb::Status Get(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                      PinnedBlob* list);

  // The newest `count` values of the list of `key`, the oldest of them first; fewer if the list has
  // fewer. If the newest operands hold them, older ones and the list itself are not read; but
  // they are if one of those is a Remove, a RemovePrefix or a Trim to the first values, in a
  // DBWithTTL, and if the column family has a row cache, max_bytes, or max_values with keep=first.
  // The rest of the list is never built. If no operands are pending, the values are the end of what
  // Get returns, in that block. All slices are in one block. On failure `*values` is empty. Errors:
  // as Get.
  rocksdb::Status GetLast(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                          size_t count, std::vector<PinnedSlice>* values);

  // Values [first, first + count) of the list of `key`, counted from 0, or those of them that it
  // has. As with GetLast, the rest of the list is never built. But each call goes over every
  // pending operand, whatever `first` and `count` are: with n of them pending, each page takes n
  // steps. To page through such a list, compact its key first, or call Get once.
  // Errors: as Get.
  rocksdb::Status GetRange(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                           uint64_t first, size_t count, std::vector<PinnedSlice>* values);

  // Value `index` of the list of `key`, in as many steps as GetRange. On failure `*value` is empty.
  // Errors: as Get; NotFound also for an index past the end, and then it says how long the list is.
  rocksdb::Status GetAt(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                        uint64_t index, PinnedSlice* value);

  // Sets `*count` to the number of values of the list of `key`. Where operands are pending, no list
  // is built of them, but it takes as many steps as GetRange. Errors: as Get; `*count` is then 0.
  rocksdb::Status Count(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                        uint64_t* count);

  // Sets `*exists` to whether there is a list under `key`, be it empty. If an operand is pending,
  // nothing older is read, unless the column family has a row cache, or in a DBWithTTL. Errors: as
  // Get, but for NotFound; `*exists` is then false.
  rocksdb::Status Exists(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                         bool* exists);

  // The list of `key` without merging it: the list that a compaction made last, and each operand
  // that is pending, in order, as RocksDB has them. Nothing is concatenated. RocksDB copies them,
  // and zero_copy() is false, if all of it is less than 32 KiB, or less than 256 bytes a segment.
  // sheaf::Segments (sheaf/segments.h) reads them as one list.
  // The result is one segment, as Get returns it,
  //   - if nothing is pending, or if edits are pending that are not appends;
  //   - if the merge operator's limits drop values;
  //   - in a DBWithTTL, and in a TransactionDB whose write policy is not WRITE_COMMITTED;
  //   - with a row cache;
  //   - if read_tier is kBlockCacheTier;
  //   - if RocksDB has no operands (an entity, a delete in a full memtable);
  //   - if anything does not decode, for the message.
  // On failure `*segments` is empty. Errors: as Get.
  //
  // WARNING: segments of a list with operands pending that are not copied are pinned to the DB
  // itself, not to a cache, with all memtables and files of that moment. They may outlive the
  // Store, but must be dropped before the DB is closed. Else closing it aborts the process if
  // RocksDB was built with assertions, as Debian's is; and without them, a segment that is dropped
  // later uses memory that was freed. Close() tells. To keep a value, call PinnedSlice::Detach().
  rocksdb::Status GetSegments(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                              std::vector<PinnedBlob>* segments);

  // Call it before the DB is closed, if you use GetSegments or Scan. Errors: Busy, naming how many
  // segments are still pinned to the DB and how many Cursors are not destroyed yet; nothing has
  // changed then. A segment is pinned while any PinnedBlob or PinnedSlice of it is held, and while
  // GetSegments is under way. Once Close() returned OK, there is no Cursor and no segment can be
  // pinned: every other call but stats(), layout(), keep_alive() and Close() fails with
  // ShutdownInProgress. Close() does not wait for calls that are under way in other threads.
  rocksdb::Status Close();

  // `n` lists of one moment. Each has a status, as Get returns it. Calls RocksDB's batched
  // MultiGet, or one Get after the other where that is not right: with a row cache, in a DBWithTTL,
  // and in a TransactionDB that is not WRITE_COMMITTED.
  void MultiGet(const rocksdb::ReadOptions& options, size_t n, const rocksdb::Slice* keys,
                PinnedBlob* lists, rocksdb::Status* statuses);

  // The same with vectors: resizes `*lists`, and returns the statuses.
  [[nodiscard]] std::vector<rocksdb::Status> MultiGet(const rocksdb::ReadOptions& options,
                                                      absl::Span<const rocksdb::Slice> keys,
                                                      std::vector<PinnedBlob>* lists);

  // A Cursor at the first list of `range`. Bounds in `options`, if any, hold as well. The Cursor
  // keeps copies of all bounds. The caller keeps a snapshot and a timestamp in `options`.
  // With read_tier = kBlockCacheTier its status is Incomplete if RocksDB's iterators would leave
  // out keys that are not cached (docs/guide.md, section 16).
  [[nodiscard]] std::unique_ptr<Cursor> Scan(const rocksdb::ReadOptions& options, KeyRange range);

  // What reads did since the Store was opened, and what is pinned now.
  [[nodiscard]] StoreStats stats() const;

  // The layout of the lists.
  Layout layout() const;

  // Holds the caches of the column family, as every block of this Store does. It may outlive the
  // Store. Pass it to FromPinnable as `keep_alive` when you read through a transaction or a batch.
  [[nodiscard]] std::shared_ptr<const void> keep_alive() const;

 private:
  explicit Store(std::unique_ptr<internal::StoreCore> core);

  // What a write does to a key, or why it cannot.
  struct Change {
    enum class Kind { kPut, kMerge, kDelete, kNothing };
    const char* name;  // of the method
    Kind kind;
    rocksdb::Status status;
    std::string value;
  };
  Change Putting(const ValueList& values) const;
  Change Appending(const ValueList& values) const;
  Change Trimming(uint64_t count, Keep keep) const;
  Change Removing(const ValueList& values) const;
  Change RemovingPrefix(const rocksdb::Slice& prefix) const;
  Change Clearing() const;
  Change Deleting() const;
  Change Merging(const char* name, std::string operand) const;

  // What a write may go into, as the class that has the methods.
  template <typename Target>
  static auto* Checked(Target* target) {
    constexpr bool kIsTransaction = std::is_base_of<rocksdb::Transaction, Target>::value;
    constexpr bool kIsTarget =
        kIsTransaction || std::is_base_of<rocksdb::WriteBatchBase, Target>::value;
    static_assert(kIsTarget && !std::is_const<Target>::value,
                  "a list is written with rocksdb::WriteOptions, or into a pointer to a "
                  "rocksdb::WriteBatch, WriteBatchWithIndex or Transaction that is not const");
    using Base = std::conditional_t<kIsTransaction, rocksdb::Transaction, rocksdb::WriteBatchBase>;
    return static_cast<Base*>(target);
  }

  rocksdb::Status MayWrite(const Change& change) const;
  rocksdb::Status Write(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                        const Change& change);
  template <typename Target>
  rocksdb::Status WriteChange(Target* target, const rocksdb::Slice& key, const Change& change);
  rocksdb::Status WriteInto(rocksdb::WriteBatchBase* batch, const rocksdb::Slice& key,
                            const Change& change);
  rocksdb::Status WriteInto(rocksdb::Transaction* transaction, const rocksdb::Slice& key,
                            const Change& change);

  std::unique_ptr<internal::StoreCore> core_;
};

}  // namespace sheaf

#endif  // SHEAF_STORE_H_
