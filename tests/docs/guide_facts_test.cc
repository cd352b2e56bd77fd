// What docs/guide.md says of RocksDB and of Sheaf in numbers and messages: shown, and each message
// looked for in the page.

#include <cstdio>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/convenience.h"
#include "rocksdb/statistics.h"
#include "rocksdb/utilities/optimistic_transaction_db.h"
#include "rocksdb/utilities/options_util.h"
#include "rocksdb/utilities/transaction.h"
#include "sheaf/plugin.h"
#include "sheaf/store.h"
#include "tests/docs/guide_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::HasSubstr;

std::string Key(int i) {
  char key[16];
  std::snprintf(key, sizeof key, "k%06d", i);
  return key;
}

// 8 What is copied when

class CompactTest : public GuideDb {
 protected:
  // Whether a read of the list merges operands.
  bool IsPending() {
    PinnedBlob list;
    EXPECT_OK(store->Get({}, "key", &list));
    EXPECT_EQ(list.size(), 2u);
    return !list.zero_copy();
  }
};

TEST_F(CompactTest, APlainCompactRangeMayLeaveOperandsAndAForcedOneMergesThem) {
  Open();
  ASSERT_OK(store->Append({}, "key", "a"));
  ASSERT_OK(store->Append({}, "key", "b"));
  ASSERT_OK(db->Flush({}));
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(db->CompactRange({}, nullptr, nullptr));  // moves the file, and does not read it
    EXPECT_TRUE(IsPending());
  }
  rocksdb::CompactRangeOptions force;
  force.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  ASSERT_OK(db->CompactRange(force, nullptr, nullptr));
  EXPECT_FALSE(IsPending());
}

// 9 What a pin costs

class PinTest : public GuideDb {
 protected:
  // `n` lists of 100 values of 10,000 bytes, but the first, which has 10; and a value that is none.
  void WriteLists(int n) {
    const std::string large(10000, 'x');
    std::vector<std::string_view> values(100, large);
    values[0] = "ten bytes!";
    for (int i = 0; i < n; ++i) ASSERT_OK(store->Put({}, Key(i), values));
    ASSERT_OK(db->Put({}, "other", std::string(900000, 'o')));
    ASSERT_OK(db->Flush({}));
    before_ = cache->GetPinnedUsage();
  }

  rocksdb::Status Keep(int i) {
    PinnedBlob list;
    const rocksdb::Status s = store->Get({}, Key(i), &list);
    if (s.ok()) kept_.push_back(list.Slice(0));
    return s;
  }

  size_t Pinned() const { return cache->GetPinnedUsage() - before_; }

  std::vector<PinnedSlice> kept_;
  size_t before_ = 0;
};

constexpr size_t kListBytes = 990216;  // 4 of tag and count, 200 of sizes, 4 a checkpoint, contents

TEST_F(PinTest, TenBytesKeptAreAWholeEntryOfTheCacheUntilTheyAreDetached) {
  Open();
  WriteLists(1);
  ASSERT_OK(Keep(0));
  EXPECT_EQ(kept_[0].size(), 10u);
  EXPECT_GE(Pinned(), kListBytes);
  EXPECT_EQ(store->stats().bytes_pinned, kListBytes);
  kept_[0] = kept_[0].Detach();
  EXPECT_EQ(Pinned(), 0u);
  EXPECT_EQ(store->stats().bytes_pinned, 0u);
}

TEST_F(PinTest, ASmallListPinsTheBlockThatItSharesWithOthers) {
  Open();
  for (int i = 0; i < 100; ++i) ASSERT_OK(store->Put({}, Key(i), {"ten bytes!", "x"}));
  ASSERT_OK(db->Flush({}));
  before_ = cache->GetPinnedUsage();
  ASSERT_OK(Keep(3));
  EXPECT_EQ(store->stats().bytes_pinned, 15u);
  const size_t one = Pinned();
  EXPECT_GT(one, 2000u);
  ASSERT_OK(Keep(4));
  EXPECT_EQ(store->stats().bytes_pinned, 30u);
  EXPECT_EQ(Pinned(), one);
}

