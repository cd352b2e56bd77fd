// A Store reads what its kind of instance shows: where RocksDB has a call that does not, by another
// one, or it says so.

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/utilities/db_ttl.h"
#include "rocksdb/utilities/transaction_db.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// All ways to read a list, by one name each.
struct Way {
  const char* name;
  std::function<rocksdb::Status(Store&, const rocksdb::ReadOptions&, const std::string&, List*)>
      read;
};

std::vector<Way> Ways() {
  using Options = rocksdb::ReadOptions;
  return {
      {"Get",
       [](Store& store, const Options& options, const std::string& key, List* list) {
         PinnedBlob blob;
         const rocksdb::Status s = store.Get(options, key, &blob);
         *list = ToList(blob);
         return s;
       }},
      {"GetLast",
       [](Store& store, const Options& options, const std::string& key, List* list) {
         std::vector<PinnedSlice> values;
         const rocksdb::Status s = store.GetLast(options, key, 1000, &values);
         for (const PinnedSlice& value : values) list->emplace_back(value.data(), value.size());
         return s;
       }},
      {"GetSegments",
       [](Store& store, const Options& options, const std::string& key, List* list) {
         std::vector<PinnedBlob> segments;
         const rocksdb::Status s = store.GetSegments(options, key, &segments);
         for (const PinnedBlob& segment : segments) {
           for (const std::string_view value : segment) list->emplace_back(value);
         }
         return s;
       }},
      {"MultiGet",
       [](Store& store, const Options& options, const std::string& key, List* list) {
         const rocksdb::Slice keys[] = {"another", key};
         PinnedBlob lists[2];
         rocksdb::Status statuses[2];
         store.MultiGet(options, 2, keys, lists, statuses);
         *list = ToList(lists[1]);
         return statuses[1];
       }},
      {"Scan",
       [](Store& store, const Options& options, const std::string& key, List* list) {
         const auto cursor = store.Scan(options, KeyRange::Prefix(key));
         if (cursor->Valid()) *list = ToList(cursor->values());
         return cursor->Valid() || !cursor->status().ok() ? cursor->status()
                                                          : rocksdb::Status::NotFound();
       }},
  };
}

// What each way reads of `key` is `expected`.
void ExpectList(Store& store, const std::string& key, const List& expected,
                const rocksdb::ReadOptions& options = {}) {
  for (const Way& way : Ways()) {
    SCOPED_TRACE(way.name);
    List list;
    const rocksdb::Status s = way.read(store, options, key, &list);
    EXPECT_OK(s);
    EXPECT_EQ(list, expected);
  }
}

TEST(StoreInstancesTest, OneWithTimeToLiveIsReadInEveryWay) {
  for (const Layout layout : {Layout::kCompact, Layout::kFixed64}) {
    TempDir dir;
    rocksdb::Options options = TestDb::DefaultOptions(layout);
    // Once a snapshot is released, RocksDB compacts what was kept for it, and the new file's blocks
    // are not in the cache.
    options.disable_auto_compactions = true;
    rocksdb::DBWithTTL* opened = nullptr;
    ASSERT_OK(rocksdb::DBWithTTL::Open(options, dir.path(), &opened, 1000));
    const std::unique_ptr<rocksdb::DBWithTTL> db(opened);
    std::unique_ptr<Store> store;
    ASSERT_OK(Store::Open(db.get(), nullptr, {layout}, &store));
    ASSERT_OK(store->Put({}, "put", {"a", "b"}));
    ASSERT_OK(store->Put({}, "key", {"a", "b"}));
    ASSERT_OK(store->Append({}, "key", {"c"}));
    ASSERT_OK(store->Append({}, "key", {"d"}));
    ASSERT_OK(store->Remove({}, "key", "a"));
    ExpectList(*store, "put", {"a", "b"});
    ExpectList(*store, "key", {"b", "c", "d"});
    ASSERT_OK(db->Flush({}));
    ExpectList(*store, "put", {"a", "b"});
    ExpectList(*store, "key", {"b", "c", "d"});
    const rocksdb::Snapshot* const before = db->GetSnapshot();
    ASSERT_OK(store->Append({}, "key", {"e"}));
    rocksdb::ReadOptions then;
    then.snapshot = before;
    ExpectList(*store, "key", {"b", "c", "d"}, then);
    db->ReleaseSnapshot(before);
    rocksdb::ReadOptions cached;
    cached.read_tier = rocksdb::kBlockCacheTier;
    ExpectList(*store, "key", {"b", "c", "d", "e"}, cached);
  }
}

