// Lists that are appended to and read in turn, from 10 to 10,000,000 values: LongStore, Store, and
// what people build by hand (long_systems.h).
//
//   Long/SYSTEM.AppendLast   appends a value, and reads the newest one
//   Long/SYSTEM.AppendOne    appends a value, and reads one at a random position
//   Long/SYSTEM.One          one value at a random position
//   Long/SYSTEM.Range        100 values from a random position on
//   Long/SYSTEM.Last         the newest 20 values
//   Long/SYSTEM.Whole        visits every value of a list
//   Long/SYSTEM.Touch        adds up every byte of it
//   LongWrite/SYSTEM.Append  a new list by single appends: wall time, CPU time of all threads, and
//                            what is sealed. Latencies are in the counters p50_us to p99.9_us
//   LongWrite/SYSTEM.AppendFlushing  the same to 100 lists, with a memtable of 4 MB
//   LongWrite/SYSTEM.Rewritten  1,000 appends of 100 B to a list of 10 MB, flushed ten at a time:
//                            what compactions write, in the counter compacted_mb
//
//   LongMemory/SheafLong.Pages/10GB  all pages of a list of 10 GB, with a block cache of 8 MB: peak
//                            memory of the process beyond what it had before, in the counter
//                            peak_mb; only with SHEAF_BENCH_LARGE=1 in the environment
//
// Lists are 4 MB or more in all, compacted, in a warm block cache, and chosen at random. There is
// one DB at a time. SHEAF_BENCH_SCALE=50 in the environment divides counts by 50.

#include <malloc.h>  // malloc_trim
#include <time.h>    // clock_gettime

#include <algorithm>
#include <chrono>
#include <deque>
#include <fstream>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "rocksdb/cache.h"
#include "rocksdb/db.h"
#include "rocksdb/statistics.h"
#include "rocksdb/table.h"
#include "tools/bench/add_up.h"
#include "tools/bench/allocations.h"
#include "tools/bench/lists.h"
#include "tools/bench/long_systems.h"
#include "tools/bench/run.h"
#include "tools/bench/visit.h"

namespace sheaf {
namespace bench {
namespace {

constexpr size_t kMinBytes = 4 << 20;
constexpr size_t kMaxLists = 20000;
constexpr size_t kMaxBytes = size_t{700} << 20;
// A blob is written whole by each merge: beyond this, it takes minutes to make.
constexpr size_t kMaxBlobBytes = 64 << 20;

// Options of a DB of this benchmark, but for what `configure` changes.
template <typename Configure>
rocksdb::Options OptionsWith(const Configure& configure) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  // In which every blob fits.
  table.block_cache = rocksdb::NewLRUCache(size_t{3} << 30, /*num_shard_bits=*/2);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  configure(&options);
  return options;
}

class LongDb : public BenchDb {
 public:
  template <typename Configure>
  explicit LongDb(const Configure& configure) : BenchDb("long_bench", OptionsWith(configure)) {}
};

// Lists of a shape, as `System` has them.
template <typename System>
class Lists {
 public:
  explicit Lists(const Shape& shape)
      : db_(System::Configure), system_(db_.get()), model_(shape, 1) {
    const size_t list_bytes = shape.count * shape.size;
    const size_t lists = std::min((kMinBytes + list_bytes - 1) / list_bytes, kMaxLists);
    rocksdb::Status s;
    for (size_t i = 0; i < lists && s.ok(); ++i) {
      keys_.push_back(absl::StrCat("list", 100000 + i));
      ends_.push_back(shape.count);
      s = system_.Fill(keys_.back(), model_.values());
    }
    if (s.ok()) s = system_.Settle();
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    if (s.ok()) s = db_.get()->CompactRange(options, nullptr, nullptr);
    Visited visited;
    for (size_t i = 0; i < lists && s.ok(); ++i) s = system_.Whole(keys_[i], visited);  // warms
    status_ = s;
    std::mt19937_64 random(7);
    places_.resize(10007);
    for (Place& place : places_) place = {random() % lists, random()};
  }

