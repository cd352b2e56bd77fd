// Opening a LongStore, and closing it. Its writes and seals are in long_core.cc and long_seal.cc;
// its reads in long_reads.cc and long_cursors.cc.

#include "sheaf/long_store.h"

#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "plugin/rocksdb/long_core.h"
#include "rocksdb/comparator.h"

namespace sheaf {
namespace internal {
namespace {

constexpr uint64_t kMaxPageBytes = 256 << 20;

// Why positions would not stay right, or reads not be of one moment, in this column family. Null if
// they do.
const char* FaultOf(rocksdb::ColumnFamilyHandle* cf, const rocksdb::Options& options,
                    const Instance& instance) {
  if (cf->GetComparator() != rocksdb::BytewiseComparator()) {
    return "a comparator that is not rocksdb::BytewiseComparator(): pages would not be in order";
  }
  if (options.table_factory->Name() !=
      std::string_view(rocksdb::TableFactory::kBlockBasedTableName())) {
    return "tables that are not block-based: RocksDB does not scan them backward";
  }
  if (instance.has_ttl) return "DBWithTTL: it drops pages one by one";
  if (instance.hides_prepared) {
    return "a TransactionDB that is not WRITE_COMMITTED: RocksDB may not roll appends back";
  }
  if (options.compaction_filter != nullptr || options.compaction_filter_factory != nullptr) {
    return "a compaction filter: it may drop pages one by one";
  }
  if (options.compaction_style == rocksdb::kCompactionStyleFIFO) {
    return "FIFO compaction: it drops pages one by one";
  }
  if (options.inplace_update_support) return "inplace_update_support: it has no snapshots";
  if (options.unordered_write) return "unordered_write: its snapshots change";
  if (options.row_cache != nullptr) {
    return "DBOptions::row_cache: it forgets that pages were deleted";
  }
  return nullptr;
}

// Whether the first and the last key are those of pages.
rocksdb::Status CheckKeys(const StoreCore& core) {
  rocksdb::ReadOptions options;
  options.total_order_seek = true;
  const std::unique_ptr<rocksdb::Iterator> iterator = core.NewIterator(options);
  for (const bool last : {false, true}) {
    last ? iterator->SeekToLast() : iterator->SeekToFirst();
    if (!iterator->Valid()) {
      // What is damaged is for reads to tell.
      iterator->status().PermitUncheckedError();
      return rocksdb::Status::OK();
    }
    std::string key;
    uint64_t position = 0;
    if (!StoredKey::Parse(iterator->key().ToStringView(), &key, &position)) {
      return rocksdb::Status::InvalidArgument(
          absl::StrCat("LongStore::Open: column family \"", core.cf->GetName(), "\" has the key ",
                       ShownKey(iterator->key().ToStringView()),
                       ", which is not that of a page of a long list"),
          "lists that Store or the application wrote are under their own keys: open the column "
          "family with page_bytes = 0, and use sheaf::Store");
    }
  }
  return rocksdb::Status::OK();
}

}  // namespace
}  // namespace internal

LongStore::LongStore(std::shared_ptr<internal::LongCore> core) : core_(std::move(core)) {}

LongStore::~LongStore() { core_->Stop(); }

rocksdb::Status LongStore::Open(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf,
                                const LongStoreOptions& options,
                                std::unique_ptr<LongStore>* store) {
  static constexpr char kCall[] = "LongStore::Open";
  store->reset();
  StoreOptions base;
  base.layout = options.layout;
  base.read_only = options.read_only;
  base.copy_reads = options.copy_reads;
  std::unique_ptr<internal::StoreCore> core;
  rocksdb::Status s = internal::OpenCore(kCall, /*long_lists=*/true, db, cf, base, &core);
  if (!s.ok()) return s;
  const AppendOptions& append = core->append_options;
  const std::string where =
      absl::StrCat(kCall, ": column family \"", core->cf->GetName(), "\" has ");
  if (append.max_values != 0 || append.max_bytes != 0) {
    return rocksdb::Status::InvalidArgument(
        where +
            "page_bytes and also max_values or max_bytes, which would drop values of the open "
            "page without their positions",
        "trim with LongStore::TrimBefore");
  }
  if (append.page_bytes > internal::kMaxPageBytes) {
    return rocksdb::Status::InvalidArgument(absl::StrCat(where, "page_bytes = ", append.page_bytes,
                                                         ", more than ", internal::kMaxPageBytes));
  }
  const rocksdb::Options cf_options = core->db->GetOptions(core->cf);
  const char* const fault = internal::FaultOf(core->cf, cf_options, core->instance);
  if (fault != nullptr) return rocksdb::Status::NotSupported(where + fault);
  s = internal::CheckKeys(*core);
  if (!s.ok()) return s;
  store->reset(
      new LongStore(std::make_shared<internal::LongCore>(std::move(core), options, cf_options)));
  return s;
}

rocksdb::Status LongStore::Append(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                                  const ValueList& values) {
  return core_->Append(options, key, values);
}
rocksdb::Status LongStore::AppendTo(rocksdb::WriteBatchBase* batch, const rocksdb::Slice& key,
                                    const ValueList& values) {
  return core_->AppendTo(batch, key, values);
}
rocksdb::Status LongStore::AppendTo(rocksdb::Transaction* transaction, const rocksdb::Slice& key,
                                    const ValueList& values) {
  return core_->AppendTo(transaction, key, values);
}

rocksdb::Status LongStore::TrimBefore(const rocksdb::WriteOptions& options,
                                      const rocksdb::Slice& key, uint64_t position) {
  return core_->TrimBefore(options, key, position);
}

rocksdb::Status LongStore::Delete(const rocksdb::WriteOptions& options, const rocksdb::Slice& key) {
  return core_->Delete(options, key);
}

rocksdb::Status LongStore::Seal(const rocksdb::Slice& key) {
  const rocksdb::Status s = core_->CountedSeal(key, internal::LongCore::SealMode::kAlways);
  if (s.ok()) core_->open_pages.Forget(key.ToString());
  return s;
}

rocksdb::Status LongStore::Close() {
  internal::StoreCore& core = *core_->core;
  if (core.forked()) return core.ClosedStatus();
  const internal::DbPins::Counts pins = core.db_pins->Close();
  if (pins.any()) {
    return rocksdb::Status::Busy(internal::BusyMessage("LongStore::Close", "Scan and Pages", pins));
  }
  core_->Stop();
  core.Close();
  return rocksdb::Status::OK();
}

LongStoreStats LongStore::stats() const {
  LongStoreStats stats;
  static_cast<StoreStats&>(stats) = core_->core->ledger->Snapshot();
  stats.cursors_open = core_->core->db_pins->counts().cursors;
  core_->AddTo(&stats);
  return stats;
}

Layout LongStore::layout() const { return core_->core->layout; }

std::string LongStoreStats::ToString() const {
  return absl::StrCat(
      StoreStats::ToString(), " pages_sealed=", pages_sealed, " bytes_sealed=", bytes_sealed,
      " seals_failed=", seals_failed, " open_pages_too_large=", open_pages_too_large,
      " appends_delayed=", appends_delayed, " open_pages_merged=", open_pages_merged);
}

}  // namespace sheaf
