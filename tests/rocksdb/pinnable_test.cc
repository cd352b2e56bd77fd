// FromPinnable for every kind of read that leaves a PinnableSlice.

#include "sheaf/pinnable.h"

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/utilities/optimistic_transaction_db.h"
#include "rocksdb/utilities/transaction.h"
#include "rocksdb/utilities/transaction_db.h"
#include "rocksdb/utilities/write_batch_with_index.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using rocksdb::PinnableSlice;
using rocksdb::ReadOptions;

List Take(PinnableSlice&& value) {
  const auto list = FromPinnable(std::move(value));
  EXPECT_TRUE(list.ok()) << list.status();
  return list.ok() ? ToList(*list) : List();
}

const List kBefore = {"base", std::string(100, 'b'), ""};
const List kMore = {"more"};
const List kAfter = {"base", std::string(100, 'b'), "", "more"};

TEST(FromPinnableTest, TakesDbGet) {
  TestDb db;
  db.Put("key", kBefore);
  db.Flush();
  PinnableSlice value;
  ASSERT_OK(db.db()->Get({}, db.db()->DefaultColumnFamily(), "key", &value));
  EXPECT_EQ(Take(std::move(value)), kBefore);
  EXPECT_TRUE(value.empty());
}

TEST(FromPinnableTest, AnEmptiedPinnableSliceCanBeReadIntoAgain) {
  TestDb db;
  db.Put("key", kBefore);
  PinnableSlice value;
  for (int i = 0; i < 3; ++i) {
    ASSERT_OK(db.db()->Get({}, db.db()->DefaultColumnFamily(), "key", &value));
    EXPECT_EQ(Take(std::move(value)), kBefore);
    if (i == 1) db.Flush();
  }
}

TEST(FromPinnableTest, TakesDbMultiGet) {
  TestDb db;
  db.Put("a", kBefore);
  db.Flush();
  db.Put("b", kMore);
  const rocksdb::Slice keys[] = {"a", "b"};
  PinnableSlice values[2];
  rocksdb::Status statuses[2];
  db.db()->MultiGet(ReadOptions(), db.db()->DefaultColumnFamily(), 2, keys, values, statuses);
  ASSERT_OK(statuses[0]);
  ASSERT_OK(statuses[1]);
  EXPECT_EQ(Take(std::move(values[0])), kBefore);
  EXPECT_EQ(Take(std::move(values[1])), kMore);
}

TEST(FromPinnableTest, TakesTheBytesOfAnUnpinnedValueWithoutACopy) {
  TestDb db;
  db.Put("key", kBefore);  // in the memtable
  PinnableSlice value;
  ASSERT_OK(db.db()->Get({}, db.db()->DefaultColumnFamily(), "key", &value));
  ASSERT_FALSE(value.IsPinned());
  const char* const at = value.data();
  const auto list = FromPinnable(std::move(value));
  ASSERT_TRUE(list.ok());
  EXPECT_EQ(list->view().encoded().data(), at);
  EXPECT_FALSE(list->zero_copy());
}

TEST(FromPinnableTest, AShortUnpinnedValueMovesWithItsBlock) {
  // 3 bytes: inside the PinnableSlice itself.
  TestDb db;
  db.Put("key", {""});
  PinnableSlice value;
  ASSERT_OK(db.db()->Get({}, db.db()->DefaultColumnFamily(), "key", &value));
  PinnedBlob list;
  {
    auto taken = FromPinnable(std::move(value));
    ASSERT_TRUE(taken.ok());
    list = *std::move(taken);
  }
  EXPECT_EQ(ToList(list), List({""}));
}

TEST(FromPinnableTest, TheCallersOwnBufferIsNotShared) {
  TestDb db;
  db.Put("key", kBefore);
  std::string buffer;
  PinnableSlice value(&buffer);
  ASSERT_OK(db.db()->Get({}, db.db()->DefaultColumnFamily(), "key", &value));
  const auto list = FromPinnable(std::move(value));
  ASSERT_TRUE(list.ok());
  buffer.assign(1000, 'X');
  EXPECT_EQ(ToList(*list), kBefore);
}

