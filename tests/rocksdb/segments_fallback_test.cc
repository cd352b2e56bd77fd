// Store::GetSegments where RocksDB's operands are not the list, or cannot be had.

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/utilities/transaction_db.h"
#include "sheaf/segments.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::ElementsAre;

const rocksdb::WriteOptions kWrite;
const rocksdb::ReadOptions kRead;

List Read(Store& store, std::string_view key, size_t* segments = nullptr,
          const rocksdb::ReadOptions& options = kRead) {
  std::vector<PinnedBlob> blobs;
  EXPECT_OK(store.GetSegments(options, key, &blobs));
  if (segments != nullptr) *segments = blobs.size();
  const Segments all(std::move(blobs));
  return List(all.begin(), all.end());
}

// A memtable that is full, and not written to a file yet.
void SwitchMemtable(rocksdb::DB* db) {
  rocksdb::FlushOptions options;
  options.wait = false;
  options.allow_write_stall = true;
  EXPECT_OK(db->Flush(options));
}

// RocksDB 7.8.3 says MergeInProgress there, and returns no operands.
TEST(SegmentsFallbackTest, ADeleteInAFullMemtableEndsTheList) {
  rocksdb::Options options = TestDb::DefaultOptions();
  options.max_write_buffer_number = 6;
  TestDb db(options);
  db.Put("k", {"old"});
  db.Put("range", {"old"});
  db.Flush();
  ASSERT_OK(db.db()->PauseBackgroundWork());
  ASSERT_OK(db.db()->Delete(kWrite, "k"));
  ASSERT_OK(db.db()->DeleteRange(kWrite, db.db()->DefaultColumnFamily(), "r", "s"));
  SwitchMemtable(db.db());
  for (const char* const key : {"k", "range"}) {
    db.Append(key, {"a"});
    db.Append(key, {"b"});
    EXPECT_THAT(db.Get(key), ElementsAre("a", "b")) << key;
    EXPECT_THAT(Read(db.store(), key), ElementsAre("a", "b")) << key;
  }
  ASSERT_OK(db.db()->ContinueBackgroundWork());
}

TEST(SegmentsFallbackTest, OperandsOfSeveralMemtablesAndLevelsAreInOrder) {
  rocksdb::Options options = TestDb::DefaultOptions();
  options.max_write_buffer_number = 6;
  options.disable_auto_compactions = true;
  TestDb db(options);
  db.Put("k", {"base"});
  db.Compact();
  const rocksdb::Snapshot* const snapshot = db.db()->GetSnapshot();  // operands stay apart
  db.Append("k", {"file"});
  db.Flush();
  db.Append("k", {"newer file"});
  db.Flush();
  ASSERT_OK(db.db()->PauseBackgroundWork());
  db.Append("k", {"full memtable"});
  SwitchMemtable(db.db());
  db.Append("k", {"newer full memtable"});
  SwitchMemtable(db.db());
  db.Append("k", {"memtable"});
  size_t segments = 0;
  EXPECT_THAT(Read(db.store(), "k", &segments),
              ElementsAre("base", "file", "newer file", "full memtable", "newer full memtable",
                          "memtable"));
  EXPECT_EQ(segments, 6u);
  db.db()->ReleaseSnapshot(snapshot);
  ASSERT_OK(db.db()->ContinueBackgroundWork());
}

// RocksDB's operands of an entity are NotSupported; Get reads its default column.
TEST(SegmentsFallbackTest, AnEntityIsWhatGetReads) {
  TestDb db;
  const std::string blob = Encode({"a", "b"}).value();
  const rocksdb::WideColumns columns = {{rocksdb::kDefaultWideColumnName, blob}};
  ASSERT_OK(db.db()->PutEntity(kWrite, db.db()->DefaultColumnFamily(), "k", columns));
  for (const char* const where : {"memtable", "file"}) {
    EXPECT_THAT(db.Get("k"), ElementsAre("a", "b")) << where;
    EXPECT_THAT(Read(db.store(), "k"), ElementsAre("a", "b")) << where;
    db.Flush();
  }
  db.Append("k", {"c"});
  PinnedBlob list;
  std::vector<PinnedBlob> blobs;
  EXPECT_EQ(db.store().GetSegments(kRead, "k", &blobs), db.store().Get(kRead, "k", &list));
}