class CacheTest : public PinTest, public ::testing::WithParamInterface<bool> {
 protected:
  static constexpr size_t kCapacity = 8 << 20;
  void OpenWith(bool strict) {
    if (GetParam()) {
      cache = rocksdb::HyperClockCacheOptions(kCapacity, 1 << 20, /*num_shard_bits=*/0, strict)
                  .MakeSharedCache();
    } else {
      cache = rocksdb::NewLRUCache(kCapacity, /*num_shard_bits=*/0, strict);
    }
    Open();
    WriteLists(20);
  }
};

INSTANTIATE_TEST_SUITE_P(Caches, CacheTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "HyperClock" : "Lru"; });

TEST_P(CacheTest, PinsMakeACacheGrowPastItsCapacity) {
  OpenWith(/*strict=*/false);
  for (int i = 0; i < 20; ++i) ASSERT_OK(Keep(i));
  EXPECT_GE(Pinned(), 20 * kListBytes);
  EXPECT_GT(cache->GetUsage(), 2 * kCapacity);
  kept_.clear();
  EXPECT_EQ(Pinned(), 0u);
}

TEST_P(CacheTest, WithAStrictLimitPinsMakeOtherReadsFail) {
  OpenWith(/*strict=*/true);
  for (int i = 0; i < 8; ++i) ASSERT_OK(Keep(i));
  const rocksdb::Status s = Keep(8);
  EXPECT_TRUE(s.IsAborted() && s.IsMemoryLimit()) << s.ToString();
  EXPECT_THAT(s.ToString(), HasSubstr("Operation aborted: Memory limit reached: Insert failed"));
  std::string other;
  EXPECT_TRUE(db->Get({}, "other", &other).IsMemoryLimit());
  EXPECT_TRUE(store->Scan({}, {Key(8), ""})->status().IsMemoryLimit());
  // What is in the cache, what does not go there, and writing.
  EXPECT_OK(Keep(7));
  PinnedBlob list;
  rocksdb::ReadOptions uncached;
  uncached.fill_cache = false;
  EXPECT_OK(store->Get(uncached, Key(7), &list));
  EXPECT_TRUE(list.zero_copy());
  EXPECT_OK(store->Get(uncached, Key(8), &list));
  EXPECT_FALSE(list.zero_copy());
  EXPECT_OK(store->Append({}, Key(8), {"more"}));
  EXPECT_OK(db->Flush({}));
  EXPECT_OK(db->CompactRange({}, nullptr, nullptr));
  kept_.clear();
  // HyperClock may go round more than once before it evicts.
  rocksdb::Status after = Keep(9);
  for (int i = 0; i < 3 && !after.ok(); ++i) after = Keep(9);
  EXPECT_OK(after);
}

TEST_F(PinTest, AListLargerThanAShardDoesNotStayInTheCache) {
  constexpr size_t kBytes[] = {480000, 600000};
  for (const size_t bytes : kBytes) {
    cache = rocksdb::NewLRUCache(8 << 20);  // 16 shards of 512 KiB, as RocksDB's default
    rocksdb::Options options = Options();
    options.statistics = rocksdb::CreateDBStatistics();
    Open(options);
    const std::string value(bytes / 100, 'x');
    ASSERT_OK(store->Put({}, "key", std::vector<std::string_view>(100, value)));
    ASSERT_OK(db->Flush({}));
    for (int i = 0; i < 3; ++i) {
      PinnedBlob list;
      ASSERT_OK(store->Get({}, "key", &list));
      EXPECT_TRUE(list.zero_copy());
    }
    EXPECT_EQ(options.statistics->getTickerCount(rocksdb::BLOCK_CACHE_DATA_MISS),
              bytes < 512 * 1024 ? 1u : 3u);
    ASSERT_OK(db->Delete({}, "key"));
  }
}

TEST_F(PinTest, ASliceThatOutlivesTheDbKeepsTheWholeCache) {
  Open();
  WriteLists(5);
  for (int i = 0; i < 5; ++i) ASSERT_OK(Keep(i));
  kept_.resize(1);
  Close();
  const std::weak_ptr<rocksdb::Cache> whole = cache;
  cache.reset();
  ASSERT_FALSE(whole.expired());
  EXPECT_GE(whole.lock()->GetUsage(), 5 * kListBytes);
  kept_[0] = kept_[0].Detach();
  EXPECT_TRUE(whole.expired());
  EXPECT_EQ(kept_[0], "ten bytes!");
}

