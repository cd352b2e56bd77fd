// The C++ of docs/guide.md, section 17, compiled and run: see guide_test.cc.

#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/compaction_filter.h"
#include "rocksdb/utilities/transaction_db.h"
#include "rocksdb/write_batch.h"
#include "sheaf/big_endian.h"
#include "sheaf/store.h"
#include "sheaf/typed_list.h"
#include "tests/docs/guide_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> used;
void Use(std::string_view value) { used.emplace_back(value); }

class RecipeTest : public GuideDb {
 protected:
  RecipeTest() { used.clear(); }

  // The list of `key`, or "none".
  static std::vector<std::string> ListOf(Store* store, std::string_view key) {
    PinnedBlob list;
    const rocksdb::Status s = store->Get({}, key, &list);
    if (s.IsNotFound()) return {"none"};
    EXPECT_TRUE(s.ok()) << s.ToString();
    return {list.begin(), list.end()};
  }
  std::vector<std::string> ListOf(std::string_view key) { return ListOf(store.get(), key); }
};

// A TransactionDB with one more column family of lists.
class TransactionRecipeTest : public RecipeTest {
 protected:
  void SetUp() override {
    rocksdb::TransactionDB* opened = nullptr;
    ASSERT_OK(rocksdb::TransactionDB::Open(Options(), {}, path(), &opened));
    transaction_db.reset(opened);
    ASSERT_OK(opened->CreateColumnFamily(Options(), "second", &family));
    ASSERT_OK(Store::Open(opened, nullptr, {}, &first));
    ASSERT_OK(Store::Open(opened, family, {}, &second));
  }
  void TearDown() override {
    first.reset();
    second.reset();
    ASSERT_OK(transaction_db->DestroyColumnFamilyHandle(family));
  }

  std::unique_ptr<rocksdb::TransactionDB> transaction_db;
  rocksdb::ColumnFamilyHandle* family = nullptr;
  std::unique_ptr<Store> first, second;
};

// Delete

rocksdb::Status DeleteLists(rocksdb::DB* db, Store* store) {
  rocksdb::ColumnFamilyHandle* const family = db->DefaultColumnFamily();
  // [delete]
  rocksdb::Status s = store->Delete(rocksdb::WriteOptions(), "user:7");  // the list and its key
  if (!s.ok()) return s;
  sheaf::KeyRange old = sheaf::KeyRange::Prefix("session:");  // all lists of a prefix at once
  s = db->DeleteRange(rocksdb::WriteOptions(), family, old.begin, old.end);
  // [/delete]
  return s;
}

TEST_F(RecipeTest, ListsAreDeletedByKeyAndByPrefix) {
  Open();
  for (const char* const key : {"session:1", "session:2", "user:7", "user:8"}) {
    ASSERT_OK(store->Append({}, key, "a"));
  }
  ASSERT_OK(DeleteLists(db.get(), store.get()));
  EXPECT_THAT(ListOf("session:1"), ElementsAre("none"));
  EXPECT_THAT(ListOf("session:2"), ElementsAre("none"));
  EXPECT_THAT(ListOf("user:7"), ElementsAre("none"));
  EXPECT_THAT(ListOf("user:8"), ElementsAre("a"));
}

TEST_F(RecipeTest, AnEditOfAKeyThatDoesNotExistLeavesAnEmptyList) {
  Open();
  ASSERT_OK(store->Remove({}, "new", "a"));
  EXPECT_THAT(ListOf("new"), IsEmpty());
  bool exists = false;
  ASSERT_OK(store->Exists({}, "new", &exists));
  EXPECT_TRUE(exists);
  ASSERT_OK(store->Delete({}, "new"));
  ASSERT_OK(store->Exists({}, "new", &exists));
  EXPECT_FALSE(exists);
}

rocksdb::Status TrimIfThere(rocksdb::TransactionDB* db, Store* store, const rocksdb::Slice& key) {
  rocksdb::ColumnFamilyHandle* const family = db->DefaultColumnFamily();
  // [edit_existing]
  std::unique_ptr<rocksdb::Transaction> edit(db->BeginTransaction(rocksdb::WriteOptions()));
  rocksdb::PinnableSlice value;
  rocksdb::Status s = edit->GetForUpdate(rocksdb::ReadOptions(), family, key, &value);
  if (!s.ok()) return s;  // NotFound: there is no list to trim
  s = store->Trim(edit.get(), key, 2);
  if (s.ok()) s = edit->Commit();
  // [/edit_existing]
  return s;
}

