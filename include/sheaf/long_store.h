// LongStore: lists that grow for ever, under keys of one RocksDB column family.
//
// Like Store, but a list lies in pages, so that its length costs nothing: an append reads nothing,
// and a read reads the pages that its values lie in. Use Store for lists that are read whole and
// stay below some megabytes, and LongStore for logs, feeds and histories.
//
//     values    0 .......... 999 | 1000 ........ 2047 | 2048 ... 2103 <-- Append
//     pages     sealed           | sealed             | open
//
// Every value has a position: its number, counted from 0 for the first that was ever appended. It
// does not change when older values are trimmed. Appends go to the list's open page. When that has
// AppendOptions::page_bytes, a thread of the LongStore seals it: moves what it holds into a sealed
// page, in one atomic write. docs/format.md, "long lists", has the bytes.
//
// The column family's merge operator is `sheaf.append` with `page_bytes`. Write its keys through
// LongStores of one process only. (To ingest new lists that `sheaf load --page-bytes` made is
// fine.) Append with WriteOptions::disableWAL always, or never.
//
// Ownership: as Store. The DB and the column family must outlive the LongStore and its cursors;
// what Get, GetRange and GetLast return may outlive all of them. Declare the LongStore after the
// DB: its thread must end first.
//
// Thread safety: any number of threads may use a LongStore. One thread at a time may use a cursor.
// In a child of fork(), every call that would reach the DB fails with NotSupported.
//
//   rocksdb::Options options;
//   options.create_if_missing = true;
//   sheaf::AppendOptions append;
//   append.page_bytes = sheaf::kDefaultPageBytes;
//   options.merge_operator = sheaf::NewAppendOperator(append);
//   options.sst_partitioner_factory = sheaf::NewPagePartitionerFactory();
//   std::unique_ptr<rocksdb::DB> db;
//   rocksdb::Status s = sheaf::OpenDB(options, path, &db);
//   if (!s.ok()) return s;                                   // as after each call below
//   std::unique_ptr<sheaf::LongStore> events;
//   s = sheaf::LongStore::Open(db.get(), nullptr, {}, &events);
//   s = events->Append(rocksdb::WriteOptions(), "user:7", {"login", "search"});
//   std::vector<sheaf::PinnedSlice> newest;
//   s = events->GetLast(rocksdb::ReadOptions(), "user:7", 20, &newest);

#ifndef SHEAF_LONG_STORE_H_
#define SHEAF_LONG_STORE_H_

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
#include "rocksdb/sst_partitioner.h"
#include "rocksdb/status.h"
#include "rocksdb/utilities/transaction.h"
#include "rocksdb/write_batch_base.h"
#include "sheaf/append_operator.h"
#include "sheaf/blob_view.h"
#include "sheaf/cursor.h"
#include "sheaf/layout.h"
#include "sheaf/open_db.h"
#include "sheaf/pinned_blob.h"
#include "sheaf/pinned_slice.h"
#include "sheaf/segments.h"
#include "sheaf/store_stats.h"
#include "sheaf/value_list.h"

namespace sheaf {

namespace internal {
class LongCore;
}  // namespace internal

// A good AppendOptions::page_bytes, in bytes: a page is read in some microseconds, and a list of a
// gigabyte has 16,000.
constexpr uint64_t kDefaultPageBytes = 64 << 10;

// The name of the partitioner in OPTIONS.
constexpr char kPagePartitionerName[] = "sheaf.pages";

// For ColumnFamilyOptions::sst_partitioner_factory: cuts SSTs behind the sealed pages of a list, if
// they have 1 MiB or more. Without it, a compaction that meets an append to a list writes all of
// the SST again that the list's end lies in, by default 64 MiB. Set it for a column family of long
// lists; it may be set or left out each time that the DB is opened.
[[nodiscard]] std::shared_ptr<rocksdb::SstPartitionerFactory> NewPagePartitionerFactory();

// Options of LongStore::Open.
struct LongStoreOptions {
  // Layout of the pages. Must be the `layout` of the column family's merge operator.
  // Default: kCompact
  Layout layout = Layout::kCompact;

  // A thread of the LongStore seals open pages that have page_bytes. If a list grows faster than
  // that, Append waits, once the open page has twice page_bytes, until it was sealed, but for a
  // second at most. If false, only Seal() seals.
  // Default: true
  bool seal_in_background = true;

  // Only for reading: every write through the LongStore is NotSupported, and nothing is sealed. So
  // it is for a DB that was opened read-only.
  // Default: false
  bool read_only = false;

  // As StoreOptions::copy_reads.
  // Default: false
  bool copy_reads = false;

