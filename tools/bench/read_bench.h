// What the groups of peers of read_bench share.
//
// A benchmark is a function that first shows that it reads the same list as all others (and warms
// up by that), then measures:
//
//   void Open(benchmark::State& state, ReadDb& db) {
//     Store& store = db.StoreOf(Layout::kCompact);
//     if (!SameList(state, db, ReadAllOf(store))) return;
//     const CountsAllocations counts(state);
//     for (auto _ : state) { ... }
//   }
//   Add("Sheaf.Open", shape, Open);

#ifndef SHEAF_TOOLS_BENCH_READ_BENCH_H_
#define SHEAF_TOOLS_BENCH_READ_BENCH_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "benchmark/benchmark.h"
#include "tools/bench/allocations.h"
#include "tools/bench/lists.h"
#include "tools/bench/read_db.h"
#include "tools/bench/visit.h"

namespace sheaf {
namespace bench {

using ReadFunction = std::function<void(benchmark::State&, ReadDb&)>;

// Registers "Read/NAME/SHAPE".
void Add(const std::string& name, const Shape& shape, ReadFunction function);
// Registers "Read/NAME/SHAPE/real_time/threads:1" and 2, which report reads a second.
void AddThreads(const std::string& name, const Shape& shape, ReadFunction function);
// Registers "GROUP/NAME/SHAPE", to be read from a DB with that many lists.
benchmark::internal::Benchmark* Add(const char* group, const std::string& name, const Shape& shape,
                                    size_t lists, ReadFunction function);
// The same with "/real_time/threads:1" and 2.
void AddThreads(const char* group, const std::string& name, const Shape& shape, size_t lists,
                ReadFunction function);

// The groups, one file each.
void AddFloor(const Shape& shape);
void AddSheaf(const Shape& shape);
// Open and Random alone, for lists that are too large for the rest.
void AddSheafRandom(const Shape& shape);
void AddSharing(const Shape& shape);
void AddCopying(const Shape& shape);
void AddPeers(const Shape& shape);

// MultiGet of 100 keys out of `lists`.
void AddMulti(const Shape& shape, size_t lists);
// All keys.
void AddScan(const Shape& shape, size_t lists);
// What encodings take beyond the values. Times nothing.
void AddOverhead(const Shape& shape, size_t lists);

// Group Stats. Lists are not read; `shape` only goes into the name, beside which it is set.
void AddStats(const Shape& shape);

void AddFloorThreads(const Shape& shape);
void AddSheafThreads(const Shape& shape);

// The list that the thread of `state` reads at `step`, where several threads read: each goes round
// lists of its own, so that none waits for another at a data block or, but by chance, at a shard of
// the block cache.
inline size_t ThreadList(const benchmark::State& state, size_t step) {
  constexpr size_t kListsOfThread = ReadDb::kLists / 2;
  return static_cast<size_t>(state.thread_index()) * kListsOfThread + step % kListsOfThread;
}

// True if `found` is the list under db.Key(0); else `state` is at an error, which says why.
bool SameList(benchmark::State& state, const ReadDb& db,
              const std::vector<std::string_view>& found);
// The same where only the sum of all bytes is seen.
bool SameSum(benchmark::State& state, uint64_t expected, uint64_t found);

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_READ_BENCH_H_
