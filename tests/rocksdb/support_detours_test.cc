// Reads that RocksDB 7.8.3 does wrong in its own way, and that a Store does in another.

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/table.h"
#include "sheaf/segments.h"
#include "tests/rocksdb/support_instance.h"
#include "tests/rocksdb/support_reads.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::HasSubstr;

const rocksdb::WriteOptions kWrite;

// Its batched MultiGet and its GetMergeOperands return what is prepared.
class WritesBeforeCommitTest : public ::testing::TestWithParam<Kind> {};
INSTANTIATE_TEST_SUITE_P(Policies, WritesBeforeCommitTest,
                         ::testing::Values(Kind::kPrepared, Kind::kUnprepared),
                         [](const auto& info) {
                           return info.param == Kind::kPrepared ? "Prepared" : "Unprepared";
                         });

TEST_P(WritesBeforeCommitTest, NoReadSeesWhatIsNotCommitted) {
  Instance instance(GetParam(), TestDb::DefaultOptions());
  ASSERT_OK(instance.Open());
  Store& store = instance.writer();
  const std::vector<std::string> keys = {"deleted", "new", "old"};
  const Lists before = {{"deleted", {"a"}}, {"old", {"a", "b"}}};
  ASSERT_OK(store.Put(kWrite, "deleted", {"a"}));
  ASSERT_OK(store.Put(kWrite, "old", {"a"}));
  ASSERT_OK(store.Append(kWrite, "old", {"b"}));
  const std::unique_ptr<rocksdb::Transaction> transaction = instance.Begin();
  ASSERT_OK(transaction->SetName("t"));
  ASSERT_OK(store.Put(transaction.get(), "new", {"mine"}));
  ASSERT_OK(store.Put(transaction.get(), "old", {"mine"}));
  ASSERT_OK(transaction->Delete("deleted"));
  ASSERT_OK(transaction->Prepare());
  CheckReads(store, keys, before, {}, /*seed=*/1);
  ASSERT_OK(transaction->Rollback());
  CheckReads(store, keys, before, {}, /*seed=*/2);
}

// RocksDB's own: neither the DB nor its transactions find what they have put into the row cache.
// No Store is involved.
TEST_P(WritesBeforeCommitTest, ARowCacheIsRefusedAsRocksDbDoesNotFindKeysInIt) {
  rocksdb::Options options = TestDb::DefaultOptions();
  options.row_cache = rocksdb::NewLRUCache(1 << 20);
  Instance instance(GetParam(), options);
  const rocksdb::Status refused = instance.Open();
  EXPECT_TRUE(refused.IsNotSupported()) << refused.ToString();
  EXPECT_THAT(refused.ToString(), HasSubstr("row_cache"));
  EXPECT_THAT(refused.ToString(), HasSubstr("use WRITE_COMMITTED"));
  rocksdb::DB* const db = instance.db();
  ASSERT_OK(db->Put({}, "key", "value"));
  ASSERT_OK(db->Flush({}));
  std::string value;
  EXPECT_OK(db->Get({}, "key", &value));
  EXPECT_TRUE(db->Get({}, "key", &value).IsNotFound());
  const std::unique_ptr<rocksdb::Transaction> transaction = instance.Begin();
  EXPECT_TRUE(transaction->GetForUpdate({}, "key", &value).IsNotFound());
  EXPECT_OK(transaction->Rollback());
}

// RocksDB rolls back no merges, unless it is told to where the DB is opened, which the DB keeps to
// itself: a list would have values that were rolled back.
TEST_P(WritesBeforeCommitTest, EditsInATransactionAreRefused) {
  Instance instance(GetParam(), TestDb::DefaultOptions());
  ASSERT_OK(instance.Open());
  Store& store = instance.writer();
  const std::unique_ptr<rocksdb::Transaction> transaction = instance.Begin();
  for (const rocksdb::Status& s :
       {store.Append(transaction.get(), "k", {"a"}), store.Trim(transaction.get(), "k", 1),
        store.Remove(transaction.get(), "k", "a"), store.Clear(transaction.get(), "k")}) {
    EXPECT_TRUE(s.IsNotSupported()) << s.ToString();
    EXPECT_THAT(s.ToString(), HasSubstr("GetForUpdate"));
    EXPECT_THAT(s.ToString(), HasSubstr("WRITE_COMMITTED"));
  }
  EXPECT_OK(transaction->Rollback());
}

// RocksDB aborts in BlobIndex::DecodeFrom, or returns operands without their base.
TEST(BlobsWithoutIoTest, AMergeOntoAValueInABlobFileIsIncomplete) {
  for (const bool still_enabled : {true, false}) {
    rocksdb::Options options = TestDb::DefaultOptions();
    options.enable_blob_files = true;
    TestDb db(options);
    db.Put("k", {"a"});
    db.Flush();
    db.Append("k", {"b"});
    options.enable_blob_files = still_enabled;
    db.Open(options);
    db.Append("k", {"c"});
    rocksdb::ReadOptions read;
    read.read_tier = rocksdb::kBlockCacheTier;
    PinnedBlob list;
    EXPECT_TRUE(db.store().Get(read, "k", &list).IsIncomplete());
    std::vector<PinnedSlice> last;
    EXPECT_TRUE(db.store().GetLast(read, "k", 3, &last).IsIncomplete());
    std::vector<PinnedBlob> segments;
    EXPECT_TRUE(db.store().GetSegments(read, "k", &segments).IsIncomplete());
    const rocksdb::Slice key = "k";
    rocksdb::Status s;
    db.store().MultiGet(read, 1, &key, &list, &s);
    EXPECT_TRUE(s.IsIncomplete()) << s.ToString();
    EXPECT_EQ(db.Get("k"), List({"a", "b", "c"}));
  }
}

TEST(CuckooTableTest, IsRefusedWithWhatToUseInstead) {
  rocksdb::Options options = TestDb::DefaultOptions();
  options.table_factory.reset(rocksdb::NewCuckooTableFactory());
  Instance instance(Kind::kDb, options);
  const rocksdb::Status s = instance.Open();
  EXPECT_TRUE(s.IsNotSupported()) << s.ToString();
  EXPECT_THAT(s.ToString(), HasSubstr("use BlockBasedTableFactory"));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