  // Memory for where pages begin: about 20 bytes a page that was read lately, and 200 a list. What
  // is not there is found by an iterator, which doubles the time to read one value.
  // Default: 8 MiB
  size_t index_bytes = 8 << 20;
};

// As StoreStats, whose counters count pages, and:
struct LongStoreStats : StoreStats {
  // Pages that this LongStore sealed, and their bytes, as encoded.
  uint64_t pages_sealed = 0;
  uint64_t bytes_sealed = 0;
  // Seals that failed, those by hand, too. Such a list is as it was. The thread of the LongStore
  // tries its seals again.
  uint64_t seals_failed = 0;
  // Lists whose open pages may be past page_bytes and wait to be sealed, now: as far as this
  // LongStore noticed, by what it appended, and by reads and merges. At most 65,536.
  uint64_t open_pages_too_large = 0;
  // Appends that waited for a seal.
  uint64_t appends_delayed = 0;
  // Open pages whose pending appends were merged, as a read met many.
  uint64_t open_pages_merged = 0;

  // One line for a log.
  std::string ToString() const;
};

// Steps over the pages of one list in order, one page a step: in memory that does not depend on the
// length of the list. LongStore::Pages makes it. All pages are of one moment. Holds a snapshot:
// destroy it before the DB is closed. LongStore::Close() tells.
//
//   auto page = long_store->Pages(rocksdb::ReadOptions(), "user:7");
//   for (; page->Valid(); page->Next()) {
//     for (std::string_view event : page->values()) Use(event);
//   }
//   if (!page->status().ok()) return page->status();
class PageCursor {
 public:
  virtual ~PageCursor() = default;

  // True at a page that has values. False at the end, and if something failed; status() tells.
  [[nodiscard]] virtual bool Valid() const = 0;
  // To the next page. REQUIRES: Valid(), or status().IsCorruption(): then to the page behind the
  // one that does not decode. Behind a last sealed page that does not decode is the open page,
  // whose position is not known then: that is Corruption, too, and the end is behind it.
  virtual void Next() = 0;
  // OK at a page and at the end. NotFound if there is no list. Corruption, naming key and position,
  // at a page that does not decode. RocksDB's own.
  [[nodiscard]] virtual rocksdb::Status status() const = 0;
  // The position of the page's first value. REQUIRES: Valid().
  [[nodiscard]] virtual uint64_t position() const = 0;
  // The page, valid until the cursor moves. REQUIRES: Valid().
  [[nodiscard]] virtual const BlobView& values() const ABSL_ATTRIBUTE_LIFETIME_BOUND = 0;
  // The page as a holder of its block, which may outlive the cursor: no copy. REQUIRES: Valid().
  [[nodiscard]] virtual PinnedBlob Detach() const = 0;
};

// Steps over the long lists of a range of keys. LongStore::Scan makes it. All lists are of one
// moment. Holds a snapshot, as PageCursor.
class LongCursor {
 public:
  virtual ~LongCursor() = default;

  // True at a list. False at the end, and if something failed; status() tells.
  [[nodiscard]] virtual bool Valid() const = 0;
  // True at a key, whether its bounds can be told or not.
  [[nodiscard]] virtual bool HasKey() const = 0;
  // To the next list. REQUIRES: HasKey().
  virtual void Next() = 0;
  // To the first list of the range, or the first from `key` on.
  virtual void SeekToFirst() = 0;
  virtual void Seek(const rocksdb::Slice& key) = 0;
  // As Cursor::status().
  [[nodiscard]] virtual rocksdb::Status status() const = 0;
  // The key, valid until the cursor moves. REQUIRES: HasKey().
  [[nodiscard]] virtual rocksdb::Slice key() const ABSL_ATTRIBUTE_LIFETIME_BOUND = 0;
  // The positions of its values: [first, end). REQUIRES: Valid().
  [[nodiscard]] virtual uint64_t first() const = 0;
  [[nodiscard]] virtual uint64_t end() const = 0;
  // The pages of the list, from the one with the value at `position` on, of the same moment. Must
  // not outlive this cursor. REQUIRES: HasKey().
  [[nodiscard]] virtual std::unique_ptr<PageCursor> Pages(uint64_t position = 0) const = 0;
};

class LongStore {
 public:
  // What a ValueList is made of at no cost.
  using Values = absl::Span<const std::string_view>;

  // `cf` may be null: the default column family.
  // Errors: InvalidArgument for a null `db`; a column family whose merge operator is not
  // `sheaf.append`, has no page_bytes or more than 256 MiB, or another layout, or max_values or
  // max_bytes; or one that holds other keys than those of long lists. NotSupported for what cannot
  // keep positions right: a comparator that is not bytewise, tables that are not block-based,
  // DBWithTTL, compaction filters, FIFO compaction, inplace_update_support, unordered_write,
  // a TransactionDB that is not WRITE_COMMITTED, a secondary instance, a row cache.
  static rocksdb::Status Open(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf,
                              const LongStoreOptions& options, std::unique_ptr<LongStore>* store);

