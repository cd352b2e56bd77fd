// Lists that are larger than a shard of the cache: each read of one reads the file.

#include <cstdarg>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/statistics.h"
#include "rocksdb/table.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

using CachePtr = std::shared_ptr<rocksdb::Cache>;

constexpr size_t kCapacity = 8 << 20;
constexpr int kShardBits = 4;
constexpr size_t kShard = kCapacity >> kShardBits;

// What was written to RocksDB's log by Sheaf.
class Notes final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char* format, va_list arguments) override {
    char line[2000];
    std::vsnprintf(line, sizeof line, format, arguments);
    const std::lock_guard<std::mutex> lock(mutex_);
    if (std::string(line).rfind("sheaf: ", 0) == 0) lines_.emplace_back(line);
  }
  std::vector<std::string> lines() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

class CacheShardsTest : public ::testing::Test {
 protected:
  // Lists well below and well above what a shard has room for: what RocksDB counts for a block is
  // a little more than its bytes.
  static constexpr size_t kSmallBytes = kShard * 9 / 10;
  static constexpr size_t kLargeBytes = kShard * 11 / 10;

  void Open(const CachePtr& cache, rocksdb::Options options = TestDb::DefaultOptions()) {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    options.statistics = rocksdb::CreateDBStatistics();
    options.info_log = notes_;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    db_ = std::make_unique<TestDb>(options);
    statistics_ = options.statistics;
    db_->Put("large", {std::string(kLargeBytes, 'l')});
    db_->Put("other", {std::string(kLargeBytes, 'o')});
    db_->Put("small", {std::string(kSmallBytes, 's')});
    db_->Compact();
  }
  // Blocks of data, or lists in blob files, that were not in the cache.
  uint64_t Misses() const {
    return statistics_->getTickerCount(rocksdb::BLOCK_CACHE_DATA_MISS) +
           statistics_->getTickerCount(rocksdb::BLOB_DB_CACHE_MISS);
  }
  uint64_t MissesOfTwoReads(const char* key) {
    const uint64_t before = Misses();
    for (int i = 0; i < 2; ++i) {
      PinnedBlob list;
      EXPECT_OK(db_->store().Get({}, key, &list));
      EXPECT_TRUE(list.zero_copy());
    }
    return Misses() - before;
  }
  uint64_t NotKept() const { return db_->store().stats().reads_not_kept; }

  const std::shared_ptr<Notes> notes_ = std::make_shared<Notes>();
  std::unique_ptr<TestDb> db_;
  std::shared_ptr<rocksdb::Statistics> statistics_;
};

TEST_F(CacheShardsTest, AListLargerThanAShardIsReadFromTheFileEachTimeAndCounted) {
  Open(rocksdb::NewLRUCache(kCapacity, kShardBits));
  EXPECT_EQ(MissesOfTwoReads("small"), 1u);
  EXPECT_EQ(NotKept(), 0u);
  EXPECT_EQ(MissesOfTwoReads("large"), 2u);
  EXPECT_EQ(NotKept(), 2u);
}

// It stays until another block needs the room.
TEST_F(CacheShardsTest, AHyperClockCacheKeepsAListLargerThanAShard) {
  Open(rocksdb::HyperClockCacheOptions(kCapacity, /*estimated_entry_charge=*/100000, kShardBits)
           .MakeSharedCache());
  EXPECT_EQ(MissesOfTwoReads("large"), 1u);
  EXPECT_EQ(NotKept(), 0u);
  EXPECT_THAT(notes_->lines(), ElementsAre());
}

TEST_F(CacheShardsTest, InAShardWithRoomItIsKeptAndNotCounted) {
  Open(rocksdb::NewLRUCache(kCapacity, 0));
  EXPECT_EQ(MissesOfTwoReads("large"), 1u);
  EXPECT_EQ(NotKept(), 0u);
}

TEST_F(CacheShardsTest, RocksDbsDefaultCacheHasSmallShards) {
  db_ = std::make_unique<TestDb>();
  db_->Put("large", {std::string(1000000, 'l')});
  db_->Compact();
  db_->Get("large");
  db_->Get("large");
  EXPECT_EQ(NotKept(), 2u);
  EXPECT_THAT(db_->store().stats().ToString(), HasSubstr(" zero_copy=2 not_kept=2 "));
}

