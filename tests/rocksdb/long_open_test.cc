// What LongStore::Open refuses, and what it says; LongStores that only read; Close.

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/compaction_filter.h"
#include "rocksdb/comparator.h"
#include "rocksdb/table.h"
#include "rocksdb/utilities/db_ttl.h"
#include "rocksdb/utilities/transaction_db.h"
#include "sheaf/long_store.h"
#include "tests/rocksdb/long_db.h"

namespace sheaf {
namespace testing {
namespace {

// What opening a LongStore on `db` says.
std::string Opens(rocksdb::DB* db, const LongStoreOptions& options = {},
                  rocksdb::ColumnFamilyHandle* cf = nullptr) {
  std::unique_ptr<LongStore> store;
  const rocksdb::Status s = LongStore::Open(db, cf, options, &store);
  EXPECT_EQ(s.ok(), store != nullptr);
  return s.ToString();
}

// The same on a new DB with these options.
std::string OpensWith(const rocksdb::Options& options, const LongStoreOptions& long_options = {}) {
  const TempDir dir;
  rocksdb::DB* db = nullptr;
  const rocksdb::Status s = rocksdb::DB::Open(options, dir.path() + "/db", &db);
  if (!s.ok()) return "no DB: " + s.ToString();
  const std::unique_ptr<rocksdb::DB> owned(db);
  return Opens(db, long_options);
}

std::string OpensWith(const std::function<void(rocksdb::Options*)>& change) {
  rocksdb::Options options = LongDb::DefaultOptions(1000);
  change(&options);
  return OpensWith(options);
}

TEST(LongOpenTest, NeedsADb) {
  EXPECT_EQ(Opens(nullptr), "Invalid argument: LongStore::Open: no DB");
}

TEST(LongOpenTest, NeedsTheOperator) {
  constexpr char kExpected[] =
      "Invalid argument: LongStore::Open: column family \"default\" does not have the merge "
      "operator "
      "sheaf.append: open the DB with sheaf::OpenDB and a sheaf::NewAppendOperator that has "
      "page_bytes";
  EXPECT_EQ(OpensWith([](auto* options) { options->merge_operator = nullptr; }), kExpected);
  rocksdb::Options options = LongDb::DefaultOptions(1000);
  options.merge_operator = nullptr;
  LongStoreOptions read_only;
  read_only.read_only = true;
  EXPECT_EQ(OpensWith(options, read_only), kExpected);
}

TEST(LongOpenTest, EachKindOfListHasItsStore) {
  EXPECT_EQ(
      OpensWith(TestDb::DefaultOptions()),
      "Invalid argument: LongStore::Open: column family \"default\" holds lists that are not "
      "in pages: its merge operator's page_bytes is 0: use sheaf::Store; or, for a new column "
      "family, set AppendOptions::page_bytes");
  LongDb db(1000);
  std::unique_ptr<Store> store;
  EXPECT_EQ(Store::Open(db.db(), nullptr, {}, &store).ToString(),
            "Invalid argument: Store::Open: column family \"default\" holds long lists: its merge "
            "operator's page_bytes is 1000: use sheaf::LongStore (sheaf/long_store.h)");
  EXPECT_EQ(store, nullptr);
}

TEST(LongOpenTest, TheLayoutIsThatOfTheOperator) {
  EXPECT_EQ(OpensWith(LongDb::DefaultOptions(1000, Layout::kFixed64)),
            "Invalid argument: LongStore::Open: LongStoreOptions::layout is compact, but the merge "
            "operator of column family \"default\" has layout fixed64: lists are kept in the "
            "operator's layout; open the LongStore with LongStoreOptions::layout = "
            "sheaf::Layout::kFixed64");
  LongStoreOptions fixed;
  fixed.layout = Layout::kFixed64;
  EXPECT_EQ(OpensWith(LongDb::DefaultOptions(1000, Layout::kFixed64), fixed), "OK");
}

TEST(LongOpenTest, PagesAreNotLimitedByTheOperator) {
  constexpr char kExpected[] =
      "Invalid argument: LongStore::Open: column family \"default\" has page_bytes and also "
      "max_values or max_bytes, which would drop values of the open page without their positions: "
      "trim with LongStore::TrimBefore";
  rocksdb::Options options = LongDb::DefaultOptions(1000);
  AppendOptions append;
  append.page_bytes = 1000;
  append.max_values = 5;
  options.merge_operator = NewAppendOperator(append);
  EXPECT_EQ(OpensWith(options), kExpected);
  append.max_values = 0;
  append.max_bytes = 5;
  options.merge_operator = NewAppendOperator(append);
  EXPECT_EQ(OpensWith(options), kExpected);
}

TEST(LongOpenTest, PagesHave256MiBAtMost) {
  EXPECT_EQ(OpensWith(LongDb::DefaultOptions(256 << 20)), "OK");
  EXPECT_EQ(OpensWith(LongDb::DefaultOptions((256 << 20) + 1)),
            "Invalid argument: LongStore::Open: column family \"default\" has page_bytes = "
            "268435457, more than 268435456");
}

TEST(LongOpenTest, WhatCannotKeepPositionsRightIsNotSupported) {
  const std::string has = "Not implemented: LongStore::Open: column family \"default\" has ";
  EXPECT_EQ(
      OpensWith([](auto* options) { options->comparator = rocksdb::ReverseBytewiseComparator(); }),
      has + "a comparator that is not rocksdb::BytewiseComparator(): pages would not be in order");
  EXPECT_EQ(OpensWith([](auto* options) {
              options->table_factory.reset(rocksdb::NewPlainTableFactory());
              options->allow_mmap_reads = true;
            }),
            has + "tables that are not block-based: RocksDB does not scan them backward");
  class Filter final : public rocksdb::CompactionFilter {
   public:
    const char* Name() const override { return "Filter"; }
  };
  const Filter filter;
  EXPECT_EQ(OpensWith([&](auto* options) { options->compaction_filter = &filter; }),
            has + "a compaction filter: it may drop pages one by one");
  class Factory final : public rocksdb::CompactionFilterFactory {
   public:
    std::unique_ptr<rocksdb::CompactionFilter> CreateCompactionFilter(
        const rocksdb::CompactionFilter::Context& /*context*/) override {
      return nullptr;
    }
    const char* Name() const override { return "Factory"; }
  };
  EXPECT_EQ(OpensWith([](auto* options) {
              options->compaction_filter_factory = std::make_shared<Factory>();
            }),
            has + "a compaction filter: it may drop pages one by one");
  EXPECT_EQ(
      OpensWith([](auto* options) { options->compaction_style = rocksdb::kCompactionStyleFIFO; }),
      has + "FIFO compaction: it drops pages one by one");
  EXPECT_EQ(OpensWith([](auto* options) {
              options->inplace_update_support = true;
              options->allow_concurrent_memtable_write = false;
            }),
            has + "inplace_update_support: it has no snapshots");
  EXPECT_EQ(OpensWith([](auto* options) { options->unordered_write = true; }),
            has + "unordered_write: its snapshots change");
  EXPECT_EQ(OpensWith([](auto* options) { options->row_cache = rocksdb::NewLRUCache(1 << 20); }),
            has + "DBOptions::row_cache: it forgets that pages were deleted");
}

TEST(LongOpenTest, DbWithTtlIsNotSupported) {
  const TempDir dir;
  rocksdb::DBWithTTL* ttl = nullptr;
  ASSERT_OK(rocksdb::DBWithTTL::Open(LongDb::DefaultOptions(1000), dir.path() + "/db", &ttl, 1000));
  const std::unique_ptr<rocksdb::DBWithTTL> db(ttl);
  EXPECT_EQ(Opens(ttl),
            "Not implemented: LongStore::Open: column family \"default\" has DBWithTTL: it drops "
            "pages one by one");
}

TEST(LongOpenTest, OfTransactionDbsOnlyWriteCommittedIsSupported) {
  for (const auto policy :
       {rocksdb::WRITE_COMMITTED, rocksdb::WRITE_PREPARED, rocksdb::WRITE_UNPREPARED}) {
    const TempDir dir;
    rocksdb::TransactionDBOptions transactions;
    transactions.write_policy = policy;
    rocksdb::TransactionDB* opened = nullptr;
    ASSERT_OK(rocksdb::TransactionDB::Open(LongDb::DefaultOptions(1000), transactions,
                                           dir.path() + "/db", &opened));
    const std::unique_ptr<rocksdb::TransactionDB> db(opened);
    EXPECT_EQ(
        Opens(opened),
        policy == rocksdb::WRITE_COMMITTED
            ? "OK"
            : "Not implemented: LongStore::Open: column family \"default\" has a TransactionDB "
              "that is not WRITE_COMMITTED: RocksDB may not roll appends back");
  }
}

TEST(LongOpenTest, ASecondaryIsNotSupported) {
  LongDb db(1000);
  db.Append("a", {"1"});
  rocksdb::Options options = db.options();
  options.max_open_files = -1;
  const TempDir dir;
  rocksdb::DB* opened = nullptr;
  ASSERT_OK(rocksdb::DB::OpenAsSecondary(options, db.path(), dir.path(), &opened));
  const std::unique_ptr<rocksdb::DB> secondary(opened);
  LongStoreOptions read_only;
  read_only.read_only = true;
  EXPECT_EQ(Opens(secondary.get(), read_only),
            "Not implemented: LongStore::Open: a secondary instance: after it caught up, RocksDB's "
            "secondary shows appended values twice, and deleted ones again; open the DB with "
            "DB::OpenForReadOnly, or open a Checkpoint of it");
}

TEST(LongOpenTest, KeysThatAreNotThoseOfPagesAreRefused) {
  constexpr char kWhy[] =
      ", which is not that of a page of a long list: lists that Store or the application wrote are "
      "under their own keys: open the column family with page_bytes = 0, and use sheaf::Store";
  const std::string has =
      "Invalid argument: LongStore::Open: column family \"default\" has the key ";
  LongDb db(1000);
  db.Append("m", {"1"});
  for (const std::string key : {"foreign", "zz"}) {  // before all pages, and behind them
    ASSERT_OK(db.db()->Put({}, key, "v"));
    EXPECT_EQ(Opens(db.db()), has + '"' + key + '"' + kWhy);
    ASSERT_OK(db.db()->Delete({}, key));
  }
  ASSERT_OK(db.db()->Put({}, std::string("\0\x02x", 3), "v"));
  EXPECT_EQ(Opens(db.db()), has + "\"\\x00\\x02x\"" + kWhy);
}

TEST(LongOpenTest, AnotherColumnFamilyIsNamed) {
  LongDb db(1000);
  rocksdb::ColumnFamilyHandle* family = nullptr;
  ASSERT_OK(db.db()->CreateColumnFamily(TestDb::DefaultOptions(), "lists", &family));
  EXPECT_EQ(
      Opens(db.db(), {}, family).substr(0, 85),
      "Invalid argument: LongStore::Open: column family \"lists\" holds lists that are not in ");
  ASSERT_OK(db.db()->DestroyColumnFamilyHandle(family));
}

// --- Only reading.

void ExpectOnlyReads(LongStore* store, const std::string& append, const std::string& seal,
                     const std::string& trim, const std::string& deletes) {
  EXPECT_EQ(store->Append(rocksdb::WriteOptions(), "a", {"x"}).ToString(), append);
  EXPECT_EQ(store->Seal("a").ToString(), seal);
  EXPECT_EQ(store->TrimBefore({}, "a", 2).ToString(), trim);
  EXPECT_EQ(store->Delete({}, "a").ToString(), deletes);
}

TEST(LongReadOnlyTest, EveryWriteIsRefused) {
  LongDb db(4);
  db.Append("a", {"1", "2", "3"});
  db.Seal("a");
  db.Append("a", {"4"});
  db.store_options.read_only = true;
  db.CloseStore();
  db.OpenStore();
  const std::string why = ": the LongStore was opened with LongStoreOptions::read_only";
  const std::string not_supported = "Not implemented: LongStore::";
  ExpectOnlyReads(&db.store(), not_supported + "Append" + why, not_supported + "Seal" + why,
                  not_supported + "TrimBefore" + why, not_supported + "Delete" + why);
  rocksdb::WriteBatch batch;
  EXPECT_EQ(db->Append(&batch, "a", {"x"}).ToString(), not_supported + "Append" + why);
  EXPECT_EQ(batch.Count(), 0u);
  EXPECT_EQ(db.Get("a"), (List{"1", "2", "3", "4"}));
  EXPECT_EQ(db.Bounds("a"), "0..4");
  EXPECT_EQ(db->stats().seals_failed, 0u) << "what is refused has not failed";
}

// RocksDB reads DBs of one file without a log in a way of its own.
class LongReadOnlyDbTest : public ::testing::TestWithParam<int> {};

TEST_P(LongReadOnlyDbTest, IsReadAndSealsNothing) {
  LongDb db(10);
  db.Append("a", {"1", "2", "3"});
  db.Seal("a");
  db.Append("a", {"4"});
  db.Append("b", {"long enough to be sealed"});
  if (GetParam() > 0) db.Flush();
  if (GetParam() > 1) db.Compact();
  db.store_options.seal_in_background = true;
  db.OpenReadOnly();
  EXPECT_EQ(db.Get("a"), (List{"1", "2", "3", "4"}));
  EXPECT_EQ(db.Bounds("a"), "0..4");
  EXPECT_EQ(db.Range("a", 2, 2), (List{"3", "4"}));
  EXPECT_EQ(db.Last("a", 1), (List{"4"}));
  EXPECT_EQ(db.Get("b"), (List{"long enough to be sealed"}));
  EXPECT_EQ(db->stats().open_pages_too_large, 1u);
  EXPECT_TRUE(db->Append(rocksdb::WriteOptions(), "a", {"x"}).IsNotSupported());
  EXPECT_TRUE(db->Seal("a").IsNotSupported());
  EXPECT_TRUE(db->TrimBefore({}, "a", 1).IsNotSupported());
  EXPECT_TRUE(db->Delete({}, "a").IsNotSupported());
  EXPECT_EQ(db.Get("a"), (List{"1", "2", "3", "4"}));
}

INSTANTIATE_TEST_SUITE_P(InLogFileOrBottom, LongReadOnlyDbTest, ::testing::Values(0, 1, 2));

// --- Closing.

TEST(LongCloseTest, CursorsAreWaitedFor) {
  LongDb db(4, /*seals=*/true);
  db.Append("a", {"1", "2", "3"});
  auto pages = db->Pages({}, "a");
  auto scan = db->Scan({}, KeyRange::All());
  EXPECT_EQ(
      db->Close().ToString(),
      "Resource busy: LongStore::Close: 2 Cursors of Scan and Pages not destroyed yet; destroy "
      "them first");
  EXPECT_EQ(db->stats().cursors_open, 2u);
  db.Append("a", {"4"});  // nothing has changed
  pages.reset();
  auto inner = scan->Pages();
  EXPECT_EQ(db->stats().cursors_open, 2u);
  inner.reset();
  EXPECT_EQ(
      db->Close().ToString(),
      "Resource busy: LongStore::Close: 1 Cursor of Scan and Pages not destroyed yet; destroy "
      "them first");
  scan.reset();
  EXPECT_OK(db->Close());
  EXPECT_OK(db->Close());
}

TEST(LongCloseTest, AfterItEveryCallSaysThatItIsClosed) {
  LongDb db(4, /*seals=*/true);
  db.Append("a", {"1", "2", "3"});
  ASSERT_OK(db->Close());
  const std::string closed =
      "Shutdown in progress: the LongStore is closed (LongStore::Close was called)";
  ExpectOnlyReads(&db.store(), closed, closed, closed, closed);
  rocksdb::WriteBatch batch;
  EXPECT_EQ(db->Append(&batch, "a", {"x"}).ToString(), closed);
  EXPECT_EQ(batch.Count(), 0u);
  uint64_t first = 1;
  uint64_t end = 1;
  EXPECT_EQ(db->Bounds({}, "a", &first, &end).ToString(), closed);
  Segments list;
  EXPECT_EQ(db->Get({}, "a", &list).ToString(), closed);
  std::vector<PinnedSlice> values;
  EXPECT_EQ(db->GetRange({}, "a", 0, 1, &values).ToString(), closed);
  EXPECT_EQ(db->GetLast({}, "a", 1, &values).ToString(), closed);
  const auto pages = db->Pages({}, "a");
  EXPECT_FALSE(pages->Valid());
  EXPECT_EQ(pages->status().ToString(), closed);
  const auto scan = db->Scan({}, KeyRange::All());
  EXPECT_FALSE(scan->Valid());
  EXPECT_FALSE(scan->HasKey());
  EXPECT_EQ(scan->status().ToString(), closed);
  EXPECT_EQ(scan->Pages()->status().ToString(), closed);
  EXPECT_EQ(db->layout(), Layout::kCompact);
  EXPECT_EQ(db->stats().seals_failed, 0u);
}

TEST(LongCloseTest, AnyThreadsMayCloseAtTheSameTime) {
  for (int round = 0; round < 50; ++round) {
    LongDb db(4, /*seals=*/true);
    for (int i = 0; i < 10; ++i) db.Append("a", {"1", "2", "3"});
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back([&] { EXPECT_OK(db->Close()); });
    for (std::thread& thread : threads) thread.join();
  }
}

// Runs `f` in a fork of this process, and expects it to return true.
template <typename F>
void ExpectInFork(F f) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) _exit(f() ? 0 : 1);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(LongForkTest, AForkIsRefusedByEveryCallAndTheParentGoesOn) {
  LongDb db(4, /*seals=*/true);
  for (int i = 0; i < 100; ++i) db.Append("a", {"1", "2", "3"});
  auto scan = db->Scan({}, KeyRange::All());
  auto pages = db->Pages({}, "a");
  ExpectInFork([&] {
    LongStore& store = db.store();
    rocksdb::WriteBatch batch;
    uint64_t first = 0;
    uint64_t end = 0;
    Segments list;
    std::vector<PinnedSlice> values;
    bool ok = true;
    pages->Next();
    scan->Next();
    for (const rocksdb::Status& s :
         {store.Append(rocksdb::WriteOptions(), "a", {"x"}), store.Append(&batch, "a", {"x"}),
          store.Seal("a"), store.TrimBefore({}, "a", 1), store.Delete({}, "a"),
          store.Bounds({}, "a", &first, &end), store.Get({}, "a", &list),
          store.GetRange({}, "a", 0, 1, &values), store.GetLast({}, "a", 1, &values),
          store.Pages({}, "a")->status(), store.Scan({}, KeyRange::All())->status(),
          pages->status(), scan->status(), store.Close()}) {
      ok = ok && s.IsNotSupported() && s.ToString().find("is a fork") != std::string::npos;
    }
    return ok && store.stats().seals_failed == 0;
  });
  pages.reset();
  scan.reset();
  db.Append("a", {"4"});
  EXPECT_EQ(db.Bounds("a"), "0..301");
  EXPECT_OK(db->Close());
}

TEST(LongForkTest, AForkMayOpenADbOfItsOwn) {
  LongDb parents(4, /*seals=*/true);
  std::atomic<bool> forked{false};
  std::thread writer([&] {  // so that locks are held
    while (!forked) parents.Append("a", {"1", "2", "3"});
  });
  const TempDir dir;
  ExpectInFork([&] {
    rocksdb::DB* opened = nullptr;
    if (!rocksdb::DB::Open(LongDb::DefaultOptions(4), dir.path() + "/own", &opened).ok()) {
      return false;
    }
    const std::unique_ptr<rocksdb::DB> db(opened);
    std::unique_ptr<LongStore> store;
    if (!LongStore::Open(opened, nullptr, {}, &store).ok()) return false;
    for (int i = 0; i < 3000; ++i) {  // of all locks
      const std::string key = std::to_string(i);
      if (!store->Append(rocksdb::WriteOptions(), key, {"v"}).ok() || !store->Seal(key).ok()) {
        return false;
      }
    }
    const bool ok = store->stats().pages_sealed >= 3000 && store->Close().ok();
    store.reset();
    return ok;
  });
  forked = true;
  writer.join();
}

TEST(LongCloseTest, ACursorMayOutliveItsStore) {
  LongDb db(4);
  db.Append("a", {"1", "2", "3"});
  db.Seal("a");
  db.Append("a", {"4"});
  const auto scan = db->Scan({}, KeyRange::All());
  auto pages = db->Pages({}, "a");
  db.CloseStore();
  ASSERT_TRUE(scan->Valid());
  EXPECT_EQ(scan->end(), 4u);
  ASSERT_TRUE(pages->Valid());
  EXPECT_EQ(ToList(pages->values()), (List{"1", "2", "3"}));
  pages->Next();
  ASSERT_TRUE(pages->Valid());
  EXPECT_EQ(pages->position(), 3u);
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
