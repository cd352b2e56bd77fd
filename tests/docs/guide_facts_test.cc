// What docs/guide.md says of RocksDB and of Sheaf in numbers and messages: shown, and each message
// looked for in the page.

#include <cstdio>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/compaction_filter.h"
#include "rocksdb/comparator.h"
#include "rocksdb/convenience.h"
#include "rocksdb/statistics.h"
#include "rocksdb/utilities/db_ttl.h"
#include "rocksdb/utilities/optimistic_transaction_db.h"
#include "rocksdb/utilities/options_util.h"
#include "rocksdb/utilities/transaction.h"
#include "rocksdb/utilities/transaction_db.h"
#include "sheaf/long_store.h"
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

// With the partitioner, the SSTs that have sealed pages do not have the open page.
TEST_F(PinTest, ShortAppendsToALongListInPagesAreWrittenAsTheOpenPage) {
  const auto compacted = [&](bool partitions) {
    rocksdb::Options options = Options();
    options.statistics = rocksdb::CreateDBStatistics();
    AppendOptions append;
    append.page_bytes = kDefaultPageBytes;
    options.merge_operator = NewAppendOperator(append);
    if (partitions) options.sst_partitioner_factory = NewPagePartitionerFactory();
    EXPECT_OK(rocksdb::DestroyDB(path(), options));
    EXPECT_OK(OpenDB(options, path(), &db));
    std::unique_ptr<LongStore> lists;
    EXPECT_OK(LongStore::Open(db.get(), nullptr, {}, &lists));
    const std::string value(100, 'x');
    EXPECT_OK(lists->Append({}, "key", std::vector<std::string_view>(100000, value)));
    EXPECT_OK(lists->Seal("key"));
    EXPECT_OK(db->Flush({}));
    EXPECT_OK(db->CompactRange({}, nullptr, nullptr));
    EXPECT_OK(options.statistics->Reset());
    for (int i = 0; i < 1000; ++i) {
      EXPECT_OK(lists->Append({}, "key", value));
      if (i % 10 != 9) continue;
      EXPECT_OK(db->Flush({}));
    }
    // What waits to be compacted is, and nothing else.
    for (const std::string& property : {rocksdb::DB::Properties::kCompactionPending,
                                        rocksdb::DB::Properties::kNumRunningCompactions}) {
      for (uint64_t left = 1; left != 0;) EXPECT_TRUE(db->GetIntProperty(property, &left));
    }
    lists.reset();
    db.reset();
    const uint64_t bytes = options.statistics->getTickerCount(rocksdb::COMPACT_WRITE_BYTES);
    std::printf("%s the partitioner: compactions wrote %llu\n", partitions ? "with" : "without",
                static_cast<unsigned long long>(bytes));
    return bytes;
  };
  EXPECT_LE(compacted(true), 4000000u);
  EXPECT_GT(compacted(false), 50000000u);
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

// Long lists: sections 13 and 18

class LongMessageTest : public MessageTest {
 protected:
  ~LongMessageTest() override { lists_.reset(); }

  static std::shared_ptr<rocksdb::MergeOperator> InPages() {
    AppendOptions append;
    append.page_bytes = kDefaultPageBytes;
    return NewAppendOperator(append);
  }
  rocksdb::Options LongOptions() const {
    rocksdb::Options options = Options();
    options.merge_operator = InPages();
    return options;
  }
  void OpenWith(const rocksdb::Options& options) {
    lists_.reset();
    Close();
    rocksdb::DB* opened = nullptr;
    ASSERT_OK(rocksdb::DB::Open(options, path(), &opened));
    db.reset(opened);
  }
  rocksdb::Status OpenLists(const LongStoreOptions& options = {}) {
    return LongStore::Open(db.get(), nullptr, options, &lists_);
  }

  std::unique_ptr<LongStore> lists_;
};

TEST_F(LongMessageTest, TheOtherKindOfLists) {
  Open();
  ExpectQuoted(
      OpenLists(),
      "Invalid argument: LongStore::Open: column family \"default\" holds lists that are "
      "not in pages: its merge operator's page_bytes is 0: use sheaf::Store; or, for a new "
      "column family, set AppendOptions::page_bytes");
  Close();
  const std::string plain =
      "column family \"default\" has plain lists; the merge operator given has page_bytes = 65536";
  EXPECT_THAT(OpenDB(LongOptions(), path(), &db).ToString(), HasSubstr(plain));
  EXPECT_NE(page_.find(plain), std::string::npos);

  ASSERT_OK(rocksdb::DestroyDB(path(), rocksdb::Options()));
  OpenWith(LongOptions());
  ExpectQuoted(Store::Open(db.get(), nullptr, {}, &store),
               "Invalid argument: Store::Open: column family \"default\" holds long lists: its "
               "merge operator's page_bytes is 65536: use sheaf::LongStore (sheaf/long_store.h)");
  Close();
  const std::string in_pages =
      "column family \"default\" has long lists, page_bytes = 65536; the merge operator given has "
      "page_bytes = 0";
  EXPECT_THAT(OpenDB(Options(), path(), &db).ToString(), HasSubstr(in_pages));
  EXPECT_NE(page_.find(in_pages), std::string::npos);
}

TEST_F(LongMessageTest, LimitsOfListsThatAreInPages) {
  rocksdb::Options options = LongOptions();
  AppendOptions append;
  append.page_bytes = kDefaultPageBytes;
  append.max_values = 1000;
  options.merge_operator = NewAppendOperator(append);
  OpenWith(options);
  ExpectQuoted(OpenLists(),
               "Invalid argument: LongStore::Open: column family \"default\" has page_bytes and "
               "also max_values or max_bytes");
  append.max_values = 0;
  append.page_bytes = (256 << 20) + 1;
  options.merge_operator = NewAppendOperator(append);
  OpenWith(options);
  ExpectQuoted(OpenLists(),
               "Invalid argument: LongStore::Open: column family \"default\" has page_bytes = "
               "268435457, more than 268435456");
}

TEST_F(LongMessageTest, KeysOfPlainLists) {
  Open();
  ASSERT_OK(store->Append({}, "user:7", "a"));
  OpenWith(LongOptions());
  ExpectQuoted(OpenLists(),
               "Invalid argument: LongStore::Open: column family \"default\" has the key "
               "\"user:7\", which is not that of a page of a long list");
}

class DropAll : public rocksdb::CompactionFilter {
 public:
  const char* Name() const override { return "DropAll"; }
};

TEST_F(LongMessageTest, WhatLongListsCannotBeKeptIn) {
  const DropAll filter;
  using Configure = std::function<void(rocksdb::Options*)>;
  const std::vector<std::pair<std::string, Configure>> refused = {
      {"a comparator that is not rocksdb::BytewiseComparator()",
       [](auto* options) { options->comparator = rocksdb::ReverseBytewiseComparator(); }},
      {"tables that are not block-based",
       [](auto* options) { options->table_factory.reset(rocksdb::NewPlainTableFactory()); }},
      {"a compaction filter", [&](auto* options) { options->compaction_filter = &filter; }},
      {"FIFO compaction",
       [](auto* options) {
         options->compaction_style = rocksdb::kCompactionStyleFIFO;
         options->max_open_files = -1;
       }},
      {"inplace_update_support",
       [](auto* options) {
         options->inplace_update_support = true;
         options->allow_concurrent_memtable_write = false;
       }},
      {"unordered_write", [](auto* options) { options->unordered_write = true; }},
      {"DBOptions::row_cache",
       [](auto* options) { options->row_cache = rocksdb::NewLRUCache(1 << 20); }}};
  for (const auto& [what, configure] : refused) {
    SCOPED_TRACE(what);
    Close();
    ASSERT_OK(rocksdb::DestroyDB(path(), rocksdb::Options()));
    rocksdb::Options options = LongOptions();
    configure(&options);
    OpenWith(options);
    const rocksdb::Status s = OpenLists();
    EXPECT_TRUE(s.IsNotSupported()) << s.ToString();
    ExpectQuoted(s, what);
  }
  ExpectQuoted(OpenLists(), "Not implemented: LongStore::Open: column family \"default\" has ");

  Close();
  ASSERT_OK(rocksdb::DestroyDB(path(), rocksdb::Options()));
  rocksdb::DBWithTTL* with_ttl = nullptr;
  ASSERT_OK(rocksdb::DBWithTTL::Open(LongOptions(), path(), &with_ttl, 3600));
  db.reset(with_ttl);
  ExpectQuoted(OpenLists(), "DBWithTTL");

  Close();
  ASSERT_OK(rocksdb::DestroyDB(path(), rocksdb::Options()));
  rocksdb::TransactionDBOptions prepared;
  prepared.write_policy = rocksdb::WRITE_PREPARED;
  rocksdb::TransactionDB* transactions = nullptr;
  ASSERT_OK(rocksdb::TransactionDB::Open(LongOptions(), prepared, path(), &transactions));
  db.reset(transactions);
  ExpectQuoted(OpenLists(), "a TransactionDB that is not WRITE_COMMITTED");

  rocksdb::DB* secondary = nullptr;
  ASSERT_OK(rocksdb::DB::OpenAsSecondary(LongOptions(), path(), path() + "-2", &secondary));
  const std::unique_ptr<rocksdb::DB> owned(secondary);
  EXPECT_TRUE(LongStore::Open(secondary, nullptr, {}, &lists_).IsNotSupported());
}

TEST_F(LongMessageTest, PagesThatAreDamaged) {
  OpenWith(LongOptions());
  ASSERT_OK(OpenLists());
  std::vector<std::string> stored;
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(lists_->Append({}, "user:7", {"a", "b"}));
    ASSERT_OK(lists_->Seal("user:7"));
  }
  {
    const std::unique_ptr<rocksdb::Iterator> page(db->NewIterator({}));
    for (page->SeekToFirst(); page->Valid(); page->Next()) stored.push_back(page->key().ToString());
  }
  ASSERT_GE(stored.size(), 3u);
  ASSERT_OK(db->Put({}, stored[1], "hello"));
  Segments all;
  ExpectQuoted(lists_->Get({}, "user:7", &all),
               "Corruption: the page at position 2 of key \"user:7\" is not a list: compact blob: "
               "tag at offset 0");
  // The others are there.
  std::vector<PinnedSlice> values;
  ASSERT_OK(lists_->GetRange({}, "user:7", 4, 2, &values));
  EXPECT_EQ(values.size(), 2u);
  ASSERT_OK(db->Delete({}, stored[1]));
  ExpectQuoted(lists_->Get({}, "user:7", &all),
               "Corruption: the page at position 2 of key \"user:7\": it is missing");
}

TEST_F(LongMessageTest, CallsThatAreNotAllowed) {
  OpenWith(LongOptions());
  LongStoreOptions reads;
  reads.read_only = true;
  ASSERT_OK(OpenLists(reads));
  ExpectQuoted(lists_->Append({}, "k", "a"),
               "Not implemented: LongStore::Append: the LongStore was opened with "
               "LongStoreOptions::read_only");
  ASSERT_OK(OpenLists());
  rocksdb::ReadOptions cached;
  cached.read_tier = rocksdb::kBlockCacheTier;
  std::vector<PinnedSlice> values;
  ExpectQuoted(lists_->GetLast(cached, "k", 1, &values),
               "Not implemented: a long list is read with ReadOptions::read_tier = kReadAllTier");
  ASSERT_OK(lists_->Append({}, "k", "a"));
  auto page = lists_->Pages({}, "k");
  ExpectQuoted(lists_->Close(),
               "Resource busy: LongStore::Close: 1 Cursor of Scan and Pages not destroyed yet; "
               "destroy them first");
  page.reset();
  ASSERT_OK(lists_->Close());
  ExpectQuoted(lists_->Append({}, "k", "a"),
               "Shutdown in progress: the LongStore is closed (LongStore::Close was called)");
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
