// Seals of long lists in a TransactionDB do not wait for the locks of transactions.

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/utilities/transaction_db.h"
#include "sheaf/long_store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

TEST(LongLocksTest, ASealDoesNotWaitForAnAppendThatWaitsForATransaction) {
  TempDir dir;
  rocksdb::Options options;
  options.create_if_missing = true;
  AppendOptions append;
  append.page_bytes = 1000;
  options.merge_operator = NewAppendOperator(append);
  rocksdb::TransactionDBOptions db_options;
  db_options.default_lock_timeout = 20000;  // milliseconds
  rocksdb::TransactionDB* opened = nullptr;
  ASSERT_OK(rocksdb::TransactionDB::Open(options, db_options, dir.path() + "/db", &opened));
  const std::unique_ptr<rocksdb::TransactionDB> db(opened);
  std::unique_ptr<LongStore> store;
  ASSERT_OK(LongStore::Open(opened, nullptr, {}, &store));
  ASSERT_OK(store->Append(rocksdb::WriteOptions(), "a", {"0"}));
  const std::unique_ptr<rocksdb::Transaction> transaction(db->BeginTransaction({}));
  ASSERT_OK(store->Append(transaction.get(), "a", {"1"}));
  rocksdb::Status waited;
  std::thread other([&] { waited = store->Append(rocksdb::WriteOptions(), "a", {"2"}); });
  // So that, most probably, it waits by now.
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_OK(store->Seal("a"));
  EXPECT_EQ(store->stats().pages_sealed, 1u);
  EXPECT_OK(transaction->Commit());
  other.join();
  EXPECT_OK(waited);  // the seal has not kept the transaction open
  std::vector<PinnedSlice> values;
  EXPECT_OK(store->GetRange(rocksdb::ReadOptions(), "a", 0, 10, &values));
  List list;
  for (const PinnedSlice& value : values) list.emplace_back(value.view());
  EXPECT_EQ(list, (List{"0", "1", "2"}));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
