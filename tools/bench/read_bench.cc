// Lists read from a warm block cache: Sheaf, and what its users do today, in one process.
//
// `--benchmark_filter=Read/.*/10000xmix` selects a shape. docs/benchmarks.md has the numbers and
// says what each name measures.

#include "tools/bench/read_bench.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/bench/run.h"

namespace sheaf {
namespace bench {

benchmark::internal::Benchmark* Add(const char* group, const std::string& name, const Shape& shape,
                                    size_t lists, ReadFunction function) {
  return benchmark::RegisterBenchmark(
      absl::StrCat(group, "/", name, "/", shape.name).c_str(),
      [shape, lists, function = std::move(function)](benchmark::State& state) {
        function(state, ReadDb::For(shape, lists));
      });
}

void AddThreads(const char* group, const std::string& name, const Shape& shape, size_t lists,
                ReadFunction function) {
  Add(group, name, shape, lists, std::move(function))->Threads(1)->Threads(2)->UseRealTime();
}

void Add(const std::string& name, const Shape& shape, ReadFunction function) {
  Add("Read", name, shape, ReadDb::kLists, std::move(function));
}

void AddThreads(const std::string& name, const Shape& shape, ReadFunction function) {
  AddThreads("Read", name, shape, ReadDb::kLists, std::move(function));
}

bool SameList(benchmark::State& state, const ReadDb& db,
              const std::vector<std::string_view>& found) {
  SameValues same;
  same.Expect(db.Model(0));
  for (const std::string_view value : found) same(value);
  return same.Verify(state);
}

bool SameSum(benchmark::State& state, uint64_t expected, uint64_t found) {
  if (found == expected) return true;
  state.SkipWithError(absl::StrCat("the bytes add up to ", found, ", expected ", expected).c_str());
  return false;
}

namespace {

// 50 MB of 100xmix, and of 10000xmix.
constexpr size_t kManyLists = 10000;
constexpr size_t kFewLongLists = 100;

void AddAll() {
  for (const Shape& shape : {k10000x50, k10000xMix, k100xMix, k1x100, k10000xZipf, k64x4096}) {
    AddFloor(shape);
    AddSheaf(shape);
    AddSharing(shape);
    AddCopying(shape);
    AddPeers(shape);
  }
  // How access by index depends on the number of values.
  AddSheafRandom(k1000000x8);
  AddSheafRandom(k1000000xMix);
  AddFloorThreads(k10000xMix);
  AddSheafThreads(k10000xMix);
  AddStats(k10000xMix);

  for (const Shape& shape : {k1x100, k100xMix}) {
    AddMulti(shape, kManyLists);
    AddScan(shape, kManyLists);
    AddOverhead(shape, kManyLists);
  }
  AddMulti(k10000xMix, kFewLongLists);
  for (const Shape& shape : {k10000x50, k10000xMix, k1000000x8, k10000xZipf, k64x4096}) {
    AddOverhead(shape, ReadDb::kLists);
  }
}

}  // namespace
}  // namespace bench
}  // namespace sheaf

int main(int argc, char** argv) {
  // Interleaving spreads what else the machine does over all benchmarks, so that it does not shift
  // a ratio.
  return sheaf::bench::RunBenchmarks(
      argc, argv, {"--benchmark_enable_random_interleaving=true", "--benchmark_min_time=0.2"},
      sheaf::bench::AddAll);
}