TEST(SegmentsFallbackTest, AReadThatFailsIsCountedOnce) {
  TestDb db;
  db.Put("k", {"a"});
  db.Append("k", {"b"});
  db.Flush();
  db.Open(TestDb::DefaultOptions());
  rocksdb::ReadOptions options;
  options.read_tier = rocksdb::kBlockCacheTier;  // and it is not there
  std::vector<PinnedBlob> blobs(1);
  EXPECT_TRUE(db.store().GetSegments(options, "k", &blobs).IsIncomplete());
  EXPECT_TRUE(blobs.empty());
  EXPECT_TRUE(db.store().GetSegments(kRead, "none", &blobs).IsNotFound());
  const StoreStats stats = db.store().stats();
  EXPECT_EQ(stats.failed, 1u);
  EXPECT_EQ(stats.not_found, 1u);
  EXPECT_EQ(stats.reads, 2u);
}

// Two lists with the same bytes: as fixed64 0x0EB1 bytes follow, a count of 2, two sizes;
// as compact the tag B1, a count of 14 = 0x0E, and sizes of two bytes each.
TEST(SegmentsFallbackTest, WhatMayBeABaseOrAnOperandIsMerged) {
  TestDb db(TestDb::DefaultOptions(Layout::kFixed64), Layout::kFixed64);
  const List base = {std::string(3000, 'x'), std::string(737, 'y')};
  List operand(14);
  operand[3] = std::string(2, '\0');
  operand[7] = base[0];
  operand[11] = base[1];
  ASSERT_TRUE(Encode(Views(base), Layout::kFixed64).value() == Encode(Views(operand)).value());
  db.Put("put", base);
  db.Append("put", {"more"});
  db.Append("appended", operand);
  db.Append("appended", {"more"});
  size_t segments = 0;
  EXPECT_TRUE(Read(db.store(), "put", &segments) == List({base[0], base[1], "more"}));
  EXPECT_EQ(segments, 1u);
  operand.push_back("more");
  EXPECT_TRUE(Read(db.store(), "appended", &segments) == operand);
  EXPECT_EQ(segments, 1u);
}

TEST(SegmentsFallbackTest, WhatATransactionDidNotCommitIsNotThere) {
  const TempDir folder;
  rocksdb::TransactionDB* opened = nullptr;
  ASSERT_OK(rocksdb::TransactionDB::Open(TestDb::DefaultOptions(), {}, folder.path(), &opened));
  const std::unique_ptr<rocksdb::TransactionDB> db(opened);
  std::unique_ptr<Store> store;
  ASSERT_OK(Store::Open(db.get(), nullptr, {}, &store));
  ASSERT_OK(store->Put(kWrite, "k", {"a"}));
  ASSERT_OK(store->Append(kWrite, "k", {"b"}));
  const std::unique_ptr<rocksdb::Transaction> transaction(db->BeginTransaction(kWrite));
  ASSERT_OK(transaction->SetName("t"));
  ASSERT_OK(store->Append(transaction.get(), "k", {"c"}));
  ASSERT_OK(transaction->Prepare());
  EXPECT_THAT(Read(*store, "k"), ElementsAre("a", "b"));
  ASSERT_OK(transaction->Commit());
  EXPECT_THAT(Read(*store, "k"), ElementsAre("a", "b", "c"));
}

// The array for operands is found too small again and again.
TEST(SegmentsFallbackTest, OperandsMayGrowWhileTheyAreRead) {
  TestDb db;
  constexpr int kAppends = 3000;
  std::atomic<bool> done{false};
  std::thread reader([&] {
    size_t before = 0;
    while (!done) {
      std::vector<PinnedBlob> blobs;
      const rocksdb::Status s = db.store().GetSegments(kRead, "k", &blobs);
      if (s.IsNotFound()) continue;
      ASSERT_OK(s);
      const Segments values(std::move(blobs));
      size_t i = 0;
      for (const std::string_view value : values) ASSERT_EQ(value, std::to_string(i++));
      ASSERT_GE(i, before);
      before = i;
    }
  });
  for (int i = 0; i < kAppends; ++i) db.Append("k", {std::to_string(i)});
  done = true;
  reader.join();
  EXPECT_EQ(Read(db.store(), "k").size(), size_t{kAppends});
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
