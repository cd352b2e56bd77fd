// StoreCore: what Store and Cursor share.

#ifndef SHEAF_PLUGIN_ROCKSDB_STORE_CORE_H_
#define SHEAF_PLUGIN_ROCKSDB_STORE_CORE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "plugin/rocksdb/db_pins.h"
#include "plugin/rocksdb/fork_count.h"
#include "plugin/rocksdb/instance.h"
#include "plugin/rocksdb/ledger.h"
#include "plugin/rocksdb/pin_policy.h"
#include "plugin/rocksdb/range_deletion_guard.h"
#include "plugin/rocksdb/read_context.h"
#include "rocksdb/comparator.h"
#include "rocksdb/db.h"
#include "rocksdb/iterator.h"
#include "rocksdb/status.h"
#include "rocksdb/table.h"
#include "sheaf/append_operator.h"
#include "sheaf/layout.h"
#include "sheaf/store.h"

namespace sheaf {
namespace internal {

class StoreCore {
 public:
  // The names differ from the members': RocksDB's own build, with plugins, has -Wshadow -Werror.
  StoreCore(rocksdb::DB* a_db, rocksdb::ColumnFamilyHandle* a_cf, const StoreOptions& options,
            bool appends, const AppendOptions& appends_with,
            std::shared_ptr<const PinPolicy> its_pin_policy, const Instance& kind,
            const rocksdb::Options& cf_options)
      : db(a_db),
        cf(a_cf),
        layout(options.layout),
        read_only(options.read_only),
        copy_reads(options.copy_reads),
        can_append(appends),
        append_options(appends_with),
        pin_policy(std::move(its_pin_policy)),
        instance(kind),
        has_row_cache(pin_policy->row != nullptr),
        row_cache_fault(FaultOfRowCache(cf, kind)),
        reads_plainly(!has_row_cache && !kind.has_ttl),
        makes_blob_files(cf_options.enable_blob_files),
        backward_fault(FaultOfBackward(cf_options)),
        ledger(Ledger::New(pin_policy)) {}

  rocksdb::DB* const db;
  rocksdb::ColumnFamilyHandle* const cf;
  const Layout layout;
  const bool read_only;
  const bool copy_reads;               // or the environment says so
  const bool can_append;               // the merge operator is sheaf.append
  const AppendOptions append_options;  // its options, if it is
  const std::shared_ptr<const PinPolicy> pin_policy;
  const Instance instance;
  const bool has_row_cache;
  // Why RocksDB's row cache can never be trusted here. Null if it can, while no SST holds a range
  // deletion.
  const char* const row_cache_fault;
  const bool reads_plainly;     // DB::Get is always right
  const bool makes_blob_files;  // when the Store was opened
  // Why iterators do not go backward; null if they do.
  const char* const backward_fault;
  const std::unique_ptr<RangeDeletionGuard> no_range_deletions =
      std::make_unique<RangeDeletionGuard>(db, cf);
  const Ledger::Ptr ledger;
  const std::shared_ptr<DbPins> db_pins = std::make_shared<DbPins>();

  // True for a read that may do no I/O, if values may lie in blob files. If the merge operator
  // needs such a value and no cache has it, DB::Get aborts (without assertions, it returns
  // Corruption), and GetMergeOperands leaves the value out. So such a read is Incomplete.
  bool ReadsBlobsWithoutIo(const rocksdb::ReadOptions& options) const {
    if (options.read_tier != rocksdb::kBlockCacheTier) return false;
    uint64_t files = 0;  // may be there even if this Store's options make none
    return makes_blob_files ||
           !db->GetIntProperty(cf, rocksdb::DB::Properties::kNumBlobFiles, &files) || files != 0;
  }

  // For a message: why a read did not use the row cache.
  const char* WhyNotRowCache() const {
    return row_cache_fault != nullptr ? row_cache_fault
                                      : "the column family's SSTs hold range deletions, which "
                                        "RocksDB's row cache forgets, "
                                        "or changed while they were read";
  }

