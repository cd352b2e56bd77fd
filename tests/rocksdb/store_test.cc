#include "sheaf/store.h"

#include <atomic>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/convenience.h"
#include "rocksdb/merge_operator.h"
#include "rocksdb/utilities/write_batch_with_index.h"
#include "rocksdb/write_batch.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::HasSubstr;

class StoreTest : public ::testing::TestWithParam<Layout> {
 protected:
  StoreTest() : db_(TestDb::DefaultOptions(GetParam()), GetParam()) {}
  TestDb db_;
};

INSTANTIATE_TEST_SUITE_P(Layouts, StoreTest, ::testing::Values(Layout::kFixed64, Layout::kCompact),
                         [](const auto& info) { return LayoutName(info.param); });

TEST_P(StoreTest, GetReturnsWhatWasPut) {
  const List values = {"", "a", std::string("\0\n\t\xFF", 4), std::string(70000, 'x'), ""};
  db_.Put("key", values);
  EXPECT_EQ(db_.Get("key"), values);
  db_.Compact();
  EXPECT_EQ(db_.Get("key"), values);
}

TEST_P(StoreTest, PutReplaces) {
  db_.Put("key", {"old", "older"});
  db_.Put("key", {"new"});
  EXPECT_EQ(db_.Get("key"), List({"new"}));
}

TEST_P(StoreTest, DeleteLeavesNoKey) {
  Store& store = db_.store();
  db_.Put("key", {"a"});
  ASSERT_OK(store.Delete({}, "key"));
  PinnedBlob list;
  EXPECT_TRUE(store.Get({}, "key", &list).IsNotFound());
  ASSERT_OK(store.Delete({}, "key"));  // of no key
  rocksdb::WriteBatch batch;
  ASSERT_OK(store.Append(&batch, "key", "b"));
  ASSERT_OK(store.Delete(&batch, "key"));
  ASSERT_OK(store.Append(&batch, "key", "c"));
  ASSERT_OK(db_.db()->Write({}, &batch));
  EXPECT_EQ(db_.Get("key"), List({"c"}));
}

TEST_P(StoreTest, ExistsIsOfTheKeyNotOfItsValues) {
  const auto exists = [this] {
    bool result = false;
    EXPECT_OK(db_.store().Exists({}, "key", &result));
    return result;
  };
  EXPECT_FALSE(exists());
  db_.Append("key", {});
  EXPECT_TRUE(exists());
  db_.Compact();
  EXPECT_TRUE(exists());
  ASSERT_OK(db_.store().Clear({}, "key"));
  EXPECT_TRUE(exists());
  ASSERT_OK(db_.store().Delete({}, "key"));
  EXPECT_FALSE(exists());
  ASSERT_OK(db_.db()->Put({}, "key", "nonsense"));
  bool result = true;
  EXPECT_TRUE(db_.store().Exists({}, "key", &result).IsCorruption());
  EXPECT_FALSE(result);
}

TEST_P(StoreTest, GetAtSaysHowLongTheListIs) {
  PinnedSlice value;
  EXPECT_TRUE(db_.store().GetAt({}, "key", 0, &value).IsNotFound());
  db_.Put("key", {"a"});
  EXPECT_EQ(db_.store().GetAt({}, "key", 1, &value).ToString(),
            "NotFound: value 1 of a list of 1 value");
  db_.Append("key", {"b", "c"});
  EXPECT_EQ(db_.store().GetAt({}, "key", UINT64_MAX, &value).ToString(),
            "NotFound: value 18446744073709551615 of a list of 3 values");
  EXPECT_TRUE(value.empty());
  ASSERT_OK(db_.store().GetAt({}, "key", 1, &value));
  db_.Compact();
  db_.Close();
  EXPECT_EQ(value, "b");  // it holds its block
}

