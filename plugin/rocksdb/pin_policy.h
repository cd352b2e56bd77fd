// PinPolicy: what can be pinned, by the options of a column family when a Store is opened.

#ifndef SHEAF_PLUGIN_ROCKSDB_PIN_POLICY_H_
#define SHEAF_PLUGIN_ROCKSDB_PIN_POLICY_H_

#include <cstdint>
#include <limits>
#include <memory>

#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "sheaf/store_stats.h"

namespace sheaf {
namespace internal {

struct PinPolicy {
  // The caches, which a pin of a value needs to outlive the DB. Null if there is no such cache.
  std::shared_ptr<rocksdb::Cache> block;
  std::shared_ptr<rocksdb::Cache> row;
  std::shared_ptr<rocksdb::Cache> blob;

  // True if RocksDB pins some values to memory, or through an object, that the DB owns. Then every
  // pinned value is copied, as one pin cannot be told from another.
  bool pins_die_with_db = false;
  // The reason for that copy.
  CopyReason pin_reason = CopyReason::kPinDiesWithDb;

  // The reason if a value from a file is not pinned.
  CopyReason file_reason = CopyReason::kUncached;
  // False if every value from a file is pinned with ReadOptions::fill_cache. Then a value that is
  // not pinned comes from a memtable.
  bool files_may_copy = false;

  // The max bytes of a list that stays in the cache: a shard of an LRU cache drops a larger one as
  // soon as no pin of it is held. No limit if no cache keeps lists anyway.
  uint64_t max_kept = std::numeric_limits<uint64_t>::max();

  static PinPolicy Of(const rocksdb::Options& options);
};

// The bytes that a shard of `cache` has room for, now, if it drops a larger entry at once: an
// LRUCache does. Else the max.
uint64_t ShardCapacity(const rocksdb::Cache& cache);

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_PIN_POLICY_H_