  // What lies under the key `key`, for messages: the value of a key, or a page of a long list.
  std::string Subject(const rocksdb::Slice& key) const;

  // DB::NewIterator. Its status is Incomplete for a read that may do no I/O and that RocksDB would
  // get wrong: see RangeDeletionGuard.
  std::unique_ptr<rocksdb::Iterator> NewIterator(const rocksdb::ReadOptions& options) const;

  // True if no call may reach the DB: Store::Close() was called, or this process is a fork of the
  // one that opened the Store. ClosedStatus() tells which.
  bool closed() const { return open_in_.load(std::memory_order_relaxed) != ForkCount::Now(); }
  bool forked() const { return closed() && open_in_.load(std::memory_order_relaxed) != 0; }
  void Close() { open_in_.store(0, std::memory_order_relaxed); }
  rocksdb::Status ClosedStatus() const;
  static rocksdb::Status ForkedStatus();

 private:
  static const char* FaultOfBackward(const rocksdb::Options& options) {
    return options.table_factory->Name() !=
                   std::string_view(rocksdb::TableFactory::kBlockBasedTableName())
               ? "in tables that are not block-based"
           : options.inplace_update_support ? "with inplace_update_support"
                                            : nullptr;
  }
  static const char* FaultOfRowCache(rocksdb::ColumnFamilyHandle* cf, const Instance& instance) {
    return instance.is_read_only ? "the DB was opened read-only, and then RocksDB does not find "
                                   "keys in its row cache"
           : cf->GetComparator()->timestamp_size() != 0
               ? "the column family has user-defined timestamps, and RocksDB before 8.7 does not "
                 "find such keys in its row cache"
               : nullptr;
  }

  std::atomic<uint64_t> open_in_{ForkCount::Watch()};  // 0: closed
};

// What both kinds of stores check when they are opened by `call`, and what they share then.
// `long_lists`: which kind; the column family must hold such lists.
rocksdb::Status OpenCore(const char* call, bool long_lists, rocksdb::DB* db,
                         rocksdb::ColumnFamilyHandle* cf, const StoreOptions& options,
                         std::unique_ptr<StoreCore>* core);

// Why a store with `pins` cannot be closed by `call`; `cursors_of` names what makes its cursors.
// REQUIRES: pins.any().
std::string BusyMessage(const char* call, const char* cursors_of, const DbPins::Counts& pins);

// `key` in quotes for a message, with bytes that cannot be shown escaped, and cut if it is long.
std::string ShownKey(std::string_view key);

// "the value of key ...", for messages.
std::string ValueOf(const rocksdb::Slice& key);

// Corruption of `subject`, whose value `value` was refused with `status`.
rocksdb::Status CorruptList(const std::string& subject, const rocksdb::Slice& value, Layout layout,
                            const absl::Status& status);

// InvalidArgument: a list or an operand was not written, as it cannot be encoded for `status`.
rocksdb::Status NotWritten(const absl::Status& status);

// Store::Get, in `context`.
rocksdb::Status ReadList(const StoreCore& core, const rocksdb::ReadOptions& options,
                         const rocksdb::Slice& key, ReadContext* context, PinnedBlob* list);

// The value of `key` as an iterator sees it, copied into `*value`: past the row cache. Errors:
// NotFound; Incomplete for kBlockCacheTier; NotSupported for kPersistedTier; RocksDB's own.
// `context`: of this read, on this thread.
rocksdb::Status GetByIterator(const StoreCore& core, const rocksdb::ReadOptions& options,
                              const rocksdb::Slice& key, const ReadContext& context,
                              rocksdb::PinnableSlice* value);

// The status to return for a read of `subject` that RocksDB ended with `status`. If a merge failed,
// it names the key and the cause, which RocksDB's own status does not.
rocksdb::Status ExplainFailure(const std::string& subject, const MergeFailure& failure,
                               const rocksdb::Status& status);

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_STORE_CORE_H_