// 6 Transactions

TEST_F(PinTest, TheBatchOfATransactionIsWrittenWithoutAConflictBeingSeen) {
  rocksdb::OptimisticTransactionDB* opened = nullptr;
  ASSERT_OK(rocksdb::OptimisticTransactionDB::Open(Options(), path(), &opened));
  db.reset(opened);
  ASSERT_OK(Store::Open(opened, nullptr, {}, &store));
  for (const bool direct : {true, false}) {
    std::unique_ptr<rocksdb::Transaction> transaction(opened->BeginTransaction({}));
    if (direct) {
      ASSERT_OK(store->Append(transaction->GetWriteBatch(), "key", {"a"}));
    } else {
      ASSERT_OK(transaction->Merge("key", *Encode({"a"})));
    }
    ASSERT_OK(store->Append({}, "key", {"b"}));
    EXPECT_EQ(transaction->Commit().IsBusy(), !direct);
  }
}

// 12 Sizes and limits

TEST_F(PinTest, ShortAppendsToALongListAreWrittenAsALongList) {
  rocksdb::Options options = Options();
  options.statistics = rocksdb::CreateDBStatistics();
  Open(options);
  const std::string value(100, 'x');
  const auto compacted = [&](size_t values) {
    EXPECT_OK(store->Put({}, "key", std::vector<std::string_view>(values, value)));
    EXPECT_OK(db->Flush({}));
    EXPECT_OK(db->CompactRange({}, nullptr, nullptr));
    EXPECT_OK(options.statistics->Reset());
    for (int i = 0; i < 1000; ++i) {
      EXPECT_OK(store->Append({}, "key", {value}));
      if (i % 10 != 9) continue;
      EXPECT_OK(db->Flush({}));
    }
    EXPECT_OK(db->CompactRange({}, nullptr, nullptr));
    return options.statistics->getTickerCount(rocksdb::COMPACT_WRITE_BYTES);
  };
  EXPECT_LT(compacted(1000), 20000000u);
  EXPECT_GT(compacted(100000), 100000000u);
}

// 13 Troubleshooting

class MessageTest : public GuideDb {
 protected:
  MessageTest() {
    std::ifstream file("docs/guide.md");
    page_.assign(std::istreambuf_iterator<char>(file), {});
    EXPECT_FALSE(page_.empty());
  }

  void ExpectQuoted(const rocksdb::Status& status, const std::string& message) const {
    EXPECT_THAT(status.ToString(), HasSubstr(message));
    EXPECT_TRUE(page_.find("`" + message) != std::string::npos) << "not in the guide: " << message;
  }

  // Opens the DB with `options`, and a Store that may lack the merge operator.
  void OpenReadOnly(const rocksdb::Options& options) {
    Close();
    rocksdb::DB* opened = nullptr;
    ASSERT_OK(rocksdb::DB::Open(options, path(), &opened));
    db.reset(opened);
    StoreOptions reads;
    reads.read_only = true;
    ASSERT_OK(Store::Open(opened, nullptr, reads, &store));
  }
  rocksdb::Options WithoutOperator() const {
    rocksdb::Options options = Options();
    options.merge_operator.reset();
    return options;
  }
  rocksdb::Options Joining() const {
    rocksdb::Options options = Options();
    EXPECT_OK(rocksdb::MergeOperator::CreateFromString(
        rocksdb::ConfigOptions(), "id=StringAppendOperator;delimiter=,", &options.merge_operator));
    return options;
  }

  PinnedBlob list_;
  std::string page_;
};