TEST_F(TransactionRecipeTest, AListIsEditedIfItIsThere) {
  ASSERT_OK(first->Append({}, "user:7", {"a", "b", "c"}));
  ASSERT_OK(TrimIfThere(transaction_db.get(), first.get(), "user:7"));
  EXPECT_THAT(ListOf(first.get(), "user:7"), ElementsAre("b", "c"));
  EXPECT_TRUE(TrimIfThere(transaction_db.get(), first.get(), "user:8").IsNotFound());
  EXPECT_THAT(ListOf(first.get(), "user:8"), ElementsAre("none"));
}

// Paginate

rocksdb::Status PagesOfAList(Store* store) {
  // [page_list]
  constexpr size_t kPage = 100;
  std::vector<sheaf::PinnedSlice> page;
  uint64_t first = 0;
  do {
    rocksdb::Status s = store->GetRange(rocksdb::ReadOptions(), "user:7", first, kPage, &page);
    if (!s.ok()) return s;  // NotFound: no such list. A page past the end is empty instead
    for (const sheaf::PinnedSlice& value : page) Use(value);
    first += page.size();
  } while (page.size() == kPage);
  // [/page_list]
  return rocksdb::Status::OK();
}

TEST_F(RecipeTest, AListIsReadInPages) {
  Open();
  EXPECT_TRUE(PagesOfAList(store.get()).IsNotFound());
  std::vector<std::string> all;
  for (int i = 0; i < 200; ++i) all.push_back(std::to_string(i));
  ASSERT_OK(store->Put({}, "user:7", all));
  ASSERT_OK(PagesOfAList(store.get()));
  EXPECT_EQ(used, all);
  all.emplace_back("the last");
  ASSERT_OK(store->Append({}, "user:7", "the last"));
  used.clear();
  ASSERT_OK(PagesOfAList(store.get()));
  EXPECT_EQ(used, all);
}

// [page_keys]
// Appends to `*keys` the next `limit` keys (1 or more) behind `*token`, which is empty for the
// first page. Then sets `*token` to what the next page goes on from, or to "" after the last page.
rocksdb::Status Page(sheaf::Store* store, size_t limit, std::string* token,
                     std::vector<std::string>* keys) {
  sheaf::KeyRange range = sheaf::KeyRange::Prefix("user:");
  range.after = *token;
  token->clear();
  auto page = store->Scan(rocksdb::ReadOptions(), range);
  for (size_t count = 0; page->Valid(); page->Next()) {
    if (count++ == limit) {
      *token = keys->back();
      break;
    }
    keys->push_back(page->key().ToString());
  }
  return page->status();
}
// [/page_keys]

TEST_F(RecipeTest, KeysAreReadInPages) {
  Open();
  for (const char* const key : {"user:1", "user:2", "user:3", "user:4", "user;"}) {
    ASSERT_OK(store->Append({}, key, "a"));
  }
  std::string token;
  std::vector<std::string> keys;
  ASSERT_OK(Page(store.get(), 3, &token, &keys));
  EXPECT_THAT(keys, ElementsAre("user:1", "user:2", "user:3"));
  EXPECT_EQ(token, "user:3");
  ASSERT_OK(store->Append({}, "user:31", "a"));  // comes between the pages
  ASSERT_OK(store->Delete({}, "user:3"));        // the token's key need not be there any more
  keys.clear();
  ASSERT_OK(Page(store.get(), 2, &token, &keys));
  EXPECT_THAT(keys, ElementsAre("user:31", "user:4"));
  EXPECT_EQ(token, "");
}

// Count

rocksdb::Status CountValues(Store* store, uint64_t* values, bool* exists) {
  // [count]
  rocksdb::Status s = store->Count(rocksdb::ReadOptions(), "user:7", values);
  if (s.ok()) s = store->Exists(rocksdb::ReadOptions(), "user:8", exists);
  // [/count]
  return s;
}

TEST_F(RecipeTest, ValuesAreCounted) {
  Open();
  ASSERT_OK(store->Append({}, "user:7", {"a", "b"}));
  ASSERT_OK(store->Append({}, "user:7", "c"));
  uint64_t values = 0;
  bool exists = true;
  ASSERT_OK(CountValues(store.get(), &values, &exists));
  EXPECT_EQ(values, 3u);
  EXPECT_FALSE(exists);
  ASSERT_OK(store->Put({}, "user:8", std::vector<std::string>()));
  ASSERT_OK(CountValues(store.get(), &values, &exists));
  EXPECT_TRUE(exists);
}

