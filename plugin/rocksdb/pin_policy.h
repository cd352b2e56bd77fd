// PinPolicy: what a column family's options say about pins. Read once, when a Store is opened.

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
  // What a pin of a value needs to outlive the DB. Null where there is no such cache.
  std::shared_ptr<rocksdb::Cache> block;
  std::shared_ptr<rocksdb::Cache> row;
  std::shared_ptr<rocksdb::Cache> blob;

  // True if RocksDB pins some values to memory, or through an object, that the DB owns; then no pin
  // of the column family is kept, as one cannot be told from another.
  bool pins_die_with_db = false;
  // Why a pinned value is copied all the same, if so.
  CopyReason pin_reason = CopyReason::kPinDiesWithDb;

  // Why a value that came from a file was not pinned.
  CopyReason file_reason = CopyReason::kUncached;
  // False if with ReadOptions::fill_cache every value from a file is pinned, so that one that is
  // not must be from a memtable.
  bool files_may_copy = false;

  // The most bytes that one shard of the cache that lists come from has room for: it drops a larger
  // list as soon as no pin of it is held. The max if no cache keeps lists anyway.
  uint64_t max_kept = std::numeric_limits<uint64_t>::max();

  static PinPolicy Of(const rocksdb::Options& options);
};

// The bytes that a shard of `cache` has room for, now, if it drops a larger entry at once: an
// LRUCache does. Else the max.
uint64_t ShardCapacity(const rocksdb::Cache& cache);

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_PIN_POLICY_H_
