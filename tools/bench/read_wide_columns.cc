// Read/WideColumns: RocksDB's own columns under one key, a name for each value.

#include <vector>

#include "rocksdb/db.h"
#include "rocksdb/wide_columns.h"
#include "tools/bench/read_bench.h"

namespace sheaf {
namespace bench {
namespace {

void Get(benchmark::State& state, ReadDb& db) {
  rocksdb::ColumnFamilyHandle* const family = db.Family(Encoding::kWideColumns);
  const rocksdb::ReadOptions options;
  const rocksdb::Slice key = ReadDb::Key(0);
  {
    rocksdb::PinnableWideColumns list;
    if (!Ok(state, db.db()->GetEntity(options, family, key, &list))) return;
    std::vector<std::string_view> found;
    for (const rocksdb::WideColumn& column : list.columns()) {
      found.emplace_back(column.value().data(), column.value().size());
    }
    if (!SameList(state, db, found)) return;
  }
  const CountsAllocations counts(state);
  for (auto _ : state) {
    rocksdb::PinnableWideColumns list;
    if (!db.db()->GetEntity(options, family, key, &list).ok()) {
      return state.SkipWithError("GetEntity");
    }
    benchmark::DoNotOptimize(list.columns().back().value().size());
  }
}

}  // namespace

void AddWideColumns(const Shape& shape) { Add("WideColumns.Get", shape, Get); }

}  // namespace bench
}  // namespace sheaf
