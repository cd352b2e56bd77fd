#include "plugin/rocksdb/pin_policy.h"

#include "rocksdb/table.h"

namespace sheaf {
namespace internal {

PinPolicy PinPolicy::Of(const rocksdb::Options& options) {
  PinPolicy policy;
  policy.row = options.row_cache;
  policy.blob = options.blob_cache;
  const auto* table = options.table_factory == nullptr
                          ? nullptr
                          : options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
  if (table == nullptr) {
    // It may still pin: a factory that wraps a block-based one has a cache that cannot be had here.
    policy.file_reason = CopyReason::kTableFormat;
    policy.files_may_copy = true;
    policy.pin_reason = CopyReason::kTableFormat;
    policy.pins_die_with_db = true;
    return policy;
  }
  policy.block = table->block_cache;
  policy.files_may_copy = table->no_block_cache || policy.block == nullptr;
  if (options.allow_mmap_reads) {
    // A read-only or secondary instance takes its mapped files for immortal and pins values in
    // them, but unmaps them when it is closed.
    policy.file_reason = CopyReason::kMmap;
    policy.pin_reason = CopyReason::kMmap;
    policy.files_may_copy = true;
    policy.pins_die_with_db = true;
  }
  // A charged blob cache is a wrapper around both caches which the DB's BlobSource owns, and a pin
  // is released through that wrapper.
  const auto& roles = table->cache_usage_options.options_overrides;
  const auto blob_role = roles.find(rocksdb::CacheEntryRole::kBlobCache);
  if (policy.blob != nullptr && blob_role != roles.end() &&
      blob_role->second.charged == rocksdb::CacheEntryRoleOptions::Decision::kEnabled) {
    policy.pins_die_with_db = true;
  }
  return policy;
}

}  // namespace internal
}  // namespace sheaf
