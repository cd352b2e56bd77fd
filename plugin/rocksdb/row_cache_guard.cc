#include "plugin/rocksdb/row_cache_guard.h"

#include "rocksdb/comparator.h"
#include "rocksdb/table_properties.h"

namespace sheaf {
namespace internal {

RowCacheGuard::RowCacheGuard(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf,
                             const Instance& instance)
    : db_(db),
      cf_(cf),
      never_(instance.is_read_only ? "the DB was opened read-only, and then RocksDB does not find "
                                     "keys in its row cache"
             : cf->GetComparator()->timestamp_size() != 0
                 ? "the column family has user-defined timestamps, and RocksDB does not find such "
                   "keys in its row cache"
                 : nullptr) {}

const char* RowCacheGuard::WhyNot() const {
  return never_ != nullptr ? never_
                           : "the column family's SSTs hold range deletions, which RocksDB's row "
                             "cache forgets, or changed while they were read";
}

uint64_t RowCacheGuard::Version() const {
  uint64_t version = 0;
  db_->GetIntProperty(cf_, rocksdb::DB::Properties::kCurrentSuperVersionNumber, &version);
  return version;
}

uint64_t RowCacheGuard::Check() {
  if (never_ != nullptr) return 0;
  const std::unique_lock<std::mutex> lock(checking_, std::try_to_lock);
  if (!lock.owns_lock()) return 0;
  const uint64_t version = Version();
  if (version != checked_) {
    // The properties are of the versions from `version` to the current one.
    const bool is_right = !HasRangeDeletions() && Version() == version;
    trusted_.store(is_right ? version : 0, std::memory_order_release);
    checked_ = version;
  }
  return trusted_.load(std::memory_order_relaxed);
}

bool RowCacheGuard::HasRangeDeletions() const {
  rocksdb::TablePropertiesCollection tables;
  if (!db_->GetPropertiesOfAllTables(cf_, &tables).ok()) return true;
  for (const auto& table : tables) {
    if (table.second->num_range_deletions != 0) return true;
  }
  return false;
}

}  // namespace internal
}  // namespace sheaf