  struct Place {
    size_t list;
    uint64_t random;
  };
  const rocksdb::Status& status() const { return status_; }
  System& system() { return system_; }
  const List& model() const { return model_; }
  const std::string& key(size_t list) const { return keys_[list]; }
  uint64_t end(size_t list) const { return ends_[list]; }
  size_t appends() const { return appends_; }
  const Place& Next() {
    if (++next_ == places_.size()) next_ = 0;
    return places_[next_];
  }
  rocksdb::Status Append(size_t list) {
    ++appends_;
    const std::string_view value = model_.values()[ends_[list] % model_.values().size()];
    return system_.Append(keys_[list], ends_[list]++, value);
  }
  // What is at `position` of every list.
  std::string_view At(uint64_t position) const {
    return model_.values()[position % model_.values().size()];
  }
  uint64_t SstBytes() {
    uint64_t bytes = 0;
    db_.get()->GetIntProperty(rocksdb::DB::Properties::kLiveSstFilesSize, &bytes);
    return bytes;
  }

 private:
  LongDb db_;
  System system_;
  const List model_;
  std::vector<std::string> keys_;
  std::vector<uint64_t> ends_;
  std::vector<Place> places_;
  size_t next_ = 0;
  size_t appends_ = 0;
  rocksdb::Status status_;
};

// Closes what is open.
std::function<void()>& CloseLast() {
  static auto* const close = new std::function<void()>([] {});
  return *close;
}

// The lists of the shape and system that are measured now; those before are removed.
template <typename System>
Lists<System>& ListsOf(const Shape& shape, bool may_be_appended) {
  static std::unique_ptr<Lists<System>>* const open = new std::unique_ptr<Lists<System>>;
  static const char* name = nullptr;
  if (*open == nullptr || name != shape.name || ((*open)->appends() != 0 && !may_be_appended)) {
    CloseLast()();
    CloseLast() = [] { open->reset(); };
    *open = std::make_unique<Lists<System>>(shape);
    name = shape.name;
  }
  return **open;
}

enum class Operation { kWhole, kTouch, kOne, kRange, kLast, kAppendOne, kAppendLast };
constexpr const char* kNames[] = {"Whole", "Touch",     "One",       "Range",
                                  "Last",  "AppendOne", "AppendLast"};
constexpr size_t kRange = 100;
constexpr size_t kNewest = 20;

// What was read must be [position, position + count).
class Expected {
 public:
  template <typename System>
  Expected(const Lists<System>& lists, uint64_t position, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) values_.push_back(lists.At(position + i));
  }
  void operator()(std::string_view value) {
    same_ = same_ && at_ < values_.size() && values_[at_] == value;
    ++at_;
  }
  bool Verify(benchmark::State& state) const {
    if (same_ && at_ == values_.size()) return true;
    state.SkipWithError("other values were read");
    return false;
  }

 private:
  std::vector<std::string_view> values_;
  size_t at_ = 0;
  bool same_ = true;
};

class Touched {
 public:
  void operator()(std::string_view value) { sum_ += AddUp(value); }
  ~Touched() { benchmark::DoNotOptimize(sum_); }

