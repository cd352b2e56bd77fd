// The C++ of docs/guide.md, section 18, compiled and run: see guide_test.cc.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/snapshot.h"
#include "rocksdb/utilities/transaction.h"
#include "rocksdb/utilities/transaction_db.h"
#include "rocksdb/write_batch.h"
#include "sheaf/long_store.h"
#include "sheaf/store.h"
#include "tests/docs/guide_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> used;
void Use(std::string_view value) { used.emplace_back(value); }

// Values 0 to n - 1, as text.
std::vector<std::string> Numbers(uint64_t n) {
  std::vector<std::string> numbers;
  for (uint64_t i = 0; i < n; ++i) numbers.push_back(std::to_string(i));
  return numbers;
}

class LongGuideTest : public GuideDb {
 protected:
  LongGuideTest() { used.clear(); }
  ~LongGuideTest() override { events.reset(); }

  rocksdb::Options LongOptions() const {
    rocksdb::Options options = Options();
    AppendOptions append;
    append.page_bytes = 1000;
    options.merge_operator = NewAppendOperator(append);
    return options;
  }
  void OpenLong(const LongStoreOptions& options = {}) {
    events.reset();
    db.reset();
    ASSERT_OK(OpenDB(LongOptions(), path(), &db));
    ASSERT_OK(LongStore::Open(db.get(), nullptr, options, &events));
  }

  std::vector<std::string> ListOf(std::string_view key) {
    Segments list;
    const rocksdb::Status s = events->Get({}, key, &list);
    if (s.IsNotFound()) return {"none"};
    EXPECT_OK(s);
    return {list.begin(), list.end()};
  }

  std::unique_ptr<LongStore> events;
};

rocksdb::Status OpenFamilies(const std::string& path) {
  // [long_open]
  sheaf::AppendOptions in_pages;
  in_pages.page_bytes = sheaf::kDefaultPageBytes;  // 64 KiB
  rocksdb::ColumnFamilyOptions long_lists, lists;
  long_lists.merge_operator = sheaf::NewAppendOperator(in_pages);
  long_lists.sst_partitioner_factory = sheaf::NewPagePartitionerFactory();  // fewer bytes compacted
  lists.merge_operator = sheaf::NewAppendOperator();

  rocksdb::DBOptions db_options;
  db_options.create_if_missing = true;
  db_options.create_missing_column_families = true;
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {
      {rocksdb::kDefaultColumnFamilyName, lists},  // for a sheaf::Store
      {"events", long_lists}};                     // for a sheaf::LongStore
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::Status s = sheaf::OpenDB(db_options, path, families, &handles, &db);
  if (!s.ok()) return s;

  std::unique_ptr<sheaf::LongStore> events;  // declared after `db`: its thread ends first
  s = sheaf::LongStore::Open(db.get(), handles[1], sheaf::LongStoreOptions(), &events);
  // [/long_open]
  if (s.ok()) s = events->Append({}, "user:7", {"login"});
  std::unique_ptr<Store> wrong;
  EXPECT_TRUE(LongStore::Open(db.get(), handles[0], {}, &events).IsInvalidArgument());
  EXPECT_TRUE(Store::Open(db.get(), handles[1], {}, &wrong).IsInvalidArgument());
  events.reset();
  for (rocksdb::ColumnFamilyHandle* const handle : handles) db->DestroyColumnFamilyHandle(handle);
  return s;
}

TEST_F(LongGuideTest, AColumnFamilyHoldsOneKindOfLists) { ASSERT_OK(OpenFamilies(path())); }

TEST_F(LongGuideTest, ValuesAreAppendedDirectlyAndInABatch) {
  OpenLong();
  rocksdb::Status s;
  // [long_append]
  s = events->Append(rocksdb::WriteOptions(), "user:7", {"login", "search"});
  if (s.ok()) s = events->Append(rocksdb::WriteOptions(), "user:7", "logout");

  rocksdb::WriteBatch batch;
  if (s.ok()) s = events->Append(&batch, "user:7", "login");
  if (s.ok()) s = events->Append(&batch, "all users", "user:7");
  if (s.ok()) s = db->Write(rocksdb::WriteOptions(), &batch);
  // [/long_append]
  ASSERT_OK(s);
  EXPECT_THAT(ListOf("user:7"), ElementsAre("login", "search", "logout", "login"));
  EXPECT_THAT(ListOf("all users"), ElementsAre("user:7"));
}

