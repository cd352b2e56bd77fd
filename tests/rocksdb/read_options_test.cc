// ReadOptions reach RocksDB whichever way a list is read.

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

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

PinnedBlob Joined(const std::vector<PinnedSlice>& slices) {
  std::vector<std::string_view> views;
  for (const PinnedSlice& slice : slices) views.emplace_back(slice.data(), slice.size());
  return *PinnedBlob::FromString(*Encode(views, Layout::kCompact));
}

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

rocksdb::Status GetLast(Store& store, const rocksdb::ReadOptions& options, const std::string& key,
                        PinnedBlob* list) {
  std::vector<PinnedSlice> values;
  const rocksdb::Status s = store.GetLast(options, key, 1000, &values);
  if (s.ok()) *list = Joined(values);
  return s;
}

rocksdb::Status GetSegments(Store& store, const rocksdb::ReadOptions& options,
                            const std::string& key, PinnedBlob* list) {
  std::vector<PinnedBlob> segments;
  const rocksdb::Status s = store.GetSegments(options, key, &segments);
  std::vector<PinnedSlice> values;
  for (const PinnedBlob& segment : segments) {
    for (PinnedSlice& value : segment.Slices()) values.push_back(std::move(value));
  }
  if (s.ok()) *list = Joined(values);
  return s;
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
                                           Way{"Scan", Scan}, Way{"GetLast", GetLast},
                                           Way{"GetSegments", GetSegments}),
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

// The tables of most keys are not open, and each list has an operand in the memtable.
TEST_P(ReadOptionsTest, WhereATableIsNotOpenOnlyTheCacheIsReadWhereAskedFor) {
  for (const bool mmap : {false, true}) {
    SCOPED_TRACE(mmap ? "mmap" : "no mmap");
    rocksdb::Options with = Options(rocksdb::NewLRUCache(1 << 20));
    with.disable_auto_compactions = true;
    with.max_open_files = 20;
    with.allow_mmap_reads = mmap;
    const auto key = [](int i) { return "key" + std::to_string(100 + i); };
    constexpr int kKeys = 30;
    TestDb db(with);
    for (int i = 0; i < kKeys; ++i) {
      db.Put(key(i), {"a"});
      db.Flush();
    }
    db.Open(with);
    for (int i = 0; i < kKeys; i += 2) db.Append(key(i), {"b"});
    rocksdb::ReadOptions options;
    options.read_tier = rocksdb::kBlockCacheTier;
    int incomplete = 0;
    for (int i = 0; i < kKeys; ++i) {
      PinnedBlob list;
      const rocksdb::Status s = GetParam().read(db.store(), options, key(i), &list);
      if (s.ok()) {
        EXPECT_EQ(ToList(list), i % 2 == 0 ? List({"a", "b"}) : List({"a"}));
      } else {
        EXPECT_TRUE(s.IsIncomplete()) << s.ToString();
        ++incomplete;
      }
    }
    EXPECT_GT(incomplete, 0);
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
