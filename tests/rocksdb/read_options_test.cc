// ReadOptions reach RocksDB whichever way a list is read.

#include <memory>
#include <string>

#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/table.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

// One way to read the list of a key.
struct Way {
  const char* name;
  rocksdb::Status (*read)(Store& store, const rocksdb::ReadOptions& options, const std::string& key,
                          PinnedBlob* list);
};

rocksdb::Status Get(Store& store, const rocksdb::ReadOptions& options, const std::string& key,
                    PinnedBlob* list) {
  return store.Get(options, key, list);
}

rocksdb::Status MultiGet(Store& store, const rocksdb::ReadOptions& options, const std::string& key,
                         PinnedBlob* list) {
  const rocksdb::Slice keys[] = {key};
  rocksdb::Status status;
  store.MultiGet(options, 1, keys, list, &status);
  return status;
}

rocksdb::Status Scan(Store& store, const rocksdb::ReadOptions& options, const std::string& key,
                     PinnedBlob* list) {
  const std::unique_ptr<Cursor> cursor = store.Scan(options, KeyRange::Prefix(key));
  if (!cursor->status().ok()) return cursor->status();
  if (!cursor->Valid()) return rocksdb::Status::NotFound();
  *list = cursor->Detach();
  return rocksdb::Status::OK();
}

class ReadOptionsTest : public ::testing::TestWithParam<Way> {
 protected:
  ReadOptionsTest() : cache_(rocksdb::NewLRUCache(1 << 20)), db_(Options(cache_)) {}

  rocksdb::Status Read(const rocksdb::ReadOptions& options, const std::string& key = "key") {
    list_ = PinnedBlob();
    return GetParam().read(db_.store(), options, key, &list_);
  }

  static rocksdb::Options Options(const std::shared_ptr<rocksdb::Cache>& cache) {
    rocksdb::Options options = TestDb::DefaultOptions();
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return options;
  }

  const std::shared_ptr<rocksdb::Cache> cache_;
  TestDb db_;
  PinnedBlob list_;
};

INSTANTIATE_TEST_SUITE_P(Ways, ReadOptionsTest,
                         ::testing::Values(Way{"Get", Get}, Way{"MultiGet", MultiGet},
                                           Way{"Scan", Scan}),
                         [](const auto& info) { return std::string(info.param.name); });

TEST_P(ReadOptionsTest, ASnapshotShowsTheListAsItWas) {
  db_.Put("key", {"a"});
  rocksdb::ReadOptions options;
  options.snapshot = db_.db()->GetSnapshot();
  db_.Append("key", {"b"});
  db_.Put("later", {"c"});
  ASSERT_OK(Read(options));
  EXPECT_EQ(ToList(list_), List({"a"}));
  EXPECT_TRUE(Read(options, "later").IsNotFound());
  ASSERT_OK(Read({}));
  EXPECT_EQ(ToList(list_), List({"a", "b"}));
  db_.db()->ReleaseSnapshot(options.snapshot);
}

TEST_P(ReadOptionsTest, WithoutFillCacheNothingStaysInTheCache) {
  db_.Put("key", SomeValues(100));
  db_.Compact();
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  ASSERT_OK(Read(options));
  EXPECT_EQ(ToList(list_), SomeValues(100));
  const size_t before = cache_->GetUsage();
  ASSERT_OK(Read({}));
  EXPECT_GT(cache_->GetUsage(), before + 4000);  // the block, only now
}

TEST_P(ReadOptionsTest, OnlyTheCacheIsReadWhereAskedFor) {
  db_.Put("key", SomeValues(100));
  db_.Compact();
  rocksdb::ReadOptions options;
  options.read_tier = rocksdb::kBlockCacheTier;
  const rocksdb::Status s = Read(options);
  if (s.ok() && GetParam().read == MultiGet) {
    // RocksDB's own MultiGet reads the file all the same, in 7.8.
    EXPECT_EQ(ToList(list_), SomeValues(100));
  } else {
    EXPECT_TRUE(s.IsIncomplete()) << s.ToString();
  }
  ASSERT_OK(Read({}));
  ASSERT_OK(Read(options));
  EXPECT_EQ(ToList(list_), SomeValues(100));
}

TEST_P(ReadOptionsTest, AsyncIoReadsTheSame) {
  db_.Put("key", SomeValues(100));
  db_.Compact();
  rocksdb::ReadOptions options;
  options.async_io = true;
  options.adaptive_readahead = true;
  options.readahead_size = 1 << 16;
  ASSERT_OK(Read(options));
  EXPECT_EQ(ToList(list_), SomeValues(100));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