TEST_F(LongGuideTest, ASealDoesNotWaitForATransactionThatAppends) {
  rocksdb::TransactionDB* opened = nullptr;
  ASSERT_OK(rocksdb::TransactionDB::Open(LongOptions(), {}, path(), &opened));
  db.reset(opened);
  ASSERT_OK(LongStore::Open(opened, nullptr, {}, &events));
  ASSERT_OK(events->Append({}, "k", "a"));
  const std::unique_ptr<rocksdb::Transaction> transaction(opened->BeginTransaction({}));
  ASSERT_OK(events->Append(transaction.get(), "k", "b"));
  ASSERT_OK(events->Seal("k"));
  ASSERT_OK(transaction->Commit());
  EXPECT_THAT(ListOf("k"), ElementsAre("a", "b"));
}

rocksdb::Status ReadRange(LongStore* events, uint64_t* seen) {
  // [long_range]
  uint64_t first = 0, end = 0;
  rocksdb::Status s = events->Bounds(rocksdb::ReadOptions(), "user:7", &first, &end);
  if (!s.ok()) return s;  // NotFound: there is no list. A list without values is OK, first == end

  std::vector<sheaf::PinnedSlice> values;
  uint64_t at = 0;  // the position of values[0]
  s = events->GetRange(rocksdb::ReadOptions(), "user:7", 500, 100, &values, &at);
  if (!s.ok()) return s;
  if (at > 500) Use("values from 500 on were trimmed");
  for (const sheaf::PinnedSlice& value : values) Use(value);

  s = events->GetLast(rocksdb::ReadOptions(), "user:7", 20, &values);  // the oldest of them first
  // [/long_range]
  *seen = end - first;
  EXPECT_EQ(values.size(), 20u);
  EXPECT_EQ(values.back(), "999");
  return s;
}

TEST_F(LongGuideTest, ValuesAreReadByPosition) {
  OpenLong();
  ASSERT_OK(events->Append({}, "user:7", Numbers(1000)));
  uint64_t seen = 0;
  ASSERT_OK(ReadRange(events.get(), &seen));
  EXPECT_EQ(seen, 1000u);
  ASSERT_EQ(used.size(), 100u);
  EXPECT_EQ(used.front(), "500");
  EXPECT_EQ(used.back(), "599");

  used.clear();
  ASSERT_OK(events->TrimBefore({}, "user:7", 590));
  ASSERT_OK(ReadRange(events.get(), &seen));
  EXPECT_EQ(seen, 410u);
  ASSERT_EQ(used.size(), 11u);
  EXPECT_EQ(used[0], "values from 500 on were trimmed");
  EXPECT_EQ(used[1], "590");
}

rocksdb::Status ReadAll(LongStore* events) {
  // [long_get]
  sheaf::Segments list;
  rocksdb::Status s = events->Get(rocksdb::ReadOptions(), "user:7", &list);
  if (!s.ok()) return s;
  if (!list.empty()) Use(list.back());
  // [/long_get]
  return s;
}

rocksdb::Status ReadPages(LongStore* events) {
  // [long_pages]
  auto page = events->Pages(rocksdb::ReadOptions(), "user:7", 500);  // from the page with value 500
  for (; page->Valid(); page->Next()) {
    uint64_t position = page->position();  // of the page's first value: 500 or less for the first
    for (std::string_view value : page->values()) {
      if (position++ >= 500) Use(value);  // valid until Next()
    }
  }
  if (!page->status().ok()) return page->status();
  // [/long_pages]
  return rocksdb::Status::OK();
}

rocksdb::Status ReadLists(LongStore* events) {
  // [long_scan]
  auto list = events->Scan(rocksdb::ReadOptions(), sheaf::KeyRange::Prefix("user:"));
  for (; list->Valid(); list->Next()) {
    if (list->end() - list->first() < 100) continue;  // passes over short ones
    auto page = list->Pages();                        // of the same moment; must not outlive `list`
    for (; page->Valid(); page->Next()) Use(page->values()[0]);
    if (!page->status().ok()) return page->status();
  }
  if (!list->status().ok()) return list->status();
  // [/long_scan]
  return rocksdb::Status::OK();
}

