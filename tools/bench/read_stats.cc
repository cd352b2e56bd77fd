// Stats/: what Store::stats() adds to a read, which is too little to be seen in Sheaf.Open itself.

#include <atomic>
#include <memory>

#include "absl/strings/str_cat.h"
#include "plugin/rocksdb/ledger.h"
#include "plugin/rocksdb/pin_policy.h"
#include "tools/bench/read_bench.h"

namespace sheaf {
namespace bench {
namespace {

constexpr uint64_t kBytes = 510000;

// All that a read and its drop leave in the ledger: the counters, the high-water mark's check, and
// the reference that keeps the PinPolicy.
void Pin(benchmark::State& state) {
  const internal::Ledger::Ptr ledger =
      internal::Ledger::New(std::make_shared<const internal::PinPolicy>());
  for (auto _ : state) {
    internal::Ledger::Pin pin = ledger->CountFound(kBytes);
    benchmark::DoNotOptimize(&pin);
    benchmark::ClobberMemory();
  }
}

// The reference alone, taken from a stock and given back with an atomic subtraction, as the ledger
// does: what a read would pay without statistics.
void Reference(benchmark::State& state) {
  constexpr uint64_t kStock = 64;
  auto refs = std::make_unique<std::atomic<uint64_t>>(1);
  uint64_t spare = 0;
  for (auto _ : state) {
    if (spare == 0) {
      refs->fetch_add(kStock, std::memory_order_relaxed);
      spare = kStock;
    }
    --spare;
    benchmark::DoNotOptimize(spare);
    benchmark::ClobberMemory();
    if (refs->fetch_sub(1, std::memory_order_acq_rel) == 0) state.SkipWithError("refs");
  }
}

// One look at the statistics.
void Snapshot(benchmark::State& state) {
  const internal::Ledger::Ptr ledger =
      internal::Ledger::New(std::make_shared<const internal::PinPolicy>());
  for (auto _ : state) benchmark::DoNotOptimize(ledger->Snapshot().reads);
}

}  // namespace

void AddStats(const Shape& shape) {
  const auto add = [&shape](const char* name, void (*function)(benchmark::State&)) {
    benchmark::RegisterBenchmark(absl::StrCat("Stats/", name, "/", shape.name).c_str(), function);
  };
  add("Ledger.Pin", Pin);
  add("Ledger.Reference", Reference);
  add("Store.Stats", Snapshot);
}

}  // namespace bench
}  // namespace sheaf
