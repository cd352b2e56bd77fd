// Opening a Store, and closing it. Its writes are in store_writes.cc; its reads in store_reads.cc,
// cursor.cc (Scan) and get_segments.cc.

#include "sheaf/store.h"

#include <cinttypes>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugin/rocksdb/append_operator_impl.h"
#include "plugin/rocksdb/pin_policy.h"
#include "plugin/rocksdb/store_core.h"
#include "rocksdb/cache.h"
#include "rocksdb/env.h"
#include "rocksdb/table.h"

namespace sheaf {
namespace internal {
namespace {

// Of a block cache. RocksDB's default cache of 8 MB has 16 shards of 512 KB.
constexpr uint64_t kSmallShard = 1 << 20;

// Notes in RocksDB's log if the shards of the block cache are smaller than lists may well be.
void NoteSmallShards(const rocksdb::Options& options, const std::string& family) {
  const auto* const table =
      options.table_factory == nullptr
          ? nullptr
          : options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
  if (table == nullptr || table->no_block_cache || table->block_cache == nullptr) return;
  const rocksdb::Cache& cache = *table->block_cache;
  const uint64_t shard = ShardCapacity(cache);
  if (shard >= kSmallShard) return;
  rocksdb::Info(
      options.info_log,
      "sheaf: column family \"%s\": a shard of the block cache has room for %" PRIu64
      " of its %zu bytes. A larger list is not kept in the cache, so that each read of it "
      "reads the file. For such lists, use a larger cache, or fewer shards: "
      "rocksdb::NewLRUCache(capacity, /*num_shard_bits=*/0). Store::stats() counts such "
      "reads as reads_not_kept.",
      family.c_str(), shard, cache.GetCapacity());
}

bool EnvironmentCopiesReads() {
  const char* const value = std::getenv("SHEAF_COPY_READS");
  return value != nullptr && std::string_view(value) == "1";
}

// What OpenCore says of a column family that holds the other kind of lists.
rocksdb::Status CheckKind(const char* call, bool long_lists, const std::string& family,
                          bool appends, const AppendOptions& append) {
  const std::string where = absl::StrCat(call, ": column family \"", family, "\" ");
  if (long_lists && !appends) {
    return rocksdb::Status::InvalidArgument(
        where + "does not have the merge operator sheaf.append",
        "open the DB with sheaf::OpenDB and a sheaf::NewAppendOperator that has page_bytes");
  }
  if (long_lists && append.page_bytes == 0) {
    return rocksdb::Status::InvalidArgument(
        where + "holds lists that are not in pages: its merge operator's page_bytes is 0",
        "use sheaf::Store; or, for a new column family, set AppendOptions::page_bytes");
  }
  if (!long_lists && append.page_bytes != 0) {
    return rocksdb::Status::InvalidArgument(
        absl::StrCat(where, "holds long lists: its merge operator's page_bytes is ",
                     append.page_bytes),
        "use sheaf::LongStore (sheaf/long_store.h)");
  }
  return rocksdb::Status::OK();
}

}  // namespace

rocksdb::Status OpenCore(const char* call, bool long_lists, rocksdb::DB* db,
                         rocksdb::ColumnFamilyHandle* cf, const StoreOptions& options,
                         std::unique_ptr<StoreCore>* core) {
  if (db == nullptr) return rocksdb::Status::InvalidArgument(absl::StrCat(call, ": no DB"));
  if (cf == nullptr) cf = db->DefaultColumnFamily();
  const rocksdb::Options cf_options = db->GetOptions(cf);
  bool appends = false;
  AppendOptions append_options;
  rocksdb::Status s =
      AppendOperator::Find(cf_options.merge_operator.get(), &appends, &append_options);
  if (s.ok()) s = CheckKind(call, long_lists, cf->GetName(), appends, append_options);
  if (!s.ok()) return s;
  if (!appends && !options.read_only) {
    return rocksdb::Status::InvalidArgument(
        absl::StrCat(call, ": column family \"", cf->GetName(),
                     "\" does not have the merge operator sheaf.append"),
        "open the DB with sheaf::OpenDB and ColumnFamilyOptions::merge_operator = "
        "sheaf::NewAppendOperator(); or, to read only, set StoreOptions::read_only");
  }
  if (appends && append_options.layout != options.layout) {
    return rocksdb::Status::InvalidArgument(
        absl::StrCat(call, ": ", long_lists ? "Long" : "", "StoreOptions::layout is ",
                     LayoutName(options.layout), ", but the merge operator of column family \"",
                     cf->GetName(), "\" has layout ", LayoutName(append_options.layout)),
        absl::StrCat("lists are kept in the operator's layout; open the ", long_lists ? "Long" : "",
                     "Store with ", long_lists ? "Long" : "",
                     "StoreOptions::layout = ", LayoutInCode(append_options.layout)));
  }
  if (appends && cf_options.table_factory->Name() == std::string_view("CuckooTable")) {
    return rocksdb::Status::NotSupported(
        absl::StrCat(call, ": column family \"", cf->GetName(),
                     "\" is written to cuckoo tables, which hold values of one size and no merge "
                     "operands; use BlockBasedTableFactory or PlainTableFactory"));
  }
  const Instance instance = Instance::Of(db, cf, cf_options);
  if (instance.hides_prepared && cf_options.inplace_update_support) {
    return rocksdb::Status::NotSupported(
        absl::StrCat(call,
                     ": inplace_update_support in a TransactionDB with the write policy "
                     "WRITE_PREPARED or WRITE_UNPREPARED"),
        "it overwrites what is not committed, and has no snapshots; use WRITE_COMMITTED, or open "
        "the DB without inplace_update_support");
  }
  if (instance.hides_prepared && cf_options.row_cache != nullptr) {
    return rocksdb::Status::NotSupported(
        absl::StrCat(call,
                     ": DBOptions::row_cache in a TransactionDB with the write policy "
                     "WRITE_PREPARED or WRITE_UNPREPARED"),
        "its transactions do not find what is in the row cache; use WRITE_COMMITTED, or open the "
        "DB without row_cache");
  }
  if (instance.is_secondary) {
    return rocksdb::Status::NotSupported(
        absl::StrCat(call, ": a secondary instance"),
        "after it caught up, RocksDB's secondary shows appended values twice, and deleted ones "
        "again; open the DB with DB::OpenForReadOnly, or open a Checkpoint of it");
  }
  NoteSmallShards(cf_options, cf->GetName());
  StoreOptions with = options;
  with.copy_reads |= EnvironmentCopiesReads();
  *core = std::make_unique<StoreCore>(db, cf, with, appends, append_options,
                                      std::make_shared<const PinPolicy>(PinPolicy::Of(cf_options)),
                                      instance, cf_options);
  return s;
}

std::string BusyMessage(const char* call, const char* cursors_of, const DbPins::Counts& pins) {
  std::string busy = absl::StrCat(call, ": ");
  if (pins.segments != 0) {
    absl::StrAppend(&busy, pins.segments, pins.segments == 1 ? " segment" : " segments",
                    " of GetSegments still pinned to the DB; drop their PinnedBlobs and "
                    "PinnedSlices first");
  }
  if (pins.cursors != 0) {
    absl::StrAppend(&busy, pins.segments != 0 ? "; " : "", pins.cursors,
                    pins.cursors == 1 ? " Cursor" : " Cursors", " of ", cursors_of,
                    " not destroyed yet; destroy them first");
  }
  return busy;
}

}  // namespace internal

using internal::StoreCore;

KeyRange KeyRange::Prefix(std::string_view prefix) {
  KeyRange range;
  range.begin = std::string(prefix);
  // The first key after all with the prefix: its last byte that can be incremented, incremented.
  range.end = std::string(prefix);
  while (!range.end.empty() && static_cast<unsigned char>(range.end.back()) == 0xFF) {
    range.end.pop_back();
  }
  if (!range.end.empty()) {
    range.end.back() = static_cast<char>(static_cast<unsigned char>(range.end.back()) + 1);
  }
  return range;
}

Store::Store(std::unique_ptr<StoreCore> core) : core_(std::move(core)) {}
Store::~Store() = default;

rocksdb::Status Store::Open(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf,
                            const StoreOptions& options, std::unique_ptr<Store>* store) {
  store->reset();
  std::unique_ptr<StoreCore> core;
  rocksdb::Status s =
      internal::OpenCore("Store::Open", /*long_lists=*/false, db, cf, options, &core);
  if (s.ok()) store->reset(new Store(std::move(core)));
  return s;
}

rocksdb::Status Store::Close() {
  if (core_->forked()) return core_->ClosedStatus();
  const internal::DbPins::Counts pins = core_->db_pins->Close();
  if (!pins.any()) {
    core_->Close();
    return rocksdb::Status::OK();
  }
  return rocksdb::Status::Busy(internal::BusyMessage("Store::Close", "Scan", pins));
}

StoreStats Store::stats() const {
  StoreStats stats = core_->ledger->Snapshot();
  const internal::DbPins::Counts pins = core_->db_pins->counts();
  stats.segments_pinned = pins.segments;
  stats.cursors_open = pins.cursors;
  return stats;
}

Layout Store::layout() const { return core_->layout; }

std::shared_ptr<const void> Store::keep_alive() const { return core_->pin_policy; }

}  // namespace sheaf