 private:
  uint64_t sum_ = 0;
};

template <typename System, typename Visit>
rocksdb::Status Do(Operation operation, Lists<System>& lists,
                   const typename Lists<System>::Place& place, Visit&& visit) {
  const size_t list = place.list;
  System& system = lists.system();
  const std::string& key = lists.key(list);
  const uint64_t end = lists.end(list);
  switch (operation) {
    case Operation::kWhole:
    case Operation::kTouch:
      return system.Whole(key, visit);
    case Operation::kOne:
      return system.Range(key, place.random % end, 1, visit);
    case Operation::kRange: {
      const uint64_t count = std::min<uint64_t>(kRange, end);
      return system.Range(key, place.random % (end - count + 1), count, visit);
    }
    case Operation::kLast:
      return system.Last(key, end, kNewest, visit);
    case Operation::kAppendOne:
    case Operation::kAppendLast: {
      rocksdb::Status s = lists.Append(list);
      if (!s.ok()) return s;
      return operation == Operation::kAppendOne
                 ? system.Range(key, place.random % lists.end(list), 1, visit)
                 : system.Last(key, lists.end(list), 1, visit);
    }
  }
  return rocksdb::Status::OK();
}

template <typename System>
void Measure(benchmark::State& state, const Shape& shape, Operation operation) {
  const bool appends = operation == Operation::kAppendOne || operation == Operation::kAppendLast;
  Lists<System>& lists = ListsOf<System>(shape, appends);
  if (!Ok(state, lists.status())) return;
  {
    // That it is the same list as all others'.
    const auto& place = lists.Next();
    const uint64_t end = lists.end(place.list);
    const uint64_t range = std::min<uint64_t>(kRange, end);
    const uint64_t newest = std::min<uint64_t>(kNewest, end);
    Expected expected =
        operation == Operation::kOne     ? Expected(lists, place.random % end, 1)
        : operation == Operation::kRange ? Expected(lists, place.random % (end - range + 1), range)
        : operation == Operation::kLast  ? Expected(lists, end - newest, newest)
        : operation == Operation::kAppendOne  ? Expected(lists, place.random % (end + 1), 1)
        : operation == Operation::kAppendLast ? Expected(lists, end, 1)
                                              : Expected(lists, 0, end);
    if (!Ok(state, Do(operation, lists, place, expected)) || !expected.Verify(state)) return;
  }
  if (operation == Operation::kWhole) {
    double bytes = 0;
    for (const std::string_view value : lists.model().values()) {
      bytes += static_cast<double>(value.size());
    }
    state.counters["disk_a_byte"] =
        static_cast<double>(lists.SstBytes()) / bytes /
        static_cast<double>(std::min(
            (kMinBytes + shape.count * shape.size - 1) / (shape.count * shape.size), kMaxLists));
  }
  const CountsAllocations counts(state);
  if (operation == Operation::kTouch) {
    for (auto _ : state) {
      Touched touched;
      if (!Ok(state, Do(operation, lists, lists.Next(), touched))) return;
    }
    return;
  }
  for (auto _ : state) {
    Visited visited;
    if (!Ok(state, Do(operation, lists, lists.Next(), visited))) return;
  }
}

double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

using Clock = std::chrono::steady_clock;
double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

// `count` appends of `size` bytes, one by one, to `keys` lists in turn.
template <typename System>
void Append(benchmark::State& state, size_t count, size_t size, size_t keys, size_t memtable) {
  const List values({"", 1000, Shape::Sizes::kEqual, size}, 5);
  std::vector<double> latencies(count);
  for (auto _ : state) {
    LongDb db([memtable](rocksdb::Options* options) {
      System::Configure(options);
      if (memtable != 0) options->write_buffer_size = memtable;
    });
    System system(db.get());
    std::vector<std::string> names;
    for (size_t i = 0; i < keys; ++i) names.push_back(absl::StrCat("list", 100 + i));
    const double cpu = CpuSeconds();
    const Clock::time_point begin = Clock::now();
    Clock::time_point before = begin;
    for (size_t i = 0; i < count; ++i) {
      const rocksdb::Status s =
          system.Append(names[i % keys], i / keys, values.values()[i % values.values().size()]);
      const Clock::time_point now = Clock::now();
      latencies[i] = Seconds(now - before);
      before = now;
      if (!Ok(state, s)) return;
    }
    if (!Ok(state, system.Settle())) return;
    state.SetIterationTime(Seconds(Clock::now() - begin));
    state.counters["cpu_s"] = CpuSeconds() - cpu;
    uint64_t sum = 0;
    for (const std::string& name : names) {
      const auto visit = [&sum](std::string_view) { ++sum; };
      if (!Ok(state, system.Whole(name, visit))) return;
    }
    if (sum != count) return state.SkipWithError("not what was appended");
  }
  std::sort(latencies.begin(), latencies.end());
  const auto at = [&](double part) {
    return 1e6 *
           latencies[std::min(count - 1, static_cast<size_t>(part * static_cast<double>(count)))];
  };
  state.counters["p50_us"] = at(0.5);
  state.counters["p99_us"] = at(0.99);
  state.counters["p99.9_us"] = at(0.999);
  state.counters["max_us"] = at(1);
}

// What compactions write of a list of 10 MB to which little is appended.
template <typename System>
void Rewritten(benchmark::State& state) {
  const size_t scale = Scale();
  const List values({"", 100000 / scale, Shape::Sizes::kEqual, 100}, 5);
  for (auto _ : state) {
    const std::shared_ptr<rocksdb::Statistics> statistics = rocksdb::CreateDBStatistics();
    LongDb db([&](rocksdb::Options* options) {
      System::Configure(options);
      options->statistics = statistics;
    });
    System system(db.get());
    const Clock::time_point begin = Clock::now();
    rocksdb::Status s = system.Fill("list", values.values());
    if (s.ok()) s = system.Settle();
    if (s.ok()) s = db.get()->CompactRange({}, nullptr, nullptr);
    const uint64_t before = statistics->getTickerCount(rocksdb::COMPACT_WRITE_BYTES);
    uint64_t end = values.values().size();
    for (size_t flush = 0; flush < 100 / scale + 1 && s.ok(); ++flush) {
      for (size_t i = 0; i < 10 && s.ok(); ++i, ++end) {
        s = system.Append("list", end, values.values()[i]);
      }
      if (s.ok()) s = db.get()->Flush({});
    }
    for (const std::string& property : {rocksdb::DB::Properties::kCompactionPending,
                                        rocksdb::DB::Properties::kNumRunningCompactions}) {
      uint64_t left = 1;
      while (s.ok() && left != 0) {
        if (!db.get()->GetIntProperty(property, &left)) s = rocksdb::Status::NotFound(property);
      }
    }
    if (!Ok(state, s)) return;
    state.SetIterationTime(Seconds(Clock::now() - begin));
    state.counters["compacted_mb"] =
        1e-6 *
        static_cast<double>(statistics->getTickerCount(rocksdb::COMPACT_WRITE_BYTES) - before);
  }
}

// A number of /proc/self/status, in kilobytes: VmHWM, the peak of memory, or VmRSS.
double MemoryOf(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.rfind(name + ":", 0) == 0) return std::stod(line.substr(name.size() + 1));
  }
  return 0;
}