// Bound

rocksdb::Status AppendBounded(rocksdb::DB* db, Store* store, std::string_view event) {
  // [bound]
  rocksdb::WriteBatch batch;
  rocksdb::Status s = store->Append(&batch, "user:7", event);
  if (s.ok()) s = store->Trim(&batch, "user:7", 3);  // the newest 3 values stay
  if (s.ok()) s = db->Write(rocksdb::WriteOptions(), &batch);
  // [/bound]
  return s;
}

TEST_F(RecipeTest, AListIsBoundedByABatch) {
  Open();
  for (const char* const event : {"a", "b", "c", "d", "e"}) {
    ASSERT_OK(AppendBounded(db.get(), store.get(), event));
  }
  EXPECT_THAT(ListOf("user:7"), ElementsAre("c", "d", "e"));
}

// What the guide says of max_values and Put.
TEST_F(RecipeTest, MaxValuesAppliesWhenSomethingIsMerged) {
  AppendOptions append;
  append.max_values = 2;
  rocksdb::Options options = Options();
  options.merge_operator = NewAppendOperator(append);
  Open(options);
  ASSERT_OK(store->Put({}, "k", {"a", "b", "c"}));
  ASSERT_OK(db->Flush({}));
  ASSERT_OK(db->CompactRange({}, nullptr, nullptr));
  EXPECT_THAT(ListOf("k"), ElementsAre("a", "b", "c"));
  ASSERT_OK(store->Append({}, "k", "d"));
  EXPECT_THAT(ListOf("k"), ElementsAre("c", "d"));
  ASSERT_OK(store->Put({}, "k", {"a", "b", "c"}));
  ASSERT_OK(store->Remove({}, "k", "x"));
  EXPECT_THAT(ListOf("k"), ElementsAre("b", "c"));
}

// Integers

// [integer_keys]
// A list for each user and day. Bytes of big-endian integers sort as the integers do.
std::string KeyOf(uint64_t user, uint32_t day) {
  return sheaf::EncodeBigEndian(user) + sheaf::EncodeBigEndian(day);
}

// Appends to `*ids` those of `user` from `first_day` on, before `end_day`.
rocksdb::Status IdsOf(sheaf::Store* store, uint64_t user, uint32_t first_day, uint32_t end_day,
                      std::vector<uint64_t>* ids) {
  sheaf::KeyRange range;
  range.begin = KeyOf(user, first_day);
  range.end = KeyOf(user, end_day);
  auto days = store->Scan(rocksdb::ReadOptions(), range);
  for (; days->Valid(); days->Next()) {
    auto list = sheaf::TypedList<uint64_t>::FromView(days->values());  // valid until Next()
    if (!list.ok()) return rocksdb::Status::Corruption(list.status().ToString());
    ids->insert(ids->end(), list->begin(), list->end());
  }
  return days->status();
}
// [/integer_keys]

TEST_F(RecipeTest, IntegersAreReadByARangeOfIntegerKeys) {
  Open();
  ASSERT_OK(store->Append({}, KeyOf(7, 255), AsValues<uint64_t>({1, 2})));
  ASSERT_OK(store->Append({}, KeyOf(7, 256), AsValues<uint64_t>({3})));
  ASSERT_OK(store->Append({}, KeyOf(7, 257), AsValues<uint64_t>({4})));
  ASSERT_OK(store->Append({}, KeyOf(8, 256), AsValues<uint64_t>({5})));
  std::vector<uint64_t> ids;
  ASSERT_OK(IdsOf(store.get(), 7, 255, 257, &ids));
  EXPECT_THAT(ids, ElementsAre(1, 2, 3));
}

// Retention

rocksdb::Status DeleteDays(rocksdb::DB* db) {
  rocksdb::ColumnFamilyHandle* const family = db->DefaultColumnFamily();
  // [retention_range]
  // Keys begin with the day: "2026-11-22/user:7". All days before the 22nd go.
  rocksdb::Status s = db->DeleteRange(rocksdb::WriteOptions(), family, "", "2026-11-22");
  // [/retention_range]
  return s;
}

