// Sealing: what is appended while a list is sealed, the thread that seals, and seals that fail.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/env.h"
#include "rocksdb/statistics.h"
#include "rocksdb/table.h"
#include "rocksdb/utilities/transaction_db.h"
#include "sheaf/long_store.h"
#include "tests/rocksdb/failing_reads.h"
#include "tests/rocksdb/long_db.h"
#include "tests/support/hex.h"
#include "tests/support/sanitizers.h"

namespace sheaf {
namespace testing {
namespace {

using test::Hex;
using ::testing::ElementsAre;

List Values(int count, size_t size) {
  List list;
  for (int i = 0; i < count; ++i) {
    std::string value = std::to_string(i) + ":";
    value.resize(std::max(value.size(), size), 'v');
    list.push_back(std::move(value));
  }
  return list;
}

// Calls a function once, in the middle of the next DB::Get: RocksDB has read already, and counts
// that.
class InTheNextRead final : public rocksdb::Statistics {
 public:
  void Do(std::function<void()> f) {
    const std::lock_guard<std::mutex> lock(mutex_);
    f_ = std::move(f);
  }
  bool done() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return f_ == nullptr;
  }

  void recordTick(uint32_t ticker, uint64_t /*count*/) override {
    if (ticker != rocksdb::NUMBER_KEYS_READ) return;
    std::function<void()> f;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      std::swap(f, f_);
    }
    if (f) f();
  }
  const char* Name() const override { return "InTheNextRead"; }
  uint64_t getTickerCount(uint32_t /*ticker*/) const override { return 0; }
  void histogramData(uint32_t /*type*/, rocksdb::HistogramData* /*data*/) const override {}
  void setTickerCount(uint32_t /*ticker*/, uint64_t /*count*/) override {}
  uint64_t getAndResetTickerCount(uint32_t /*ticker*/) override { return 0; }
  void recordInHistogram(uint32_t /*type*/, uint64_t /*value*/) override {}
  void reportTimeToHistogram(uint32_t /*type*/, uint64_t /*time*/) override {}

 private:
  std::mutex mutex_;
  std::function<void()> f_;
};

class AppendedWhileSealedTest : public ::testing::Test {
 protected:
  static rocksdb::Options Options(const std::shared_ptr<InTheNextRead>& read) {
    rocksdb::Options options = LongDb::DefaultOptions(1000);
    options.statistics = read;
    return options;
  }