TEST_F(CacheShardsTest, GetLastAndMultiGetCountToo) {
  Open(rocksdb::NewLRUCache(kCapacity, kShardBits));
  const uint64_t before = Misses();
  std::vector<PinnedSlice> values;
  ASSERT_OK(db_->store().GetLast({}, "large", 1, &values));
  values.clear();
  const std::vector<rocksdb::Slice> keys = {"large", "other", "small"};
  for (int i = 0; i < 2; ++i) {
    std::vector<PinnedBlob> lists(keys.size());
    std::vector<rocksdb::Status> statuses(keys.size());
    db_->store().MultiGet({}, keys.size(), keys.data(), lists.data(), statuses.data());
    for (const rocksdb::Status& status : statuses) EXPECT_OK(status);
  }
  EXPECT_EQ(Misses() - before, 6u);
  EXPECT_EQ(NotKept(), 5u) << "all but the first of `small`";
}

TEST_F(CacheShardsTest, ReadsThatBypassTheCacheAreNotCounted) {
  Open(rocksdb::NewLRUCache(kCapacity, kShardBits));
  db_->Put("new", {std::string(kLargeBytes, 'n')});
  db_->Get("new");
  rocksdb::ReadOptions past_cache;
  past_cache.fill_cache = false;
  db_->Get("large", past_cache);
  EXPECT_EQ(NotKept(), 0u) << "copied out of a memtable, and past the cache";
}

TEST_F(CacheShardsTest, ListsInBlobFilesAreComparedWithTheBlobCache) {
  rocksdb::Options options = TestDb::DefaultOptions();
  options.enable_blob_files = true;
  options.blob_cache = rocksdb::NewLRUCache(kCapacity, kShardBits);
  Open(rocksdb::NewLRUCache(kCapacity, 0), options);
  EXPECT_EQ(MissesOfTwoReads("small"), 2u) << "the reference, and the list";
  EXPECT_EQ(NotKept(), 0u);
  EXPECT_EQ(MissesOfTwoReads("large"), 2u);
  EXPECT_EQ(NotKept(), 2u);

  options.blob_cache = rocksdb::NewLRUCache(kCapacity, 0);
  Open(rocksdb::NewLRUCache(kCapacity, kShardBits), options);
  MissesOfTwoReads("small");
  EXPECT_EQ(MissesOfTwoReads("large"), 1u);
  EXPECT_EQ(NotKept(), 0u);
}

TEST_F(CacheShardsTest, ARowCacheWithRoomKeepsWhatTheBlockCacheDoesNot) {
  rocksdb::Options options = TestDb::DefaultOptions();
  options.row_cache = rocksdb::NewLRUCache(kCapacity, 0);
  Open(rocksdb::NewLRUCache(kCapacity, kShardBits), options);
  EXPECT_EQ(MissesOfTwoReads("large"), 1u);
  EXPECT_EQ(NotKept(), 0u);
}

TEST_F(CacheShardsTest, OpenNotesSmallShardsInTheLogOfRocksDb) {
  Open(rocksdb::NewLRUCache(kCapacity, kShardBits));
  EXPECT_THAT(notes_->lines(),
              ElementsAre("sheaf: column family \"default\": a shard of the block cache has room "
                          "for 524288 of its 8388608 bytes. A larger list is not kept in the "
                          "cache, so that each read of it reads the file. For such lists, use a "
                          "larger cache, or fewer shards: rocksdb::NewLRUCache(capacity, "
                          "/*num_shard_bits=*/0). Store::stats() counts such reads as "
                          "reads_not_kept."));
}

TEST_F(CacheShardsTest, OpenNotesNothingIfShardsAreLarge) {
  Open(rocksdb::NewLRUCache(kCapacity, 0));
  Open(rocksdb::NewLRUCache(size_t{64} << 20, 6));
  EXPECT_THAT(notes_->lines(), ElementsAre());
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
