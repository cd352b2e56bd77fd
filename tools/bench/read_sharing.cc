// Read/SharedPtr and Read/Cord: every value holds the pinned block, by the means at hand.
//
// Both read Sheaf's own encoding, which is the fastest to take apart: what differs is how a value
// holds the block.

#include <memory>
#include <vector>

#include "absl/strings/cord.h"
#include "rocksdb/db.h"
#include "sheaf/blob_view.h"
#include "tools/bench/read_bench.h"
#include "tools/bench/sheaf_format.h"

namespace sheaf {
namespace bench {
namespace {

struct SharedValue {
  std::shared_ptr<const rocksdb::PinnableSlice> block;
  std::string_view bytes;
};

rocksdb::Status ReadShared(ReadDb& db, rocksdb::ColumnFamilyHandle* family,
                           const rocksdb::ReadOptions& options, std::vector<SharedValue>* values) {
  auto block = std::make_shared<rocksdb::PinnableSlice>();
  const rocksdb::Status s = db.db()->Get(options, family, db.Key(0), block.get());
  if (!s.ok()) return s;
  const auto view = BlobView::Parse(std::string_view(block->data(), block->size()));
  if (!view.ok()) return rocksdb::Status::Corruption();
  values->reserve(view->size());
  view->ForEach([&](std::string_view value) { values->push_back({block, value}); });
  return s;
}

void SharedPtrSlices(benchmark::State& state, ReadDb& db) {
  rocksdb::ColumnFamilyHandle* const family = db.Family(kEncodingOf<CompactFormat>);
  const rocksdb::ReadOptions options;
  {
    std::vector<SharedValue> values;
    std::vector<std::string_view> found;
    if (!Ok(state, ReadShared(db, family, options, &values))) return;
    for (const SharedValue& value : values) found.push_back(value.bytes);
    if (!SameList(state, db, found)) return;
  }
  const CountsAllocations counts(state);
  for (auto _ : state) {
    std::vector<SharedValue> values;
    if (!ReadShared(db, family, options, &values).ok()) return state.SkipWithError("Get");
    benchmark::DoNotOptimize(values.data());
    benchmark::ClobberMemory();
  }
}

rocksdb::Status ReadCords(ReadDb& db, rocksdb::ColumnFamilyHandle* family,
                          const rocksdb::ReadOptions& options, std::vector<absl::Cord>* values) {
  auto block = std::make_unique<rocksdb::PinnableSlice>();
  const rocksdb::Status s = db.db()->Get(options, family, db.Key(0), block.get());
  if (!s.ok()) return s;
  const std::string_view bytes(block->data(), block->size());
  const auto view = BlobView::Parse(bytes);
  if (!view.ok()) return rocksdb::Status::Corruption();
  const absl::Cord whole = absl::MakeCordFromExternal(absl::string_view(bytes.data(), bytes.size()),
                                                      [block = std::move(block)] {});
  values->reserve(view->size());
  view->ForEach([&](std::string_view value) {
    values->push_back(
        whole.Subcord(static_cast<size_t>(value.data() - bytes.data()), value.size()));
  });
  return s;
}

void CordSlices(benchmark::State& state, ReadDb& db) {
  rocksdb::ColumnFamilyHandle* const family = db.Family(kEncodingOf<CompactFormat>);
  const rocksdb::ReadOptions options;
  {
    std::vector<absl::Cord> values;
    std::vector<std::string> flat;
    if (!Ok(state, ReadCords(db, family, options, &values))) return;
    for (const absl::Cord& value : values) flat.emplace_back(value);
    if (!SameList(state, db, std::vector<std::string_view>(flat.begin(), flat.end()))) return;
  }
  const CountsAllocations counts(state);
  for (auto _ : state) {
    std::vector<absl::Cord> values;
    if (!ReadCords(db, family, options, &values).ok()) return state.SkipWithError("Get");
    benchmark::DoNotOptimize(values.data());
    benchmark::ClobberMemory();
  }
}

}  // namespace

void AddSharing(const Shape& shape) {
  Add("SharedPtr.Slices", shape, SharedPtrSlices);
  Add("Cord.Slices", shape, CordSlices);
}

}  // namespace bench
}  // namespace sheaf
