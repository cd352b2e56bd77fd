// Lists that are appended to and read all the time, by many users at once; and lists that are read
// from disk.
//
//   Mixed/SYSTEM.95-5/COUNT   95 of 100 operations append a value to a user's list, 5 read the
//                             newest 20 of one; so 50-50 and 5-95. Users are chosen by Zipf's law.
//                             `...trimmed`: lists are kept to the newest 1,000 values or so.
//   Cold/SYSTEM.OPERATION/COUNTxSIZE   a list of so many values, with direct I/O and nothing in the
//                             block cache: Whole, Last (the newest 20), One. `...lz4`: compressed
//
// A Mixed benchmark has counters: operations a second, percentiles of both operations in
// microseconds, and of what RocksDB did, by byte that was appended: written (log, flushes and
// compactions) and read (by compactions and reads), and space on disk by byte of values. The data
// are four times as large as the block cache, and settled by a warm-up of a fifth of the
// operations.
//
// SHEAF_MIXED_OPERATIONS=1000000 in the environment is the number of operations of each (default:
// 500,000). SHEAF_BENCH_SCALE=50 divides it, and the number of users, by 50.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "benchmark/benchmark.h"
#include "rocksdb/cache.h"
#include "rocksdb/convenience.h"
#include "rocksdb/db.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/merge_operator.h"
#include "rocksdb/statistics.h"
#include "rocksdb/table.h"
#include "tools/bench/lists.h"
#include "tools/bench/long_systems.h"
#include "tools/bench/run.h"
#include "tools/bench/visit.h"

namespace sheaf {
namespace bench {
namespace {

constexpr size_t kUsers = 50000;
constexpr size_t kAtFirst = 200;  // values of each list
constexpr size_t kSize = 64;
constexpr size_t kNewest = 20;
constexpr uint64_t kKept = 1000;
constexpr uint64_t kSlack = 200;  // so many more before a list is trimmed

// RocksDB's operator, whose lists are split by who reads them. Values have a fixed size here, so
// that splitting is as cheap as it can be.
class StringAppendSplit {
 public:
  static constexpr const char* kName = "StringAppendTest";
  static void Configure(rocksdb::Options* options) {
    (void)rocksdb::MergeOperator::CreateFromString(rocksdb::ConfigOptions(), "stringappendtest",
                                                   &options->merge_operator);
  }
  explicit StringAppendSplit(rocksdb::DB* db) : db_(db) {}

  rocksdb::Status Fill(const std::string& key, Store::Values values) {
    return db_->Put(write_, key, Joined(values));
  }
  rocksdb::Status Settle() { return rocksdb::Status::OK(); }
  rocksdb::Status Append(const std::string& key, uint64_t /*end*/, std::string_view value) {
    return db_->Merge(write_, key, Bytes(value));
  }
  template <typename Visit>
  rocksdb::Status Last(const std::string& key, uint64_t end, size_t count, Visit&& visit) {
    return Read(key, end - std::min<uint64_t>(end, count), count, /*last=*/true, visit);
  }
  template <typename Visit>
  rocksdb::Status Range(const std::string& key, uint64_t position, size_t count, Visit&& visit) {
    return Read(key, position, count, /*last=*/false, visit);
  }
  template <typename Visit>
  rocksdb::Status Whole(const std::string& key, Visit&& visit) {
    return Read(key, 0, SIZE_MAX, /*last=*/false, visit);
  }
  rocksdb::Status Trim(const std::string& key) {
    std::string list;
    rocksdb::Status s = db_->Get(read_, key, &list);
    if (!s.ok()) return s;
    const size_t kept = kKept * (kSize + 1) - 1;
    return list.size() <= kept ? s : db_->Put(write_, key, list.substr(list.size() - kept));
  }

 private:
  std::string Joined(Store::Values values) {
    std::string joined;
    for (const std::string_view value : values) {
      if (!joined.empty()) joined += ',';
      joined += value;
    }
    return joined;
  }
  // `count` values from `position` on, or the last.
  template <typename Visit>
  rocksdb::Status Read(const std::string& key, uint64_t position, size_t count, bool last,
                       Visit&& visit) {
    rocksdb::PinnableSlice list;
    rocksdb::Status s = db_->Get(read_, db_->DefaultColumnFamily(), key, &list);
    if (!s.ok()) return s;
    const size_t values = (list.size() + 1) / (kSize + 1);
    const size_t begin = last ? values - std::min(values, count) : static_cast<size_t>(position);
    const size_t end = begin + std::min(count, values - begin);
    for (size_t i = begin; i < end; ++i) {
      visit(std::string_view(list.data() + i * (kSize + 1), kSize));
    }
    return s;
  }

