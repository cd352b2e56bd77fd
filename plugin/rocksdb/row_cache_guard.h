// RowCacheGuard: lets reads use a row cache only where what RocksDB keeps there is right.
//
// An entry of the row cache is what a read saw of a key in one SST, without sequence numbers. So a
// read that finds one
//   - does not see range deletions in that SST: deleted values are back, of that SST and of older
//     ones (RocksDB refuses DeleteRange with a row cache from 9.2 on; an SST may have them still);
//   - is not found by a DB that was opened read-only, which checks the age of what it reads;
//   - before RocksDB 8.7 does not find keys with user-defined timestamps.
// The guard looks at the properties of the column family's SSTs each time that they changed, and
// sends reads to an iterator, which does not use the row cache, unless all is well.
//
// Thread safety: all of it. One thread at a time looks; others read through an iterator meanwhile.
//
//   if (!guard.Run([&] { s = db->Get(options, cf, key, &value); })) s = read without a row cache;

#ifndef SHEAF_PLUGIN_ROCKSDB_ROW_CACHE_GUARD_H_
#define SHEAF_PLUGIN_ROCKSDB_ROW_CACHE_GUARD_H_

#include <atomic>
#include <cstdint>
#include <mutex>

#include "plugin/rocksdb/instance.h"
#include "rocksdb/db.h"

namespace sheaf {
namespace internal {

class RowCacheGuard {
 public:
  // Does not own the DB or the column family.
  RowCacheGuard(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf, const Instance& instance);

  // Calls `read`, which may use the row cache, at most twice. True if what it read last is right.
  template <typename Read>
  bool Run(Read read) {
    uint64_t version = trusted_.load(std::memory_order_acquire);
    if (version == 0) version = Check();
    for (int tries = 0; version != 0 && tries < 2; ++tries) {
      read();
      // It read a version not older than the trusted one, and not newer than the current one.
      if (Version() == version) return true;
      version = Check();
    }
    return false;
  }

  // Why Run() returned false, for a message.
  const char* WhyNot() const;

 private:
  // Counts the changes of the column family's memtables and SSTs; 0 if RocksDB does not say.
  uint64_t Version() const;
  // The current version if its entries are right; else 0.
  uint64_t Check();
  bool HasRangeDeletions() const;

  rocksdb::DB* const db_;
  rocksdb::ColumnFamilyHandle* const cf_;
  const char* const never_;  // why the row cache is never right; else null
  std::atomic<uint64_t> trusted_{0};
  std::mutex checking_;
  uint64_t checked_ = 0;  // guarded by checking_
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_ROW_CACHE_GUARD_H_
