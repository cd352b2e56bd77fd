// Where should a user take which? A list as one blob (Sheaf), as a key for each value (OneKey), or
// as wide columns, for 1 to 1,000,000 values a list and 8 bytes to 64 KB a value. RocksDB's tracker
// has the question as issue 12045.
//
// `Cross/SYSTEM.OPERATION/COUNTxSIZE`:
//   Whole      visits every value of a list; the counter `disk_bytes_per_value` is the SSTs' size
//   by
//              the number of values, not compressed, and `disk_overhead_per_value` what is not
//              bytes of values
//   One        visits one value of a list, at random
//   Append     adds a value to a list that is there: the write alone. What merging it into the list
//              costs a later read or compaction is not in it (OneKey has nothing to merge)
//   AppendOne  the same, and One of the same list: a read that finds what was appended not merged
//
// SIZE is the mean: sizes are uniform from half of it to one and a half, as Sheaf has a shorter
// encoding for lists of equal sizes, which would be too good a case. Combinations with lists beyond
// 64 MiB are left out. Lists are 4 MB or more in all, in a warm block cache, and chosen at random.
// There is one DB at a time.

#include <algorithm>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "tools/bench/allocations.h"
#include "tools/bench/crossover_systems.h"
#include "tools/bench/lists.h"
#include "tools/bench/read_db.h"
#include "tools/bench/run.h"
#include "tools/bench/visit.h"

