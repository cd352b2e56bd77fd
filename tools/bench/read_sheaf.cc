// Read/Sheaf and Read/SheafFixed64: lists read through a Store, in both layouts.

#include <random>
#include <vector>

#include "sheaf/store.h"
#include "tools/bench/add_up.h"
#include "tools/bench/read_bench.h"

namespace sheaf {
namespace bench {
namespace {

constexpr size_t kAccesses = 10;

bool ReadsList(benchmark::State& state, ReadDb& db, Layout layout) {
  PinnedBlob list;
  const rocksdb::Status s = db.StoreOf(layout).Get(rocksdb::ReadOptions(), db.Key(0), &list);
  if (!Ok(state, s)) return false;
  if (!list.zero_copy()) {
    state.SkipWithError("the list was copied");
    return false;
  }
  return SameList(state, db, std::vector<std::string_view>(list.begin(), list.end()));
}

// Measures a read of list 0 and then `use(list)`.
template <typename Use>
void Measure(benchmark::State& state, ReadDb& db, Layout layout, Use use) {
  if (!ReadsList(state, db, layout)) return;
  Store& store = db.StoreOf(layout);
  const rocksdb::ReadOptions options;
  const rocksdb::Slice key = db.Key(0);
  const CountsAllocations counts(state);
  for (auto _ : state) {
    PinnedBlob list;
    if (!store.Get(options, key, &list).ok()) return state.SkipWithError("Get");
    use(list);
  }
}

// Value by value, as a user would.
uint64_t AddUpValues(const PinnedBlob& list) {
  uint64_t sum = 0;
  list.view().ForEach([&sum](std::string_view value) { sum += AddUp(value); });
  return sum;
}

ReadFunction Open(Layout layout) {
  return [layout](benchmark::State& state, ReadDb& db) {
    Measure(state, db, layout, [](const PinnedBlob& list) {
      // By index in a list of O(1) access; the last of all sizes is what iterating would give.
      benchmark::DoNotOptimize(list.view().contents().size());
      benchmark::DoNotOptimize(list[list.size() - 1].size());
    });
  };
}

ReadFunction Random(Layout layout) {
  return [layout](benchmark::State& state, ReadDb& db) {
    // Chosen beforehand: choosing is not reading. A prime number of them, so that each iteration
    // has other values.
    std::mt19937_64 random(7);
    std::vector<size_t> indices(10007);
    for (size_t& index : indices) index = random() % db.shape().count;
    size_t at = 0;
    Measure(state, db, layout, [&](const PinnedBlob& list) {
      benchmark::DoNotOptimize(list[list.size() - 1].size());
      uint64_t sum = 0;
      for (size_t i = 0; i < kAccesses; ++i) {
        const std::string_view value = list[indices[at]];
        if (++at == indices.size()) at = 0;
        sum += value.size();
        if (!value.empty()) sum += static_cast<unsigned char>(value.front());
      }
      benchmark::DoNotOptimize(sum);
    });
  };
}

uint64_t AddUpContents(const PinnedBlob& list) { return AddUp(list.view().contents()); }

// Adds up every byte of every value: at once, as contents lie back to back, or value by value.
ReadFunction Touch(Layout layout, uint64_t (*add_up)(const PinnedBlob&)) {
  return [layout, add_up](benchmark::State& state, ReadDb& db) {
    uint64_t expected = 0;
    for (const std::string_view value : db.Model(0).values()) {
      for (const char byte : value) expected += static_cast<unsigned char>(byte);
    }
    PinnedBlob list;
    const rocksdb::Status s = db.StoreOf(layout).Get(rocksdb::ReadOptions(), db.Key(0), &list);
    if (!Ok(state, s) || !SameSum(state, expected, add_up(list))) return;
    list = PinnedBlob();
    Measure(state, db, layout,
            [add_up](const PinnedBlob& read) { benchmark::DoNotOptimize(add_up(read)); });
  };
}

// What the peers that are read whole do.
ReadFunction Visit(Layout layout) {
  return [layout](benchmark::State& state, ReadDb& db) {
    Measure(state, db, layout, [](const PinnedBlob& list) { list.view().ForEach(Visited()); });
  };
}

ReadFunction Views(Layout layout) {
  return [layout](benchmark::State& state, ReadDb& db) {
    Measure(state, db, layout, [](const PinnedBlob& list) {
      const std::vector<std::string_view> views = list.view().Views();
      benchmark::DoNotOptimize(views.data());
      benchmark::ClobberMemory();
    });
  };
}

ReadFunction Slices(Layout layout) {
  return [layout](benchmark::State& state, ReadDb& db) {
    Measure(state, db, layout, [](PinnedBlob& list) {
      std::vector<PinnedSlice> slices = list.Slices();
      list = PinnedBlob();
      benchmark::DoNotOptimize(slices.data());
      benchmark::ClobberMemory();
    });
  };
}

void OpenThreads(benchmark::State& state, ReadDb& db) {
  Store& store = db.StoreOf(Layout::kCompact);
  const rocksdb::ReadOptions options;
  const CountsAllocations counts(state);
  size_t step = 0;
  for (auto _ : state) {
    PinnedBlob list;
    const rocksdb::Slice key = db.Key(ThreadList(state, step++));
    if (!store.Get(options, key, &list).ok()) return state.SkipWithError("Get");
    benchmark::DoNotOptimize(list[list.size() - 1].size());
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}

const char* System(Layout layout) {
  return layout == Layout::kCompact ? "Sheaf." : "SheafFixed64.";
}

}  // namespace

void AddSheaf(const Shape& shape) {
  for (const Layout layout : {Layout::kCompact, Layout::kFixed64}) {
    const std::string system = System(layout);
    Add(system + "Open", shape, Open(layout));
    Add(system + "Random", shape, Random(layout));
    Add(system + "Touch", shape, Touch(layout, AddUpContents));
    Add(system + "TouchEach", shape, Touch(layout, AddUpValues));
    Add(system + "Visit", shape, Visit(layout));
    Add(system + "Views", shape, Views(layout));
    Add(system + "Slices", shape, Slices(layout));
  }
}

void AddSheafRandom(const Shape& shape) {
  Add("Sheaf.Open", shape, Open(Layout::kCompact));
  Add("Sheaf.Random", shape, Random(Layout::kCompact));
}

void AddSheafThreads(const Shape& shape) { AddThreads("Sheaf.Open", shape, OpenThreads); }

}  // namespace bench
}  // namespace sheaf
