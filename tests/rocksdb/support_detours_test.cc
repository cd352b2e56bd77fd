// Reads that RocksDB 7.8.3 does wrong in its own way, and that a Store does in another.

#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/table.h"
#include "rocksdb/utilities/db_ttl.h"
#include "sheaf/segments.h"
#include "sheaf/store.h"
#include "tests/rocksdb/support_instance.h"
#include "tests/rocksdb/support_reads.h"
#include "tests/rocksdb/test_db.h"

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

// RocksDB's iterators that may do no I/O give the range deletions of an SST to the next one, if
// that is not open: they free them twice.
TEST(RangeDeletionsWithoutIoTest, AreNotLookedAtByAnIterator) {
  enum class With { kNothing, kRowCache, kTimeToLive };
  for (const With with : {With::kNothing, With::kRowCache, With::kTimeToLive}) {
    TempDir dir;
    rocksdb::Options options = TestDb::DefaultOptions();
    options.disable_auto_compactions = true;
    options.max_open_files = 20;
    if (with == With::kRowCache) options.row_cache = rocksdb::NewLRUCache(1 << 20);
    std::unique_ptr<rocksdb::DB> db;
    std::unique_ptr<Store> store;
    const auto open = [&] {
      store.reset();
      db.reset();
      rocksdb::DB* plain = nullptr;
      rocksdb::DBWithTTL* ttl = nullptr;
      if (with == With::kTimeToLive) {
        EXPECT_OK(rocksdb::DBWithTTL::Open(options, dir.path(), &ttl, 1000));
      } else {
        EXPECT_OK(rocksdb::DB::Open(options, dir.path(), &plain));
      }
      db.reset(ttl != nullptr ? ttl : plain);
      EXPECT_OK(Store::Open(db.get(), nullptr, {}, &store));
    };
    open();
    const auto key = [](int i) { return "key" + std::to_string(100 + i); };
    for (int i = 0; i < 40; ++i) {
      ASSERT_OK(store->Append({}, key(i), {"a"}));
      if (i % 3 == 0) {
        ASSERT_OK(db->DeleteRange({}, db->DefaultColumnFamily(), "x", "z"));
      }
      ASSERT_OK(db->Flush({}));
    }
    open();
    rocksdb::ReadOptions cached;
    cached.read_tier = rocksdb::kBlockCacheTier;
    for (int round = 0; round < 2; ++round) {
      for (int i = 0; i < 40; ++i) {
        PinnedBlob list;
        const rocksdb::Status s = store->Get(cached, key(i), &list);
        EXPECT_TRUE(s.ok() ? ToList(list) == List({"a"}) : s.IsIncomplete()) << s.ToString();
      }
      const auto cursor = store->Scan(cached, KeyRange::All());
      EXPECT_FALSE(cursor->Valid());
      EXPECT_TRUE(cursor->status().IsIncomplete()) << cursor->status().ToString();
      // Some SSTs are open then.
      PinnedBlob list;
      for (int i = 0; i < 40; i += 7) ASSERT_OK(store->Get({}, key(i), &list));
    }
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
