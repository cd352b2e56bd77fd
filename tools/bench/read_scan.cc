// Scan: all lists in the order of their keys.
//
// With several threads each scans its share, a range of keys, so that an iteration of all of them
// is one scan of everything. Items a second are keys.

#include "tools/bench/lmdb_lists.h"
#include "tools/bench/one_key.h"
#include "tools/bench/protobuf_format.h"
#include "tools/bench/read_bench.h"
#include "tools/bench/sheaf_format.h"
#include "tools/bench/sheaf_reader.h"
#include "tools/bench/value_reader.h"
#include "tools/bench/wide_columns.h"

namespace sheaf {
namespace bench {
namespace {

// `Checked` visits all values of what `Timed` scans.
template <typename Timed, typename Checked = Timed>
void Scan(benchmark::State& state, ReadDb& db) {
  const auto thread = static_cast<size_t>(state.thread_index());
  const auto threads = static_cast<size_t>(state.threads());
  const size_t begin = thread * db.lists() / threads;
  const size_t end = (thread + 1) * db.lists() / threads;
  const Bounds bounds = {db.Key(begin), db.Key(end)};
  {
    Checked reader(db);
    SameValues same;
    for (size_t list = begin; list < end; ++list) same.Expect(db.Model(list));
    if (!Ok(state, reader.Scan(bounds, same)) || !same.Verify(state)) return;
  }
  Timed reader(db);
  const CountsAllocations counts(state);
  for (auto _ : state) {
    Visited visited;
    if (!reader.Scan(bounds, visited).ok()) return state.SkipWithError("Scan");
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * (end - begin)));
}

}  // namespace

void AddScan(const Shape& shape, size_t lists) {
  const auto add = [&](const char* name, ReadFunction function) {
    AddThreads("Scan", name, shape, lists, std::move(function));
  };
  using All = SheafReader<Look::kAll>;
  add("Floor.Iterate", Scan<ValueReader<WholeFormat>, ValueReader<CompactFormat>>);
  add("Sheaf.Scan", Scan<SheafReader<Look::kLast>, All>);
  add("Sheaf.ScanVisit", Scan<All>);
  add("Sheaf.ScanDetach", Scan<SheafDetachReader<Look::kLast>, SheafDetachReader<Look::kAll>>);
  add("Naive.Strings", Scan<ValueReader<StringsFormat>>);
  add("Protobuf.Parse", Scan<ValueReader<ProtobufFormat>>);
  add("WideColumns.Iterate", Scan<WideColumnsReader>);
  add("OneKey.Scan", Scan<OneKeyReader>);
  add("Lmdb.Dup", Scan<LmdbReader>);
}

}  // namespace bench
}  // namespace sheaf
