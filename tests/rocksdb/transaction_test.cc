// Lists written through a transaction are locked, or watched, like anything else in it.

#include <memory>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/utilities/optimistic_transaction_db.h"
#include "rocksdb/utilities/transaction_db.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::HasSubstr;

template <typename Db>
class Opened {
 public:
  Opened() {
    Db* opened = nullptr;
    if constexpr (std::is_same_v<Db, rocksdb::TransactionDB>) {
      rocksdb::TransactionDBOptions options;
      options.transaction_lock_timeout = 1;  // milliseconds
      EXPECT_OK(Db::Open(TestDb::DefaultOptions(), options, dir_.path(), &opened));
    } else {
      EXPECT_OK(Db::Open(TestDb::DefaultOptions(), dir_.path(), &opened));
    }
    db_.reset(opened);
    EXPECT_OK(Store::Open(db_.get(), nullptr, {}, &store_));
  }
  std::unique_ptr<rocksdb::Transaction> Begin() {
    return std::unique_ptr<rocksdb::Transaction>(db_->BeginTransaction({}));
  }
  Store& store() { return *store_; }
  void Flush() { EXPECT_OK(db_->Flush(rocksdb::FlushOptions())); }
  List Get(const char* key) {
    PinnedBlob list;
    EXPECT_OK(store_->Get({}, key, &list));
    return ToList(list);
  }

 private:
  TempDir dir_;
  std::unique_ptr<Db> db_;
  std::unique_ptr<Store> store_;
};

TEST(StoreTransactionTest, AppendLocksTheKey) {
  Opened<rocksdb::TransactionDB> db;
  auto first = db.Begin();
  ASSERT_OK(db.store().Append(first.get(), "key", {"a"}));
  auto second = db.Begin();
  EXPECT_TRUE(db.store().Append(second.get(), "key", {"b"}).IsTimedOut());
  EXPECT_TRUE(db.store().Put(second.get(), "key", {"b"}).IsTimedOut());
  ASSERT_OK(db.store().Put(second.get(), "other", {"c"}));
  ASSERT_OK(first->Commit());
  ASSERT_OK(db.store().Append(second.get(), "key", {"b"}));
  ASSERT_OK(second->Commit());
  EXPECT_EQ(db.Get("key"), List({"a", "b"}));
  EXPECT_EQ(db.Get("other"), List({"c"}));
}

TEST(StoreTransactionTest, AnOptimisticOneDoesNotCommitOverAnothersAppend) {
  Opened<rocksdb::OptimisticTransactionDB> db;
  for (const bool put : {false, true}) {
    ASSERT_OK(db.store().Put({}, "key", {"a"}));
    auto transaction = db.Begin();
    ASSERT_OK(put ? db.store().Put(transaction.get(), "key", {"mine"})
                  : db.store().Append(transaction.get(), "key", {"mine"}));
    ASSERT_OK(db.store().Append({}, "key", {"theirs"}));
    EXPECT_TRUE(transaction->Commit().IsBusy());
    EXPECT_EQ(db.Get("key"), List({"a", "theirs"}));
  }
}

TEST(StoreTransactionTest, RollbackLeavesTheListAsItWas) {
  Opened<rocksdb::TransactionDB> db;
  ASSERT_OK(db.store().Put({}, "key", {"a"}));
  auto transaction = db.Begin();
  ASSERT_OK(db.store().Append(transaction.get(), "key", {"b"}));
  ASSERT_OK(transaction->Rollback());
  EXPECT_EQ(db.Get("key"), List({"a"}));
}

// To look for a conflict RocksDB reads the newest entry of the key, and has no place for a value.
TEST(StoreTransactionTest, AnOptimisticOneCommitsAfterAClear) {
  Opened<rocksdb::OptimisticTransactionDB> db;
  for (const bool flushed : {false, true}) {
    ASSERT_OK(db.store().Append({}, "key", {"old"}));
    ASSERT_OK(db.store().Clear({}, "key"));
    if (flushed) db.Flush();
    auto transaction = db.Begin();
    ASSERT_OK(db.store().Append(transaction.get(), "key", {"new"}));
    ASSERT_OK(transaction->Commit());
    EXPECT_EQ(db.Get("key"), List({"new"}));
  }
}

TEST(StoreTransactionTest, OneWithASnapshotCommitsAfterAClear) {
  Opened<rocksdb::TransactionDB> db;
  for (const bool flushed : {false, true}) {
    ASSERT_OK(db.store().Append({}, "key", {"old"}));
    ASSERT_OK(db.store().Clear({}, "key"));
    if (flushed) db.Flush();
    auto transaction = db.Begin();
    transaction->SetSnapshot();
    ASSERT_OK(db.store().Append(transaction.get(), "key", {"new"}));
    ASSERT_OK(transaction->Commit());
    EXPECT_EQ(db.Get("key"), List({"new"}));
  }
}

TEST(StoreTransactionTest, AClearByAnotherIsAConflict) {
  Opened<rocksdb::OptimisticTransactionDB> db;
  ASSERT_OK(db.store().Append({}, "key", {"old"}));
  auto transaction = db.Begin();
  ASSERT_OK(db.store().Append(transaction.get(), "key", {"mine"}));
  ASSERT_OK(db.store().Clear({}, "key"));
  EXPECT_TRUE(transaction->Commit().IsBusy());
  EXPECT_EQ(db.Get("key"), List());
}

TEST(StoreTransactionTest, ANullTransactionIsRefused) {
  Opened<rocksdb::TransactionDB> db;
  rocksdb::Transaction* const none = nullptr;
  EXPECT_THAT(db.store().Put(none, "key", {"a"}).ToString(), HasSubstr("no transaction"));
  EXPECT_THAT(db.store().Append(none, "key", {"a"}).ToString(), HasSubstr("no transaction"));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
