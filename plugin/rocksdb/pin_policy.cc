#include "plugin/rocksdb/pin_policy.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "rocksdb/cache.h"
#include "rocksdb/table.h"

namespace sheaf {
namespace internal {

namespace {

uint64_t MaxKept(const PinPolicy& policy, bool blob_files) {
  uint64_t max_kept = 0;
  bool is_kept = false;
  const auto add = [&](const std::shared_ptr<rocksdb::Cache>& cache) {
    if (cache == nullptr) return;
    is_kept = true;
    max_kept = std::max(max_kept, ShardCapacity(*cache));
  };
  add(policy.row);
  add(blob_files ? policy.blob : policy.block);
  return is_kept ? max_kept : PinPolicy().max_kept;
}

}  // namespace

uint64_t ShardCapacity(const rocksdb::Cache& cache) {
  // HyperClockCache keeps a larger entry until it needs the room. Of others nothing is known.
  if (cache.Name() != std::string_view("LRUCache")) return std::numeric_limits<uint64_t>::max();
  // RocksDB has no other way to ask for the number of shards.
  const std::string options = cache.GetPrintableOptions();
  constexpr std::string_view kBits = "num_shard_bits : ";
  const size_t at = options.find(kBits);
  const long bits =
      at == std::string::npos ? 0 : std::strtol(options.c_str() + at + kBits.size(), nullptr, 10);
  return bits > 0 && bits < 32 ? cache.GetCapacity() >> bits : cache.GetCapacity();
}

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
  policy.max_kept = MaxKept(policy, options.enable_blob_files);
  return policy;
}

}  // namespace internal
}  // namespace sheaf
