// With a row cache, reads are those without one: RocksDB keeps there what a read saw of a key in an
// SST, and forgets that SST's range deletions.

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/comparator.h"
#include "rocksdb/slice_transform.h"
#include "rocksdb/table.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"
#include "tests/support/counting_new.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::HasSubstr;

class RowCacheTest : public ::testing::Test {
 protected:
  RowCacheTest() : db_(Options()) {}

  static rocksdb::Options Options() {
    rocksdb::Options options = TestDb::DefaultOptions();
    options.row_cache = rocksdb::NewLRUCache(1 << 20);
    options.disable_auto_compactions = true;
    return options;
  }

  void DeleteRange(const char* begin, const char* end) {
    ASSERT_OK(db_.db()->DeleteRange({}, db_.db()->DefaultColumnFamily(), begin, end));
  }

  // In each order of ways to read, as what one leaves in the cache is read by the next.
  void ExpectEverywhere(const std::string& key, const List& expected,
                        const rocksdb::ReadOptions& options = {}, int first = 0) {
    for (int round = first; round < first + 3; ++round) {
      for (int way = 0; way < 4; ++way) {
        SCOPED_TRACE("way " + std::to_string((way + round) % 4) + ", round " +
                     std::to_string(round));
        List list;
        rocksdb::Status s;
        switch ((way + round) % 4) {
          case 0: {
            PinnedBlob blob;
            s = db_.store().Get(options, key, &blob);
            list = ToList(blob);
            break;
          }
          case 1: {
            std::vector<PinnedSlice> values;
            s = db_.store().GetLast(options, key, 100, &values);
            for (const PinnedSlice& value : values) list.emplace_back(value.data(), value.size());
            break;
          }
          case 2: {
            std::vector<PinnedBlob> segments;
            s = db_.store().GetSegments(options, key, &segments);
            for (const PinnedBlob& segment : segments) {
              for (const std::string_view value : segment) list.emplace_back(value);
            }
            break;
          }
          default: {
            const rocksdb::Slice keys[] = {key, "none"};
            PinnedBlob lists[2];
            rocksdb::Status statuses[2];
            db_.store().MultiGet(options, 2, keys, lists, statuses);
            s = statuses[0];
            list = ToList(lists[0]);
          }
        }
        EXPECT_TRUE(s.ok() || (s.IsNotFound() && expected.empty())) << s.ToString();
        EXPECT_EQ(list, expected);
      }
    }
  }

  TestDb db_;
};

TEST_F(RowCacheTest, ADeletedRangeStaysDeleted) {
  db_.Put("key", {"deleted"});
  db_.Flush();
  DeleteRange("a", "z");
  db_.Append("key", {"b"});
  db_.Flush();
  ExpectEverywhere("key", {"b"});
}

// A snapshot keeps the value that is covered in the same SST.
TEST_F(RowCacheTest, AValueCoveredInItsOwnSstStaysDeleted) {
  db_.Put("key", {"deleted"});
  rocksdb::ReadOptions before;
  before.snapshot = db_.db()->GetSnapshot();
  DeleteRange("a", "z");
  db_.Flush();
  ExpectEverywhere("key", {});
  ExpectEverywhere("key", {"deleted"}, before);
  ExpectEverywhere("key", {});
  db_.db()->ReleaseSnapshot(before.snapshot);
}

TEST_F(RowCacheTest, AnOperandCoveredInItsOwnSstStaysDeleted) {
  db_.Put("key", {"older"});
  db_.Flush();
  db_.Append("key", {"deleted"});
  rocksdb::ReadOptions before;
  before.snapshot = db_.db()->GetSnapshot();
  DeleteRange("a", "z");
  db_.Append("key", {"b"});
  db_.Flush();
  ExpectEverywhere("key", {"b"});
  ExpectEverywhere("key", {"older", "deleted"}, before);
  ExpectEverywhere("key", {"b"});
  db_.db()->ReleaseSnapshot(before.snapshot);
}

