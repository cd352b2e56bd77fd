// Ways to sort rows by key, rows of one key in the order of the input: what `sheaf load` could do
// with a table of rows. Each is given the same rows and gives them back in order.
//
// `Sort/Radix`, `.Windows` and `.Keys` are all that the loader does in memory: copying rows,
// sorting, and visiting them in order. `Sort/RocksDb` has a DB do it.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "rocksdb/db.h"
#include "sheaf/append_operator.h"
#include "sheaf/blob_builder.h"
#include "tools/bench/run.h"
#include "tools/bench/temp_folder.h"
#include "tools/load/sort/row_sort.h"
#include "tools/load/sort/row_table.h"

namespace sheaf {
namespace bench {
namespace {

constexpr size_t kRows = 2000000;

struct Row {
  std::string key;
  std::string value;
};

enum class Keys { kFew, kUnique, kLongPrefix };

// About ten rows a key; a key a row, of hex digits; and keys that differ behind 40 bytes only.
std::vector<Row> MakeRows(Keys keys, size_t count) {
  std::vector<Row> rows;
  uint64_t state = 88172645463325252;
  const auto random = [&state] {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
  };
  for (size_t i = 0; i < count; ++i) {
    const uint64_t number = random();
    const uint64_t few = number % (count / 10 + 1);
    std::string key;
    switch (keys) {
      case Keys::kFew:
        key = absl::StrCat("user:", absl::Dec(few, absl::kZeroPad10));
        break;
      case Keys::kUnique:
        key = absl::StrCat(absl::Hex(number, absl::kZeroPad16));
        break;
      case Keys::kLongPrefix:
        key = absl::StrCat("https://example.org/a/rather/long/path/",
                           absl::Dec(few % 100, absl::kZeroPad10), "/",
                           absl::Dec(few, absl::kZeroPad10));
        break;
    }
    rows.push_back({std::move(key), std::string(20 + random() % 61, 'v')});
  }
  return rows;
}

const std::vector<Row>& RowsOf(Keys keys) {
  static std::vector<Row> all[3];
  std::vector<Row>& rows = all[static_cast<size_t>(keys)];
  if (rows.empty()) rows = MakeRows(keys, kRows / Scale());
  return rows;
}

// Fails unless keys come in order.
void Visit(load::SortedRows& rows, size_t wanted, benchmark::State& state) {
  std::string before;
  size_t count = 0;
  bool in_order = true;
  for (; rows.Next(); ++count) {
    in_order &= before <= rows.key();
    before.assign(rows.key().data(), rows.key().size());
    benchmark::DoNotOptimize(rows.body().data());
  }
  if (!in_order || count != wanted) state.SkipWithError("rows are lost or not in order");
}

void Radix(benchmark::State& state, Keys keys) {
  const std::vector<Row>& rows = RowsOf(keys);
  const load::KeyOrder order(rocksdb::BytewiseComparator());
  load::RowTable table(uint64_t{1} << 30);
  for (auto _ : state) {
    table.Clear(/*release=*/false);
    table.BeginChunk(0);
    for (const Row& row : rows) {
      const std::string_view value = row.value;
      if (!table.Add(row.key, {&value, 1}).ok()) state.SkipWithError("the table is full");
    }
    if (!table.Sort(order).ok()) state.SkipWithError("not sorted");
    Visit(*table.Read(load::RowRange()), rows.size(), state);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * rows.size()));
}

// A comparison sort of pointers, `before` tells which of two comes first.
template <typename Entry, typename Make, typename Before>
void Comparison(benchmark::State& state, Keys keys, Make make, Before before) {
  const std::vector<Row>& rows = RowsOf(keys);
  std::vector<Entry> index;
  std::string arena;
  for (auto _ : state) {
    index.clear();
    arena.clear();
    for (const Row& row : rows) {
      index.push_back(make(row, arena.size()));
      const uint32_t sizes[2] = {static_cast<uint32_t>(row.key.size()),
                                 static_cast<uint32_t>(row.value.size())};
      arena.append(reinterpret_cast<const char*>(sizes), sizeof sizes);
      arena.append(row.key).append(row.value);
    }
    const char* const base = arena.data();
    std::sort(index.begin(), index.end(),
              [&](const Entry& a, const Entry& b) { return before(base, a, b); });
    std::string_view last;
    bool in_order = true;
    for (const Entry& entry : index) {
      uint32_t size;
      std::memcpy(&size, base + entry.place, sizeof size);
      const std::string_view key(base + entry.place + 8, size);
      in_order &= last <= key;
      last = key;
    }
    if (!in_order) state.SkipWithError("not in order");
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * rows.size()));
}

std::string_view KeyAt(const char* base, uint64_t place) {
  uint32_t size;
  std::memcpy(&size, base + place, sizeof size);
  return {base + place + 8, size};
}

struct Windowed {
  uint64_t window;
  uint64_t place;
};

void Windows(benchmark::State& state, Keys keys) {
  Comparison<Windowed>(
      state, keys,
      [](const Row& row, size_t place) {
        return Windowed{load::KeyWindow(row.key, 0), place};
      },
      [](const char* base, const Windowed& a, const Windowed& b) {
        if (a.window != b.window) return a.window < b.window;
        const int compared = KeyAt(base, a.place).compare(KeyAt(base, b.place));
        return compared != 0 ? compared < 0 : a.place < b.place;
      });
}

struct Placed {
  uint64_t place;
};

void WholeKeys(benchmark::State& state, Keys keys) {
  Comparison<Placed>(
      state, keys, [](const Row&, size_t place) { return Placed{place}; },
      [](const char* base, const Placed& a, const Placed& b) {
        const int compared = KeyAt(base, a.place).compare(KeyAt(base, b.place));
        return compared != 0 ? compared < 0 : a.place < b.place;
      });
}

// Rows as operands of sheaf.append, without a log; then all lists are read in order.
void RocksDb(benchmark::State& state, Keys keys) {
  const std::vector<Row>& rows = RowsOf(keys);
  for (auto _ : state) {
    state.PauseTiming();
    const std::string path = NewTempFolder("sort_bench");
    rocksdb::Options options;
    options.create_if_missing = true;
    options.PrepareForBulkLoad();
    options.merge_operator = NewAppendOperator();
    rocksdb::DB* opened = nullptr;
    if (!rocksdb::DB::Open(options, path, &opened).ok()) state.SkipWithError("cannot open a DB");
    std::unique_ptr<rocksdb::DB> db(opened);
    state.ResumeTiming();
    rocksdb::WriteOptions write;
    write.disableWAL = true;
    std::string operand;
    for (const Row& row : rows) {
      BlobBuilder builder;
      builder.Add(row.value);
      if (!builder.Finish(&operand).ok() || !db->Merge(write, row.key, operand).ok()) {
        state.SkipWithError("cannot write");
      }
    }
    if (!db->Flush(rocksdb::FlushOptions()).ok()) state.SkipWithError("cannot flush");
    std::unique_ptr<rocksdb::Iterator> at(db->NewIterator(rocksdb::ReadOptions()));
    for (at->SeekToFirst(); at->Valid(); at->Next()) benchmark::DoNotOptimize(at->value().data());
    state.PauseTiming();
    if (!at->status().ok()) state.SkipWithError("cannot read");
    at.reset();  // before its DB
    db.reset();
    std::filesystem::remove_all(path);
    state.ResumeTiming();
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations() * rows.size()));
}

void AddAll() {
  const std::pair<const char*, Keys> shapes[] = {
      {"few", Keys::kFew}, {"unique", Keys::kUnique}, {"prefix", Keys::kLongPrefix}};
  const std::pair<const char*, void (*)(benchmark::State&, Keys)> ways[] = {
      {"Radix", Radix}, {"Windows", Windows}, {"Keys", WholeKeys}, {"RocksDb", RocksDb}};
  for (const auto& [shape, keys] : shapes) {
    for (const auto& [way, run] : ways) {
      benchmark::RegisterBenchmark(absl::StrCat("Sort/", way, "/", shape).c_str(), run, keys)
          ->Unit(benchmark::kMillisecond)
          ->Iterations(3);
    }
  }
}

}  // namespace
}  // namespace bench
}  // namespace sheaf

int main(int argc, char** argv) {
  return sheaf::bench::RunBenchmarks(argc, argv, {}, sheaf::bench::AddAll);
}
