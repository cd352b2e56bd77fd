// Instance: what kind of DB a Store is opened on, as far as RocksDB's reads differ by it.
//
// RocksDB is built without run-time type information, so a kind is known by how it answers calls
// that change nothing.

#ifndef SHEAF_PLUGIN_ROCKSDB_INSTANCE_H_
#define SHEAF_PLUGIN_ROCKSDB_INSTANCE_H_

#include "rocksdb/db.h"
#include "rocksdb/options.h"

namespace sheaf {
namespace internal {

struct Instance {
  // A DBWithTTL: it takes its time stamps off in Get and in iterators, but not in batched MultiGet
  // and GetMergeOperands.
  bool has_ttl = false;
  // A TransactionDB whose write policy is not WRITE_COMMITTED: Get and iterators hide what is
  // prepared and not committed; RocksDB 7.8's batched MultiGet, GetMergeOperands and the row cache
  // do not. Any stacked DB that is not known to be simpler counts as one.
  bool hides_prepared = false;
  // DB::OpenAsSecondary.
  bool is_secondary = false;
  // DB::OpenForReadOnly: what RocksDB 7.8 finds in a row cache there, it takes for newer than all
  // it may show, so a key that was read once is NotFound.
  bool is_read_only = false;

  // Only single Gets and iterators read what the instance shows.
  bool reads_one_by_one() const { return has_ttl || hides_prepared; }

  // `options`: those of `cf`. Creates an iterator of a DB that is stacked on another.
  static Instance Of(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf,
                     const rocksdb::Options& options);
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_INSTANCE_H_