// GetSegments never asks whether older operands matter, and GetLast may not; what they leave in the
// cache is from beyond a clear, at which Get must not stop then.
TEST_F(RowCacheTest, AClearIsSeenWhicheverReadCameFirst) {
  for (int first = 0; first < 4; ++first) {
    const std::string key = "key" + std::to_string(first);
    db_.Append(key, {"a"});
    rocksdb::ReadOptions before;
    before.snapshot = db_.db()->GetSnapshot();
    ASSERT_OK(db_.store().Clear({}, key));
    db_.Flush();
    ExpectEverywhere(key, {}, {}, first);
    ExpectEverywhere(key, {"a"}, before, first);
    db_.Append(key, {"b"});
    db_.Flush();
    ExpectEverywhere(key, {"b"}, {}, first);
    db_.db()->ReleaseSnapshot(before.snapshot);
  }
}

TEST_F(RowCacheTest, RangeDeletionsOfBeforeTheStoreAreKnown) {
  db_.Put("key", {"deleted"});
  db_.Flush();
  DeleteRange("a", "z");
  db_.Append("key", {"b"});
  db_.Flush();
  db_.Open(Options());
  ExpectEverywhere("key", {"b"});
}

TEST_F(RowCacheTest, ListsArePinnedInItOnceRangeDeletionsAreCompactedAway) {
  db_.Put("key", {"a"});
  DeleteRange("m", "z");
  db_.Flush();
  ExpectEverywhere("key", {"a"});
  EXPECT_EQ(db_.store().stats().zero_copy_reads, 0u);
  EXPECT_GT(db_.store().stats().copied_reads_for(CopyReason::kRowCache), 0u);
  db_.Compact();
  PinnedBlob list;
  for (int read = 0; read < 2; ++read) {
    ASSERT_OK(db_.store().Get({}, "key", &list));
    EXPECT_TRUE(list.zero_copy());
  }
}

// A read-only DB of RocksDB's does not find what its row cache holds.
TEST_F(RowCacheTest, AReadOnlyDbFindsEachListEachTime) {
  db_.Put("key", {"a"});
  db_.Flush();
  db_.Append("key", {"b"});
  db_.Put("other", {"c"});
  db_.Flush();
  db_.OpenReadOnly(Options());
  ExpectEverywhere("key", {"a", "b"});
  ExpectEverywhere("other", {"c"});
  std::string value;
  EXPECT_OK(db_.db()->Get({}, "other", &value));
  EXPECT_TRUE(db_.db()->Get({}, "other", &value).IsNotFound());  // without a Store
  rocksdb::ReadOptions cached;
  cached.read_tier = rocksdb::kBlockCacheTier;
  PinnedBlob list;
  EXPECT_TRUE(db_.store().Get(cached, "other", &list).IsIncomplete());
}

// Lists that are read past the row cache are found in every table and memtable by its prefix.
TEST_F(RowCacheTest, PlainTablesWithAPrefixExtractorAreReadPastIt) {
  rocksdb::Options options = Options();
  options.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
  options.table_factory.reset(rocksdb::NewPlainTableFactory());
  options.allow_mmap_reads = true;
  TestDb db(options);
  for (const char* key : {"a", "ab", "b", "c"}) {
    db.Put(key, {key});
    db.Flush();
    db.Append(key, {"more"});
  }
  db.Flush();
  db.OpenReadOnly(options);
  for (const std::string key : {"a", "ab", "b", "c"}) {
    EXPECT_EQ(db.Get(key), List({key, "more"}));
    EXPECT_EQ(db.Get(key), List({key, "more"}));
  }
  PinnedBlob none;
  EXPECT_TRUE(db.store().Get({}, "bb", &none).IsNotFound());
  EXPECT_TRUE(db.store().Get({}, "d", &none).IsNotFound());
}

