// Counts heap allocations: this binary's operator new, which RocksDB's shared library calls too.
//
// Not counted: malloc() itself, which RocksDB calls for handles of its caches and nobody for a
// read of a warm cache.
//
// Thread safety: a count is of the calling thread alone.
//
//   const uint64_t before = sheaf::bench::AllocationsOfThisThread();

#ifndef SHEAF_TOOLS_BENCH_ALLOCATIONS_H_
#define SHEAF_TOOLS_BENCH_ALLOCATIONS_H_

#include <cstdint>

#include "benchmark/benchmark.h"

namespace sheaf {
namespace bench {

// Calls of operator new on this thread since it started.
uint64_t AllocationsOfThisThread();

// Reports the counter `allocs`: allocations per iteration between construction and destruction.
class CountsAllocations {
 public:
  explicit CountsAllocations(benchmark::State& state)
      : state_(state), before_(AllocationsOfThisThread()) {}
  ~CountsAllocations() {
    const uint64_t allocations = AllocationsOfThisThread() - before_;
    state_.counters["allocs"] =
        benchmark::Counter(static_cast<double>(allocations), benchmark::Counter::kAvgIterations);
  }
  CountsAllocations(const CountsAllocations&) = delete;
  CountsAllocations& operator=(const CountsAllocations&) = delete;

 private:
  benchmark::State& state_;
  const uint64_t before_;
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_ALLOCATIONS_H_
