// OpenDB: rocksdb::DB::Open that first compares the merge operators with those of the DB.
//
// RocksDB opens a DB without the merge operator that its lists were written with, and silently
// discards every write in its log from the first append on. So OpenDB reads the DB's OPTIONS file
// before RocksDB touches anything, and refuses with InvalidArgument
//   - a column family whose OPTIONS name a merge operator, if the options given have none or
//     another;
//   - a column family whose OPTIONS name `sheaf.append`, if the options given have another layout;
//   - a column family that the DB has and its OPTIONS file does not describe, unless the options
//     given have `sheaf.append`;
//   - a DB without an OPTIONS file. IOError if the file cannot be read.
// Nothing has changed then, and each message says what to do. A DB that does not exist yet, a new
// column family and one that had no merge operator take any operator. Everything else is
// DB::Open's: column families of the DB that are not listed are InvalidArgument.
//
// OPTIONS may name other objects that nobody registered: only merge operators are looked at, by
// name. OpenDB registers nothing.
//
// Ownership: the caller owns the DB and the handles, as after DB::Open. Destroy the handles with
// DB::DestroyColumnFamilyHandle before the DB.
//
// Thread safety: free functions. As with DB::Open, one call for a path at a time.
//
//   options.create_if_missing = true;
//   options.merge_operator = sheaf::NewAppendOperator();
//   std::unique_ptr<rocksdb::DB> lists;
//   rocksdb::Status s = sheaf::OpenDB(options, path, &lists);
//   if (!s.ok()) return s;

#ifndef SHEAF_OPEN_DB_H_
#define SHEAF_OPEN_DB_H_

#include <memory>
#include <string>
#include <vector>

#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/status.h"

namespace sheaf {

// Opens the column families `families` of the DB in folder `path`, as DB::Open does, and sets
// `*handles` to their handles, in the same order. On failure `*db` is null.
rocksdb::Status OpenDB(const rocksdb::DBOptions& options, const std::string& path,
                       const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                       std::vector<rocksdb::ColumnFamilyHandle*>* handles,
                       std::unique_ptr<rocksdb::DB>* db);

// The same for a DB that has no column family but the default one.
rocksdb::Status OpenDB(const rocksdb::Options& options, const std::string& path,
                       std::unique_ptr<rocksdb::DB>* db);

// What OpenDB checks, for a DB that is opened in another way: call it right before, with the same
// arguments.
//
//   std::vector<rocksdb::ColumnFamilyDescriptor> families = {{"default", options}};
//   rocksdb::Status s = sheaf::CheckMergeOperators(options, path, families);
//   if (s.ok()) s = rocksdb::DB::OpenForReadOnly(options, path, &db);
//
// Not for DBWithTTL: RocksDB 7.8 writes no OPTIONS file of it.
rocksdb::Status CheckMergeOperators(const rocksdb::DBOptions& options, const std::string& path,
                                    const std::vector<rocksdb::ColumnFamilyDescriptor>& families);

}  // namespace sheaf

#endif  // SHEAF_OPEN_DB_H_
