// LongStore: what it writes, byte by byte, and what it gives back. Random histories are in
// long_history_test, broken pages in long_corruption_test, the thread that seals in long_seal_test.

#include "sheaf/long_store.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/table.h"
#include "rocksdb/utilities/optimistic_transaction_db.h"
#include "rocksdb/utilities/transaction.h"
#include "rocksdb/utilities/transaction_db.h"
#include "rocksdb/utilities/write_batch_with_index.h"
#include "tests/rocksdb/long_db.h"
#include "tests/support/hex.h"

namespace sheaf {
namespace testing {
namespace {

using test::Hex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

using Positions = std::vector<uint64_t>;

// `count` values of `size` bytes, each different.
List Values(int count, size_t size, int from = 0) {
  List list;
  for (int i = from; i < from + count; ++i) {
    std::string value = std::to_string(i) + ":";
    value.resize(std::max(value.size(), size), 'v');
    list.push_back(std::move(value));
  }
  return list;
}

List Part(const List& list, size_t begin, size_t end) {
  return List(list.begin() + static_cast<ptrdiff_t>(begin),
              list.begin() + static_cast<ptrdiff_t>(end));
}

// --- On disk. Each step in hex, as docs/format.md writes it.

TEST(LongStoreBytesTest, AppendSealTrimAndDelete) {
  LongDb db(1000);
  const std::string key("k\0", 2);
  db.Append(key, {"ab", "cd"});
  EXPECT_EQ(db.Raw(key, kOpenPage), Hex("B4 02 02 61626364"));
  EXPECT_THAT(db.Sealed(key), IsEmpty());
  db.Seal(key);
  EXPECT_EQ(db.Raw(key, 0), Hex("B4 02 02 61626364"));
  EXPECT_EQ(db.Raw(key, kOpenPage), Hex("B0 00"));
  db.Append(key, {"e"});
  EXPECT_EQ(db.Raw(key, kOpenPage), Hex("B0 01 01 65"));
  db.Seal(key);
  EXPECT_EQ(db.Raw(key, 2), Hex("B0 01 01 65"));
  EXPECT_EQ(db.Bounds(key), "0..3");

  // Within a page: the rest of it, under its own position.
  ASSERT_OK(db->TrimBefore({}, key, 1));
  EXPECT_EQ(db.Sealed(key), (Positions{1, 2}));
  EXPECT_EQ(db.Raw(key, 1), Hex("B0 01 02 6364"));
  EXPECT_EQ(db.Bounds(key), "1..3");
  // At its border: nothing is written anew.
  ASSERT_OK(db->TrimBefore({}, key, 2));
  EXPECT_EQ(db.Sealed(key), (Positions{2}));
  EXPECT_EQ(db.Raw(key, 2), Hex("B0 01 01 65"));
  // What is gone already is nothing to do.
  ASSERT_OK(db->TrimBefore({}, key, 1));
  EXPECT_EQ(db.Bounds(key), "2..3");

  // Within the open page: an empty page keeps the position.
  db.Append(key, {"f", "gh"});
  ASSERT_OK(db->TrimBefore({}, key, 4));
  EXPECT_EQ(db.Sealed(key), (Positions{4}));
  EXPECT_EQ(db.Raw(key, 4), Hex("B0 00"));
  EXPECT_EQ(db.OpenOperands(key).back(), Hex("A5 01"));
  EXPECT_EQ(db.Raw(key, kOpenPage), Hex("B0 01 02 6768"));
  EXPECT_EQ(db.Bounds(key), "4..5");
  // Past the end: all, and the list goes on where it ended.
  ASSERT_OK(db->TrimBefore({}, key, 100));
  EXPECT_EQ(db.Sealed(key), (Positions{5}));
  EXPECT_EQ(db.Raw(key, 5), Hex("B0 00"));
  EXPECT_EQ(db.Raw(key, kOpenPage), Hex("B0 00"));
  EXPECT_EQ(db.Bounds(key), "5..5");
  ASSERT_OK(db->TrimBefore({}, key, UINT64_MAX));
  EXPECT_EQ(db.Bounds(key), "5..5");
  db.Append(key, {"i"});
  EXPECT_EQ(db.Range(key, 5, 1), (List{"i"}));
  db.Seal(key);
  EXPECT_EQ(db.Sealed(key), (Positions{5}));
  EXPECT_EQ(db.Raw(key, 5), Hex("B0 01 01 69")) << "in place of the empty page";

  ASSERT_OK(db->Delete({}, key));
  EXPECT_THAT(db.Sealed(key), IsEmpty());
  EXPECT_EQ(db.Raw(key, kOpenPage), "none");
  EXPECT_EQ(db.Bounds(key), "NotFound: ");
  db.Append(key, {"j"});
  EXPECT_EQ(db.Bounds(key), "0..1");
}

TEST(LongStoreBytesTest, PagesHaveTheLayoutOfTheColumnFamily) {
  LongDb db(1000, /*seals=*/false, Layout::kFixed64);
  db.Append("k", {"ab", "c"});
  EXPECT_THAT(db.OpenOperands("k"), ElementsAre(Hex("B0 02 02 01 616263")))
      << "operands are compact";
  db.Seal("k");
  EXPECT_EQ(db.Raw("k", 0), Hex("1B00000000000000 0200000000000000 0200000000000000"
                                "0100000000000000 616263"));
  EXPECT_EQ(db.Raw("k", kOpenPage), Hex("0800000000000000 0000000000000000"));
  ASSERT_OK(db->TrimBefore({}, "k", 2));
  EXPECT_EQ(db.Raw("k", 2), Hex("0800000000000000 0000000000000000"));
}

TEST(LongStoreBytesTest, AListThatWasNeverSealedIsTrimmedToo) {
  LongDb db(1000);
  db.Append("k", {"a", "b", "c"});
  ASSERT_OK(db->TrimBefore({}, "k", 0));
  EXPECT_THAT(db.Sealed("k"), IsEmpty());
  ASSERT_OK(db->TrimBefore({}, "k", 2));
  EXPECT_EQ(db.Raw("k", 2), Hex("B0 00"));
  EXPECT_EQ(db.Bounds("k"), "2..3");
  db.Seal("k");
  EXPECT_EQ(db.Sealed("k"), (Positions{2}));
  EXPECT_EQ(db.Get("k"), (List{"c"}));
}

TEST(LongStoreBytesTest, TrimBeforeNothingWritesNothing) {
  LongDb db(1000);
  ASSERT_OK(db->TrimBefore({}, "k", 7));
  EXPECT_EQ(db.Raw("k", kOpenPage), "none");
  EXPECT_THAT(db.Sealed("k"), IsEmpty());
  EXPECT_OK(db->Delete({}, "k"));
  EXPECT_OK(db->Seal("k"));
  EXPECT_EQ(db.Raw("k", kOpenPage), "none");
  EXPECT_EQ(db.Bounds("k"), "NotFound: ");
}

TEST(LongStoreBytesTest, AnEmptyAppendBeginsAList) {
  LongDb db(1000);
  db.Append("k", {});
  EXPECT_EQ(db.Raw("k", kOpenPage), Hex("B0 00"));
  EXPECT_EQ(db.Bounds("k"), "0..0");
  EXPECT_EQ(db.Get("k"), List());
  EXPECT_EQ(db.Last("k", 3), List());
  EXPECT_EQ(db.Range("k", 0, 3), List());
  const auto pages = db->Pages({}, "k");
  EXPECT_FALSE(pages->Valid());
  EXPECT_OK(pages->status());
  const auto scan = db->Scan({}, KeyRange::All());
  ASSERT_TRUE(scan->Valid());
  EXPECT_EQ(scan->key(), "k");
  EXPECT_EQ(scan->end(), 0u);
  db.Seal("k");
  EXPECT_THAT(db.Sealed("k"), IsEmpty()) << "no page without values";
}

// More pages than are deleted one by one.
TEST(LongStoreBytesTest, ManyPagesAreDeletedAsARange) {
  LongDb db(1);
  const List values = Values(300, 8);
  for (const std::string key : {"j", "k", "l"}) {
    db.Append(key, values);
    db.Seal(key);
    EXPECT_EQ(db.Sealed(key).size(), 300u) << "a page has a value at least";
    db.Append(key, {"open"});
  }
  db.Flush();
  ASSERT_OK(db->TrimBefore({}, "k", 250));
  EXPECT_EQ(db.Bounds("k"), "250..301");
  EXPECT_EQ(db.Sealed("k").front(), 250u);
  EXPECT_EQ(db.Sealed("k").size(), 50u);
  EXPECT_EQ(db.Range("k", 0, 251), Part(values, 250, 251));
  rocksdb::ReadOptions ignore;
  ignore.ignore_range_deletions = true;
  const auto pages = db->Pages(ignore, "k");
  ASSERT_TRUE(pages->Valid());
  EXPECT_EQ(pages->position(), 250u) << "the store's own range deletions are always seen";
  ASSERT_OK(db->Delete({}, "j"));
  ASSERT_OK(db->TrimBefore({}, "l", 301));
  EXPECT_EQ(db.Sealed("l"), (Positions{301}));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(db.Bounds("j"), "NotFound: ");
    EXPECT_EQ(db.Bounds("k"), "250..301");
    EXPECT_EQ(db.Bounds("l"), "301..301");
    EXPECT_EQ(db.Last("k", 2), (List{values.back(), "open"}));
    db.Compact();
  }
}

// --- Sizes of pages.

class LongPagesTest : public ::testing::TestWithParam<Layout> {};

TEST_P(LongPagesTest, ALargeOpenPageBecomesSeveralOfPageBytes) {
  constexpr uint64_t kPageBytes = 1000;
  for (const size_t size : {0, 1, 30, 99, 400, 999, 1001, 2500}) {
    SCOPED_TRACE(size);
    LongDb db(kPageBytes, /*seals=*/false, GetParam());
    List values;
    uint64_t bytes = 0;
    // Of one size, and of many.
    for (const bool same : {true, false}) {
      const std::string key = same ? "same" : "mixed";
      values = Values(200, size);
      for (size_t i = 0; !same && i < values.size(); ++i) values[i].resize(size * (i % 3) / 2, 'x');
      db.Append(key, values);
      db.Seal(key);
      uint64_t position = 0;
      const Positions pages = db.Sealed(key);
      size_t largest = 0;
      for (const std::string& value : values) largest = std::max(largest, value.size());
      for (const uint64_t page : pages) {
        EXPECT_EQ(page, position);
        const std::string raw = db.Raw(key, page);
        const auto blob = BlobView::Parse(raw, GetParam());
        ASSERT_TRUE(blob.ok());
        position += blob->size();
        bytes += raw.size();
        if (pages.size() == 1) continue;
        EXPECT_GE(raw.size() + 20, kPageBytes) << "page " << page << " of " << pages.size();
        EXPECT_LT(raw.size(), 2 * kPageBytes + 2 * largest + 100);
      }
      EXPECT_EQ(position, values.size());
      EXPECT_EQ(db.Get(key), values);
    }
    EXPECT_EQ(db->stats().bytes_sealed, bytes);
    EXPECT_EQ(db->stats().pages_sealed, db.Sealed("same").size() + db.Sealed("mixed").size());
  }
}

INSTANTIATE_TEST_SUITE_P(Layouts, LongPagesTest,
                         ::testing::Values(Layout::kCompact, Layout::kFixed64),
                         [](const auto& layout) { return LayoutName(layout.param); });

// A seal that takes several write batches.
TEST(LongStoreTest, AVeryLargeOpenPageIsSealedInSeveralBatches) {
  LongDb db(1 << 20);
  const List values = Values(40, 1 << 20);
  db.Append("k", values);
  const rocksdb::SequenceNumber before = db.db()->GetLatestSequenceNumber();
  db.Seal("k");
  EXPECT_GE(db.db()->GetLatestSequenceNumber(), before + 40 + 5) << "8 MiB a batch";
  EXPECT_EQ(db.Sealed("k").size(), 40u);
  EXPECT_EQ(db.Raw("k", kOpenPage), Hex("B0 00"));
  EXPECT_EQ(db.Get("k"), values);
}

// --- Into batches and transactions.

TEST(LongAppendTest, IntoBatches) {
  LongDb db(1000);
  rocksdb::WriteBatch batch;
  ASSERT_OK(db->Append(&batch, "k", {"1"}));
  ASSERT_OK(db->Append(&batch, "k", {"2", "3"}));
  EXPECT_EQ(db.Bounds("k"), "NotFound: ");
  ASSERT_OK(db.db()->Write({}, &batch));
  rocksdb::WriteBatchWithIndex indexed;
  ASSERT_OK(db->Append(&indexed, "k", {"4"}));
  ASSERT_OK(db.db()->Write({}, indexed.GetWriteBatch()));
  EXPECT_EQ(db.Get("k"), (List{"1", "2", "3", "4"}));
}

TEST(LongAppendTest, IntoNoBatchIsRefused) {
  LongDb db(1000);
  const std::string expected = "Invalid argument: LongStore::Append: no batch or transaction";
  EXPECT_EQ(db->Append(static_cast<rocksdb::WriteBatch*>(nullptr), "k", {"1"}).ToString(),
            expected);
  EXPECT_EQ(db->Append(static_cast<rocksdb::WriteBatchWithIndex*>(nullptr), "k", {"1"}).ToString(),
            expected);
  EXPECT_EQ(db->Append(static_cast<rocksdb::Transaction*>(nullptr), "k", {"1"}).ToString(),
            expected);
}

TEST(LongAppendTest, IntoATransaction) {
  const TempDir dir;
  rocksdb::TransactionDB* opened = nullptr;
  ASSERT_OK(
      rocksdb::TransactionDB::Open(LongDb::DefaultOptions(1000), {}, dir.path() + "/db", &opened));
  const std::unique_ptr<rocksdb::TransactionDB> db(opened);
  std::unique_ptr<LongStore> store;
  ASSERT_OK(LongStore::Open(opened, nullptr, {}, &store));
  const auto get = [&] {
    Segments list;
    EXPECT_OK(store->Get({}, "k", &list));
    return List(list.begin(), list.end());
  };
  ASSERT_OK(store->Append(rocksdb::WriteOptions(), "k", {"1"}));
  std::unique_ptr<rocksdb::Transaction> transaction(db->BeginTransaction({}));
  ASSERT_OK(store->Append(transaction.get(), "k", {"2"}));
  ASSERT_OK(store->Seal("k"));  // does not wait for the transaction's lock
  EXPECT_EQ(get(), (List{"1"}));
  ASSERT_OK(transaction->Commit());
  EXPECT_EQ(get(), (List{"1", "2"}));
  transaction.reset(db->BeginTransaction({}));
  ASSERT_OK(store->Append(transaction.get(), "k", {"3"}));
  ASSERT_OK(transaction->Rollback());
  ASSERT_OK(store->Seal("k"));
  EXPECT_EQ(get(), (List{"1", "2"}));
}

TEST(LongAppendTest, IntoAnOptimisticTransaction) {
  const TempDir dir;
  rocksdb::OptimisticTransactionDB* opened = nullptr;
  ASSERT_OK(rocksdb::OptimisticTransactionDB::Open(LongDb::DefaultOptions(1000), dir.path() + "/db",
                                                   &opened));
  const std::unique_ptr<rocksdb::OptimisticTransactionDB> db(opened);
  std::unique_ptr<LongStore> store;
  ASSERT_OK(LongStore::Open(opened, nullptr, {}, &store));
  ASSERT_OK(store->Append(rocksdb::WriteOptions(), "k", {"1"}));
  std::unique_ptr<rocksdb::Transaction> transaction(db->BeginTransaction({}));
  ASSERT_OK(store->Append(transaction.get(), "k", {"2"}));
  ASSERT_OK(transaction->Commit());
  // A seal in between is a conflict: the transaction is tried again.
  transaction.reset(db->BeginTransaction({}));
  ASSERT_OK(store->Append(transaction.get(), "k", {"3"}));
  ASSERT_OK(store->Seal("k"));
  EXPECT_TRUE(transaction->Commit().IsBusy());
  transaction.reset(db->BeginTransaction({}));
  ASSERT_OK(store->Append(transaction.get(), "k", {"4"}));
  ASSERT_OK(transaction->Commit());
  Segments list;
  ASSERT_OK(store->Get({}, "k", &list));
  EXPECT_EQ(List(list.begin(), list.end()), (List{"1", "2", "4"}));
}

// --- What stays in the open page after a seal.

TEST(LongSealedTest, AFreshBaseIfNobodyElseAppended) {
  LongDb db(1000);
  for (int i = 0; i < 5; ++i) db.Append("fresh", {"v"});
  EXPECT_EQ(db.OpenOperands("fresh").size(), 5u);
  db.Seal("fresh");
  EXPECT_THAT(db.OpenOperands("fresh"), ElementsAre(Hex("B0 00")));
}

TEST(LongSealedTest, DropFirstIfABatchWasUsed) {
  LongDb db(1000);
  rocksdb::WriteBatch batch;
  ASSERT_OK(db->Append(&batch, "batch", {"later"}));
  for (int i = 0; i < 3; ++i) db.Append("batch", {"v", "w"});
  db.Seal("batch");
  EXPECT_EQ(db.OpenOperands("batch").back(), Hex("A5 06"));
  EXPECT_EQ(db.OpenOperands("batch").size(), 4u);
  EXPECT_EQ(db.Raw("batch", kOpenPage), Hex("B0 00"));
  ASSERT_OK(db.db()->Write({}, &batch));
  EXPECT_EQ(db.Range("batch", 6, 10), (List{"later"}));
  db.Compact();
  EXPECT_EQ(db.Raw("batch", kOpenPage), Hex("B0 01 05 6C61746572"));
  EXPECT_EQ(db.Bounds("batch"), "0..7");
}

TEST(LongSealedTest, ReadsOfManyPendingAppendsHaveThemMerged) {
  LongDb db(1 << 20, /*seals=*/true);
  const List values = Values(200, 20);
  for (const std::string& value : values) db.Append("merged", {value});
  EXPECT_EQ(db.OpenOperands("merged").size(), 200u);
  EXPECT_EQ(db.Get("merged"), values);
  ASSERT_TRUE(Eventually([&] { return db->stats().open_pages_merged == 1; }));
  EXPECT_EQ(db.OpenOperands("merged").size(), 1u);
  EXPECT_EQ(db.Get("merged"), values);
  EXPECT_EQ(db->stats().pages_sealed, 0u);
}

// --- Reads.

TEST(LongReadTest, OtherReadTiersAreRefused) {
  LongDb db(4);
  db.Append("k", {"1", "2", "3"});
  db.Seal("k");
  const std::string expected =
      "Not implemented: a long list is read with ReadOptions::read_tier = kReadAllTier: where its "
      "pages are is found by iterators, which leave out what is not in a cache";
  for (const auto tier :
       {rocksdb::kBlockCacheTier, rocksdb::kPersistedTier, rocksdb::kMemtableTier}) {
    rocksdb::ReadOptions options;
    options.read_tier = tier;
    uint64_t first = 1;
    uint64_t end = 1;
    EXPECT_EQ(db->Bounds(options, "k", &first, &end).ToString(), expected);
    EXPECT_EQ(end, 0u);
    Segments list;
    EXPECT_EQ(db->Get(options, "k", &list).ToString(), expected);
    std::vector<PinnedSlice> values(1);
    EXPECT_EQ(db->GetRange(options, "k", 0, 1, &values).ToString(), expected);
    EXPECT_THAT(values, IsEmpty());
    EXPECT_EQ(db->GetLast(options, "k", 1, &values).ToString(), expected);
    EXPECT_EQ(db->Pages(options, "k")->status().ToString(), expected);
    EXPECT_EQ(db->Scan(options, KeyRange::All())->status().ToString(), expected);
  }
}

TEST(LongReadTest, PositionsThatAreNotThereGiveNothing) {
  LongDb db(1000);
  const List values = Values(10, 10);
  db.Append("k", values);
  db.Seal("k");
  db.Append("k", {"open"});
  ASSERT_OK(db->TrimBefore({}, "k", 3));
  for (int warm = 0; warm < 2; ++warm) {  // pages found by an iterator, and known
    std::vector<PinnedSlice> got;
    uint64_t first = 0;
    const auto range = [&](uint64_t position, size_t count) {
      EXPECT_OK(db->GetRange({}, "k", position, count, &got, &first));
      return ToStrings(got);
    };
    EXPECT_EQ(range(0, 3), List());
    EXPECT_EQ(range(0, 5), Part(values, 3, 5));
    EXPECT_EQ(first, 3u);
    EXPECT_EQ(range(9, 5), (List{values[9], "open"}));
    EXPECT_EQ(first, 9u);
    EXPECT_EQ(range(10, SIZE_MAX), (List{"open"}));
    EXPECT_EQ(first, 10u);
    EXPECT_EQ(range(11, 5), List());
    EXPECT_EQ(first, 11u);
    EXPECT_EQ(range(UINT64_MAX, SIZE_MAX), List());
    EXPECT_EQ(range(5, 0), List());
    EXPECT_EQ(first, 5u);
    const auto past = db->Pages({}, "k", 11);
    EXPECT_FALSE(past->Valid());
    EXPECT_OK(past->status());
    const auto before = db->Pages({}, "k", 1);
    ASSERT_TRUE(before->Valid());
    EXPECT_EQ(before->position(), 3u);
  }
}

TEST(LongReadTest, ASnapshotIsWhatItWas) {
  LongDb db(1000);
  const List values = Values(10, 10);
  db.Append("k", values);
  db.Seal("k");
  db.Append("k", {"open"});
  EXPECT_EQ(db.Last("k", 1), (List{"open"}));
  rocksdb::ReadOptions then;
  then.snapshot = db.db()->GetSnapshot();
  auto pages = db->Pages({}, "k");
  db.Append("k", {"later"});
  db.Seal("k");
  ASSERT_OK(db->TrimBefore({}, "k", 11));
  EXPECT_EQ(db.Get("k"), (List{"later"}));
  EXPECT_EQ(db.Range("k", 0, 20), (List{"later"}));
  std::vector<PinnedSlice> got;
  ASSERT_OK(db->GetRange(then, "k", 9, 20, &got));
  EXPECT_EQ(ToStrings(got), (List{values[9], "open"}));
  ASSERT_OK(db->GetRange(then, "k", 4, 1, &got));
  EXPECT_EQ(ToStrings(got), Part(values, 4, 5));
  ASSERT_OK(db->GetLast(then, "k", 11, &got));
  EXPECT_EQ(got.size(), 11u);
  uint64_t first = 1;
  uint64_t end = 1;
  ASSERT_OK(db->Bounds(then, "k", &first, &end));
  EXPECT_EQ(first, 0u);
  EXPECT_EQ(end, 11u);
  // Cursors hold one of their own.
  ASSERT_TRUE(pages->Valid());
  EXPECT_EQ(ToList(pages->values()), values);
  pages->Next();
  ASSERT_TRUE(pages->Valid());
  EXPECT_EQ(ToList(pages->values()), (List{"open"}));
  pages->Next();
  EXPECT_FALSE(pages->Valid());
  EXPECT_OK(pages->status());
  db.db()->ReleaseSnapshot(then.snapshot);
}

rocksdb::Options WithBlockCache() {
  rocksdb::Options options = LongDb::DefaultOptions(1000);
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(8 << 20, /*num_shard_bits=*/0);
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return options;
}

TEST(LongReadTest, SlicesOutliveStoreAndDb) {
  const List values = Values(100, 50);
  Segments all;
  std::vector<PinnedSlice> range;
  std::vector<PinnedSlice> last;
  PinnedBlob page;
  {
    LongDb db(WithBlockCache());
    db.Append("k", values);
    db.Seal("k");
    db.Append("k", {"open"});
    db.Flush();
    db.Append("k", {"in the memtable"});
    ASSERT_OK(db->Get({}, "k", &all));
    ASSERT_OK(db->GetRange({}, "k", 40, 30, &range));
    ASSERT_OK(db->GetLast({}, "k", 3, &last));
    page = db->Pages({}, "k", 60)->Detach();
    EXPECT_OK(db->Close());  // they are not waited for
  }
  List expected = values;
  expected.insert(expected.end(), {"open", "in the memtable"});
  EXPECT_EQ(List(all.begin(), all.end()), expected);
  EXPECT_EQ(ToStrings(range), Part(values, 40, 70));
  EXPECT_EQ(ToStrings(last), Part(expected, 99, 102));
  EXPECT_FALSE(page.empty());
}

TEST(LongReadTest, SealedPagesAreNotCopied) {
  for (const bool copy_reads : {false, true}) {
    LongDb db(WithBlockCache());
    db.Append("k", Values(100, 50));
    db.Seal("k");
    db.Flush();
    db.store_options.copy_reads = copy_reads;
    db.CloseStore();
    db.OpenStore();
    int pages = 0;
    for (auto page = db->Pages({}, "k"); page->Valid(); page->Next()) {
      EXPECT_EQ(page->Detach().zero_copy(), !copy_reads) << page->position();
      EXPECT_EQ(page->Detach().view().encoded().data(), page->values().encoded().data());
      ++pages;
    }
    EXPECT_EQ(pages, 5);
    EXPECT_EQ(db->stats().copied_reads_for(CopyReason::kCopyReads) != 0, copy_reads);
  }
}

TEST(LongReadTest, ScanSeeksAndHasBounds) {
  LongDb db(1000);
  db.Append("a", {"1"});
  db.Append("c", Values(30, 100));
  db.Seal("c");
  db.Append("c", {"open"});
  ASSERT_OK(db->TrimBefore({}, "c", 5));
  db.Append("e", {"2"});
  const auto scan = db->Scan({}, KeyRange::All());
  const auto at = [&] {
    return scan->Valid() ? scan->key().ToString() + " " + std::to_string(scan->first()) + ".." +
                               std::to_string(scan->end())
                         : scan->status().ToString();
  };
  EXPECT_EQ(at(), "a 0..1");
  scan->Next();
  EXPECT_EQ(at(), "c 5..31");
  EXPECT_EQ(ToList(scan->Pages(30)->values()), (List{"open"}));
  scan->Next();
  EXPECT_EQ(at(), "e 0..1");
  scan->Next();
  EXPECT_EQ(at(), "OK");
  EXPECT_FALSE(scan->HasKey());
  scan->Seek("b");
  EXPECT_EQ(at(), "c 5..31");
  scan->Seek("z");
  EXPECT_EQ(at(), "OK");
  scan->SeekToFirst();
  EXPECT_EQ(at(), "a 0..1");
}

TEST(LongStatsTest, CountAndAreOneLine) {
  LongDb db(1000);
  db.Append("k", Values(30, 100));
  EXPECT_EQ(db->stats().open_pages_too_large, 1u);
  db.Seal("k");
  const LongStoreStats stats = db->stats();
  EXPECT_EQ(stats.pages_sealed, 3u);
  EXPECT_EQ(stats.open_pages_too_large, 0u);
  EXPECT_EQ(stats.seals_failed, 0u);
  EXPECT_EQ(stats.appends_delayed, 0u);
  EXPECT_THAT(stats.ToString(),
              HasSubstr(" pages_sealed=3 bytes_sealed=" + std::to_string(stats.bytes_sealed) +
                        " seals_failed=0 open_pages_too_large=0 appends_delayed=0 "
                        "open_pages_merged=0"));
  EXPECT_EQ(stats.ToString().find('\n'), std::string::npos);
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