void PagesMemory(benchmark::State& state) {
  const uint64_t bytes = (uint64_t{10} << 30) / Scale();
  const List values({"", 250, Shape::Sizes::kEqual, 4000}, 5);
  for (auto _ : state) {
    LongDb db([](rocksdb::Options* options) {
      SheafLong::Configure(options);
      rocksdb::BlockBasedTableOptions table;
      table.block_cache = rocksdb::NewLRUCache(8 << 20, /*num_shard_bits=*/0);
      options->table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    });
    uint64_t appended = 0;
    rocksdb::Status s;
    SheafLong system(db.get());
    rocksdb::WriteOptions without_log;
    without_log.disableWAL = true;
    while (appended < bytes && s.ok()) {
      s = system.store().Append(without_log, "list", values.values());
      appended += values.values().size() * 4000;
    }
    if (s.ok()) s = system.Settle();
    if (s.ok()) s = db.get()->Flush({});
    if (!Ok(state, s)) return;
    malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak is counted anew
    const double before = MemoryOf("VmRSS");
    const Clock::time_point begin = Clock::now();
    uint64_t found = 0;
    {
      const auto page = system.store().Pages(rocksdb::ReadOptions(), "list");
      for (; page->Valid(); page->Next()) found += page->values().contents().size();
      if (!Ok(state, page->status())) return;
    }
    state.SetIterationTime(Seconds(Clock::now() - begin));
    if (found != appended) return state.SkipWithError("not what was appended");
    state.counters["peak_mb"] = (MemoryOf("VmHWM") - before) / 1000;
  }
}

