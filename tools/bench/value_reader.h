// ValueReader: reads lists that are each one value of RocksDB, in a `Format` (encoding.h).
//
// A reader is what a benchmark repeats: Get a list whole, MultiGet some, Scan a range of keys; each
// calls visit(std::string_view) for every value. It is made and used by one thread.

#ifndef SHEAF_TOOLS_BENCH_VALUE_READER_H_
#define SHEAF_TOOLS_BENCH_VALUE_READER_H_

#include "rocksdb/db.h"
#include "tools/bench/encoding.h"
#include "tools/bench/read_db.h"

namespace sheaf {
namespace bench {

template <typename Format>
class ValueReader {
 public:
  explicit ValueReader(ReadDb& db) : db_(db.db()), family_(db.Family(kEncodingOf<Format>)) {}

  template <typename Visit>
  rocksdb::Status Get(const rocksdb::Slice& key, Visit&& visit) {
    rocksdb::PinnableSlice value;
    const rocksdb::Status s = db_->Get(options_, family_, key, &value);
    if (s.ok() && !format_.ForEach(AsView(value), visit)) return rocksdb::Status::Corruption();
    return s;
  }

 private:
  rocksdb::DB* const db_;
  rocksdb::ColumnFamilyHandle* const family_;
  const rocksdb::ReadOptions options_;
  Format format_;
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_VALUE_READER_H_