TEST_F(RecipeTest, DaysAreDeletedByARange) {
  Open();
  for (const char* const key : {"2026-11-20/user:7", "2026-11-21/user:7", "2026-11-22/user:7"}) {
    ASSERT_OK(store->Append({}, key, "a"));
  }
  ASSERT_OK(DeleteDays(db.get()));
  EXPECT_THAT(ListOf("2026-11-20/user:7"), ElementsAre("none"));
  EXPECT_THAT(ListOf("2026-11-21/user:7"), ElementsAre("none"));
  EXPECT_THAT(ListOf("2026-11-22/user:7"), ElementsAre("a"));
}

// [retention_filter]
// Keys end with the day: "user:7/2026-11-22". A compaction drops the lists of days before `first`,
// and the operands of such lists.
class DropOldDays : public rocksdb::CompactionFilter {
 public:
  explicit DropOldDays(std::string first) : first_(std::move(first)) {}
  const char* Name() const override { return "DropOldDays"; }
  Decision FilterV2(int /*level*/, const rocksdb::Slice& key, ValueType /*type*/,
                    const rocksdb::Slice& /*value*/, std::string* /*new_value*/,
                    std::string* /*skip_until*/) const override {
    const std::string_view text = key.ToStringView();
    return text.substr(text.rfind('/') + 1) < first_ ? Decision::kRemove : Decision::kKeep;
  }

 private:
  const std::string first_;
};
// [/retention_filter]

TEST_F(RecipeTest, ACompactionFilterDropsOldDays) {
  const DropOldDays filter("2026-11-22");
  rocksdb::Options options = Options();
  options.compaction_filter = &filter;
  Open(options);
  ASSERT_OK(store->Put({}, "user:7/2026-11-20", {"put"}));
  ASSERT_OK(store->Append({}, "user:7/2026-11-21", "an operand"));
  ASSERT_OK(store->Append({}, "user:7/2026-11-22", "a"));
  ASSERT_OK(db->Flush({}));
  rocksdb::CompactRangeOptions compact;
  compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  ASSERT_OK(db->CompactRange(compact, nullptr, nullptr));
  EXPECT_THAT(ListOf("user:7/2026-11-20"), ElementsAre("none"));
  EXPECT_THAT(ListOf("user:7/2026-11-21"), ElementsAre("none"));
  EXPECT_THAT(ListOf("user:7/2026-11-22"), ElementsAre("a"));
  Close();
}

// Secondary index

rocksdb::Status Tag(rocksdb::DB* db, Store* tags, Store* documents) {
  // [index_add]
  rocksdb::WriteBatch batch;
  rocksdb::Status s = tags->Append(&batch, "doc:1", {"red", "round"});
  if (s.ok()) s = documents->Append(&batch, "red", "doc:1");
  if (s.ok()) s = documents->Append(&batch, "round", "doc:1");
  if (s.ok()) s = db->Write(rocksdb::WriteOptions(), &batch);
  // [/index_add]
  return s;
}

// [index_delete]
// Deletes `document`, and takes it out of the list of each of its tags.
rocksdb::Status DeleteDocument(rocksdb::TransactionDB* db, rocksdb::ColumnFamilyHandle* tags_family,
                               sheaf::Store* tags, sheaf::Store* documents,
                               const rocksdb::Slice& document) {
  std::unique_ptr<rocksdb::Transaction> work(db->BeginTransaction(rocksdb::WriteOptions()));
  rocksdb::PinnableSlice value;
  rocksdb::Status s = work->GetForUpdate(rocksdb::ReadOptions(), tags_family, document, &value);
  if (!s.ok()) return s;
  absl::StatusOr<sheaf::PinnedBlob> list = sheaf::FromPinnable(std::move(value), tags->layout());
  if (!list.ok()) return rocksdb::Status::Corruption(list.status().ToString());
  for (std::string_view tag : *list) {
    s = documents->Remove(work.get(), tag, document);
    if (!s.ok()) return s;
  }
  s = tags->Delete(work.get(), document);
  return s.ok() ? work->Commit() : s;
}
// [/index_delete]

TEST_F(RecipeTest, ARemoveBeforeTheAppendKeepsValuesUnique) {
  Open();
  for (const char* const value : {"red", "round", "red"}) {
    rocksdb::WriteBatch batch;
    ASSERT_OK(store->Remove(&batch, "doc:1", value));
    ASSERT_OK(store->Append(&batch, "doc:1", value));
    ASSERT_OK(db->Write({}, &batch));
  }
  EXPECT_THAT(ListOf("doc:1"), ElementsAre("round", "red"));
}