// What a list of 8 MB costs a read of its size, or of a few values: no list is built.
TEST_P(StoreTest, ReadsOfAPartBuildNoList) {
  db_.Put("key", List(1000000, "12345678"));
  db_.Compact();
  for (int i = 0; i < 5; ++i) db_.Append("key", {"appended"});
  Store& store = db_.store();
  const auto copied = [&store] { return store.stats().copied_bytes_for(CopyReason::kMerge); };
  const uint64_t before = copied();
  uint64_t count = 0;
  ASSERT_OK(store.Count({}, "key", &count));
  EXPECT_EQ(count, 1000005u);
  std::vector<PinnedSlice> values;
  ASSERT_OK(store.GetRange({}, "key", 999999, 2, &values));
  EXPECT_EQ(List(values.begin(), values.end()), List({"12345678", "appended"}));
  ASSERT_OK(store.GetLast({}, "key", 20, &values));
  EXPECT_EQ(values.size(), 20u);
  ASSERT_OK(store.Trim({}, "key", 1000000));
  ASSERT_OK(store.Remove({}, "key", {"appended", "none"}));
  ASSERT_OK(store.GetLast({}, "key", 20, &values));
  EXPECT_EQ(List(values.begin(), values.end()), List(20, "12345678"));
  bool exists = false;
  ASSERT_OK(store.Exists({}, "key", &exists));
  EXPECT_TRUE(exists);
  EXPECT_LT(copied() - before, 2000u);
}

TEST_P(StoreTest, RemoveOfSeveralIsOneOperand) {
  db_.Put("key", {"a", "b", "c", "b", "d"});
  const rocksdb::SequenceNumber before = db_.db()->GetLatestSequenceNumber();
  ASSERT_OK(db_.store().Remove({}, "key", {"b", "d", "none"}));
  EXPECT_EQ(db_.db()->GetLatestSequenceNumber(), before + 1);
  EXPECT_EQ(db_.Get("key"), List({"a", "c"}));
  ASSERT_OK(db_.store().Remove({}, "key", List()));
  ASSERT_OK(db_.store().Remove({}, "none", {}));
  EXPECT_EQ(db_.db()->GetLatestSequenceNumber(), before + 1);
  PinnedBlob list;
  EXPECT_TRUE(db_.store().Get({}, "none", &list).IsNotFound());
}

TEST_P(StoreTest, RemovePrefixRemovesWhatBeginsWithIt) {
  db_.Put("key", {"a1", "b", "a2", "", "ab"});
  ASSERT_OK(db_.store().RemovePrefix({}, "key", "a"));
  EXPECT_EQ(db_.Get("key"), List({"b", ""}));
  db_.Append("key", {"a"});
  ASSERT_OK(db_.store().RemovePrefix({}, "key", ""));
  EXPECT_EQ(db_.Get("key"), List());
}

TEST_P(StoreTest, MultiGetIntoVectors) {
  db_.Put("a", {"1"});
  db_.Put("c", {"2", "3"});
  std::vector<PinnedBlob> lists(7);
  const std::vector<rocksdb::Slice> keys = {"a", "b", "c"};
  const std::vector<rocksdb::Status> statuses = db_.store().MultiGet({}, keys, &lists);
  ASSERT_EQ(statuses.size(), 3u);
  ASSERT_EQ(lists.size(), 3u);
  EXPECT_OK(statuses[0]);
  EXPECT_TRUE(statuses[1].IsNotFound());
  EXPECT_OK(statuses[2]);
  EXPECT_EQ(ToList(lists[2]), List({"2", "3"}));
  EXPECT_TRUE(db_.store().MultiGet({}, {}, &lists).empty());
  EXPECT_TRUE(lists.empty());
}

TEST_P(StoreTest, AnEmptyListIsFoundAndIsEmpty) {
  db_.Put("put", {});
  db_.Append("appended", {});
  for (const char* key : {"put", "appended"}) {
    PinnedBlob list;
    ASSERT_OK(db_.store().Get({}, key, &list));
    EXPECT_TRUE(list.empty());
    EXPECT_EQ(list.view().layout(), GetParam());
  }
}

TEST_P(StoreTest, AMissingKeyIsNotFoundAndLeavesAnEmptyList) {
  db_.Put("key", {"a"});
  PinnedBlob list;
  ASSERT_OK(db_.store().Get({}, "key", &list));
  EXPECT_TRUE(db_.store().Get({}, "other", &list).IsNotFound());
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(db_.store().stats().not_found, 1u);
}

