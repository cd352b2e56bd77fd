// Read/Naive: the value copied into a string, and every value of the list into one of its own.
//
// It takes Sheaf's own encoding apart, which is the fastest to: what it costs is the copies.

#include <string>
#include <vector>

#include "rocksdb/db.h"
#include "sheaf/blob_view.h"
#include "tools/bench/read_bench.h"

namespace sheaf {
namespace bench {
namespace {

rocksdb::Status ReadStrings(ReadDb& db, rocksdb::ColumnFamilyHandle* family,
                            const rocksdb::ReadOptions& options, std::vector<std::string>* values) {
  std::string whole;
  const rocksdb::Status s = db.db()->Get(options, family, ReadDb::Key(0), &whole);
  if (!s.ok()) return s;
  const auto view = BlobView::Parse(whole);
  if (!view.ok()) return rocksdb::Status::Corruption();
  values->reserve(view->size());
  view->ForEach([&](std::string_view value) { values->emplace_back(value); });
  return s;
}

void Strings(benchmark::State& state, ReadDb& db) {
  rocksdb::ColumnFamilyHandle* const family = db.Family(Encoding::kCompact);
  const rocksdb::ReadOptions options;
  {
    std::vector<std::string> values;
    if (!Ok(state, ReadStrings(db, family, options, &values))) return;
    if (!SameList(state, db, std::vector<std::string_view>(values.begin(), values.end()))) return;
  }
  const CountsAllocations counts(state);
  for (auto _ : state) {
    std::vector<std::string> values;
    if (!ReadStrings(db, family, options, &values).ok()) return state.SkipWithError("Get");
    benchmark::DoNotOptimize(values.data());
    benchmark::ClobberMemory();
  }
}

}  // namespace

void AddCopying(const Shape& shape) { Add("Naive.Strings", shape, Strings); }

}  // namespace bench
}  // namespace sheaf
