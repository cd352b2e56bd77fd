#include "plugin/rocksdb/range_deletion_guard.h"

#include "rocksdb/table_properties.h"

namespace sheaf {
namespace internal {

uint64_t RangeDeletionGuard::Version() const {
  uint64_t version = 0;
  db_->GetIntProperty(cf_, rocksdb::DB::Properties::kCurrentSuperVersionNumber, &version);
  return version;
}

uint64_t RangeDeletionGuard::Check(Wait wait) {
  std::unique_lock<std::mutex> lock(checking_, std::defer_lock);
  if (wait == Wait::kYes) {
    lock.lock();
  } else if (!lock.try_lock()) {
    return 0;
  }
  for (int looks = wait == Wait::kYes ? kPatience : 1; looks > 0; --looks) {
    const uint64_t version = Version();
    if (version == checked_) break;
    // The properties are of the versions from `version` to the current one.
    const bool has_none = !HasRangeDeletions();
    const bool is_right = has_none && Version() == version;
    trusted_.store(is_right ? version : 0, std::memory_order_release);
    checked_ = version;
    if (is_right || !has_none) break;
  }
  return trusted_.load(std::memory_order_relaxed);
}

bool RangeDeletionGuard::HasRangeDeletions() const {
  rocksdb::TablePropertiesCollection tables;
  if (!db_->GetPropertiesOfAllTables(cf_, &tables).ok()) return true;
  for (const auto& table : tables) {
    if (table.second->num_range_deletions != 0) return true;
  }
  return false;
}

}  // namespace internal
}  // namespace sheaf