TEST_F(LongGuideTest, AListIsReadWholeAndPageByPage) {
  OpenLong();
  const std::vector<std::string> numbers = Numbers(1000);
  for (size_t i = 0; i < numbers.size(); i += 10) {
    ASSERT_OK(events->Append(
        {}, "user:7", std::vector<std::string>(numbers.begin() + i, numbers.begin() + i + 10)));
  }
  ASSERT_OK(events->Append({}, "user:8", "x"));
  ASSERT_OK(events->Seal("user:7"));
  ASSERT_OK(ReadAll(events.get()));
  EXPECT_THAT(used, ElementsAre("999"));
  used.clear();
  ASSERT_OK(ReadPages(events.get()));
  EXPECT_EQ(used, std::vector<std::string>(numbers.begin() + 500, numbers.end()));
  used.clear();
  ASSERT_OK(ReadLists(events.get()));
  EXPECT_GE(used.size(), 2u);  // a page each, of the long list alone
  EXPECT_EQ(used[0], "0");
}

rocksdb::Status TrimAndDelete(LongStore* events) {
  // [long_trim]
  uint64_t first = 0, end = 0;
  rocksdb::Status s = events->Bounds(rocksdb::ReadOptions(), "user:7", &first, &end);
  if (s.ok() && end - first > 2000) {  // seldom, and by many values
    s = events->TrimBefore(rocksdb::WriteOptions(), "user:7", end - 1000);
  }
  if (s.ok()) s = events->Delete(rocksdb::WriteOptions(), "session:1");  // and its positions
  // [/long_trim]
  return s;
}

TEST_F(LongGuideTest, TrimsKeepPositionsAndDeletesDoNot) {
  OpenLong();
  ASSERT_OK(events->Append({}, "user:7", Numbers(2200)));
  ASSERT_OK(events->Append({}, "session:1", {"a", "b"}));
  ASSERT_OK(TrimAndDelete(events.get()));
  uint64_t first = 0;
  uint64_t end = 0;
  ASSERT_OK(events->Bounds({}, "user:7", &first, &end));
  EXPECT_EQ(first, 1200u);
  EXPECT_EQ(end, 2200u);
  EXPECT_TRUE(events->Bounds({}, "session:1", &first, &end).IsNotFound());

  // All values are gone, and the list is there.
  ASSERT_OK(events->TrimBefore({}, "user:7", UINT64_MAX));
  ASSERT_OK(events->Append({}, "user:7", "next"));
  ASSERT_OK(events->Append({}, "session:1", "new"));
  ASSERT_OK(events->Bounds({}, "user:7", &first, &end));
  EXPECT_EQ(first, 2200u);
  EXPECT_EQ(end, 2201u);
  ASSERT_OK(events->Bounds({}, "session:1", &first, &end));
  EXPECT_EQ(first, 0u);
}

rocksdb::Status TwoReads(rocksdb::DB* db, LongStore* events, uint64_t* newest) {
  // [long_snapshot]
  rocksdb::ManagedSnapshot snapshot(db);
  rocksdb::ReadOptions options;
  options.snapshot = snapshot.snapshot();
  uint64_t first = 0, end = 0;
  std::vector<sheaf::PinnedSlice> values;
  rocksdb::Status s = events->Bounds(options, "user:7", &first, &end);
  if (s.ok()) s = events->GetLast(options, "user:7", 1, &values);  // the value at end - 1
  // [/long_snapshot]
  *newest = end - 1;
  EXPECT_EQ(values[0], std::to_string(*newest));
  return s;
}

TEST_F(LongGuideTest, ReadsFromOneSnapshotAgree) {
  OpenLong();
  ASSERT_OK(events->Append({}, "user:7", Numbers(10)));
  uint64_t newest = 0;
  ASSERT_OK(TwoReads(db.get(), events.get(), &newest));
  EXPECT_EQ(newest, 9u);
}

// The README

