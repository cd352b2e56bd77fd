// Edits and limits of `sheaf.append`, through the Store.

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/convenience.h"
#include "rocksdb/merge_operator.h"
#include "rocksdb/utilities/options_util.h"
#include "rocksdb/write_batch.h"
#include "sheaf/plugin.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const rocksdb::WriteOptions kWrite;
const rocksdb::ReadOptions kRead;

List Last(TestDb& db, std::string_view key, size_t count) {
  std::vector<PinnedSlice> values;
  EXPECT_OK(db.store().GetLast(kRead, key, count, &values));
  List list;
  for (const PinnedSlice& value : values) list.push_back(value.ToString());
  return list;
}

class AppendEditsTest : public ::testing::TestWithParam<Layout> {
 protected:
  AppendEditsTest() : db_(TestDb::DefaultOptions(GetParam()), GetParam()) {}
  TestDb db_;
};

INSTANTIATE_TEST_SUITE_P(Layouts, AppendEditsTest,
                         ::testing::Values(Layout::kCompact, Layout::kFixed64),
                         [](const auto& info) { return LayoutName(info.param); });

TEST_P(AppendEditsTest, EditsActOnWhatWasWrittenBeforeThem) {
  Store& store = db_.store();
  db_.Put("k", {"a", "b", "a", "c"});
  ASSERT_OK(store.Remove(kWrite, "k", "a"));
  EXPECT_THAT(db_.Get("k"), ElementsAre("b", "c"));
  db_.Append("k", {"a", "d", "e"});
  ASSERT_OK(store.Trim(kWrite, "k", 4));
  EXPECT_THAT(db_.Get("k"), ElementsAre("c", "a", "d", "e"));
  ASSERT_OK(store.Trim(kWrite, "k", 2, Keep::kFirst));
  EXPECT_THAT(db_.Get("k"), ElementsAre("c", "a"));
  db_.Compact();
  EXPECT_THAT(db_.Get("k"), ElementsAre("c", "a"));
  ASSERT_OK(store.Clear(kWrite, "k"));
  EXPECT_THAT(db_.Get("k"), IsEmpty());
  db_.Append("k", {"f"});
  db_.Compact();
  EXPECT_THAT(db_.Get("k"), ElementsAre("f"));
}

TEST_P(AppendEditsTest, AnEditOfNoListLeavesAnEmptyOne) {
  ASSERT_OK(db_.store().Trim(kWrite, "trimmed", 3));
  ASSERT_OK(db_.store().Remove(kWrite, "removed", "x"));
  ASSERT_OK(db_.store().Clear(kWrite, "cleared"));
  for (const char* const key : {"trimmed", "removed", "cleared"}) {
    EXPECT_THAT(db_.Get(key), IsEmpty()) << key;
  }
  PinnedBlob none;
  EXPECT_TRUE(db_.store().Get(kRead, "none", &none).IsNotFound());
}

TEST_P(AppendEditsTest, ABatchTakesEdits) {
  Store& store = db_.store();
  rocksdb::WriteBatch batch;
  ASSERT_OK(store.Append(&batch, "k", {"a", "b", "c"}));
  ASSERT_OK(store.Trim(&batch, "k", 2));
  ASSERT_OK(store.Append(&batch, "k", {"b"}));
  ASSERT_OK(store.Remove(&batch, "k", "c"));
  ASSERT_OK(store.Append(&batch, "other", {"x"}));
  ASSERT_OK(store.Clear(&batch, "other"));
  ASSERT_OK(db_.db()->Write(kWrite, &batch));
  EXPECT_THAT(db_.Get("k"), ElementsAre("b", "b"));
  EXPECT_THAT(db_.Get("other"), IsEmpty());
  rocksdb::WriteBatch* const none = nullptr;
  EXPECT_THAT(store.Trim(none, "k", 1).ToString(), HasSubstr("Store::Trim: no batch"));
}

