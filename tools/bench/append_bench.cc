// Appending to lists, and what the appends cost those who read them: Sheaf, and what its users do
// today, in one process.
//
//   Append/SYSTEM.Merge        all appends of the shape, to a new DB
//   Append/SYSTEM.GetMemtable  one list, all of whose appends are in the memtable
//   Append/SYSTEM.GetFlushed   the same after a flush
//   Append/SYSTEM.Compact      a manual compaction after that
//   Operands/SYSTEM.Get        as GetMemtable, by the number of appends to one list
//   Segments/Sheaf.OPERATION   a list of 1 MB in so many pieces: Get, and GetSegments
//   Tail/Sheaf.OPERATION       the newest 10 values of such a list
//   Pending/Sheaf.OPERATION    a list in an SST, and 5 operands in the memtable: appends; or 4 of
//                              them and an edit (Trimmed, Removed). Get, and GetLast of 20 values
//
// docs/benchmarks.md has the numbers. SHEAF_BENCH_SCALE=50 in the environment divides the numbers
// of appends by 50, and names say what they are then.

#include <time.h>  // clock_gettime

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "sheaf/segments.h"
#include "tools/bench/allocations.h"
#include "tools/bench/append_db.h"
#include "tools/bench/append_systems.h"
#include "tools/bench/run.h"
#include "tools/bench/visit.h"

namespace sheaf {
namespace bench {
namespace {

enum class Stage { kMemtable, kFlushed };

// What closes and removes the DBs that stay open until the end.
std::vector<std::function<void()>>& AtEnd() {
  static auto* const all = new std::vector<std::function<void()>>;
  return *all;
}

template <typename System>
class Filled {
 public:
  Filled() : db_(Options()), system_(db_.db()) {}

  rocksdb::Status Append(const Appends& appends) {
    rocksdb::Status s;
    for (const Appends::Append& append : appends.all()) {
      s = system_.Append(*append.key, append.value);
      if (!s.ok()) break;
    }
    return s;
  }

  AppendDb& db() { return db_; }
  System& system() { return system_; }

 private:
  static rocksdb::Options Options() {
    rocksdb::Options options = AppendDb::DefaultOptions();
    System::Configure(&options);
    return options;
  }