template <typename System>
void AddReads(const Shape& shape) {
  if (std::string_view(System::kName) == "Sheaf" && shape.count * shape.size > kMaxBlobBytes)
    return;
  // What appends comes last: the DB is not made anew.
  for (const Operation operation :
       {Operation::kWhole, Operation::kTouch, Operation::kOne, Operation::kRange, Operation::kLast,
        Operation::kAppendOne, Operation::kAppendLast}) {
    // Of a list that takes minutes to make for some, the few that its goals are of.
    if (shape.count * shape.size > kMaxBlobBytes && operation != Operation::kLast &&
        operation != Operation::kAppendLast && operation != Operation::kOne) {
      continue;
    }
    benchmark::RegisterBenchmark(
        absl::StrCat("Long/", System::kName, ".", kNames[static_cast<size_t>(operation)], "/",
                     shape.name)
            .c_str(),
        [shape, operation](benchmark::State& state) { Measure<System>(state, shape, operation); });
  }
}

template <typename System>
void AddWrites() {
  const size_t count = 1000000 / Scale();
  const auto add = [](const std::string& name, auto function) {
    benchmark::RegisterBenchmark(name.c_str(), function)
        ->UseManualTime()
        ->Iterations(1)
        ->Unit(benchmark::kMillisecond);
  };
  add(absl::StrCat("LongWrite/", System::kName, ".Append/", count, "x64"),
      [count](benchmark::State& state) { Append<System>(state, count, 64, 1, 0); });
  add(absl::StrCat("LongWrite/", System::kName, ".AppendFlushing/", count, "x64"),
      [count](benchmark::State& state) { Append<System>(state, count, 64, 100, 4 << 20); });
}

void AddAll() {
  static auto* const names = new std::deque<std::string>;  // Shape borrows its own
  AddWrites<SheafLong>();
  AddWrites<SheafOne>();
  AddWrites<OneKey>();
  if (std::getenv("SHEAF_BENCH_LARGE") != nullptr) {
    benchmark::RegisterBenchmark("LongMemory/SheafLong.Pages/10GB", PagesMemory)
        ->UseManualTime()
        ->Iterations(1)
        ->Unit(benchmark::kMillisecond);
  }
  for (const bool is_long : {true, false}) {
    benchmark::RegisterBenchmark(
        absl::StrCat("LongWrite/", is_long ? SheafLong::kName : SheafOne::kName,
                     ".Rewritten/100000x100")
            .c_str(),
        is_long ? Rewritten<SheafLong> : Rewritten<SheafOne>)
        ->UseManualTime()
        ->Iterations(1)
        ->Unit(benchmark::kMillisecond);
  }
  for (const size_t size : {64, 8, 512, 4096}) {
    for (const size_t count : {10, 100, 1000, 10000, 100000, 1000000, 10000000}) {
      const size_t scaled = std::max<size_t>(count / Scale(), 2);
      if (count * size > kMaxBytes) continue;
      names->push_back(absl::StrCat(scaled, "x", size));
      const Shape shape = {names->back().c_str(), scaled, Shape::Sizes::kEqual, size};
      AddReads<SheafLong>(shape);
      AddReads<SheafOne>(shape);
      AddReads<OneKey>(shape);
      AddReads<OneKeyBatch>(shape);
      AddReads<ReadModifyWritePages>(shape);
    }
  }
}

}  // namespace
}  // namespace bench
}  // namespace sheaf

int main(int argc, char** argv) {
  // Not interleaved: there is one DB at a time.
  const int status =
      sheaf::bench::RunBenchmarks(argc, argv, {"--benchmark_min_time=0.05"}, sheaf::bench::AddAll);
  sheaf::bench::CloseLast()();
  return status;
}