TEST_P(AppendEditsTest, AClearMakesABadKeyGoodAgain) {
  ASSERT_OK(db_.db()->Put(kWrite, "k", "put by other software"));
  db_.Append("k", {"a"});
  PinnedBlob list;
  EXPECT_TRUE(db_.store().Get(kRead, "k", &list).IsCorruption());
  db_.Compact();
  ASSERT_OK(db_.store().Trim(kWrite, "k", 0));
  EXPECT_TRUE(db_.store().Get(kRead, "k", &list).IsCorruption()) << "a trim is not a clear";
  ASSERT_OK(db_.store().Clear(kWrite, "k"));
  db_.Append("k", {"b"});
  EXPECT_THAT(db_.Get("k"), ElementsAre("b"));
  db_.Compact();
  EXPECT_THAT(db_.Get("k"), ElementsAre("b"));
}

TEST_P(AppendEditsTest, AppendingAndTrimmingFoldsToWhatIsLeft) {
  db_.Put("base", {"old"});
  db_.Compact();
  for (int i = 0; i < 500; ++i) {
    db_.Append("base", {"value " + std::to_string(i)});
    ASSERT_OK(db_.store().Trim(kWrite, "base", 3));
  }
  db_.Flush();
  // The flush met no base: what it folded is in the file, and reads say how much.
  std::vector<rocksdb::PinnableSlice> operands(3);
  rocksdb::GetMergeOperandsOptions options;
  options.expected_max_number_of_operands = 3;
  int count = 0;
  ASSERT_OK(db_.db()->GetMergeOperands(kRead, db_.db()->DefaultColumnFamily(), "base",
                                       operands.data(), &options, &count));
  ASSERT_EQ(count, 2);  // the base, and one operand
  EXPECT_LT(operands[1].size(), 60u);
  EXPECT_THAT(db_.Get("base"), ElementsAre("value 497", "value 498", "value 499"));
}

TEST_P(AppendEditsTest, TheNewestValuesComeFromOperandsAndListTogether) {
  db_.Put("k", {"a", "b", "c"});
  db_.Compact();
  EXPECT_THAT(Last(db_, "k", 2), ElementsAre("b", "c"));
  EXPECT_THAT(Last(db_, "k", 9), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Last(db_, "k", 0), IsEmpty());
  db_.Append("k", {"d", "e"});
  db_.Flush();
  db_.Append("k", {"f"});
  EXPECT_THAT(Last(db_, "k", 1), ElementsAre("f"));
  EXPECT_THAT(Last(db_, "k", 2), ElementsAre("e", "f"));
  EXPECT_THAT(Last(db_, "k", 4), ElementsAre("c", "d", "e", "f"));
  EXPECT_THAT(Last(db_, "k", 100), ElementsAre("a", "b", "c", "d", "e", "f"));
  ASSERT_OK(db_.store().Trim(kWrite, "k", 3));
  db_.Append("k", {"g"});
  EXPECT_THAT(Last(db_, "k", 2), ElementsAre("f", "g"));
  EXPECT_THAT(Last(db_, "k", 9), ElementsAre("d", "e", "f", "g"));
  ASSERT_OK(db_.store().Remove(kWrite, "k", "f"));
  EXPECT_THAT(Last(db_, "k", 2), ElementsAre("e", "g"));
  std::vector<PinnedSlice> none;
  EXPECT_TRUE(db_.store().GetLast(kRead, "none", 1, &none).IsNotFound());
}

// Older operands are not read: one that does not decode is not found out.
TEST_P(AppendEditsTest, TheNewestValuesDoNotNeedOlderOperands) {
  ASSERT_OK(db_.db()->Merge(kWrite, "k", "not an operand"));
  db_.Flush();
  db_.Append("k", {"a", "b"});
  db_.Append("k", {"c"});
  EXPECT_THAT(Last(db_, "k", 3), ElementsAre("a", "b", "c"));
  std::vector<PinnedSlice> values;
  EXPECT_TRUE(db_.store().GetLast(kRead, "k", 4, &values).IsCorruption());
}