  rocksdb::DB* const db_;
  const rocksdb::WriteOptions write_;
  const rocksdb::ReadOptions read_;
};

// How each keeps a list to its newest values. `first`, `end`: its positions as its owner knows
// them.
rocksdb::Status TrimList(SheafLong& system, rocksdb::DB*, const std::string& key, uint64_t,
                         uint64_t end) {
  return system.store().TrimBefore(rocksdb::WriteOptions(), key, end - kKept);
}
rocksdb::Status TrimList(SheafOne& system, rocksdb::DB*, const std::string& key, uint64_t,
                         uint64_t) {
  return system.store().Trim(rocksdb::WriteOptions(), key, kKept);
}
rocksdb::Status TrimList(OneKey& system, rocksdb::DB* db, const std::string& key, uint64_t first,
                         uint64_t end) {
  rocksdb::WriteBatch batch;
  rocksdb::Status s;
  for (uint64_t at = first; at < end - kKept && s.ok(); ++at) s = batch.Delete(system.Key(key, at));
  return s.ok() ? db->Write(rocksdb::WriteOptions(), &batch) : s;
}
rocksdb::Status TrimList(ReadModifyWritePages& system, rocksdb::DB* db, const std::string& key,
                         uint64_t first, uint64_t end) {
  return system.DropPages(db, key, first, end - kKept);
}
rocksdb::Status TrimList(StringAppendSplit& system, rocksdb::DB*, const std::string& key, uint64_t,
                         uint64_t) {
  return system.Trim(key);
}

rocksdb::Options OptionsOf(std::shared_ptr<rocksdb::Cache> cache) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kNoCompression;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = std::move(cache);
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

// Numbers below `count`, the first the most often: number i has a weight of 1 / (i + 1). The same
// in every run.
class Zipf {
 public:
  explicit Zipf(size_t count) : sums_(count), random_(11) {
    double sum = 0;
    for (size_t i = 0; i < count; ++i) sums_[i] = sum += 1.0 / static_cast<double>(i + 1);
  }
  size_t Next() {
    const double at = std::uniform_real_distribution<double>(0, sums_.back())(random_);
    return static_cast<size_t>(std::lower_bound(sums_.begin(), sums_.end(), at) - sums_.begin());
  }
  std::mt19937_64& random() { return random_; }