TEST(FromPinnableTest, WhatDoesNotDecodeIsLeftAsItWas) {
  TestDb db;
  ASSERT_OK(db.db()->Put({}, "key", "not a list, and not short either"));
  db.Flush();
  PinnableSlice value;
  ASSERT_OK(db.db()->Get({}, db.db()->DefaultColumnFamily(), "key", &value));
  const auto list = FromPinnable(std::move(value));
  EXPECT_EQ(list.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(value, "not a list, and not short either");
}

TEST(FromPinnableTest, TakesTransactionGetForUpdate) {
  TempDir dir;
  rocksdb::TransactionDB* opened = nullptr;
  ASSERT_OK(rocksdb::TransactionDB::Open(TestDb::DefaultOptions(), {}, dir.path(), &opened));
  std::unique_ptr<rocksdb::TransactionDB> db(opened);
  std::unique_ptr<Store> store;
  ASSERT_OK(Store::Open(db.get(), nullptr, {}, &store));
  ASSERT_OK(store->Put({}, "key", Views(kBefore)));
  ASSERT_OK(db->Flush({}));

  std::unique_ptr<rocksdb::Transaction> transaction(db->BeginTransaction({}));
  PinnableSlice value;
  ASSERT_OK(transaction->GetForUpdate({}, db->DefaultColumnFamily(), "key", &value));
  auto before = FromPinnable(std::move(value), Layout::kCompact, store->keep_alive());
  ASSERT_TRUE(before.ok());
  EXPECT_TRUE(before->zero_copy());
  // Into the transaction: its own writes are seen by it, and by nobody else before it commits.
  ASSERT_OK(store->Append(transaction.get(), "key", Views(kMore)));
  ASSERT_OK(transaction->Get({}, db->DefaultColumnFamily(), "key", &value));
  EXPECT_EQ(Take(std::move(value)), kAfter);
  PinnedBlob outside;
  ASSERT_OK(store->Get({}, "key", &outside));
  EXPECT_EQ(ToList(outside), kBefore);
  ASSERT_OK(transaction->Commit());
  ASSERT_OK(store->Get({}, "key", &outside));
  EXPECT_EQ(ToList(outside), kAfter);

  transaction.reset();
  store.reset();
  db.reset();
  EXPECT_EQ(ToList(*before), kBefore);
}

TEST(FromPinnableTest, TakesOptimisticTransactionGet) {
  TempDir dir;
  rocksdb::OptimisticTransactionDB* opened = nullptr;
  ASSERT_OK(rocksdb::OptimisticTransactionDB::Open(TestDb::DefaultOptions(), dir.path(), &opened));
  std::unique_ptr<rocksdb::OptimisticTransactionDB> db(opened);
  std::unique_ptr<Store> store;
  ASSERT_OK(Store::Open(db.get(), nullptr, {}, &store));
  ASSERT_OK(store->Put({}, "key", Views(kBefore)));
  std::unique_ptr<rocksdb::Transaction> transaction(db->BeginTransaction({}));
  PinnableSlice value;
  ASSERT_OK(transaction->GetForUpdate({}, db->DefaultColumnFamily(), "key", &value));
  EXPECT_EQ(Take(std::move(value)), kBefore);
  // Somebody else writes: the transaction must not commit.
  ASSERT_OK(store->Append({}, "key", Views(kMore)));
  ASSERT_OK(store->Append(transaction.get(), "key", Views(kMore)));
  EXPECT_TRUE(transaction->Commit().IsBusy());
  PinnedBlob list;
  ASSERT_OK(store->Get({}, "key", &list));
  EXPECT_EQ(ToList(list), kAfter);
}

TEST(FromPinnableTest, TakesWriteBatchWithIndex) {
  TestDb db;
  db.Put("key", kBefore);
  db.Flush();
  rocksdb::WriteBatchWithIndex batch;
  ASSERT_OK(db.store().Append(&batch, "key", Views(kMore)));
  ASSERT_OK(db.store().Put(&batch, "other", Views(kMore)));
  PinnableSlice value;
  ASSERT_OK(batch.GetFromBatchAndDB(db.db(), {}, db.db()->DefaultColumnFamily(), "key", &value));
  EXPECT_EQ(Take(std::move(value)), kAfter);
  PinnableSlice other;
  ASSERT_OK(batch.GetFromBatchAndDB(db.db(), {}, db.db()->DefaultColumnFamily(), "other", &other));
  EXPECT_EQ(Take(std::move(other)), kMore);
  EXPECT_EQ(db.Get("key"), kBefore);
}

TEST(FromPinnableTest, TakesAReadOnlyInstance) {
  TestDb db;
  db.Put("key", kBefore);
  db.OpenReadOnly(TestDb::DefaultOptions());
  PinnableSlice value;
  ASSERT_OK(db.db()->Get({}, db.db()->DefaultColumnFamily(), "key", &value));
  EXPECT_EQ(Take(std::move(value)), kBefore);
  EXPECT_EQ(db.Get("key"), kBefore);
  EXPECT_TRUE(db.store().Put({}, "key", {"x"}).IsNotSupported());
}

// What RocksDB reads there is the caller's to judge: Store::Open refuses a secondary.
TEST(FromPinnableTest, TakesASecondaryInstance) {
  TestDb db;
  db.Put("key", kBefore);
  db.Flush();
  TempDir secondary_dir;
  rocksdb::Options options = TestDb::DefaultOptions();
  options.max_open_files = -1;
  rocksdb::DB* opened = nullptr;
  ASSERT_OK(rocksdb::DB::OpenAsSecondary(options, db.path(), secondary_dir.path(), &opened));
  const std::unique_ptr<rocksdb::DB> secondary(opened);
  PinnableSlice value;
  ASSERT_OK(secondary->Get({}, secondary->DefaultColumnFamily(), "key", &value));
  EXPECT_EQ(Take(std::move(value)), kBefore);
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
