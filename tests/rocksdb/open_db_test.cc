// sheaf::OpenDB: the merge operators of a DB are compared before RocksDB opens it.

#include "sheaf/open_db.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/compaction_filter.h"
#include "rocksdb/convenience.h"
#include "rocksdb/merge_operator.h"
#include "rocksdb/utilities/db_ttl.h"
#include "rocksdb/utilities/options_util.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr char kDiscards[] =
    "RocksDB would silently discard every write in its log from the first append on, or merge "
    "lists in another way. Set ColumnFamilyOptions::merge_operator = sheaf::NewAppendOperator()";

// Names that nobody registered.
class AppsOperator final : public rocksdb::AssociativeMergeOperator {
 public:
  const char* Name() const override { return "app.Operator"; }
  bool Merge(const rocksdb::Slice& /*key*/, const rocksdb::Slice* /*existing*/,
             const rocksdb::Slice& value, std::string* merged,
             rocksdb::Logger* /*logger*/) const override {
    *merged = value.ToString();
    return true;
  }
};
class AppsFilter final : public rocksdb::CompactionFilter {
 public:
  const char* Name() const override { return "app.Filter"; }
};

class OpenDbTest : public ::testing::Test {
 protected:
  using Family = rocksdb::ColumnFamilyDescriptor;

  ~OpenDbTest() override { Close(); }

  static rocksdb::Options Lists(Layout layout = Layout::kCompact) {
    return TestDb::DefaultOptions(layout);
  }
  static rocksdb::Options Plain() {
    rocksdb::Options options = TestDb::DefaultOptions();
    options.merge_operator.reset();
    return options;
  }
  static rocksdb::Options With(const char* name) {
    rocksdb::Options options = Plain();
    EXPECT_OK(rocksdb::MergeOperator::CreateFromString({}, name, &options.merge_operator));
    return options;
  }

  rocksdb::Status Open(const rocksdb::Options& options) {
    Close();
    return OpenDB(options, path(), &db_);
  }
  rocksdb::Status Open(const std::vector<Family>& families) {
    Close();
    rocksdb::DBOptions options;
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    return OpenDB(options, path(), families, &handles_, &db_);
  }
  void Close() {
    for (rocksdb::ColumnFamilyHandle* const handle : handles_) {
      EXPECT_OK(db_->DestroyColumnFamilyHandle(handle));
    }
    handles_.clear();
    db_.reset();
  }

  void Append(const char* key, const char* value, rocksdb::ColumnFamilyHandle* family = nullptr) {
    std::unique_ptr<Store> store;
    ASSERT_OK(Store::Open(db_.get(), family, {}, &store));
    ASSERT_OK(store->Append({}, key, {value}));
  }
  List Get(const char* key, rocksdb::ColumnFamilyHandle* family = nullptr) {
    std::unique_ptr<Store> store;
    EXPECT_OK(Store::Open(db_.get(), family, {}, &store));
    PinnedBlob list;
    EXPECT_OK(store->Get({}, key, &list));
    return ToList(list);
  }

  const std::string& path() const { return dir_.path(); }
  std::string OptionsFile() const {
    std::string name;
    EXPECT_OK(rocksdb::GetLatestOptionsFileName(path(), rocksdb::Env::Default(), &name));
    return path() + "/" + name;
  }
  // Replaces the first `from` of the OPTIONS file.
  void EditOptions(const std::string& from, const std::string& to) const {
    std::ifstream in(OptionsFile());
    std::string text((std::istreambuf_iterator<char>(in)), {});
    const size_t at = text.find(from);
    ASSERT_NE(at, std::string::npos);
    text.replace(at, from.size(), to);
    std::ofstream(OptionsFile()) << text;
  }