TEST_P(AppendEditsTest, ARowCacheKeepsWholeListsWhileTheirEndIsRead) {
  rocksdb::Options options = TestDb::DefaultOptions(GetParam());
  options.row_cache = rocksdb::NewLRUCache(1 << 20);
  options.merge_operator = NewAppendOperator({GetParam()});
  db_.Open(options);
  for (const char* const value : {"a", "b", "c"}) {
    db_.Append("k", {value});
    const rocksdb::Snapshot* const snapshot = db_.db()->GetSnapshot();  // operands stay apart
    db_.Append("k", {std::string(value) + "'"});
    db_.Flush();
    db_.db()->ReleaseSnapshot(snapshot);
  }
  EXPECT_THAT(Last(db_, "k", 1), ElementsAre("c'"));
  EXPECT_THAT(db_.Get("k"), ElementsAre("a", "a'", "b", "b'", "c", "c'"));
  EXPECT_THAT(Last(db_, "k", 1), ElementsAre("c'"));
  EXPECT_THAT(Last(db_, "k", 3), ElementsAre("b'", "c", "c'"));
}

AppendOptions Limits(Layout layout, uint64_t max_values, uint64_t max_bytes, Keep keep) {
  AppendOptions options;
  options.layout = layout;
  options.max_values = max_values;
  options.max_bytes = max_bytes;
  options.keep = keep;
  return options;
}

TEST_P(AppendEditsTest, LimitsDropTheOldestOrTheNewest) {
  const auto with = [&](uint64_t max_values, uint64_t max_bytes, Keep keep) {
    rocksdb::Options options = TestDb::DefaultOptions(GetParam());
    options.merge_operator = NewAppendOperator(Limits(GetParam(), max_values, max_bytes, keep));
    db_.Open(options);
    db_.Put("k", {"a", "b", "c"});
    db_.Append("k", {"dd", "eeee"});
  };
  with(4, 0, Keep::kLast);
  EXPECT_THAT(db_.Get("k"), ElementsAre("b", "c", "dd", "eeee"));
  with(4, 0, Keep::kFirst);
  EXPECT_THAT(db_.Get("k"), ElementsAre("a", "b", "c", "dd"));
  with(0, 6, Keep::kLast);
  EXPECT_THAT(db_.Get("k"), ElementsAre("dd", "eeee"));
  with(0, 5, Keep::kFirst);
  EXPECT_THAT(db_.Get("k"), ElementsAre("a", "b", "c", "dd"));
  with(0, 3, Keep::kLast);
  EXPECT_THAT(db_.Get("k"), ElementsAre("c", "dd")) << "what is too large alone does not count";
  EXPECT_THAT(Last(db_, "k", 1), ElementsAre("dd"));
  with(2, 0, Keep::kLast);
  EXPECT_THAT(Last(db_, "k", 5), ElementsAre("dd", "eeee"));
  EXPECT_THAT(Last(db_, "k", 1), ElementsAre("eeee"));
  with(2, 0, Keep::kFirst);
  EXPECT_THAT(Last(db_, "k", 1), ElementsAre("b"));
}

TEST(AppendLimitsTest, AListThatWasPutIsLimitedOnceSomethingIsMerged) {
  rocksdb::Options options = TestDb::DefaultOptions();
  options.merge_operator = NewAppendOperator(Limits(Layout::kCompact, 2, 0, Keep::kLast));
  TestDb db(options);
  db.Put("k", {"a", "b", "c"});
  EXPECT_THAT(db.Get("k"), ElementsAre("a", "b", "c"));
  db.Append("k", {});
  EXPECT_THAT(db.Get("k"), ElementsAre("b", "c"));
}