 private:
  std::vector<double> sums_;
  std::mt19937_64 random_;
};

using Clock = std::chrono::steady_clock;
double Seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

void AddPercentiles(benchmark::State& state, const std::string& name,
                    std::vector<double>* seconds) {
  if (seconds->empty()) return;
  std::sort(seconds->begin(), seconds->end());
  const auto at = [&](double part) {
    const auto i = static_cast<size_t>(part * static_cast<double>(seconds->size()));
    return 1e6 * (*seconds)[std::min(i, seconds->size() - 1)];
  };
  state.counters[name + "_p50_us"] = at(0.5);
  state.counters[name + "_p99_us"] = at(0.99);
  state.counters[name + "_p99.9_us"] = at(0.999);
}

template <typename System>
void Mixed(benchmark::State& state, size_t operations, unsigned appends_of_100, bool trims) {
  const size_t users = std::max<size_t>(kUsers / Scale(), 10);
  const uint64_t bytes = users * kAtFirst * kSize;
  for (auto _ : state) {
    rocksdb::Options options = OptionsOf(rocksdb::NewLRUCache(bytes / 4, /*num_shard_bits=*/4));
    options.write_buffer_size = std::max<size_t>(bytes / 40, 64 << 10);
    options.statistics = rocksdb::CreateDBStatistics();
    System::Configure(&options);
    BenchDb db("mixed_bench", options);
    System system(db.get());
    const List values({"", 1000, Shape::Sizes::kEqual, kSize}, 5);
    std::vector<std::string> keys;
    std::vector<uint64_t> firsts(users);
    std::vector<uint64_t> ends(users, kAtFirst);
    rocksdb::Status s;
    for (size_t i = 0; i < users && s.ok(); ++i) {
      // Popular users are not neighbours.
      keys.push_back(absl::StrCat("user", 1000000 + i * 7919 % users));
      s = system.Fill(keys[i], absl::MakeConstSpan(values.values()).first(kAtFirst));
    }
    if (s.ok()) s = system.Settle();
    if (s.ok()) s = db.get()->CompactRange({}, nullptr, nullptr);
    if (!Ok(state, s)) return;

    Zipf zipf(users);
    std::vector<double> appended;
    std::vector<double> read;
    const rocksdb::Statistics& statistics = *options.statistics;
    const auto written = [&] {
      return statistics.getTickerCount(rocksdb::WAL_FILE_BYTES) +
             statistics.getTickerCount(rocksdb::FLUSH_WRITE_BYTES) +
             statistics.getTickerCount(rocksdb::COMPACT_WRITE_BYTES);
    };
    const auto was_read = [&] {
      return statistics.getTickerCount(rocksdb::COMPACT_READ_BYTES) +
             statistics.getTickerCount(rocksdb::BLOCK_CACHE_BYTES_WRITE);
    };
    uint64_t written_before = 0;
    uint64_t read_before = 0;
    Clock::time_point begin;
    const size_t warm_up = operations / 5;
    for (size_t i = 0; i < warm_up + operations && s.ok(); ++i) {
      if (i == warm_up) {
        appended.clear();
        read.clear();
        written_before = written();
        read_before = was_read();
        begin = Clock::now();
      }
      const size_t user = zipf.Next();
      const std::string& key = keys[user];
      const bool appends = zipf.random()() % 100 < appends_of_100;
      const Clock::time_point before = Clock::now();
      if (appends) {
        s = system.Append(key, ends[user], values.values()[ends[user] % kAtFirst]);
        ++ends[user];
        if (trims && s.ok() && ends[user] - firsts[user] >= kKept + kSlack) {
          s = TrimList(system, db.get(), key, firsts[user], ends[user]);
          firsts[user] = ends[user] - kKept;
        }
        appended.push_back(Seconds(Clock::now() - before));
      } else {
        size_t found = 0;
        bool is_right = false;
        const std::string_view newest = values.values()[(ends[user] - 1) % kAtFirst];
        s = system.Last(key, ends[user], kNewest, [&](std::string_view value) {
          if (++found == kNewest) is_right = value == newest;
          benchmark::DoNotOptimize(value.data());
        });
        read.push_back(Seconds(Clock::now() - before));
        if (s.ok() && !is_right) {
          return state.SkipWithError("other values were read");
        }
      }
    }
    if (!Ok(state, s)) return;
    const double seconds = Seconds(Clock::now() - begin);
    const double of_appended = static_cast<double>(appended.size() * kSize);
    state.SetIterationTime(seconds);
    state.counters["operations_a_s"] = static_cast<double>(operations) / seconds;
    state.counters["written_a_byte"] =
        static_cast<double>(written() - written_before) / of_appended;
    state.counters["read_a_byte"] = static_cast<double>(was_read() - read_before) / of_appended;
    uint64_t sst_bytes = 0;
    uint64_t log_bytes = 0;
    db.get()->GetIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &sst_bytes);
    db.get()->GetIntProperty(rocksdb::DB::Properties::kSizeAllMemTables, &log_bytes);
    uint64_t there = 0;
    for (size_t i = 0; i < users; ++i) there += (ends[i] - firsts[i]) * kSize;
    state.counters["disk_a_byte"] =
        static_cast<double>(sst_bytes + log_bytes) / static_cast<double>(there);
    AddPercentiles(state, "append", &appended);
    AddPercentiles(state, "read", &read);
  }
}

// --- Cold reads.

enum class Operation { kWhole, kLast, kOne };
constexpr const char* kOperations[] = {"Whole", "Last", "One"};

template <typename System>
void Cold(benchmark::State& state, size_t count, Operation operation, bool compressed) {
  const std::shared_ptr<rocksdb::Cache> cache =
      rocksdb::NewLRUCache(size_t{256} << 20, /*num_shard_bits=*/0);
  rocksdb::Options options = OptionsOf(cache);
  options.use_direct_reads = true;
  if (compressed) options.compression = rocksdb::kLZ4Compression;
  System::Configure(&options);
  BenchDb db("mixed_bench", options);
  System system(db.get());
  // Text-like: half of each value is the same.
  List random({"", std::max<size_t>(count, 2), Shape::Sizes::kEqual, kSize / 2}, 5);
  std::vector<std::string> strings;
  for (size_t i = 0; i < count; ++i) {
    strings.push_back(std::string(random.values()[i]) + std::string(kSize / 2, 'x'));
  }
  const std::vector<std::string_view> values(strings.begin(), strings.end());
  const size_t lists = std::clamp<size_t>(200000 / count, 4, 2000);
  rocksdb::Status s;
  for (size_t i = 0; i < lists && s.ok(); ++i) {
    s = system.Fill(absl::StrCat("list", 100000 + i), values);
  }
  if (s.ok()) s = system.Settle();
  rocksdb::CompactRangeOptions compact;
  compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  if (s.ok()) s = db.get()->CompactRange(compact, nullptr, nullptr);
  if (!Ok(state, s)) return;
  std::mt19937_64 numbers(3);
  size_t found = 0;
  const auto visit = [&found](std::string_view value) {
    benchmark::DoNotOptimize(value.data());
    ++found;
  };
  size_t expected = 0;
  for (auto _ : state) {
    const std::string key = absl::StrCat("list", 100000 + numbers() % lists);
    state.PauseTiming();
    cache->EraseUnRefEntries();
    state.ResumeTiming();
    switch (operation) {
      case Operation::kWhole:
        s = system.Whole(key, visit);
        expected += count;
        break;
      case Operation::kLast:
        s = system.Last(key, count, kNewest, visit);
        expected += std::min(count, kNewest);
        break;
      case Operation::kOne:
        s = system.Range(key, numbers() % count, 1, visit);
        ++expected;
        break;
    }
    if (!Ok(state, s)) return;
  }
  if (found != expected) state.SkipWithError("other values were read");
}

size_t Operations() {
  size_t operations = 500000;
  const char* const text = std::getenv("SHEAF_MIXED_OPERATIONS");
  if (text != nullptr && (!absl::SimpleAtoi(text, &operations) || operations < 1000)) {
    std::fprintf(stderr, "SHEAF_MIXED_OPERATIONS=%s: expected a number from 1000 on\n", text);
    std::exit(2);
  }
  return std::max<size_t>(operations / Scale(), 1000);
}

template <typename System>
void AddMixed(unsigned appends, bool trims) {
  const size_t operations = Operations();
  benchmark::RegisterBenchmark(absl::StrCat("Mixed/", System::kName, ".", appends, "-",
                                            100 - appends, "/", operations, trims ? "trimmed" : "")
                                   .c_str(),
                               [operations, appends, trims](benchmark::State& state) {
                                 Mixed<System>(state, operations, appends, trims);
                               })
      ->UseManualTime()
      ->Iterations(1)
      ->Unit(benchmark::kMillisecond);
}

template <typename System>
void AddCold(size_t count, Operation operation, bool compressed) {
  benchmark::RegisterBenchmark(
      absl::StrCat("Cold/", System::kName, ".", kOperations[static_cast<size_t>(operation)], "/",
                   count, "x", kSize, compressed ? "lz4" : "")
          .c_str(),
      [count, operation, compressed](benchmark::State& state) {
        Cold<System>(state, count, operation, compressed);
      })
      ->UseRealTime();
}

void AddAll() {
  for (const bool trims : {false, true}) {
    for (const unsigned appends : {95, 50, 5}) {
      AddMixed<SheafOne>(appends, trims);
      AddMixed<SheafLong>(appends, trims);
      AddMixed<StringAppendSplit>(appends, trims);
      AddMixed<OneKey>(appends, trims);
      AddMixed<ReadModifyWritePages>(appends, trims);
    }
  }
  for (const bool compressed : {false, true}) {
    for (const size_t count : {10, 100, 1000, 100000}) {
      for (const Operation operation : {Operation::kWhole, Operation::kLast, Operation::kOne}) {
        const size_t scaled = std::max<size_t>(count / Scale(), 2);
        AddCold<SheafOne>(scaled, operation, compressed);
        AddCold<SheafLong>(scaled, operation, compressed);
        AddCold<StringAppendSplit>(scaled, operation, compressed);
        AddCold<OneKey>(scaled, operation, compressed);
      }
    }
  }
}

}  // namespace
}  // namespace bench
}  // namespace sheaf

int main(int argc, char** argv) {
  // Not interleaved: there is one DB at a time.
  return sheaf::bench::RunBenchmarks(argc, argv, {"--benchmark_min_time=0.2"},
                                     sheaf::bench::AddAll);
}
