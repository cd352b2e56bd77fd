// Reads a list whole with a reader (value_reader.h): every value is visited (visit.h), and nothing
// beyond that.

#ifndef SHEAF_TOOLS_BENCH_READ_WHOLE_H_
#define SHEAF_TOOLS_BENCH_READ_WHOLE_H_

#include "tools/bench/read_bench.h"

namespace sheaf {
namespace bench {

template <typename Reader>
void ReadWhole(benchmark::State& state, ReadDb& db) {
  Reader reader(db);
  const rocksdb::Slice key = db.Key(0);
  SameValues same;
  same.Expect(db.Model(0));
  if (!Ok(state, reader.Get(key, same)) || !same.Verify(state)) return;
  const CountsAllocations counts(state);
  for (auto _ : state) {
    Visited visited;
    if (!reader.Get(key, visited).ok()) return state.SkipWithError("Get");
  }
}

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_READ_WHOLE_H_