// First in this program, as nothing that is registered can be taken back.
TEST_F(MessageTest, ANameThatIsNotRegistered) {
  Open();
  Close();
  rocksdb::ConfigOptions config;
  rocksdb::DBOptions db_options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  ASSERT_OK(rocksdb::LoadLatestOptions(config, path(), &db_options, &families));
  EXPECT_EQ(families[0].options.merge_operator, nullptr);
  config.ignore_unsupported_options = false;
  families.clear();
  ExpectQuoted(rocksdb::LoadLatestOptions(config, path(), &db_options, &families),
               "Invalid argument: Could not load MergeOperator: sheaf.append");
  RegisterPlugin();
  rocksdb::Options options;
  ExpectQuoted(
      rocksdb::GetOptionsFromString(config, rocksdb::Options(),
                                    "merge_operator={id=sheaf.append;layout=fixed32}", &options),
      "Invalid argument: option layout: expected compact or fixed64, found");
}

TEST_F(MessageTest, AnotherLayout) {
  Open();
  std::unique_ptr<Store> other;
  ExpectQuoted(Store::Open(db.get(), nullptr, {Layout::kFixed64}, &other),
               "Invalid argument: Store::Open: StoreOptions::layout is fixed64, but the merge "
               "operator of column family \"default\" has layout compact: lists are kept in the "
               "operator's layout; open the Store with StoreOptions::layout = "
               "sheaf::Layout::kCompact");
  // Both changed: the lists are not.
  ASSERT_OK(store->Put({}, "fruit", {"apple", "pear"}));
  Close();
  rocksdb::Options options = Options();
  options.merge_operator = NewAppendOperator({Layout::kFixed64});
  const std::string differs =
      "column family \"default\" has lists in layout compact, the merge operator given has layout "
      "fixed64";
  EXPECT_THAT(OpenDB(options, path(), &db).ToString(), HasSubstr(differs));
  EXPECT_NE(page_.find(differs), std::string::npos);
  rocksdb::DB* opened = nullptr;
  ASSERT_OK(rocksdb::DB::Open(options, path(), &opened));
  db.reset(opened);
  ASSERT_OK(Store::Open(db.get(), nullptr, {Layout::kFixed64}, &store));
  ExpectQuoted(store->Get({}, "fruit", &list_),
               "Corruption: the value of key \"fruit\" is not a list: fixed64 blob: header at "
               "offset 0");
}

TEST_F(MessageTest, NoMergeOperator) {
  OpenReadOnly(WithoutOperator());
  std::unique_ptr<Store> writer;
  ExpectQuoted(Store::Open(db.get(), nullptr, {}, &writer),
               "Invalid argument: Store::Open: column family \"default\" does not have the merge "
               "operator sheaf.append");
  ExpectQuoted(store->Append({}, "key", {"a"}),
               "Not implemented: Store::Append: the Store was opened with StoreOptions::read_only");
  ExpectQuoted(db->Merge({}, "key", "a"),
               "Not implemented: Provide a merge_operator when opening DB");
}

TEST_F(MessageTest, OperandsInFilesOfADbWithoutMergeOperator) {
  Open();
  ASSERT_OK(store->Append({}, "key", {"a"}));
  ASSERT_OK(db->Flush({}));
  OpenReadOnly(WithoutOperator());
  ExpectQuoted(store->Get({}, "key", &list_),
               "Invalid argument: merge_operator is not properly initialized.");
  ExpectQuoted(store->Scan({}, KeyRange::All())->status(),
               "Invalid argument: merge_operator_ must be set.");
  Open();
  EXPECT_OK(store->Get({}, "key", &list_));
}

TEST_F(MessageTest, OperandsInTheLogOfADbWithoutMergeOperatorAreCutOff) {
  rocksdb::Options strict = WithoutOperator();
  strict.wal_recovery_mode = rocksdb::WALRecoveryMode::kAbsoluteConsistency;
  Open();
  ASSERT_OK(store->Put({}, "a", {"1"}));
  ASSERT_OK(store->Append({}, "b", {"2"}));
  ASSERT_OK(store->Put({}, "c", {"3"}));
  Close();
  rocksdb::DB* opened = nullptr;
  ExpectQuoted(rocksdb::DB::Open(strict, path(), &opened), "Invalid argument: Merge requires");
  // By default RocksDB 7.8.3 opens it, and everything from the operand on is gone.
  OpenReadOnly(WithoutOperator());
  Open();
  EXPECT_OK(store->Get({}, "a", &list_));
  EXPECT_TRUE(store->Get({}, "b", &list_).IsNotFound());
  EXPECT_TRUE(store->Get({}, "c", &list_).IsNotFound());
}