TEST(StoreInstancesTest, WithTimeToLiveOnlyTheCacheIsReadWhereAskedFor) {
  TempDir dir;
  const auto open = [&dir] {
    rocksdb::Options options = TestDb::DefaultOptions();
    options.disable_auto_compactions = true;
    options.max_open_files = 20;
    rocksdb::DBWithTTL* opened = nullptr;
    EXPECT_OK(rocksdb::DBWithTTL::Open(options, dir.path(), &opened, 1000));
    return std::unique_ptr<rocksdb::DBWithTTL>(opened);
  };
  for (const bool filled : {false, true}) {
    const auto db = open();
    std::unique_ptr<Store> store;
    ASSERT_OK(Store::Open(db.get(), nullptr, {}, &store));
    rocksdb::ReadOptions cached;
    cached.read_tier = rocksdb::kBlockCacheTier;
    for (int i = 0; i < 30; ++i) {
      const std::string key = "key" + std::to_string(100 + i);
      if (!filled) {
        ASSERT_OK(store->Put({}, key, {"a"}));
        ASSERT_OK(db->Flush({}));
        continue;
      }
      for (const Way& way : Ways()) {
        List list;
        const rocksdb::Status s = way.read(*store, cached, key, &list);
        EXPECT_TRUE(s.ok() ? list == List({"a"}) : s.IsIncomplete()) << way.name << s.ToString();
      }
    }
  }
}

class WritePolicyTest : public ::testing::TestWithParam<rocksdb::TxnDBWritePolicy> {};

INSTANTIATE_TEST_SUITE_P(All, WritePolicyTest,
                         ::testing::Values(rocksdb::WRITE_COMMITTED, rocksdb::WRITE_PREPARED,
                                           rocksdb::WRITE_UNPREPARED));

// Prepared, and in an SST, but not committed; and with every kind of cache.
TEST_P(WritePolicyTest, WhatIsPreparedIsNotReadInAnyWay) {
  const bool is_committed = GetParam() == rocksdb::WRITE_COMMITTED;
  for (const bool row_cache : {false, true}) {
    if (row_cache && !is_committed) continue;  // refused
    SCOPED_TRACE(row_cache ? "with a row cache" : "without a row cache");
    TempDir dir;
    rocksdb::Options options = TestDb::DefaultOptions();
    if (row_cache) options.row_cache = rocksdb::NewLRUCache(1 << 20);
    rocksdb::TransactionDBOptions with;
    with.write_policy = GetParam();
    rocksdb::TransactionDB* opened = nullptr;
    ASSERT_OK(rocksdb::TransactionDB::Open(options, with, dir.path(), &opened));
    const std::unique_ptr<rocksdb::TransactionDB> db(opened);
    std::unique_ptr<Store> store;
    ASSERT_OK(Store::Open(db.get(), nullptr, {}, &store));
    for (const char* key : {"put", "key"}) ASSERT_OK(store->Put({}, key, {"a"}));
    ASSERT_OK(store->Append({}, "key", {"b"}));
    const std::unique_ptr<rocksdb::Transaction> transaction(db->BeginTransaction({}));
    ASSERT_OK(transaction->SetName("one"));
    if (is_committed) {
      ASSERT_OK(store->Append(transaction.get(), "key", {"c"}));
    } else {
      ASSERT_OK(store->Put(transaction.get(), "key", {"a", "b", "c"}));
    }
    ASSERT_OK(store->Put(transaction.get(), "put", {"c"}));
    ASSERT_OK(transaction->Prepare());
    for (int read = 0; read < 3; ++read) {
      ExpectList(*store, "key", {"a", "b"});
      ExpectList(*store, "put", {"a"});
      if (read == 0) {
        ASSERT_OK(db->Flush({}));
      }
    }
    ASSERT_OK(transaction->Commit());
    for (int read = 0; read < 2; ++read) {
      ExpectList(*store, "key", {"a", "b", "c"});
      ExpectList(*store, "put", {"c"});
    }
  }
}

TEST(StoreInstancesTest, ASecondaryIsRefusedWithAWayOut) {
  TestDb db;
  db.Append("key", {"a"});
  TempDir folder;
  rocksdb::Options options = TestDb::DefaultOptions();
  options.max_open_files = -1;
  rocksdb::DB* opened = nullptr;
  ASSERT_OK(rocksdb::DB::OpenAsSecondary(options, db.path(), folder.path(), &opened));
  const std::unique_ptr<rocksdb::DB> secondary(opened);
  std::unique_ptr<Store> store;
  const rocksdb::Status s = Store::Open(secondary.get(), nullptr, {}, &store);
  EXPECT_TRUE(s.IsNotSupported()) << s.ToString();
  EXPECT_EQ(store, nullptr);
  EXPECT_THAT(s.ToString(),
              AllOf(HasSubstr("secondary"), HasSubstr("OpenForReadOnly"), HasSubstr("Checkpoint")));
}

TEST(StoreInstancesTest, AReadOnlyOneIsReadInEveryWay) {
  TestDb db;
  db.Put("key", {"a"});
  db.Append("key", {"b"});
  db.OpenReadOnly(TestDb::DefaultOptions());
  ExpectList(db.store(), "key", {"a", "b"});
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
