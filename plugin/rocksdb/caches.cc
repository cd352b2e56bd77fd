#include "plugin/rocksdb/caches.h"

#include "rocksdb/table.h"

namespace sheaf {
namespace internal {

Caches Caches::Of(const rocksdb::Options& options) {
  Caches caches;
  caches.row = options.row_cache;
  caches.blob = options.blob_cache;
  const auto* table = options.table_factory == nullptr
                          ? nullptr
                          : options.table_factory->GetOptions<rocksdb::BlockBasedTableOptions>();
  if (table == nullptr) {
    // It may still pin: a factory that wraps a block-based one has a cache that cannot be had here.
    caches.file_reason = CopyReason::kTableFormat;
    caches.files_may_copy = true;
    caches.pin_reason = CopyReason::kTableFormat;
    caches.pins_die_with_db = true;
    return caches;
  }
  caches.block = table->block_cache;
  caches.files_may_copy = table->no_block_cache || caches.block == nullptr;
  if (options.allow_mmap_reads) {
    // A read-only or secondary instance takes its mapped files for immortal and pins values in
    // them, but unmaps them when it is closed.
    caches.file_reason = CopyReason::kMmap;
    caches.pin_reason = CopyReason::kMmap;
    caches.files_may_copy = true;
    caches.pins_die_with_db = true;
  }
  // A charged blob cache is a wrapper around both caches which the DB's BlobSource owns, and a pin
  // is released through that wrapper.
  const auto& roles = table->cache_usage_options.options_overrides;
  const auto blob_role = roles.find(rocksdb::CacheEntryRole::kBlobCache);
  if (caches.blob != nullptr && blob_role != roles.end() &&
      blob_role->second.charged == rocksdb::CacheEntryRoleOptions::Decision::kEnabled) {
    caches.pins_die_with_db = true;
  }
  return caches;
}

}  // namespace internal
}  // namespace sheaf
