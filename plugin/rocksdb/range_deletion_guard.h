// RangeDeletionGuard: runs reads that are right only while no SST holds a range deletion.
//
// Two kinds of reads get the range deletions of an SST wrong:
//   - The row cache stores what a read saw of a key in an SST, without them, so deleted values
//     return. From 9.2 on, RocksDB refuses DeleteRange with a row cache, but older SSTs may still
//     have range deletions.
//   - An iterator that may do no I/O (kBlockCacheTier) applies those of one SST to the next one as
//     well, if that cannot be opened. Then keys are missing, and memory is freed twice.
//
// The guard checks the properties of the column family's SSTs each time that these have changed.
//
// Thread safety: all of it. One thread at a time checks. Meanwhile others are told that the read is
// not right, or wait (Wait::kYes).
//
// Cost: Run() takes the DB's mutex once, after the read.
//
//   if (!guard.Run([&] { s = db->Get(options, cf, key, &value); })) s = read without a row cache;

#ifndef SHEAF_PLUGIN_ROCKSDB_RANGE_DELETION_GUARD_H_
#define SHEAF_PLUGIN_ROCKSDB_RANGE_DELETION_GUARD_H_

#include <atomic>
#include <cstdint>
#include <mutex>

#include "rocksdb/db.h"

namespace sheaf {
namespace internal {

class RangeDeletionGuard {
 public:
  // kYes is for a read that cannot be done in another way: it waits for a thread that checks, and
  // is tried more often.
  enum class Wait : bool { kNo, kYes };

  // Does not own the DB or the column family.
  RangeDeletionGuard(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf) : db_(db), cf_(cf) {}

  // Calls `read` a few times at most. True if what it read last is right.
  template <typename Read>
  bool Run(Read read, Wait wait = Wait::kNo) {
    uint64_t version = trusted_.load(std::memory_order_acquire);
    if (version == 0) version = Check(wait);
    for (int tries = wait == Wait::kYes ? kPatience : 2; version != 0 && tries > 0; --tries) {
      read();
      // It read a version not older than the trusted one, and not newer than the current one.
      if (Version() == version) return true;
      version = Check(wait);
    }
    return false;
  }

 private:
  static constexpr int kPatience = 10;  // tries, if the version changes during a check

  // Counts the changes of the column family's memtables and SSTs; 0 if RocksDB does not say.
  uint64_t Version() const;
  // The current version if its SSTs have no range deletions; else 0.
  uint64_t Check(Wait wait);
  bool HasRangeDeletions() const;

  rocksdb::DB* const db_;
  rocksdb::ColumnFamilyHandle* const cf_;
  std::atomic<uint64_t> trusted_{0};
  std::mutex checking_;
  uint64_t checked_ = 0;  // guarded by checking_
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_RANGE_DELETION_GUARD_H_