TEST_P(StoreTest, AppendKeepsOrderOverFlushesAndCompactions) {
  List model = {"base"};
  db_.Put("key", model);
  for (int i = 0; i < 60; ++i) {
    const List more = SomeValues(i % 4, i);
    db_.Append("key", more);
    model.insert(model.end(), more.begin(), more.end());
    if (i % 7 == 3) db_.Flush();
    if (i % 23 == 9) db_.Compact();
    ASSERT_EQ(db_.Get("key"), model) << "after append " << i;
  }
}

TEST_P(StoreTest, AppendToAMissingKeyBeginsAList) {
  db_.Append("key", {"a", "b"});
  EXPECT_EQ(db_.Get("key"), List({"a", "b"}));
  db_.Compact();
  EXPECT_EQ(db_.Get("key"), List({"a", "b"}));
}

TEST_P(StoreTest, AppendAfterDeleteBeginsAgain) {
  db_.Append("key", {"a"});
  ASSERT_OK(db_.db()->Delete({}, "key"));
  db_.Append("key", {"b"});
  EXPECT_EQ(db_.Get("key"), List({"b"}));
}

TEST_P(StoreTest, ABatchWritesAllOrNothing) {
  rocksdb::WriteBatch batch;
  const std::vector<std::string_view> ab = {"a", "b"};
  ASSERT_OK(db_.store().Put(&batch, "put", ab));
  ASSERT_OK(db_.store().Append(&batch, "put", ab));
  ASSERT_OK(db_.store().Append(&batch, "appended", ab));
  PinnedBlob list;
  EXPECT_TRUE(db_.store().Get({}, "put", &list).IsNotFound());
  ASSERT_OK(db_.db()->Write({}, &batch));
  EXPECT_EQ(db_.Get("put"), List({"a", "b", "a", "b"}));
  EXPECT_EQ(db_.Get("appended"), List({"a", "b"}));
}

TEST_P(StoreTest, BracesMeanDefaultOptionsAndANullBatchIsRefused) {
  EXPECT_OK(db_.store().Put({}, "key", {"a"}));
  EXPECT_OK(db_.store().Append({}, "key", {"b"}));
  EXPECT_EQ(db_.Get("key"), List({"a", "b"}));
  rocksdb::WriteBatch* const none = nullptr;
  EXPECT_TRUE(db_.store().Put(none, "key", {"c"}).IsInvalidArgument());
  EXPECT_TRUE(db_.store().Append(none, "key", {"c"}).IsInvalidArgument());
}

TEST_P(StoreTest, MultiGetGivesEachKeyItsListAndStatus) {
  std::map<std::string, List> model;
  for (int i = 0; i < 100; ++i) {
    const std::string key = "key" + std::to_string(1000 + i);
    if (i % 5 == 4) continue;  // missing
    model[key] = SomeValues(i % 9, i);
    db_.Put(key, model[key]);
    if (i == 50) db_.Flush();
  }
  ASSERT_OK(db_.db()->Put({}, "key1004", "\xFF not a list"));
  std::vector<std::string> keys;
  for (int i = 99; i >= 0; --i) keys.push_back("key" + std::to_string(1000 + i));
  const std::vector<rocksdb::Slice> slices(keys.begin(), keys.end());
  std::vector<PinnedBlob> lists(slices.size());
  std::vector<rocksdb::Status> statuses(slices.size());
  db_.store().MultiGet({}, slices.size(), slices.data(), lists.data(), statuses.data());
  for (size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] == "key1004") {
      EXPECT_TRUE(statuses[i].IsCorruption());
      EXPECT_THAT(statuses[i].ToString(), HasSubstr("\"key1004\""));
    } else if (model.count(keys[i]) == 0) {
      EXPECT_TRUE(statuses[i].IsNotFound()) << keys[i];
      EXPECT_TRUE(lists[i].empty());
    } else {
      EXPECT_OK(statuses[i]);
      EXPECT_EQ(ToList(lists[i]), model[keys[i]]) << keys[i];
    }
  }
  const StoreStats stats = db_.store().stats();
  EXPECT_EQ(stats.reads, 100u);
  EXPECT_EQ(stats.not_found, 19u);
  EXPECT_EQ(stats.corrupt, 1u);
}

TEST_P(StoreTest, MultiGetOfNothingIsNothing) {
  db_.store().MultiGet({}, 0, nullptr, nullptr, nullptr);
  EXPECT_EQ(db_.store().stats().reads, 0u);
}

