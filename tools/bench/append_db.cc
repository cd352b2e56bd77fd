#include "tools/bench/append_db.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <random>

#include "rocksdb/cache.h"
#include "rocksdb/table.h"
#include "tools/bench/temp_folder.h"

namespace sheaf {
namespace bench {
namespace {

// As many different values; appends go round them.
constexpr size_t kDifferent = 1000;

}  // namespace

const Appends& Appends::Of(const AppendShape& shape) {
  static auto* const made = new std::map<std::string, std::unique_ptr<Appends>>;
  std::unique_ptr<Appends>& appends = (*made)[shape.name];
  if (appends == nullptr) appends.reset(new Appends(shape));
  return *appends;
}

Appends::Appends(const AppendShape& shape)
    : values_({"", kDifferent, Shape::Sizes::kEqual, shape.size}, /*seed=*/17),
      counts_(shape.keys) {
  std::mt19937_64 random(5);
  for (size_t i = 0; i < shape.keys; ++i) keys_.push_back("list-" + std::to_string(100000 + i));
  std::vector<double> until;
  double sum = 0;
  for (size_t i = 0; i < shape.keys; ++i) until.push_back(sum += 1.0 / static_cast<double>(i + 1));
  const auto choose = [&] {
    const double at = std::uniform_real_distribution<double>(0, sum)(random);
    return std::min<size_t>(
        static_cast<size_t>(std::upper_bound(until.begin(), until.end(), at) - until.begin()),
        shape.keys - 1);
  };
  for (size_t i = 0; i < shape.count; ++i) {
    const size_t key = choose();
    ++counts_[key];
    all_.push_back({&keys_[key], values_.values()[i % kDifferent]});
  }
  while (reads_.size() < 1009) {
    const size_t key = choose();
    if (counts_[key] != 0) reads_.push_back(key);
  }
}

rocksdb::Options AppendDb::DefaultOptions() {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.compression = rocksdb::kNoCompression;
  options.disable_auto_compactions = true;
  options.write_buffer_size = size_t{1} << 30;
  // Many DBs are open at once, and would reserve more than a gigabyte each for their logs.
  options.allow_fallocate = false;
  // In which every list fits: RocksDB's default one has shards that are smaller than some.
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(size_t{1} << 30, /*num_shard_bits=*/2);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

AppendDb::AppendDb(rocksdb::Options options) : path_(NewTempFolder("append_bench")) {
  rocksdb::DB* db = nullptr;
  const rocksdb::Status s = rocksdb::DB::Open(options, path_, &db);
  if (!s.ok()) {
    std::fprintf(stderr, "append_bench: cannot open a DB in %s: %s\n", path_.c_str(),
                 s.ToString().c_str());
    std::exit(1);
  }
  db_.reset(db);
}

AppendDb::~AppendDb() {
  db_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

rocksdb::Status AppendDb::Flush() { return db_->Flush(rocksdb::FlushOptions()); }

rocksdb::Status AppendDb::Compact() {
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  return db_->CompactRange(options, nullptr, nullptr);
}

}  // namespace bench
}  // namespace sheaf
