// RocksDB's own columns under one key, a name for each value: its position, as columns are sorted
// by name.

#ifndef SHEAF_TOOLS_BENCH_WIDE_COLUMNS_H_
#define SHEAF_TOOLS_BENCH_WIDE_COLUMNS_H_

#include <memory>
#include <string>

#include "rocksdb/db.h"
#include "rocksdb/wide_columns.h"
#include "tools/bench/encoding.h"
#include "tools/bench/value_reader.h"

namespace sheaf {
namespace bench {

inline rocksdb::Status WriteWideColumns(rocksdb::WriteBatch* batch,
                                        rocksdb::ColumnFamilyHandle* family, const std::string& key,
                                        const Values& values) {
  std::string names;
  for (size_t i = 0; i < values.size(); ++i) AppendPosition(i, &names);
  rocksdb::WideColumns columns;
  columns.reserve(values.size());
  for (size_t i = 0; i < values.size(); ++i) {
    columns.emplace_back(rocksdb::Slice(names.data() + i * kPositionBytes, kPositionBytes),
                         AsSlice(values[i]));
  }
  return batch->PutEntity(family, key, columns);
}
constexpr Encoding kWideColumns = {"wide_columns", WriteWideColumns, nullptr};

// As ValueReader. RocksDB 7.8 has no MultiGetEntity.
class WideColumnsReader {
 public:
  explicit WideColumnsReader(ReadDb& db) : db_(db.db()), family_(db.Family(kWideColumns)) {}

  template <typename Visit>
  rocksdb::Status Get(const rocksdb::Slice& key, Visit&& visit) {
    rocksdb::PinnableWideColumns list;
    rocksdb::Status s = db_->GetEntity(options_, family_, key, &list);
    for (const rocksdb::WideColumn& column : list.columns()) visit(AsView(column.value()));
    return s;
  }

  template <typename Visit>
  rocksdb::Status Scan(const Bounds& bounds, Visit&& visit) {
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &bounds.end;
    const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options, family_));
    for (at->Seek(bounds.begin); at->Valid(); at->Next()) {
      benchmark::DoNotOptimize(at->key().data());
      for (const rocksdb::WideColumn& column : at->columns()) visit(AsView(column.value()));
    }
    return at->status();
  }

 private:
  rocksdb::DB* const db_;
  rocksdb::ColumnFamilyHandle* const family_;
  const rocksdb::ReadOptions options_;
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_WIDE_COLUMNS_H_