TEST(AppendLimitsTest, OptionsStringsAreChecked) {
  RegisterPlugin();
  std::shared_ptr<rocksdb::MergeOperator> merge;
  rocksdb::ConfigOptions config;
  config.ignore_unknown_options = false;
  const auto create = [&](const std::string& options) {
    return rocksdb::MergeOperator::CreateFromString(config, "{id=sheaf.append;" + options + "}",
                                                    &merge);
  };
  ASSERT_OK(create("layout=fixed64;max_values=7;max_bytes=900;keep=first;page_bytes=65536"));
  const auto* const set = merge->GetOptions<AppendOptions>("append");
  ASSERT_NE(set, nullptr);
  EXPECT_EQ(set->layout, Layout::kFixed64);
  EXPECT_EQ(set->max_values, 7u);
  EXPECT_EQ(set->max_bytes, 900u);
  EXPECT_EQ(set->keep, Keep::kFirst);
  EXPECT_EQ(set->page_bytes, 65536u);
  for (const char* const wrong :
       {"max_values=-1", "max_values=ten", "max_bytes=1.5", "max_bytes=18446744073709551616",
        "keep=middle", "layout=fixed32", "max_values=", "page_bytes=-1", "page_bytes=64K"}) {
    const rocksdb::Status status = create(wrong);
    const std::string name = std::string(wrong).substr(0, std::string(wrong).find('='));
    EXPECT_TRUE(status.IsInvalidArgument()) << wrong << ": " << status.ToString();
    EXPECT_THAT(status.ToString(), HasSubstr("option " + name + ": expected ")) << wrong;
  }
  EXPECT_THAT(
      create("max_values=x").ToString(),
      HasSubstr("expected a number from 0 (no limit) to 18446744073709551615, found \"x\""));
  EXPECT_THAT(
      create("page_bytes=x").ToString(),
      HasSubstr("expected a number from 0 (plain lists) to 18446744073709551615, found \"x\""));
  const rocksdb::Status unknown = create("max_speed=1");
  EXPECT_FALSE(unknown.ok());
  EXPECT_THAT(unknown.ToString(), HasSubstr("max_speed"));
}

// Of the default column family, as OPTIONS have them.
AppendOptions StoredOptions(const std::string& path) {
  rocksdb::ConfigOptions config;
  config.ignore_unsupported_options = false;
  rocksdb::DBOptions db_options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  EXPECT_OK(rocksdb::LoadLatestOptions(config, path, &db_options, &families));
  return *families.at(0).options.merge_operator->GetOptions<AppendOptions>("append");
}

TEST(AppendLimitsTest, OptionsAreKeptAndCanBeChangedOnReopening) {
  RegisterPlugin();
  rocksdb::Options options = TestDb::DefaultOptions();
  options.merge_operator = NewAppendOperator(Limits(Layout::kCompact, 3, 0, Keep::kFirst));
  TestDb db(options);
  db.Append("k", {"a", "b", "c", "d"});
  EXPECT_EQ(StoredOptions(db.path()).max_values, 3u);
  EXPECT_EQ(StoredOptions(db.path()).keep, Keep::kFirst);
  EXPECT_THAT(db.Get("k"), ElementsAre("a", "b", "c"));
  options.merge_operator = NewAppendOperator(Limits(Layout::kCompact, 2, 0, Keep::kLast));
  db.Open(options);
  EXPECT_EQ(StoredOptions(db.path()).max_values, 2u);
  EXPECT_THAT(db.Get("k"), ElementsAre("c", "d")) << "an operand is limited when it is merged";
}

TEST(AppendLimitsTest, OptionsSayWhetherListsAreLong) {
  RegisterPlugin();
  for (const uint64_t page_bytes : {uint64_t{0}, uint64_t{65536}, UINT64_MAX}) {
    AppendOptions append;
    append.page_bytes = page_bytes;
    rocksdb::Options options = TestDb::DefaultOptions();
    options.merge_operator = NewAppendOperator(append);
    const TempDir dir;
    rocksdb::DB* db = nullptr;
    ASSERT_OK(rocksdb::DB::Open(options, dir.path() + "/db", &db));
    delete db;
    EXPECT_EQ(StoredOptions(dir.path() + "/db").page_bytes, page_bytes);
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
