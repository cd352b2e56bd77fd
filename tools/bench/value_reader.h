// ValueReader: reads lists that are each one value of RocksDB, in a `Format` (encoding.h).
//
// A reader is what a benchmark repeats: Get a list whole, MultiGet some, Scan all of a range of
// keys; each calls visit(std::string_view) for every value. It is made and used by one thread.

#ifndef SHEAF_TOOLS_BENCH_VALUE_READER_H_
#define SHEAF_TOOLS_BENCH_VALUE_READER_H_

#include <memory>
#include <vector>

#include "benchmark/benchmark.h"
#include "rocksdb/db.h"
#include "tools/bench/encoding.h"
#include "tools/bench/read_db.h"

namespace sheaf {
namespace bench {

using Keys = std::vector<rocksdb::Slice>;

// From `begin` on, before `end`. Borrows both.
struct Bounds {
  rocksdb::Slice begin;
  rocksdb::Slice end;
};

template <typename Format>
class ValueReader {
 public:
  explicit ValueReader(ReadDb& db) : db_(db.db()), family_(db.Family(kEncodingOf<Format>)) {}

  template <typename Visit>
  rocksdb::Status Get(const rocksdb::Slice& key, Visit&& visit) {
    rocksdb::PinnableSlice value;
    rocksdb::Status s = db_->Get(options_, family_, key, &value);
    if (s.ok() && !format_.ForEach(AsView(value), visit)) return rocksdb::Status::Corruption();
    return s;
  }

  // Lists are held until all are visited.
  template <typename Visit>
  rocksdb::Status MultiGet(const Keys& keys, Visit&& visit) {
    if (values_.size() != keys.size()) {
      values_ = std::vector<rocksdb::PinnableSlice>(keys.size());
      statuses_ = std::vector<rocksdb::Status>(keys.size());
    }
    db_->MultiGet(options_, family_, keys.size(), keys.data(), values_.data(), statuses_.data());
    rocksdb::Status s;
    for (size_t i = 0; i < keys.size() && s.ok(); ++i) {
      s = statuses_[i];
      if (s.ok() && !format_.ForEach(AsView(values_[i]), visit)) s = rocksdb::Status::Corruption();
    }
    for (rocksdb::PinnableSlice& value : values_) value.Reset();
    return s;
  }

  template <typename Visit>
  rocksdb::Status Scan(const Bounds& bounds, Visit&& visit) {
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &bounds.end;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options, family_));
    for (at->Seek(bounds.begin); at->Valid(); at->Next()) {
      benchmark::DoNotOptimize(at->key().data());
      if (!format_.ForEach(AsView(at->value()), visit)) return rocksdb::Status::Corruption();
    }
    return at->status();
  }

 private:
  rocksdb::DB* const db_;
  rocksdb::ColumnFamilyHandle* const family_;
  const rocksdb::ReadOptions options_;
  Format format_;
  std::vector<rocksdb::PinnableSlice> values_;
  std::vector<rocksdb::Status> statuses_;
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_VALUE_READER_H_