TEST_P(StoreTest, ASnapshotSeesTheListOfItsTime) {
  db_.Put("key", {"a"});
  const rocksdb::Snapshot* const snapshot = db_.db()->GetSnapshot();
  db_.Append("key", {"b"});
  db_.Compact();
  rocksdb::ReadOptions old;
  old.snapshot = snapshot;
  EXPECT_EQ(db_.Get("key", old), List({"a"}));
  EXPECT_EQ(ToList(db_.store().Scan(old, KeyRange::All())->values()), List({"a"}));
  EXPECT_EQ(db_.Get("key"), List({"a", "b"}));
  db_.db()->ReleaseSnapshot(snapshot);
}

TEST_P(StoreTest, ColumnFamiliesHaveListsOfTheirOwn) {
  rocksdb::ColumnFamilyHandle* cf = nullptr;
  ASSERT_OK(db_.db()->CreateColumnFamily(TestDb::DefaultOptions(GetParam()), "other", &cf));
  {
    std::unique_ptr<Store> other;
    ASSERT_OK(Store::Open(db_.db(), cf, {GetParam()}, &other));
    db_.Append("key", {"default"});
    ASSERT_OK(other->Append({}, "key", {"other"}));
    PinnedBlob list;
    ASSERT_OK(other->Get({}, "key", &list));
    EXPECT_EQ(ToList(list), List({"other"}));
    EXPECT_EQ(db_.Get("key"), List({"default"}));
  }
  ASSERT_OK(db_.db()->DestroyColumnFamilyHandle(cf));
}

TEST_P(StoreTest, AValueThatIsNotAListIsCorruptionNamingKeyAndPlace) {
  ASSERT_OK(db_.db()->Put({}, "bad\n", "\xFF\xFF"));
  PinnedBlob list;
  const rocksdb::Status s = db_.store().Get({}, "bad\n", &list);
  EXPECT_TRUE(s.IsCorruption());
  EXPECT_THAT(s.ToString(), HasSubstr("the value of key \"bad\\n\" is not a list"));
  EXPECT_THAT(s.ToString(), HasSubstr("at offset 0"));
  EXPECT_TRUE(list.empty());
  EXPECT_EQ(db_.store().stats().corrupt, 1u);
  EXPECT_EQ(db_.store().stats().blocks_pinned, 0u);
}

TEST_P(StoreTest, RandomWritesAgreeWithAModel) {
  std::mt19937 random(20260101);
  std::map<std::string, List> model;
  for (int step = 0; step < 3000; ++step) {
    const std::string key = "k" + std::to_string(random() % 40);
    const List values = SomeValues(static_cast<int>(random() % 5), step);
    switch (random() % 10) {
      case 0:
        db_.Put(key, values);
        model[key] = values;
        break;
      case 1:
        ASSERT_OK(db_.db()->Delete({}, key));
        model.erase(key);
        break;
      case 2:
        if (step % 20 == 0) db_.Flush();
        if (step % 300 == 0) db_.Compact();
        break;
      default: {
        db_.Append(key, values);
        List& list = model[key];
        list.insert(list.end(), values.begin(), values.end());
      }
    }
  }
  std::map<std::string, List> found;
  auto cursor = db_.store().Scan({}, KeyRange::All());
  for (; cursor->Valid(); cursor->Next()) {
    found[cursor->key().ToString()] = ToList(cursor->values());
  }
  EXPECT_OK(cursor->status());
  EXPECT_EQ(found, model);
  for (const auto& [key, list] : model) EXPECT_EQ(db_.Get(key), list);
}

TEST_P(StoreTest, ManyThreadsReadAndDropWhatOthersHold) {
  const List values = SomeValues(200);
  db_.Put("key", values);
  db_.Compact();
  std::vector<std::thread> threads;
  std::vector<PinnedSlice> shared;
  {
    PinnedBlob list;
    ASSERT_OK(db_.store().Get({}, "key", &list));
    shared = list.Slices();
  }
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        PinnedBlob list;
        ASSERT_OK(db_.store().Get({}, "key", &list));
        std::vector<PinnedSlice> slices = list.Slices();
        list = PinnedBlob();
        const auto at = static_cast<size_t>(t * 50 + i % 50);
        PinnedSlice copy = shared[at];
        ASSERT_EQ(copy, slices[at].view());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(db_.store().stats().blocks_pinned, 1u);
  shared.clear();
  const StoreStats stats = db_.store().stats();
  EXPECT_EQ(stats.reads, 801u);
  EXPECT_EQ(stats.blocks_pinned, 0u);
  EXPECT_EQ(stats.bytes_pinned, 0u);
}