TEST_F(MessageTest, ValuesThatAreNoLists) {
  Open();
  ExpectQuoted(store->Get({}, "nobody", &list_), "NotFound: ");
  ASSERT_OK(db->Put({}, "plain", "hello"));
  ExpectQuoted(store->Get({}, "plain", &list_),
               "Corruption: the value of key \"plain\" is not a list: compact blob: tag at offset "
               "0: found 0x68 (not a tag of this layout)");
  ASSERT_OK(store->Append({}, "plain", {"more"}));
  ExpectQuoted(store->Get({}, "plain", &list_),
               "Corruption: the value of key \"plain\" is not a list: bundle of 2 raw inputs that "
               "could not be merged: input 0 of 5 bytes");
  ASSERT_OK(db->Put({}, "empty", ""));
  ExpectQuoted(store->Get({}, "empty", &list_),
               "Corruption: the value of key \"empty\" is not a list: compact blob: tag at offset "
               "0: found no bytes");
  // An old value of two bytes that happens to be a blob.
  ASSERT_OK(db->Put({}, "unlucky", rocksdb::Slice("\xB0\x00", 2)));
  EXPECT_OK(store->Get({}, "unlucky", &list_));
  EXPECT_TRUE(list_.empty());
}

TEST_F(MessageTest, JoinedStringsUnderSheafAppend) {
  rocksdb::DB* opened = nullptr;
  ASSERT_OK(rocksdb::DB::Open(Joining(), path(), &opened));
  ASSERT_OK(opened->Put({}, "words", "a"));
  ASSERT_OK(opened->Merge({}, "words", "b"));
  delete opened;
  Open();
  ExpectQuoted(store->Get({}, "words", &list_),
               "Corruption: the value of key \"words\" is not a list: bundle of 2 raw inputs");
}

TEST_F(MessageTest, AnotherOperatorJoinsOperands) {
  Open();
  ASSERT_OK(store->Put({}, "fruit", {"apple", "pear"}));
  ASSERT_OK(store->Append({}, "fruit", {"plum"}));
  rocksdb::DB* opened = nullptr;
  Close();
  ASSERT_OK(rocksdb::DB::Open(Joining(), path(), &opened));
  ASSERT_OK(opened->CompactRange({}, nullptr, nullptr));
  delete opened;
  Open();
  ExpectQuoted(store->Get({}, "fruit", &list_),
               "Corruption: the value of key \"fruit\" is not a list: compact blob: contents at "
               "offset 4: the sizes add up to 9 bytes, found 17: 8 too many");
}

TEST_F(MessageTest, AStoreThatIsClosed) {
  Open();
  const std::string large(40000, 'v');  // RocksDB copies what is small
  ASSERT_OK(store->Append({}, "k", {large}));
  ASSERT_OK(store->Append({}, "k", {large}));
  std::vector<PinnedBlob> segments;
  ASSERT_OK(store->GetSegments({}, "k", &segments));
  ExpectQuoted(store->Close(),
               "Resource busy: Store::Close: 2 segments of GetSegments still pinned to the DB");
  segments.clear();
  {
    const auto cursor = store->Scan({}, KeyRange::All());
    ExpectQuoted(store->Close(),
                 "Resource busy: Store::Close: 1 Cursor of Scan not destroyed yet; destroy them "
                 "first");
  }
  ASSERT_OK(store->Close());
  ExpectQuoted(store->Append({}, "k", {"a"}),
               "Shutdown in progress: the Store is closed (Store::Close was called)");
}

TEST_F(MessageTest, AColumnFamilyThatWasNotNamed) {
  Open();
  rocksdb::ColumnFamilyHandle* family = nullptr;
  ASSERT_OK(db->CreateColumnFamily(Options(), "lists", &family));
  ASSERT_OK(db->DestroyColumnFamilyHandle(family));
  rocksdb::DB* opened = nullptr;
  ExpectQuoted(rocksdb::DB::Open(Options(), path(), &opened), "IO error: lock hold by current");
  Close();
  ExpectQuoted(rocksdb::DB::Open(Options(), path(), &opened),
               "Invalid argument: Column families not opened: lists");
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