  AppendDb db_;
  System system_;
};

// Larger ones are only checked for their sizes, by each Get: to take all apart takes too long.
constexpr size_t kMostCompared = 20000;

// True if every list is what was appended to it; else `state` is at an error, which says why.
template <typename System>
bool SameLists(benchmark::State& state, System& system, const AppendShape& shape) {
  const Appends& appends = Appends::Of(shape);
  std::map<std::string, std::vector<std::string>> expected;
  for (const Appends::Append& append : appends.all()) {
    expected[*append.key].emplace_back(append.value);
  }
  for (const auto& [key, values] : expected) {
    std::vector<std::string> found;
    if (!Ok(state, system.Read(key, shape.size, &found))) return false;
    if (found == values) continue;
    state.SkipWithError(absl::StrCat(key, " is not what was appended: ", found.size(),
                                     " values, expected ", values.size())
                            .c_str());
    return false;
  }
  return true;
}

// One that stays open until the end, for reading.
template <typename System>
Filled<System>* FilledOf(benchmark::State& state, const AppendShape& shape, Stage stage) {
  static auto* const open =
      new std::map<std::pair<std::string, Stage>, std::unique_ptr<Filled<System>>>;
  if (open->empty()) AtEnd().push_back([] { open->clear(); });
  std::unique_ptr<Filled<System>>& filled = (*open)[{shape.name, stage}];
  if (filled == nullptr) {
    filled = std::make_unique<Filled<System>>();
    if (!Ok(state, filled->Append(Appends::Of(shape)))) return nullptr;
    if (stage == Stage::kFlushed && !Ok(state, filled->db().Flush())) return nullptr;
    if (shape.count <= kMostCompared && !SameLists(state, filled->system(), shape)) return nullptr;
  }
  return filled.get();
}

// CPU time of all threads, RocksDB's that compacts among them. Not of the clock: that is, for the
// most part, of how long the disk takes to say that files are written.
double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// Runs `step` once in each iteration, `prepare` before it, untimed.
template <typename Prepare, typename Step>
void Time(benchmark::State& state, Prepare prepare, Step step) {
  for (auto _ : state) {
    auto prepared = prepare();
    if (prepared == nullptr) return;
    const double begin = CpuSeconds();
    const rocksdb::Status s = step(*prepared);
    state.SetIterationTime(CpuSeconds() - begin);
    if (!Ok(state, s)) return;
  }
}

template <typename System>
void Merge(benchmark::State& state, const AppendShape& shape) {
  const Appends& appends = Appends::Of(shape);
  Time(
      state, [] { return std::make_unique<Filled<System>>(); },
      [&](Filled<System>& filled) { return filled.Append(appends); });
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(shape.count));
}

template <typename System>
void Compact(benchmark::State& state, const AppendShape& shape) {
  Time(
      state,
      [&]() -> std::unique_ptr<Filled<System>> {
        auto filled = std::make_unique<Filled<System>>();
        if (!Ok(state, filled->Append(Appends::Of(shape)))) return nullptr;
        if (!Ok(state, filled->db().Flush())) return nullptr;
        return filled;
      },
      [](Filled<System>& filled) { return filled.db().Compact(); });
}

template <typename System, Stage stage>
void Get(benchmark::State& state, const AppendShape& shape) {
  Filled<System>* const filled = FilledOf<System>(state, shape, stage);
  if (filled == nullptr) return;
  const Appends& appends = Appends::Of(shape);
  const auto get = [&](size_t key) {
    uint64_t bytes = 0;
    if (!Ok(state, filled->system().Get(appends.key(key), &bytes))) return false;
    if (System::Values(bytes, shape.size) == appends.counts()[key]) return true;
    state.SkipWithError(absl::StrCat("key ", key, " has ", bytes, " bytes of values, expected ",
                                     appends.counts()[key], " values of ", shape.size)
                            .c_str());
    return false;
  };
  size_t next = 0;
  const CountsAllocations counts(state);
  for (auto _ : state) {
    if (!get(appends.reads()[next])) return;
    if (++next == appends.reads().size()) next = 0;
  }
  if (shape.keys == 1) {
    // Nanoseconds: benchmark prints a rate, of seconds.
    state.counters["s_per_operand"] = benchmark::Counter(
        static_cast<double>(shape.count),
        benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  }
}

// A list of 1 MB in files: a merged list, and operands in files above it.
constexpr size_t kPiecesBytes = 1000000;
constexpr size_t kPieceValue = 50;

Filled<SheafAppends>* InPieces(benchmark::State& state, size_t pieces) {
  static auto* const open = new std::map<size_t, std::unique_ptr<Filled<SheafAppends>>>;
  if (open->empty()) AtEnd().push_back([] { open->clear(); });
  std::unique_ptr<Filled<SheafAppends>>& filled = (*open)[pieces];
  if (filled != nullptr) return filled.get();
  filled = std::make_unique<Filled<SheafAppends>>();
  const size_t all = kPiecesBytes / kPieceValue;
  const List values({"", all, Shape::Sizes::kEqual, kPieceValue}, /*seed=*/3);
  const absl::Span<const std::string_view> list = values.values();
  for (size_t i = 0; i < pieces; ++i) {
    const size_t begin = i * all / pieces;
    const auto piece = list.subspan(begin, (i + 1) * all / pieces - begin);
    Store& store = *filled->system().store;
    if (!Ok(state, i == 0 ? store.Put({}, "list", piece) : store.Append({}, "list", piece)) ||
        !Ok(state, filled->db().Flush())) {
      return nullptr;
    }
  }
  return filled.get();
}

void PiecesGet(benchmark::State& state, size_t pieces) {
  Filled<SheafAppends>* const filled = InPieces(state, pieces);
  if (filled == nullptr) return;
  const CountsAllocations counts(state);
  for (auto _ : state) {
    PinnedBlob list;
    if (!Ok(state, filled->system().store->Get({}, "list", &list))) return;
    Visited visited;
    list.view().ForEach(visited);
  }
}

void PiecesSegments(benchmark::State& state, size_t pieces) {
  Filled<SheafAppends>* const filled = InPieces(state, pieces);
  if (filled == nullptr) return;
  const CountsAllocations counts(state);
  for (auto _ : state) {
    std::vector<PinnedBlob> blobs;
    if (!Ok(state, filled->system().store->GetSegments({}, "list", &blobs))) return;
    if (blobs.size() != pieces) return state.SkipWithError("merged");
    const Segments list(std::move(blobs));
    Visited visited;
    list.ForEach(visited);
  }
}

void TailOfGet(benchmark::State& state, size_t pieces) {
  Filled<SheafAppends>* const filled = InPieces(state, pieces);
  if (filled == nullptr) return;
  const CountsAllocations counts(state);
  for (auto _ : state) {
    PinnedBlob list;
    if (!Ok(state, filled->system().store->Get({}, "list", &list))) return;
    benchmark::DoNotOptimize(list.Slices(list.size() - 10));
  }
}

void TailOfGetLast(benchmark::State& state, size_t pieces) {
  Filled<SheafAppends>* const filled = InPieces(state, pieces);
  if (filled == nullptr) return;
  const CountsAllocations counts(state);
  for (auto _ : state) {
    std::vector<PinnedSlice> values;
    if (!Ok(state, filled->system().store->GetLast({}, "list", 10, &values))) return;
    benchmark::DoNotOptimize(values);
  }
}

// What is pending for a list that lies in an SST.
enum class Pending { kAppends, kTrim, kRemove };
constexpr const char* kPendingNames[] = {"", "Trimmed", "Removed"};
constexpr size_t kPendingOperands = 5;

// 5 operands over a list of `count` values of `size` bytes.
Filled<SheafAppends>* WithPending(benchmark::State& state, size_t count, size_t size,
                                  Pending pending) {
  static auto* const open =
      new std::map<std::tuple<size_t, size_t, Pending>, std::unique_ptr<Filled<SheafAppends>>>;
  if (open->empty()) AtEnd().push_back([] { open->clear(); });
  std::unique_ptr<Filled<SheafAppends>>& filled = (*open)[{count, size, pending}];
  if (filled != nullptr) return filled.get();
  filled = std::make_unique<Filled<SheafAppends>>();
  const List values({"", count + kPendingOperands, Shape::Sizes::kEqual, size}, /*seed=*/3);
  const absl::Span<const std::string_view> all = values.values();
  Store& store = *filled->system().store;
  if (!Ok(state, store.Put({}, "list", all.first(count))) || !Ok(state, filled->db().Flush())) {
    return nullptr;
  }
  const size_t appends = pending == Pending::kAppends ? kPendingOperands : kPendingOperands - 1;
  for (size_t i = 0; i < appends; ++i) {
    if (!Ok(state, store.Append({}, "list", all.subspan(count + i, 1)))) return nullptr;
  }
  rocksdb::Status s;
  if (pending == Pending::kTrim) s = store.Trim({}, "list", count);
  if (pending == Pending::kRemove) s = store.Remove({}, "list", all[count / 2]);
  return Ok(state, s) ? filled.get() : nullptr;
}

void PendingGet(benchmark::State& state, size_t count, size_t size, Pending pending) {
  Filled<SheafAppends>* const filled = WithPending(state, count, size, pending);
  if (filled == nullptr) return;
  const CountsAllocations counts(state);
  for (auto _ : state) {
    PinnedBlob list;
    if (!Ok(state, filled->system().store->Get({}, "list", &list))) return;
    if (list.size() < count) return state.SkipWithError("too short");
    benchmark::DoNotOptimize(list);
  }
}

void PendingGetLast(benchmark::State& state, size_t count, size_t size, Pending pending) {
  Filled<SheafAppends>* const filled = WithPending(state, count, size, pending);
  if (filled == nullptr) return;
  const CountsAllocations counts(state);
  for (auto _ : state) {
    std::vector<PinnedSlice> values;
    if (!Ok(state, filled->system().store->GetLast({}, "list", 20, &values))) return;
    if (values.size() != 20) return state.SkipWithError("too few");
    benchmark::DoNotOptimize(values);
  }
}

AppendShape ShapeOf(size_t count, size_t size, size_t keys) {
  count = std::max<size_t>(count / Scale(), 1);
  keys = std::max<size_t>(keys / Scale(), 1);
  return {absl::StrCat(count, "x", size, keys > 1 ? "zipf" : ""), count, size, keys};
}

using Function = void (*)(benchmark::State&, const AppendShape&);

benchmark::internal::Benchmark* Add(const std::string& name, const AppendShape& shape,
                                    Function function) {
  return benchmark::RegisterBenchmark(
      absl::StrCat(name, "/", shape.name).c_str(),
      [shape, function](benchmark::State& state) { function(state, shape); });
}

// `reads`: false where one Get takes seconds, or minutes.
template <typename System>
void AddAppend(const AppendShape& shape, bool reads) {
  const std::string name = absl::StrCat("Append/", System::kName, ".");
  Add(name + "Merge", shape, Merge<System>)->UseManualTime()->Iterations(1);
  if (reads) {
    Add(name + "GetMemtable", shape, Get<System, Stage::kMemtable>);
    Add(name + "GetFlushed", shape, Get<System, Stage::kFlushed>);
  }
  Add(name + "Compact", shape, Compact<System>)->UseManualTime()->Iterations(1);
}

template <typename System>
void AddOperands(size_t operands) {
  const AppendShape shape = ShapeOf(operands, 72, 1);
  Add(absl::StrCat("Operands/", System::kName, ".Get"), shape, Get<System, Stage::kMemtable>);
}

void AddPieces(const char* name, size_t pieces, void (*function)(benchmark::State&, size_t)) {
  benchmark::RegisterBenchmark(
      absl::StrCat(name, "/", pieces, "x", kPiecesBytes / pieces).c_str(),
      [pieces, function](benchmark::State& state) { function(state, pieces); });
}

void AddPending(size_t count, size_t size) {
  for (const Pending pending : {Pending::kAppends, Pending::kTrim, Pending::kRemove}) {
    const std::string name = absl::StrCat(kPendingNames[static_cast<size_t>(pending)], "/",
                                          std::max<size_t>(count / Scale(), 20), "x", size);
    for (const auto& [operation, function] :
         {std::pair("Get", PendingGet), std::pair("GetLast", PendingGetLast)}) {
      benchmark::RegisterBenchmark(absl::StrCat("Pending/Sheaf.", operation, name).c_str(),
                                   [=, function = function](benchmark::State& state) {
                                     function(state, std::max<size_t>(count / Scale(), 20), size,
                                              pending);
                                   });
    }
  }
}

void AddAll() {
  const AppendShape one = ShapeOf(50000, 72, 1);
  const AppendShape few = ShapeOf(2000, 72, 1);
  const AppendShape zipf = ShapeOf(1000000, 40, 10000);

  AddAppend<SheafAppends>(one, true);
  AddAppend<StringAppendTest>(one, true);
  AddAppend<OneKeyAppends>(one, true);
  // Quadratic: a Get of the operands in a memtable or a file, and each append of the last.
  const std::string joined = "Append/StringAppend.";
  Add(joined + "Merge", one, Merge<StringAppend>)->UseManualTime()->Iterations(1);
  Add(joined + "GetMemtable", one, Get<StringAppend, Stage::kMemtable>)->Iterations(1);
  AddAppend<SheafAppends>(few, true);
  AddAppend<StringAppend>(few, true);
  AddAppend<ReadModifyWrite>(few, true);

  AddAppend<SheafAppends>(zipf, true);
  AddAppend<StringAppendTest>(zipf, true);
  AddAppend<OneKeyAppends>(zipf, true);
  Add(joined + "Merge", zipf, Merge<StringAppend>)->UseManualTime()->Iterations(1);

  for (const size_t operands : {10, 100, 1000, 10000, 100000}) {
    if (operands < Scale()) continue;
    AddOperands<SheafAppends>(operands);
    AddOperands<StringAppendTest>(operands);
    if (operands <= 10000) AddOperands<StringAppend>(operands);
    if (operands <= 1000) AddOperands<ReadModifyWrite>(operands);
    AddOperands<OneKeyAppends>(operands);
  }
  for (const size_t pieces : {2, 5, 10, 20, 50}) {
    AddPieces("Segments/Sheaf.Get", pieces, PiecesGet);
    AddPieces("Segments/Sheaf.GetSegments", pieces, PiecesSegments);
    AddPieces("Tail/Sheaf.Get", pieces, TailOfGet);
    AddPieces("Tail/Sheaf.GetLast", pieces, TailOfGetLast);
  }
  AddPending(1000000, 8);
  AddPending(100000, 8);
  AddPending(1000, 100);
}

}  // namespace
}  // namespace bench
}  // namespace sheaf

int main(int argc, char** argv) {
  const int status = sheaf::bench::RunBenchmarks(
      argc, argv, {"--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.1"},
      sheaf::bench::AddAll);
  for (const auto& close : sheaf::bench::AtEnd()) close();
  return status;
}