TEST_F(RowCacheTest, WhatCannotBeReadPastItSaysWhy) {
  const auto expect = [this](const char* why) {
    PinnedBlob list;
    rocksdb::ReadOptions options;
    options.read_tier = rocksdb::kPersistedTier;
    const rocksdb::Status persisted = db_.store().Get(options, "key", &list);
    EXPECT_TRUE(persisted.IsNotSupported()) << persisted.ToString();
    EXPECT_THAT(persisted.ToString(), HasSubstr(why));
    EXPECT_THAT(persisted.ToString(), HasSubstr("; read with kReadAllTier, or open"));
    options.read_tier = rocksdb::kBlockCacheTier;
    const rocksdb::Status cached = db_.store().Get(options, "key", &list);
    EXPECT_TRUE(cached.IsIncomplete()) << cached.ToString();
    EXPECT_THAT(cached.ToString(), HasSubstr(why));
  };
  db_.Put("key", {"a"});
  DeleteRange("m", "z");
  db_.Flush();
  expect("hold range deletions");
  db_.Compact();
  db_.OpenReadOnly(Options());
  expect("opened read-only");
}

TEST_F(RowCacheTest, RangesDeletedWhileOthersReadStayDeleted) {
  std::atomic<bool> done{false};
  std::atomic<int> step{0};  // what was written last, for sure
  std::thread reader([&] {
    PinnedBlob list;
    while (!done) {
      const int before = step;
      const rocksdb::Status s = db_.store().Get({}, "key", &list);
      const int after = step + 1;
      if (s.IsNotFound()) continue;
      ASSERT_OK(s);
      ASSERT_LE(list.size(), 1u);
      if (list.empty()) continue;
      const int value = std::stoi(std::string(list[0]));
      EXPECT_GE(value, before);
      EXPECT_LE(value, after);
    }
  });
  for (int i = 1; i <= 60; ++i) {
    rocksdb::WriteBatch batch;
    ASSERT_OK(batch.DeleteRange(db_.db()->DefaultColumnFamily(), "a", "z"));
    ASSERT_OK(db_.store().Append(&batch, "key", {std::to_string(i)}));
    ASSERT_OK(db_.db()->Write({}, &batch));
    step = i;
    db_.Flush();
    if (i % 10 == 0) db_.Compact();
  }
  done = true;
  reader.join();
}

// RocksDB's read-only instances do not find what they put into a row cache.
// There is no iterator for kPersistedTier, so such a read waits for who looks at the SSTs.
TEST_F(RowCacheTest, WhatIsPersistedIsReadWhileOthersFlush) {
  db_.Put("key", {"a"});
  db_.Flush();
  rocksdb::ReadOptions persisted;
  persisted.read_tier = rocksdb::kPersistedTier;
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      PinnedBlob list;
      while (!done) ASSERT_OK(db_.store().Get(persisted, "key", &list));
    });
  }
  for (int i = 0; i < 100; ++i) {
    db_.Put("other", {"b"});
    db_.Flush();
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
}

// An iterator that looks for a key that is not there comes to the next one, and merges its list.
TEST(RowCacheOrderTest, AKeyThatIsNotThereIsNotFoundWhateverIsWrongWithTheNextOne) {
  if (!test::CountsAllocations()) GTEST_SKIP();
  for (const rocksdb::Comparator* const order :
       {rocksdb::BytewiseComparator(), rocksdb::ReverseBytewiseComparator()}) {
    rocksdb::Options options = TestDb::DefaultOptions();
    options.row_cache = rocksdb::NewLRUCache(1 << 20);
    options.disable_auto_compactions = true;
    options.comparator = order;
    TestDb db(options);
    // The row cache cannot be trusted, as an SST has a range deletion.
    const bool forward = order == rocksdb::BytewiseComparator();
    ASSERT_OK(db.db()->DeleteRange({}, db.db()->DefaultColumnFamily(), forward ? "x" : "y",
                                   forward ? "y" : "x"));
    db.Put("z", {"v"});
    db.Flush();
    const std::string large(600000, 'v');
    for (const char* const key : {"a", "a", "c", "c"}) db.Append(key, {large});

    const test::FailingNew failing(test::FailingNew::LargeOnes{1000000});
    PinnedBlob list;
    EXPECT_TRUE(db.store().Get({}, "b", &list).IsNotFound()) << order->Name();
    const rocksdb::Status s = db.store().Get({}, "c", &list);
    EXPECT_TRUE(s.IsMemoryLimit()) << order->Name() << ": " << s.ToString();
    EXPECT_THAT(s.ToString(), HasSubstr("of key \"c\""));
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
