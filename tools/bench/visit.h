// What reading a list whole means, the same for all peers: each value is visited, and a visit is
// one of these. And how a benchmark ends where a read goes wrong.

#ifndef SHEAF_TOOLS_BENCH_VISIT_H_
#define SHEAF_TOOLS_BENCH_VISIT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "benchmark/benchmark.h"
#include "rocksdb/status.h"
#include "tools/bench/lists.h"

namespace sheaf {
namespace bench {

// Adds up sizes and addresses: a value must have been found, its bytes need not have been read.
class Visited {
 public:
  void operator()(std::string_view value) {
    sum_ += value.size() + reinterpret_cast<uintptr_t>(value.data());
  }
  ~Visited() { benchmark::DoNotOptimize(sum_); }

 private:
  uint64_t sum_ = 0;
};

// Compares with lists in memory: what a benchmark shows before it is timed.
class SameValues {
 public:
  // `list` comes next. It must outlive this.
  void Expect(const List& list);

  void operator()(std::string_view value);

  // True if the values were the expected; else `state` is at an error, which says why.
  bool Verify(benchmark::State& state) const;

 private:
  static constexpr auto kNone = static_cast<size_t>(-1);

  std::vector<std::string_view> expected_;
  size_t found_ = 0;
  size_t first_wrong_ = kNone;
};

// True if `status` is OK; else `state` is at an error, which says what it is.
bool Ok(benchmark::State& state, const rocksdb::Status& status);

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_VISIT_H_
