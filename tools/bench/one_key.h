// A key of RocksDB for each value: the list's key and the value's position.

#ifndef SHEAF_TOOLS_BENCH_ONE_KEY_H_
#define SHEAF_TOOLS_BENCH_ONE_KEY_H_

#include <memory>
#include <string>

#include "rocksdb/db.h"
#include "tools/bench/encoding.h"
#include "tools/bench/value_reader.h"

namespace sheaf {
namespace bench {

inline rocksdb::Status WriteOneKey(rocksdb::WriteBatch* batch, rocksdb::ColumnFamilyHandle* family,
                                   const std::string& key, const Values& values) {
  rocksdb::Status s;
  for (size_t i = 0; i < values.size() && s.ok(); ++i) {
    std::string one = key;
    AppendPosition(i, &one);
    s = batch->Put(family, one, AsSlice(values[i]));
  }
  return s;
}
constexpr Encoding kOneKey = {"one_key", WriteOneKey, nullptr};

// As ValueReader. An iterator a read, bounded by the last position, so that RocksDB need not look
// beyond the list.
class OneKeyReader {
 public:
  explicit OneKeyReader(ReadDb& db) : db_(db.db()), family_(db.Family(kOneKey)) {}

  template <typename Visit>
  rocksdb::Status Get(const rocksdb::Slice& key, Visit&& visit) {
    end_.assign(key.data(), key.size());
    end_.append(kPositionBytes, '\xff');  // exclusive, and more than a list has
    return Scan({key, end_}, visit);
  }

  template <typename Visit>
  rocksdb::Status Scan(const Bounds& bounds, Visit&& visit) {
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &bounds.end;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options, family_));
    for (at->Seek(bounds.begin); at->Valid(); at->Next()) {
      benchmark::DoNotOptimize(at->key().data());
      visit(AsView(at->value()));
    }
    return at->status();
  }

 private:
  rocksdb::DB* const db_;
  rocksdb::ColumnFamilyHandle* const family_;
  std::string end_;
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_ONE_KEY_H_