  // Ends the thread. A seal that is under way is finished.
  ~LongStore();
  LongStore(const LongStore&) = delete;
  LongStore& operator=(const LongStore&) = delete;

  // Appends to the list of `key`, or begins it: one DB::Merge, no read. Values may be any range of
  // strings, or one string (sheaf/value_list.h).
  // Errors: InvalidArgument past a layout's limit; NotSupported with LongStoreOptions::read_only;
  // RocksDB's own.
  rocksdb::Status Append(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                         const ValueList& values);
  // The same into a rocksdb::WriteBatchBase (WriteBatch, WriteBatchWithIndex) or a
  // rocksdb::Transaction, as Store::Append. A seal writes to the key that a transaction appends to,
  // so an OptimisticTransaction may fail with Busy, and must be tried again.
  template <typename Target>
  rocksdb::Status Append(Target* target, const rocksdb::Slice& key, const ValueList& values) {
    return AppendTo(Checked(target), key, values);
  }

  // Sets the positions of the values that are there: [*first, *end). Errors: NotFound if there is
  // no list; Corruption, naming key and position, and what does not decode; NotSupported for a
  // read_tier that is not kReadAllTier; RocksDB's own.
  rocksdb::Status Bounds(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                         uint64_t* first, uint64_t* end);

  // All of the list, from one moment, one blob a page. Errors: as Bounds; `*list` is then empty.
  rocksdb::Status Get(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                      Segments* list);

  // Values at positions [position, position + count), those of them that are there. Reads only the
  // pages that they lie in. `*first`, if not null, is the position of the first one returned; if
  // there is none, the position where it would be. Positions past the end, or trimmed, give no
  // values and OK. Errors: as Bounds; `*values` is then empty.
  rocksdb::Status GetRange(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                           uint64_t position, size_t count, std::vector<PinnedSlice>* values,
                           uint64_t* first = nullptr);

  // The newest `count` values, the oldest of them first; fewer if the list has fewer.
  // Errors: as GetRange.
  rocksdb::Status GetLast(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                          size_t count, std::vector<PinnedSlice>* values);

  // The pages of the list in order, from the one with the value at `position` on: its first value
  // may be older. From one moment. The caller keeps a snapshot in `options`.
  [[nodiscard]] std::unique_ptr<PageCursor> Pages(const rocksdb::ReadOptions& options,
                                                  const rocksdb::Slice& key, uint64_t position = 0);

  // The lists of a range of keys in order, with their bounds; their pages on demand.
  [[nodiscard]] std::unique_ptr<LongCursor> Scan(const rocksdb::ReadOptions& options,
                                                 KeyRange range);

  // Drops all values before `position`; the positions of those that stay do not change. Past the
  // end, drops all: the list is then empty, and goes on at its end. If `position` lies within a
  // sealed page, the rest of that page is written anew, so rather trim seldom, and by more than a
  // page. If there is no list, does nothing. Errors: as Bounds; as Append.
  rocksdb::Status TrimBefore(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                             uint64_t position);

  // Deletes the list and its positions: the next append begins a list at 0. Does not read more than
  // 64 pages: deletes the range of keys of a longer list. Errors: as Append.
  rocksdb::Status Delete(const rocksdb::WriteOptions& options, const rocksdb::Slice& key);

  // Seals the open page of `key` now, whatever its size; several pages, if it is several times
  // page_bytes. If there is nothing in it, does nothing. Errors: as Bounds; as Append. The list is
  // then as it was.
  rocksdb::Status Seal(const rocksdb::Slice& key);

  // As Store::Close(): ends the thread, and from then on every call but stats(), layout() and
  // Close() fails with ShutdownInProgress. Errors: Busy, naming how many cursors are not destroyed
  // yet; nothing has changed then.
  rocksdb::Status Close();

  // What reads and seals did since the LongStore was opened, and what waits now.
  [[nodiscard]] LongStoreStats stats() const;

  // The layout of the pages.
  [[nodiscard]] Layout layout() const;

 private:
  explicit LongStore(std::shared_ptr<internal::LongCore> core);

  // What an append may go into, as the class that has the methods.
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
  rocksdb::Status AppendTo(rocksdb::WriteBatchBase* batch, const rocksdb::Slice& key,
                           const ValueList& values);
  rocksdb::Status AppendTo(rocksdb::Transaction* transaction, const rocksdb::Slice& key,
                           const ValueList& values);

  const std::shared_ptr<internal::LongCore> core_;
};

}  // namespace sheaf

#endif  // SHEAF_LONG_STORE_H_
