// Instance: the kind of DB that a Store is opened on, as far as it makes a difference to reads.
//
// RocksDB is built without run-time type information. So the kind is found out from how the DB
// answers calls that change nothing.

#ifndef SHEAF_PLUGIN_ROCKSDB_INSTANCE_H_
#define SHEAF_PLUGIN_ROCKSDB_INSTANCE_H_

#include "rocksdb/db.h"
#include "rocksdb/options.h"

namespace sheaf {
namespace internal {

struct Instance {
  // A DBWithTTL: it strips its timestamps in Get and in iterators, but not in batched MultiGet and
  // GetMergeOperands.
  bool has_ttl = false;
  // A TransactionDB whose write policy is not WRITE_COMMITTED: Get and iterators hide what is
  // prepared and not committed; RocksDB 7.8's batched MultiGet, GetMergeOperands and the row cache
  // do not. A stacked DB of an unknown kind counts as one.
  bool hides_prepared = false;
  // DB::OpenAsSecondary.
  bool is_secondary = false;
  // DB::OpenForReadOnly, or another kind that does not ingest files. Its Get checks the sequence
  // number of what it reads, which entries of a row cache lack, so it does not find them.
  bool is_read_only = false;

  // Batched MultiGet and GetMergeOperands do not read what Get and iterators do.
  bool reads_one_by_one() const { return has_ttl || hides_prepared; }

  // `options`: those of `cf`. Creates an iterator, if the DB is stacked on another.
  static Instance Of(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf,
                     const rocksdb::Options& options);
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_INSTANCE_H_