TEST(StoreOpenTest, AMergeOperatorOfAnotherLayoutIsRefused) {
  TestDb db;
  std::unique_ptr<Store> store;
  const rocksdb::Status s = Store::Open(db.db(), nullptr, {Layout::kFixed64}, &store);
  EXPECT_TRUE(s.IsInvalidArgument());
  EXPECT_EQ(
      s.ToString(),
      "Invalid argument: Store::Open: StoreOptions::layout is fixed64, but the merge operator "
      "of column family \"default\" has layout compact: lists are kept in the operator's "
      "layout; open the Store with StoreOptions::layout = sheaf::Layout::kCompact");
  EXPECT_EQ(store, nullptr);
}

TEST(StoreOpenTest, ANullDbIsRefused) {
  std::unique_ptr<Store> store;
  EXPECT_TRUE(Store::Open(nullptr, nullptr, {}, &store).IsInvalidArgument());
}

TEST(StoreOpenTest, WithoutTheMergeOperatorIsRefusedUnlessReadOnly) {
  const TempDir dir;
  rocksdb::Options options;
  options.create_if_missing = true;
  for (const char* const other : {"", "StringAppendOperator"}) {
    if (*other != '\0') {
      ASSERT_OK(rocksdb::MergeOperator::CreateFromString({}, other, &options.merge_operator));
    }
    rocksdb::DB* opened = nullptr;
    ASSERT_OK(rocksdb::DB::Open(options, dir.path(), &opened));
    const std::unique_ptr<rocksdb::DB> db(opened);
    ASSERT_OK(db->Put({}, "key", Encode({"a"}).value()));

    std::unique_ptr<Store> store;
    const rocksdb::Status s = Store::Open(db.get(), nullptr, {}, &store);
    EXPECT_EQ(store, nullptr);
    EXPECT_EQ(s.ToString(),
              "Invalid argument: Store::Open: column family \"default\" does not have the merge "
              "operator sheaf.append: open the DB with sheaf::OpenDB and "
              "ColumnFamilyOptions::merge_operator = sheaf::NewAppendOperator(); or, to read only, "
              "set StoreOptions::read_only");

    StoreOptions reads;
    reads.read_only = true;
    ASSERT_OK(Store::Open(db.get(), nullptr, reads, &store));
    PinnedBlob list;
    ASSERT_OK(store->Get({}, "key", &list));
    EXPECT_EQ(ToList(list), List({"a"}));
  }
}

TEST(StoreOpenTest, AReadOnlyStoreRefusesEachWriteAndReadsAll) {
  TestDb db;
  db.Append("key", {"a", "b"});
  StoreOptions options;
  options.read_only = true;
  std::unique_ptr<Store> store;
  ASSERT_OK(Store::Open(db.db(), nullptr, options, &store));
  const rocksdb::WriteOptions write;
  rocksdb::WriteBatch batch;
  for (const rocksdb::Status& s :
       {store->Put(write, "key", {"c"}), store->Append(write, "key", {"c"}),
        store->Trim(write, "key", 1), store->Remove(write, "key", "a"), store->Clear(write, "key"),
        store->Put(&batch, "key", {"c"}), store->Append(&batch, "key", {"c"})}) {
    EXPECT_TRUE(s.IsNotSupported());
    EXPECT_THAT(s.ToString(), HasSubstr("the Store was opened with StoreOptions::read_only"));
  }
  EXPECT_THAT(store->Trim(write, "key", 1).ToString(), HasSubstr("Store::Trim: "));
  EXPECT_EQ(batch.Count(), 0);
  PinnedBlob list;
  ASSERT_OK(store->Get({}, "key", &list));
  EXPECT_EQ(ToList(list), List({"a", "b"}));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