rocksdb::Status ReadMe(const std::string& path) {
  // clang-format off
  // [readme_long]
  rocksdb::Options options;
  options.create_if_missing = true;
  sheaf::AppendOptions append;
  append.page_bytes = sheaf::kDefaultPageBytes;                   // lists lie in pages of 64 KiB
  options.merge_operator = sheaf::NewAppendOperator(append);
  options.sst_partitioner_factory = sheaf::NewPagePartitionerFactory();   // fewer bytes compacted
  std::unique_ptr<rocksdb::DB> db;
  rocksdb::Status s = sheaf::OpenDB(options, path, &db);
  std::unique_ptr<sheaf::LongStore> log;                          // sheaf/long_store.h
  if (s.ok()) s = sheaf::LongStore::Open(db.get(), nullptr, {}, &log);
  if (s.ok()) s = log->Append({}, "user:7", {"login", "search"}); // positions 0 and 1: reads nothing
  std::vector<sheaf::PinnedSlice> values;
  if (s.ok()) s = log->GetRange({}, "user:7", 1, 100, &values);   // up to 100 values from position 1
  if (s.ok()) s = log->TrimBefore({}, "user:7", 1);               // "search" stays at position 1
  // [/readme_long]
  // clang-format on
  EXPECT_EQ(values.size(), 1u);
  uint64_t first = 0;
  uint64_t end = 0;
  if (s.ok()) s = log->Bounds({}, "user:7", &first, &end);
  EXPECT_EQ(first, 1u);
  EXPECT_EQ(end, 2u);
  return s;
}

TEST_F(LongGuideTest, TheReadmesCodeRuns) { ASSERT_OK(ReadMe(path())); }

// What the section says of seals.

TEST_F(LongGuideTest, WithoutAThreadNothingIsSealedUntilSealIsCalled) {
  LongStoreOptions by_hand;
  by_hand.seal_in_background = false;
  OpenLong(by_hand);
  for (int i = 0; i < 50; ++i) ASSERT_OK(events->Append({}, "k", std::string(100, 'x')));
  EXPECT_EQ(events->stats().pages_sealed, 0u);
  EXPECT_EQ(events->stats().open_pages_too_large, 1u);
  EXPECT_EQ(events->stats().appends_delayed, 0u);
  ASSERT_OK(events->Seal("k"));
  EXPECT_EQ(events->stats().pages_sealed, 5u);  // of 1,000 bytes or more each
  EXPECT_EQ(events->stats().open_pages_too_large, 0u);
  ASSERT_OK(events->Seal("k"));
  EXPECT_EQ(events->stats().pages_sealed, 5u);
  EXPECT_THAT(events->stats().ToString(), HasSubstr(" pages_sealed=5 "));
}

TEST_F(LongGuideTest, AfterARestartAReadTellsOfALargeOpenPage) {
  LongStoreOptions by_hand;
  by_hand.seal_in_background = false;
  OpenLong(by_hand);
  ASSERT_OK(events->Append({}, "k", std::string(5000, 'x')));
  OpenLong(by_hand);
  EXPECT_EQ(events->stats().open_pages_too_large, 0u);
  std::vector<PinnedSlice> values;
  ASSERT_OK(events->GetLast({}, "k", 1, &values));
  EXPECT_EQ(events->stats().open_pages_too_large, 1u);
}

TEST_F(LongGuideTest, SlicesOutliveTheDbAndCursorsKeepAStoreOpen) {
  OpenLong();
  ASSERT_OK(events->Append({}, "k", "value"));
  ASSERT_OK(events->Seal("k"));
  std::vector<PinnedSlice> values;
  ASSERT_OK(events->GetLast({}, "k", 1, &values));
  auto list = events->Scan({}, KeyRange::All());
  auto page = list->Pages();
  const PinnedBlob kept = page->Detach();
  EXPECT_TRUE(events->Close().IsBusy());
  page.reset();
  list.reset();
  ASSERT_OK(events->Close());
  EXPECT_TRUE(events->Append({}, "k", "more").IsShutdownInProgress());
  events.reset();
  db.reset();
  EXPECT_EQ(values[0], "value");
  EXPECT_THAT(kept.view().Views(), ElementsAre("value"));
}

TEST_F(LongGuideTest, AnEmptyAppendMakesAnEmptyList) {
  OpenLong();
  ASSERT_OK(events->Append({}, "k", std::vector<std::string>()));
  EXPECT_THAT(ListOf("k"), IsEmpty());
  EXPECT_THAT(ListOf("other"), ElementsAre("none"));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