  const std::shared_ptr<InTheNextRead> read_ = std::make_shared<InTheNextRead>();
};

TEST_F(AppendedWhileSealedTest, IsInTheFreshBase) {
  LongDb db(Options(read_));
  db.Append("k", {"1", "2"});
  read_->Do([&] {
    db.Append("k", {"3"});
    db.Append("other", {"x"});
    db.Append("k", {"4"});
  });
  db.Seal("k");
  ASSERT_TRUE(read_->done());
  EXPECT_THAT(db.OpenOperands("k"), ElementsAre(Hex("B4 02 01 3334")));
  EXPECT_EQ(db.Raw("k", 0), Hex("B4 02 01 3132"));
  EXPECT_EQ(db.Get("k"), (List{"1", "2", "3", "4"}));
  EXPECT_EQ(db.Get("other"), (List{"x"}));
}

TEST_F(AppendedWhileSealedTest, InABatchIsLeftBehindDropFirst) {
  LongDb db(Options(read_));
  db.Append("kb", {"1", "2"});
  read_->Do([&] {
    rocksdb::WriteBatch batch;
    ASSERT_OK(db->Append(&batch, "kb", {"3"}));
    ASSERT_OK(db.db()->Write({}, &batch));
  });
  db.Seal("kb");
  ASSERT_TRUE(read_->done());
  EXPECT_EQ(db.OpenOperands("kb").back(), Hex("A5 02"));
  EXPECT_EQ(db.Raw("kb", kOpenPage), Hex("B0 01 01 33"));
  EXPECT_EQ(db.Get("kb"), (List{"1", "2", "3"}));
}

// More than the sealer keeps: it drops from the front then, too.
TEST_F(AppendedWhileSealedTest, MayBeManyPages) {
  LongDb db(Options(read_));
  db.Append("k", {"1", "2"});
  const List many = Values(100, 100);
  read_->Do([&] {
    for (const std::string& value : many) db.Append("k", {value});
  });
  db.Seal("k");
  EXPECT_EQ(db.OpenOperands("k").back(), Hex("A5 02"));
  List expected = {"1", "2"};
  expected.insert(expected.end(), many.begin(), many.end());
  EXPECT_EQ(db.Get("k"), expected);
}

TEST_F(AppendedWhileSealedTest, IsInABaseThatMergesPendingAppends) {
  LongDb db(Options(read_), /*seals=*/true);
  List expected(70, "v");
  for (const std::string& value : expected) db.Append("k", {value});
  // The first read has them merged, and the one of the sealer is the next.
  std::vector<PinnedSlice> values;
  read_->Do([&] { read_->Do([&] { db.Append("k", {"meanwhile"}); }); });
  ASSERT_OK(db->GetRange({}, "k", 0, 100, &values));
  EXPECT_EQ(ToStrings(values), expected);
  ASSERT_TRUE(Eventually([&] { return db->stats().open_pages_merged != 0; }));
  ASSERT_TRUE(read_->done());
  expected.emplace_back("meanwhile");
  EXPECT_EQ(db.Get("k"), expected);
  EXPECT_EQ(db.OpenOperands("k").size(), 1u);
}

// Whoever commits what RocksDB recovered does not tell the store.
TEST_F(AppendedWhileSealedTest, ByARecoveredTransactionStays) {
  const TempDir dir;
  std::unique_ptr<rocksdb::TransactionDB> db;
  std::unique_ptr<LongStore> store;
  const auto open = [&] {
    rocksdb::TransactionDB* opened = nullptr;
    ASSERT_OK(rocksdb::TransactionDB::Open(Options(read_), {}, dir.path() + "/db", &opened));
    db.reset(opened);
    LongStoreOptions options;
    options.seal_in_background = false;
    ASSERT_OK(LongStore::Open(opened, nullptr, options, &store));
  };
  open();
  {
    const std::unique_ptr<rocksdb::Transaction> transaction(db->BeginTransaction({}));
    ASSERT_OK(transaction->SetName("prepared"));
    // Not by the store, which would remember it in this process.
    ASSERT_OK(
        transaction->Merge(StoredKeyOf("recovered", kOpenPage), Hex("B0 01 08 7072657061726564")));
    ASSERT_OK(transaction->Prepare());
  }
  store.reset();
  db.reset();
  open();
  std::vector<rocksdb::Transaction*> recovered;
  db->GetAllPreparedTransactions(&recovered);
  ASSERT_EQ(recovered.size(), 1u);
  const std::unique_ptr<rocksdb::Transaction> transaction(recovered[0]);
  // Past the lock of the transaction.
  ASSERT_OK(
      db->GetRootDB()->Merge({}, StoredKeyOf("recovered", kOpenPage), Hex("B0 01 05 6669727374")));
  read_->Do([&] { ASSERT_OK(transaction->Commit()); });
  ASSERT_OK(store->Seal("recovered"));
  ASSERT_TRUE(read_->done());
  Segments list;
  ASSERT_OK(store->Get({}, "recovered", &list));
  EXPECT_EQ(List(list.begin(), list.end()), (List{"first", "prepared"}));
}

// --- The thread that seals.

TEST(LongSealTest, WhatIsNoticedWhileAListIsSealedIsSealedToo) {
  const auto read = std::make_shared<InTheNextRead>();
  rocksdb::Options options = LongDb::DefaultOptions(1000);
  options.statistics = read;
  LongDb db(options, /*seals=*/true);
  read->Do([&] { db.Append("k", {std::string(1900, 'b')}); });
  db.Append("k", {std::string(1200, 'a')});
  ASSERT_TRUE(Eventually([&] { return db->stats().pages_sealed == 2; }));
  ASSERT_TRUE(Eventually([&] { return db->stats().open_pages_too_large == 0; }));
  EXPECT_EQ(db.Get("k"), (List{std::string(1200, 'a'), std::string(1900, 'b')}));
}

struct Load {
  std::string name;
  int keys;
  int appends;  // of each thread
  size_t size;  // of a value
};

class LongSealLoadTest : public ::testing::TestWithParam<Load> {};

TEST_P(LongSealLoadTest, OpenPagesStayBelowTwicePageBytes) {
  constexpr uint64_t kPageBytes = 2000;
  constexpr int kThreads = 4;
  const Load& load = GetParam();
  const int appends = test::kThreadSanitizer ? load.appends / 2 : load.appends;
  LongDb db(kPageBytes, /*seals=*/true);
  const auto key = [](int k) { return "key " + std::to_string(k); };
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < appends; ++i) {
        std::string value = std::to_string(thread) + ":" + std::to_string(i) + ":";
        value.resize(std::max(value.size(), load.size), 'v');
        ASSERT_OK(db->Append(rocksdb::WriteOptions(), key(i % load.keys), {value}));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  ASSERT_TRUE(Eventually([&] { return db->stats().open_pages_too_large == 0; }));
  const LongStoreStats stats = db->stats();
  EXPECT_EQ(stats.seals_failed, 0u);
  EXPECT_GT(stats.pages_sealed, 0u);
  for (int k = 0; k < load.keys; ++k) {
    EXPECT_LT(db.Raw(key(k), kOpenPage).size(), 2 * kPageBytes + load.size + 20) << k;
    // Each thread's values are there once, in order.
    std::vector<int> next(kThreads, k);
    for (const std::string& value : db.Get(key(k))) {
      const int thread = value[0] - '0';
      ASSERT_EQ(std::stoi(value.substr(2)), next[thread]) << "thread " << thread;
      next[thread] += load.keys;
    }
    for (const int end : next) ASSERT_GE(end, appends);
  }
}

INSTANTIATE_TEST_SUITE_P(Loads, LongSealLoadTest,
                         ::testing::Values(Load{"OneKeySmallValues", 1, 5000, 20},
                                           Load{"ManyKeysSmallValues", 50, 5000, 20},
                                           Load{"OneKeyLargeValues", 1, 300, 3000},
                                           Load{"ManyKeysLargeValues", 50, 500, 3000}),
                         [](const auto& load) { return load.param.name; });

// It is looked at before the batch is written, and after.
TEST(LongSealTest, ABatchThatIsWrittenLaterIsSealed) {
  LongDb db(1000, /*seals=*/true);
  rocksdb::WriteBatch batch;
  const List values = Values(100, 100);
  for (const std::string& value : values) ASSERT_OK(db->Append(&batch, "k", {value}));
  ASSERT_TRUE(Eventually([&] { return db->stats().open_pages_too_large == 0; }));
  ASSERT_OK(db.db()->Write({}, &batch));
  ASSERT_TRUE(Eventually([&] { return db->stats().pages_sealed != 0; }));
  ASSERT_TRUE(Eventually([&] { return db->stats().open_pages_too_large == 0; }));
  EXPECT_LT(db.Raw("k", kOpenPage).size(), 2000u);
  EXPECT_EQ(db.Get("k"), values);
}

TEST(LongSealTest, WithoutTheThreadNothingIsSealed) {
  LongDb db(1000);
  const List values = Values(100, 100);
  for (const std::string key : {"a", "b"}) {
    for (const std::string& value : values) db.Append(key, {value});
  }
  EXPECT_EQ(db->stats().open_pages_too_large, 2u);
  db.Flush();
  db.Compact();
  EXPECT_EQ(db.Get("a"), values);
  EXPECT_EQ(db->stats().pages_sealed, 0u);
  EXPECT_EQ(db->stats().appends_delayed, 0u);
  EXPECT_TRUE(db.Sealed("a").empty());
  db.Seal("a");
  EXPECT_EQ(db->stats().open_pages_too_large, 1u);
}

// What drop_first took off an open page is pending with it, but is not in it.
TEST(LongSealTest, ReadsDoNotTakeWhatWasSealedForALargeOpenPage) {
  LongDb db(1000);
  rocksdb::WriteBatch batch;
  const List values = Values(100, 100);
  for (const std::string& value : values) ASSERT_OK(db->Append(&batch, "k", {value}));
  ASSERT_OK(db.db()->Write({}, &batch));
  db.Seal("k");
  db.Append("k", {"open"});
  ASSERT_EQ(db.OpenOperands("k").size(), 102u);
  EXPECT_EQ(db->stats().open_pages_too_large, 0u);
  EXPECT_EQ(db.Last("k", 1), (List{"open"}));
  EXPECT_EQ(db.Range("k", 100, 5), (List{"open"}));
  EXPECT_EQ(db.Bounds("k"), "0..101");
  EXPECT_EQ(db.Get("k").size(), 101u);
  EXPECT_EQ(db->stats().open_pages_too_large, 0u);
}

// --- After a restart.

struct Meeting {
  std::string name;
  std::function<void(LongDb&)> meet;
};

class LongRestartTest : public ::testing::TestWithParam<Meeting> {};

TEST_P(LongRestartTest, WhatMeetsALargeOpenPageHasItSealed) {
  rocksdb::Options options = LongDb::DefaultOptions(1000);
  options.avoid_flush_during_recovery = true;  // so that a flush meets what is in the log
  LongDb db(options);
  const List values = Values(100, 100);
  for (const std::string& value : values) db.Append("k", {value});
  db.store_options.seal_in_background = true;
  db.Reopen();
  EXPECT_EQ(db->stats().open_pages_too_large, 0u);
  GetParam().meet(db);
  ASSERT_TRUE(Eventually([&] { return db->stats().pages_sealed >= 5; }));
  ASSERT_TRUE(Eventually([&] { return db->stats().open_pages_too_large == 0; }));
  EXPECT_LT(db.Raw("k", kOpenPage).size(), 2000u);
  EXPECT_EQ(db.Get("k"), values);
}

INSTANTIATE_TEST_SUITE_P(
    Meetings, LongRestartTest,
    ::testing::Values(
        Meeting{"Get", [](LongDb& db) { db.Get("k"); }},
        Meeting{"GetRange", [](LongDb& db) { db.Range("k", 50, 1); }},
        Meeting{"GetLast", [](LongDb& db) { db.Last("k", 50); }},
        Meeting{"Bounds", [](LongDb& db) { db.Bounds("k"); }},
        Meeting{"Pages", [](LongDb& db) { EXPECT_TRUE(db->Pages({}, "k")->Valid()); }},
        Meeting{"Scan", [](LongDb& db) { EXPECT_TRUE(db->Scan({}, KeyRange::All())->Valid()); }},
        Meeting{"Flush", [](LongDb& db) { db.Flush(); }},
        Meeting{"Compaction",
                [](LongDb& db) {
                  db.CloseStore();
                  db.Flush();
                  db.OpenStore();
                  db.Compact();
                }},
        Meeting{"AGetOfTheApplication", [](LongDb& db) { db.Raw("k", kOpenPage); }}),
    [](const auto& meeting) { return meeting.param.name; });

// --- Seals that fail.

TEST(LongSealFailureTest, IsCountedTriedAgainAndBlocksNobody) {
  const auto files = std::make_shared<FailingReads>();
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(files);
  rocksdb::Options options = LongDb::DefaultOptions(1000);
  options.env = env.get();
  options.disable_auto_compactions = true;  // one that fails makes RocksDB refuse writes
  rocksdb::BlockBasedTableOptions table;
  table.no_block_cache = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  LongDb db(options);
  List expected = Values(5, 100);
  db.Append("k", expected);
  db.Flush();
  db.store_options.seal_in_background = true;
  db.Reopen();

  files->fails = true;
  // By hand, it is told.
  EXPECT_TRUE(db->Seal("k").IsIOError());
  EXPECT_EQ(db->stats().seals_failed, 1u);
  // In the background, it is tried again and again. Appends go on, whatever the size.
  for (int i = 0; i < 30; ++i) {
    expected.emplace_back(300, 'v');
    db.Append("k", {expected.back()});
  }
  ASSERT_TRUE(Eventually([&] { return db->stats().seals_failed >= 4; }));
  EXPECT_EQ(db->stats().pages_sealed, 0u);
  EXPECT_EQ(db->stats().open_pages_too_large, 1u);
  uint64_t first = 0;
  uint64_t end = 0;
  EXPECT_TRUE(db->Bounds({}, "k", &first, &end).IsIOError());
  const uint64_t delayed = db->stats().appends_delayed;
  for (int i = 0; i < 10; ++i) {
    expected.emplace_back(300, 'w');
    db.Append("k", {expected.back()});
  }
  EXPECT_EQ(db->stats().appends_delayed, delayed);

  files->fails = false;
  ASSERT_TRUE(Eventually([&] { return db->stats().pages_sealed >= 5; }));
  ASSERT_TRUE(Eventually([&] { return db->stats().open_pages_too_large == 0; }));
  EXPECT_LT(db.Raw("k", kOpenPage).size(), 2400u);
  EXPECT_EQ(db.Get("k"), expected);
  EXPECT_EQ(db.Bounds("k"), "0..45");
  db.Close();
}

TEST(LongSealFailureTest, OneListThatFailsDoesNotHoldUpOthers) {
  LongDb db(1000, /*seals=*/true);
  db.Append("broken", {"v"});
  db.Seal("broken");
  db.PutRaw("broken", 0, "junk");
  db.Append("broken", {std::string(1500, 'v')});
  ASSERT_TRUE(Eventually([&] { return db->stats().seals_failed >= 2; }));
  const uint64_t before = db->stats().pages_sealed;
  for (int i = 0; i < 50; ++i) db.Append("fine", {std::string(1500, 'v')});
  ASSERT_TRUE(Eventually([&] { return db->stats().open_pages_too_large == 1; }));
  EXPECT_GE(db->stats().pages_sealed, before + 20);
  EXPECT_EQ(db.Bounds("fine"), "0..50");
  ASSERT_OK(db->Delete({}, "broken"));
  ASSERT_TRUE(Eventually([&] { return db->stats().open_pages_too_large == 0; }));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