namespace sheaf {
namespace bench {
namespace {

constexpr size_t kCounts[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
constexpr size_t kSizes[] = {8, 64, 512, 4096, 65536};
constexpr size_t kMaxListBytes = 64 << 20;
constexpr size_t kMinBytes = 4 << 20;
// Enough where lists are of a few bytes, so that making them does not take longer than measuring.
constexpr size_t kMaxLists = 100000;

enum class Operation { kWhole, kOne, kAppendOne, kAppend };

size_t ListsOf(const Shape& shape) {
  const size_t list_bytes = shape.count * shape.size;
  return std::min((kMinBytes + list_bytes - 1) / list_bytes, kMaxLists);
}

// The DB of the shape that is measured now; the one before is removed. `*appended` is how many
// values were appended to its lists. None, if not `may_be_appended`.
ReadDb& DbOf(const Shape& shape, bool may_be_appended, size_t** appended) {
  static const char* name = nullptr;
  static size_t appends = 0;
  if (name != shape.name || (appends != 0 && !may_be_appended)) {
    ReadDb::CloseAll();
    name = shape.name;
    appends = 0;
  }
  *appended = &appends;
  return ReadDb::For(shape, ListsOf(shape));
}

// Lists and positions, chosen beforehand: choosing is not reading. A prime number of them, so that
// a list of few is not read in the same order again.
struct Place {
  size_t list;
  size_t position;
};

std::vector<Place> Places(const ReadDb& db) {
  std::mt19937_64 random(7);
  std::vector<Place> places(10007);
  for (Place& place : places) place = {random() % db.lists(), random() % db.shape().count};
  return places;
}

// Runs `step(place)` in each iteration.
template <typename Step>
void Measure(benchmark::State& state, const ReadDb& db, Step step) {
  const std::vector<Place> places = Places(db);
  size_t next = 0;
  const CountsAllocations counts(state);
  for (auto _ : state) {
    rocksdb::Status s = step(places[next]);
    if (!s.ok()) return state.SkipWithError(s.ToString().c_str());
    if (++next == places.size()) next = 0;
  }
}

template <typename System>
void Whole(benchmark::State& state, const Shape& shape) {
  size_t* appended;
  ReadDb& db = DbOf(shape, /*may_be_appended=*/false, &appended);
  System system(db);
  SameValues same;
  same.Expect(db.Model(0));
  if (!Ok(state, system.Get(db.Key(0), same)) || !same.Verify(state)) return;
  uint64_t bytes = 0;
  for (size_t list = 0; list < db.lists(); ++list) {
    for (const std::string_view value : db.Model(list).values()) bytes += value.size();
  }
  const auto on_disk = static_cast<double>(db.SstBytes(System::kEncoding));
  const auto values = static_cast<double>(db.lists() * shape.count);
  state.counters["disk_bytes_per_value"] = on_disk / values;
  state.counters["disk_overhead_per_value"] = (on_disk - static_cast<double>(bytes)) / values;
  Measure(state, db, [&](const Place& place) {
    Visited visited;
    return system.Get(db.Key(place.list), visited);
  });
}

template <typename System>
void One(benchmark::State& state, const Shape& shape) {
  size_t* appended;
  ReadDb& db = DbOf(shape, /*may_be_appended=*/false, &appended);
  System system(db);
  std::string last;
  const auto keep = [&last](std::string_view value) { last = value; };
  if (!Ok(state, system.One(db.Key(0), shape.count - 1, keep))) return;
  if (last != db.Model(0).values().back()) return state.SkipWithError("another value was read");
  Measure(state, db, [&](const Place& place) {
    Visited visited;
    return system.One(db.Key(place.list), place.position, visited);
  });
}

// With `and_one`, AppendOne.
template <typename System, bool and_one>
void Append(benchmark::State& state, const Shape& shape) {
  size_t* appended;
  ReadDb& db = DbOf(shape, /*may_be_appended=*/true, &appended);
  System system(db);
  const auto append = [&](const Place& place) {
    const std::string_view value = db.Model(place.list).values().front();
    return system.Append(db.Key(place.list), shape.count + (*appended)++, value);
  };
  if (!Ok(state, append({0, 0}))) return;
  std::string last;
  if (!Ok(state, system.Get(db.Key(0), [&last](std::string_view value) { last = value; }))) return;
  if (last != db.Model(0).values().front()) return state.SkipWithError("nothing was appended");
  Measure(state, db, [&](const Place& place) {
    rocksdb::Status s = append(place);
    if (!and_one || !s.ok()) return s;
    Visited visited;
    return system.One(db.Key(place.list), place.position, visited);
  });
}

using Function = void (*)(benchmark::State&, const Shape&);

template <typename System>
void Add(Operation operation, const Shape& shape) {
  const auto add = [&shape](const char* name, Function function) {
    benchmark::RegisterBenchmark(
        absl::StrCat("Cross/", System::kName, ".", name, "/", shape.name).c_str(),
        [shape, function](benchmark::State& state) { function(state, shape); });
  };
  switch (operation) {
    case Operation::kWhole:
      return add("Whole", Whole<System>);
    case Operation::kOne:
      return add("One", One<System>);
    case Operation::kAppendOne:
      return add("AppendOne", Append<System, true>);
    case Operation::kAppend:
      return add("Append", Append<System, false>);
  }
}

void AddAll() {
  static auto* const names = new std::deque<std::string>;  // Shape borrows its own
  for (const size_t size : kSizes) {
    for (const size_t count : kCounts) {
      if (count * size > kMaxListBytes) continue;
      names->push_back(absl::StrCat(count, "x", size));
      const Shape shape = {names->back().c_str(), count, Shape::Sizes::kAround, size};
      // What appends comes last, and what appends most at the end: the DB is not made anew.
      for (const Operation operation :
           {Operation::kWhole, Operation::kOne, Operation::kAppendOne, Operation::kAppend}) {
        Add<SheafSystem>(operation, shape);
        Add<OneKeySystem>(operation, shape);
        Add<WideColumnsSystem>(operation, shape);
      }
    }
  }
}

}  // namespace
}  // namespace bench
}  // namespace sheaf

int main(int argc, char** argv) {
  // Not interleaved: there is one DB at a time.
  return sheaf::bench::RunBenchmarks(argc, argv, {"--benchmark_min_time=0.02"},
                                     sheaf::bench::AddAll);
}