TEST_F(TransactionRecipeTest, AnIndexIsKeptWithItsLists) {
  ASSERT_OK(Tag(transaction_db.get(), first.get(), second.get()));
  ASSERT_OK(second->Append({}, "red", "doc:2"));
  EXPECT_THAT(ListOf(first.get(), "doc:1"), ElementsAre("red", "round"));
  EXPECT_THAT(ListOf(second.get(), "red"), ElementsAre("doc:1", "doc:2"));
  EXPECT_THAT(ListOf(second.get(), "round"), ElementsAre("doc:1"));
  ASSERT_OK(DeleteDocument(transaction_db.get(), transaction_db->DefaultColumnFamily(), first.get(),
                           second.get(), "doc:1"));
  EXPECT_THAT(ListOf(first.get(), "doc:1"), ElementsAre("none"));
  EXPECT_THAT(ListOf(second.get(), "red"), ElementsAre("doc:2"));
  EXPECT_THAT(ListOf(second.get(), "round"), IsEmpty());
}

// Migrate

// [migrate_keys]
// Copies values with keys like "user:7/000042" into the list "user:7" of `lists`, in key order.
// Running it again replaces what an interrupted run has copied.
rocksdb::Status CopyOneKeyAValue(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* old_family,
                                 sheaf::Store* lists) {
  std::unique_ptr<rocksdb::Iterator> row(db->NewIterator(rocksdb::ReadOptions(), old_family));
  row->SeekToFirst();
  while (row->Valid()) {
    std::string key = row->key().ToString();
    const std::string prefix = key.substr(0, key.rfind('/') + 1);  // "user:7/"
    if (prefix.empty()) return rocksdb::Status::InvalidArgument("no '/' in the key", key);
    std::vector<std::string> values;
    for (; row->Valid() && row->key().starts_with(prefix); row->Next()) {
      values.push_back(row->value().ToString());
    }
    if (!row->status().ok()) break;  // the list may be incomplete
    key.resize(prefix.size() - 1);
    rocksdb::Status s = lists->Put(rocksdb::WriteOptions(), key, values);
    if (!s.ok()) return s;
  }
  return row->status();
}
// [/migrate_keys]

TEST_F(RecipeTest, OneKeyAValueBecomesLists) {
  Open();
  rocksdb::ColumnFamilyHandle* old_family = nullptr;
  ASSERT_OK(db->CreateColumnFamily(rocksdb::ColumnFamilyOptions(), "old", &old_family));
  for (const auto& [key, value] : {std::pair<const char*, const char*>{"user:7/000002", "b"},
                                   {"user:7/000001", "a"},
                                   {"user:70/000001", "c"},
                                   {"user:8/000001", ""}}) {
    ASSERT_OK(db->Put({}, old_family, key, value));
  }
  for (int run = 0; run < 2; ++run) {
    ASSERT_OK(CopyOneKeyAValue(db.get(), old_family, store.get()));
    EXPECT_THAT(ListOf("user:7"), ElementsAre("a", "b"));
    EXPECT_THAT(ListOf("user:70"), ElementsAre("c"));
    EXPECT_THAT(ListOf("user:8"), ElementsAre(""));
  }
  ASSERT_OK(db->Put({}, old_family, "user", "no number"));
  EXPECT_TRUE(CopyOneKeyAValue(db.get(), old_family, store.get()).IsInvalidArgument());
  ASSERT_OK(db->DestroyColumnFamilyHandle(old_family));
}

// Fork

TEST_F(RecipeTest, AChildReadsWhatItInherited) {
  Open();
  ASSERT_OK(store->Append({}, "user:7", {"login", "search"}));
  // [fork]
  sheaf::PinnedBlob events;  // read by the parent, before it forks
  rocksdb::Status s = store->Get(rocksdb::ReadOptions(), "user:7", &events);
  const pid_t child = s.ok() ? fork() : -1;
  if (child == 0) {
    size_t bytes = 0;
    for (std::string_view event : events) bytes += event.size();  // fine
    sheaf::PinnedBlob more;
    s = store->Get(rocksdb::ReadOptions(), "user:7", &more);  // NotSupported, in the child
    _exit(bytes == 11 && s.IsNotSupported() ? 0 : 1);         // not exit(): the DB is the parent's
  }
  // [/fork]
  ASSERT_GT(child, 0);
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
