// Read/Floor: what RocksDB itself takes to find and pin the value, which nobody can be faster than.

#include "rocksdb/db.h"
#include "sheaf/blob_view.h"
#include "tools/bench/add_up.h"
#include "tools/bench/read_bench.h"
#include "tools/bench/sheaf_format.h"

namespace sheaf {
namespace bench {
namespace {

// What the benchmarks below read, shown to hold the list.
bool HoldsList(benchmark::State& state, ReadDb& db, rocksdb::PinnableSlice* value) {
  rocksdb::ColumnFamilyHandle* const family = db.Family(kEncodingOf<CompactFormat>);
  if (!Ok(state, db.db()->Get(rocksdb::ReadOptions(), family, db.Key(0), value))) return false;
  if (!value->IsPinned()) {
    state.SkipWithError("the value is not pinned in the block cache");
    return false;
  }
  const absl::StatusOr<BlobView> view = BlobView::Parse(AsView(*value));
  return SameList(state, db, view.ok() ? view->Views() : std::vector<std::string_view>());
}

void Get(benchmark::State& state, ReadDb& db) {
  if (rocksdb::PinnableSlice value; !HoldsList(state, db, &value)) return;
  rocksdb::ColumnFamilyHandle* const family = db.Family(kEncodingOf<CompactFormat>);
  const rocksdb::ReadOptions options;
  const rocksdb::Slice key = db.Key(0);
  const CountsAllocations counts(state);
  for (auto _ : state) {
    rocksdb::PinnableSlice value;
    if (!db.db()->Get(options, family, key, &value).ok()) return state.SkipWithError("Get");
    benchmark::DoNotOptimize(value.size());
  }
}

void GetTouch(benchmark::State& state, ReadDb& db) {
  rocksdb::PinnableSlice checked;
  if (!HoldsList(state, db, &checked)) return;
  checked.Reset();
  rocksdb::ColumnFamilyHandle* const family = db.Family(kEncodingOf<CompactFormat>);
  const rocksdb::ReadOptions options;
  const rocksdb::Slice key = db.Key(0);
  const CountsAllocations counts(state);
  for (auto _ : state) {
    rocksdb::PinnableSlice value;
    if (!db.db()->Get(options, family, key, &value).ok()) return state.SkipWithError("Get");
    benchmark::DoNotOptimize(AddUp(AsView(value)));
  }
}

void GetThreads(benchmark::State& state, ReadDb& db) {
  rocksdb::ColumnFamilyHandle* const family = db.Family(kEncodingOf<CompactFormat>);
  const rocksdb::ReadOptions options;
  const CountsAllocations counts(state);
  size_t step = 0;
  for (auto _ : state) {
    rocksdb::PinnableSlice value;
    const rocksdb::Slice key = db.Key(ThreadList(state, step++));
    if (!db.db()->Get(options, family, key, &value).ok()) return state.SkipWithError("Get");
    benchmark::DoNotOptimize(value.size());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}

}  // namespace

void AddFloor(const Shape& shape) {
  Add("Floor.Get", shape, Get);
  Add("Floor.GetTouch", shape, GetTouch);
}

void AddFloorThreads(const Shape& shape) { AddThreads("Floor.Get", shape, GetThreads); }

}  // namespace bench
}  // namespace sheaf
