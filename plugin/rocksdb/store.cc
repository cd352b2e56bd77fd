// Opening a Store, writing through it, closing it. Its reads are in store_reads.cc, cursor.cc
// (Scan) and get_segments.cc.

#include "sheaf/store.h"

#include <cinttypes>
#include <cstdlib>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugin/codec/operand.h"
#include "plugin/rocksdb/append_operator_impl.h"
#include "plugin/rocksdb/pin_policy.h"
#include "plugin/rocksdb/single_appends.h"
#include "plugin/rocksdb/store_core.h"
#include "rocksdb/cache.h"
#include "rocksdb/env.h"
#include "rocksdb/table.h"

namespace sheaf {
namespace internal {
namespace {

// Of a block cache. RocksDB's default cache of 8 MB has 16 shards of 512 KB.
constexpr uint64_t kSmallShard = 1 << 20;

// Why a list or an operand that cannot be encoded was not written.
rocksdb::Status NotWritten(const absl::Status& status) {
  return rocksdb::Status::InvalidArgument(
      "list not written", rocksdb::Slice(status.message().data(), status.message().size()));
}

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

}  // namespace
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
  if (db == nullptr) return rocksdb::Status::InvalidArgument("Store::Open: no DB");
  if (cf == nullptr) cf = db->DefaultColumnFamily();
  const rocksdb::Options cf_options = db->GetOptions(cf);
  bool appends = false;
  AppendOptions append_options;
  const rocksdb::Status s =
      internal::AppendOperator::Find(cf_options.merge_operator.get(), &appends, &append_options);
  if (!s.ok()) return s;
  if (!appends && !options.read_only) {
    return rocksdb::Status::InvalidArgument(
        absl::StrCat("Store::Open: column family \"", cf->GetName(),
                     "\" does not have the merge operator sheaf.append"),
        "open the DB with sheaf::OpenDB and ColumnFamilyOptions::merge_operator = "
        "sheaf::NewAppendOperator(); or, to read only, set StoreOptions::read_only");
  }
  if (appends && append_options.layout != options.layout) {
    return rocksdb::Status::InvalidArgument(
        absl::StrCat("Store::Open: StoreOptions::layout is ", LayoutName(options.layout),
                     ", but the merge operator of column family \"", cf->GetName(),
                     "\" has layout ", LayoutName(append_options.layout)));
  }
  if (appends && cf_options.table_factory->Name() == std::string_view("CuckooTable")) {
    return rocksdb::Status::NotSupported(
        absl::StrCat("Store::Open: column family \"", cf->GetName(),
                     "\" is written to cuckoo tables, which hold values of one size and no merge "
                     "operands; use BlockBasedTableFactory or PlainTableFactory"));
  }
  const internal::Instance instance = internal::Instance::Of(db, cf, cf_options);
  if (instance.hides_prepared && cf_options.inplace_update_support) {
    return rocksdb::Status::NotSupported(
        "Store::Open: inplace_update_support in a TransactionDB with the write policy "
        "WRITE_PREPARED or WRITE_UNPREPARED",
        "it overwrites what is not committed, and has no snapshots; use WRITE_COMMITTED, or open "
        "the DB without inplace_update_support");
  }
  if (instance.hides_prepared && cf_options.row_cache != nullptr) {
    return rocksdb::Status::NotSupported(
        "Store::Open: DBOptions::row_cache in a TransactionDB with the write policy WRITE_PREPARED "
        "or WRITE_UNPREPARED",
        "its transactions do not find what is in the row cache; use WRITE_COMMITTED, or open the "
        "DB without row_cache");
  }
  if (instance.is_secondary) {
    return rocksdb::Status::NotSupported(
        "Store::Open: a secondary instance",
        "after it caught up, RocksDB's secondary shows appended values twice, and deleted ones "
        "again; open the DB with DB::OpenForReadOnly, or open a Checkpoint of it");
  }
  internal::NoteSmallShards(cf_options, cf->GetName());
  StoreOptions with = options;
  with.copy_reads |= internal::EnvironmentCopiesReads();
  store->reset(new Store(std::make_unique<StoreCore>(
      db, cf, with, appends, append_options,
      std::make_shared<const internal::PinPolicy>(internal::PinPolicy::Of(cf_options)), instance,
      cf_options.enable_blob_files)));
  return rocksdb::Status::OK();
}

Store::Change Store::Putting(Values values) const {
  Change change = {"Store::Put", /*is_merge=*/false, rocksdb::Status::OK(), ""};
  absl::StatusOr<std::string> blob = Encode(values, core_->layout);
  if (blob.ok()) {
    change.value = *std::move(blob);
  } else {
    change.status = internal::NotWritten(blob.status());
  }
  return change;
}

Store::Change Store::Appending(Values values) const {
  static constexpr char kName[] = "Store::Append";  // outlives the call
  if (values.size() == 1 && values[0].size() <= disk::kMaxOperandValue) {
    return Merging(kName, internal::EncodeSingleAppend(values[0]));
  }
  absl::StatusOr<std::string> operand = Encode(values);
  const absl::Status encoded = operand.status();
  Change change = Merging(kName, encoded.ok() ? *std::move(operand) : "");
  if (change.status.ok() && !encoded.ok()) change.status = internal::NotWritten(encoded);
  return change;
}

Store::Change Store::Trimming(uint64_t count, Keep keep) const {
  return Merging("Store::Trim", keep == Keep::kLast ? internal::EncodeKeepLast(count)
                                                    : internal::EncodeKeepFirst(count));
}

Store::Change Store::Removing(std::string_view value) const {
  Change change = Merging("Store::Remove", "");
  if (value.size() > disk::kMaxOperandValue) {
    change.status = internal::NotWritten(absl::ResourceExhaustedError(
        absl::StrCat("a value of ", value.size(), " bytes to remove; an operand holds at most ",
                     disk::kMaxOperandValue)));
  } else {
    change.value = internal::EncodeRemove(value);
  }
  return change;
}

Store::Change Store::Clearing() const { return Merging("Store::Clear", internal::EncodeClear()); }

Store::Change Store::Merging(const char* name, std::string operand) const {
  return {name, /*is_merge=*/true, rocksdb::Status::OK(), std::move(operand)};
}

rocksdb::Status Store::MayWrite(const Change& change) const {
  if (!change.status.ok()) return change.status;
  if (core_->closed()) return core_->ClosedStatus();
  if (core_->read_only) {
    return rocksdb::Status::NotSupported(
        absl::StrCat(change.name, ": the Store was opened with StoreOptions::read_only"));
  }
  if (core_->cf->GetComparator()->timestamp_size() != 0) {
    return rocksdb::Status::NotSupported(absl::StrCat(
        change.name, ": column family \"", core_->cf->GetName(),
        "\" has user-defined timestamps, which RocksDB does not merge; write with "
        "DB::Put(options, cf, key, timestamp, sheaf::Encode(values)), and read with Store and "
        "ReadOptions::timestamp"));
  }
  return rocksdb::Status::OK();
}

rocksdb::Status Store::Write(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                             const Change& change) {
  const rocksdb::Status may = MayWrite(change);
  if (!may.ok()) return may;
  return change.is_merge ? core_->db->Merge(options, core_->cf, key, change.value)
                         : core_->db->Put(options, core_->cf, key, change.value);
}

rocksdb::Status Store::WriteInto(rocksdb::WriteBatchBase* batch, const rocksdb::Slice& key,
                                 const Change& change) {
  if (batch == nullptr) {
    return rocksdb::Status::InvalidArgument(absl::StrCat(change.name, ": no batch"));
  }
  const rocksdb::Status may = MayWrite(change);
  if (!may.ok()) return may;
  return change.is_merge ? batch->Merge(core_->cf, key, change.value)
                         : batch->Put(core_->cf, key, change.value);
}

rocksdb::Status Store::WriteInto(rocksdb::Transaction* transaction, const rocksdb::Slice& key,
                                 const Change& change) {
  if (transaction == nullptr) {
    return rocksdb::Status::InvalidArgument(absl::StrCat(change.name, ": no transaction"));
  }
  const rocksdb::Status may = MayWrite(change);
  if (!may.ok()) return may;
  if (change.is_merge && core_->instance.hides_prepared) {
    return rocksdb::Status::NotSupported(absl::StrCat(
        change.name,
        ": into a transaction of a TransactionDB with the write policy WRITE_PREPARED or "
        "WRITE_UNPREPARED, where RocksDB may not roll merges back; read the list with "
        "Transaction::GetForUpdate and Put the new one, or use WRITE_COMMITTED"));
  }
  return change.is_merge ? transaction->Merge(core_->cf, key, change.value)
                         : transaction->Put(core_->cf, key, change.value);
}

rocksdb::Status Store::Put(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                           Values values) {
  return Write(options, key, Putting(values));
}

rocksdb::Status Store::Append(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                              Values values) {
  return Write(options, key, Appending(values));
}

rocksdb::Status Store::Trim(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                            uint64_t count, Keep keep) {
  return Write(options, key, Trimming(count, keep));
}

rocksdb::Status Store::Remove(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                              std::string_view value) {
  return Write(options, key, Removing(value));
}

rocksdb::Status Store::Clear(const rocksdb::WriteOptions& options, const rocksdb::Slice& key) {
  return Write(options, key, Clearing());
}

rocksdb::Status Store::Close() {
  if (core_->forked()) return core_->ClosedStatus();
  const internal::DbPins::Counts pins = core_->db_pins->Close();
  if (!pins.any()) {
    core_->Close();
    return rocksdb::Status::OK();
  }
  std::string busy = "Store::Close: ";
  if (pins.segments != 0) {
    absl::StrAppend(&busy, pins.segments, pins.segments == 1 ? " segment" : " segments",
                    " of GetSegments still pinned to the DB; drop their PinnedBlobs and "
                    "PinnedSlices first");
  }
  if (pins.cursors != 0) {
    absl::StrAppend(&busy, pins.segments != 0 ? "; " : "", pins.cursors,
                    pins.cursors == 1 ? " Cursor" : " Cursors",
                    " of Scan not destroyed yet; destroy them first");
  }
  return rocksdb::Status::Busy(busy);
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