  const TempDir dir_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

TEST_F(OpenDbTest, AForgottenOperatorIsRefusedAndTheLogStaysWhole) {
  ASSERT_OK(Open(Lists()));
  Append("a", "1");
  ASSERT_OK(db_->Put({}, "b", Encode({"2"}).value()));
  const std::string file = OptionsFile();
  const rocksdb::Status s = Open(Plain());
  EXPECT_TRUE(s.IsInvalidArgument());
  EXPECT_EQ(db_, nullptr);
  EXPECT_THAT(s.ToString(), AllOf(HasSubstr("OpenDB: " + file +
                                            ": column family \"default\" has the merge "
                                            "operator sheaf.append, the options given have none: "),
                                  HasSubstr(kDiscards), HasSubstr("sheaf::RegisterPlugin()")));
  EXPECT_EQ(OptionsFile(), file) << "RocksDB was not called";
  ASSERT_OK(Open(Lists()));
  EXPECT_EQ(Get("a"), List({"1"}));
  EXPECT_EQ(Get("b"), List({"2"}));
}

TEST_F(OpenDbTest, AnotherOperatorIsRefused) {
  ASSERT_OK(Open(Lists()));
  EXPECT_THAT(Open(With("StringAppendOperator")).ToString(),
              AllOf(HasSubstr("has the merge operator sheaf.append, the options given have "
                              "StringAppendOperator: "),
                    HasSubstr(kDiscards)));
}

TEST_F(OpenDbTest, AnOperatorThatIsNotOursIsComparedToo) {
  ASSERT_OK(Open(With("StringAppendOperator")));
  for (const rocksdb::Options& other : {Plain(), Lists(), With("uint64add")}) {
    const rocksdb::Status s = Open(other);
    EXPECT_TRUE(s.IsInvalidArgument());
    EXPECT_THAT(s.ToString(),
                AllOf(HasSubstr("has the merge operator StringAppendOperator, the options given "
                                "have "),
                      HasSubstr("Lists need a column family of their own")));
  }
  EXPECT_OK(Open(With("StringAppendOperator")));
}

TEST_F(OpenDbTest, AnotherLayoutIsRefused) {
  ASSERT_OK(Open(Lists(Layout::kFixed64)));
  const rocksdb::Status s = Open(Lists());
  EXPECT_TRUE(s.IsInvalidArgument());
  EXPECT_THAT(s.ToString(), HasSubstr("column family \"default\" has lists in layout fixed64, the "
                                      "merge operator given has layout compact: the layout of "
                                      "lists cannot be changed; make the operator with "
                                      "AppendOptions::layout = sheaf::Layout::kFixed64"));
  ASSERT_OK(Open(Lists(Layout::kFixed64)));
  EditOptions("layout=fixed64", "layout=later");
  EXPECT_THAT(Open(Lists()).ToString(),
              HasSubstr("has lists in layout later, the merge operator given has layout compact: "
                        "this version of Sheaf does not know that layout"));
}

TEST_F(OpenDbTest, TheOtherKindOfListsIsRefused) {
  AppendOptions append;
  append.page_bytes = 4096;
  rocksdb::Options long_lists = Lists();
  long_lists.merge_operator = NewAppendOperator(append);
  ASSERT_OK(Open(long_lists));
  EXPECT_THAT(
      Open(Lists()).ToString(),
      AllOf(HasSubstr("column family \"default\" has long lists, page_bytes = 4096; the merge "
                      "operator given has page_bytes = 0"),
            HasSubstr("make the operator with AppendOptions::page_bytes = 4096")));
  // Another size of pages is the caller's to choose.
  append.page_bytes = 100;
  long_lists.merge_operator = NewAppendOperator(append);
  ASSERT_OK(Open(long_lists));
}

TEST_F(OpenDbTest, PlainListsAreNotOpenedAsLongOnes) {
  ASSERT_OK(Open(Lists()));
  AppendOptions append;
  append.page_bytes = 4096;
  rocksdb::Options long_lists = Lists();
  long_lists.merge_operator = NewAppendOperator(append);
  EXPECT_THAT(Open(long_lists).ToString(),
              AllOf(HasSubstr("column family \"default\" has plain lists; the merge operator given "
                              "has page_bytes = 4096"),
                    HasSubstr("make the operator with AppendOptions::page_bytes = 0")));
}

TEST_F(OpenDbTest, OtherLimitsAreTheCallersToChange) {
  AppendOptions append;
  append.max_values = 3;
  rocksdb::Options options = Lists();
  options.merge_operator = NewAppendOperator(append);
  ASSERT_OK(Open(options));
  EXPECT_OK(Open(Lists()));
}

TEST_F(OpenDbTest, AnOperatorMayBeAdded) {
  ASSERT_OK(Open(Plain()));
  ASSERT_OK(Open(Lists()));
  EXPECT_TRUE(Open(Plain()).IsInvalidArgument());
}

TEST_F(OpenDbTest, EachColumnFamilyIsCompared) {
  const std::string odd = "odd: \"a\\b#c\"\n[x]=";
  const std::vector<Family> families = {{"default", Plain()}, {"lists", Lists()}, {odd, Lists()}};
  ASSERT_OK(Open(families));
  ASSERT_EQ(handles_.size(), 3u);
  Append("a", "1", handles_[2]);
  for (const size_t forgotten : {1, 2}) {
    std::vector<Family> others = families;
    others[forgotten].options.merge_operator.reset();
    const rocksdb::Status s = Open(others);
    EXPECT_TRUE(s.IsInvalidArgument());
    EXPECT_TRUE(handles_.empty());
    EXPECT_THAT(s.ToString(),
                HasSubstr("column family \"" + families[forgotten].name + "\" has the merge"));
  }
  ASSERT_OK(Open(families));
  EXPECT_EQ(Get("a", handles_[2]), List({"1"}));
}

TEST_F(OpenDbTest, ColumnFamiliesThatAreNotListedAreRefusedByRocksDb) {
  ASSERT_OK(Open({{"default", Plain()}, {"lists", Lists()}}));
  EXPECT_EQ(Open(Plain()).ToString(), "Invalid argument: Column families not opened: lists");
  EXPECT_EQ(db_, nullptr);
}

TEST_F(OpenDbTest, ANewColumnFamilyMayHaveAnyOperator) {
  ASSERT_OK(Open(Lists()));
  EXPECT_OK(Open({{"default", Lists()}, {"new", Plain()}, {"other", Lists(Layout::kFixed64)}}));
}

TEST_F(OpenDbTest, WithoutADbRocksDbDecides) {
  rocksdb::Options options = Lists();
  options.create_if_missing = false;
  EXPECT_THAT(Open(options).ToString(), HasSubstr("does not exist (create_if_missing is false)"));
  EXPECT_OK(Open(Lists()));
}

TEST_F(OpenDbTest, WhatElseOptionsNameNeedNotBeRegistered) {
  const AppsFilter filter;
  rocksdb::Options app = Plain();
  app.merge_operator = std::make_shared<AppsOperator>();
  app.compaction_filter = &filter;
  rocksdb::Options lists = Lists();
  lists.compaction_filter = &filter;
  const std::vector<Family> families = {{"default", app}, {"lists", lists}};
  ASSERT_OK(Open(families));
  EditOptions("  compaction_filter=",
              "  an_option_of_a_later_rocksdb={a=b;c={d=e}}\n  "
              "compaction_filter=");
  ASSERT_OK(Open(families));
  EXPECT_THAT(Open({{"default", Plain()}, {"lists", Lists()}}).ToString(),
              HasSubstr("has the merge operator app.Operator, the options given have none"));
  EXPECT_THAT(Open({{"default", app}, {"lists", app}}).ToString(),
              HasSubstr("column family \"lists\" has the merge operator sheaf.append, the options "
                        "given have app.Operator"));
}

// RocksDB 7.8.3 writes no OPTIONS of it, later ones may.
TEST_F(OpenDbTest, ADbWithTtlIsRefused) {
  rocksdb::DBWithTTL* opened = nullptr;
  ASSERT_OK(rocksdb::DBWithTTL::Open(Lists(), path(), &opened));
  delete opened;
  EXPECT_TRUE(Open(Lists()).IsInvalidArgument());
}

TEST_F(OpenDbTest, WithoutAnOptionsFileTheErrorSaysWhatToDo) {
  ASSERT_OK(Open(Lists()));
  Close();
  for (const auto& entry : fs::directory_iterator(path())) {
    if (entry.path().filename().string().rfind("OPTIONS-", 0) == 0) fs::remove(entry.path());
  }
  const rocksdb::Status s = Open(Lists());
  EXPECT_TRUE(s.IsInvalidArgument());
  EXPECT_THAT(s.ToString(), AllOf(HasSubstr("OpenDB: " + path() + " is a DB without an OPTIONS"),
                                  HasSubstr("open the DB once with rocksdb::DB::Open")));
  rocksdb::DB* opened = nullptr;
  ASSERT_OK(rocksdb::DB::Open(Lists(), path(), &opened));
  delete opened;
  EXPECT_OK(Open(Lists()));
}

TEST_F(OpenDbTest, AnOptionsFileThatCannotBeReadIsAnError) {
  ASSERT_OK(Open(Lists()));
  Close();
  const std::string file = OptionsFile();
  fs::remove(file);
  fs::create_directory(file);  // also for root, who may read everything
  const rocksdb::Status s = Open(Lists());
  EXPECT_TRUE(s.IsIOError());
  EXPECT_THAT(s.ToString(), HasSubstr("OpenDB: cannot read " + file));
}

TEST_F(OpenDbTest, AnOptionsFileThatIsCutSaysNothingOfTheRest) {
  const std::vector<Family> families = {{"default", Plain()}, {"lists", Lists()}};
  ASSERT_OK(Open(families));
  Close();
  std::ifstream in(OptionsFile());
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  fs::resize_file(OptionsFile(), text.find("[CFOptions \"lists\"]"));
  const rocksdb::Status s = Open({{"default", Plain()}, {"lists", Plain()}});
  EXPECT_TRUE(s.IsInvalidArgument());
  EXPECT_THAT(s.ToString(), HasSubstr("column family \"lists\" is not described, so that its merge "
                                      "operator is not known"));
  EXPECT_OK(Open(families));  // nothing can be lost with sheaf.append
}

TEST_F(OpenDbTest, TheCheckStandsAloneForOtherWaysToOpen) {
  ASSERT_OK(Open(Lists()));
  Close();
  EXPECT_OK(CheckMergeOperators(rocksdb::DBOptions(), path(), {{"default", Lists()}}));
  EXPECT_TRUE(CheckMergeOperators(rocksdb::DBOptions(), path(), {{"default", Plain()}})
                  .IsInvalidArgument());
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
