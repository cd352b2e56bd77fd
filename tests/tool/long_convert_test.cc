// `sheaf convert`: plain lists to long lists in another column family, and back.

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "rocksdb/utilities/options_util.h"
#include "tests/support/ok.h"
#include "tests/tool/long_db.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

class LongConvertTest : public ::testing::TestWithParam<Layout> {
 protected:
  const std::string folder_ = TestFolder();
  const std::string db_ = folder_ + "/db";

  Result Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, {"--db", db_});
    return RunSheaf(arguments);
  }
  std::string Export(const std::string& family) {
    const Result result = Run({"export", "--cf", family, "--format", "jsonl"});
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return result.out;
  }
  // Plain lists, one of them long, one empty, one with operands pending.
  void Make() {
    std::string rows;
    for (int i = 0; i < 500; ++i) rows += "long\tvalue " + std::to_string(i) + "\n";
    for (int i = 0; i < 50; ++i) rows += "k" + std::to_string(i) + "\tv\n";
    ASSERT_EQ(RunSheaf({"load", "--db", db_, "--layout", LayoutName(GetParam())}, rows).exit_status,
              0);
    ASSERT_EQ(Run({"append", "long", "one", "more"}).exit_status, 0);
    ASSERT_EQ(Run({"put", "none"}).exit_status, 0);
  }
  void ExpectConverts(const std::vector<std::string>& arguments, const std::string& text) {
    const Result result = Run(arguments);
    EXPECT_EQ(result.exit_status, 0);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "sheaf convert: " + db_ + ": " + text + "\n");
  }
  void ExpectRefuses(const std::vector<std::string>& arguments, const std::string& why) {
    const Result result = Run(arguments);
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_EQ(result.err, "sheaf convert: " + db_ + ": " + why + "\n");
  }
};
INSTANTIATE_TEST_SUITE_P(Layouts, LongConvertTest,
                         ::testing::Values(Layout::kCompact, Layout::kFixed64),
                         [](const auto& info) { return std::string(LayoutName(info.param)); });

TEST_P(LongConvertTest, ThereAndBackAreTheSameLists) {
  Make();
  const std::string before = Export("default");
  ExpectConverts({"convert", "--to-cf", "events", "--page-bytes", "1K"},
                 "52 lists, 552 values of column family default copied into events, as long lists");
  EXPECT_EQ(Export("default"), before);
  EXPECT_EQ(Export("events"), before);
  EXPECT_EQ(Run({"verify", "--cf", "events"}).exit_status, 0);
  EXPECT_EQ(Run({"verify"}).exit_status, 0);
  const std::string stats = Run({"stats", "--cf", "events", "--key", "long"}).out;
  EXPECT_TRUE(Has(stats, "page bytes     1,024")) << stats;
  EXPECT_FALSE(Has(stats, "sealed pages   0")) << stats;
  EXPECT_EQ(Run({"append", "--cf", "events", "long", "appended"}).exit_status, 0);
  EXPECT_EQ(Run({"get", "--cf", "events", "long", "--from", "502"}).out, "appended\n");
  ExpectConverts({"convert", "--cf", "events", "--to-cf", "back", "--page-bytes", "0"},
                 "52 lists, 553 values of column family events copied into back, as plain lists");
  EXPECT_EQ(Run({"append", "long", "appended"}).exit_status, 0);
  EXPECT_EQ(Export("back"), Export("default"));
  EXPECT_EQ(Run({"put", "--cf", "back", "k0", "new"}).exit_status, 0);
  // An application that opens the DB finds all of it in OPTIONS.
  EXPECT_EQ(Run({"families"}).out.substr(0, 8), "family  ");
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  rocksdb::DBOptions options;
  RegisterPlugin();
  ASSERT_OK(rocksdb::LoadLatestOptions(rocksdb::ConfigOptions(), db_, &options, &families));
  ASSERT_EQ(families.size(), 3u);
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  ASSERT_OK(rocksdb::DB::Open(options, db_, families, &handles, &opened));
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::unique_ptr<LongStore> store;
  LongStoreOptions as;
  as.layout = GetParam();
  ASSERT_OK(LongStore::Open(db.get(), handles[1], as, &store));
  uint64_t first = 1;
  uint64_t end = 0;
  ASSERT_OK(store->Bounds({}, "long", &first, &end));
  EXPECT_EQ(first, 0u);
  EXPECT_EQ(end, 503u);
  store.reset();
  for (auto* const handle : handles) ASSERT_OK(db->DestroyColumnFamilyHandle(handle));
}

TEST_P(LongConvertTest, WhatCannotBeConvertedIsRefusedAndTheListsStay) {
  Make();
  const std::string before = Export("default");
  ExpectRefuses({"convert", "--to-cf", "plain", "--page-bytes", "0"},
                "column family default holds plain lists already");
  ExpectConverts({"convert", "--to-cf", "events", "--page-bytes", "1K"},
                 "52 lists, 552 values of column family default copied into events, as long lists");
  ExpectRefuses({"convert", "--to-cf", "events", "--page-bytes", "1K"},
                "column family events is there, and is not empty: a conversion was done already, "
                "or it has something else; name a new one");
  ExpectRefuses({"convert", "--cf", "events", "--to-cf", "more", "--page-bytes", "2K"},
                "column family events holds long lists already");
  for (const std::string bytes : {"much", "257M"}) {
    const Result usage = Run({"convert", "--to-cf", "x", "--page-bytes", bytes});
    EXPECT_EQ(usage.exit_status, 2);
    EXPECT_EQ(usage.err,
              "sheaf convert: --page-bytes: expected a size up to 256M like 64K, or 0 for plain "
              "lists, found \"" +
                  bytes + "\"\nRun sheaf convert --help for more information.\n");
  }
  const Result same = Run({"convert", "--to-cf", "default", "--page-bytes", "1K"});
  EXPECT_EQ(same.exit_status, 2);
  EXPECT_EQ(same.err,
            "sheaf convert: --to-cf: expected another column family than that of --cf, found "
            "\"default\"\n");
  EXPECT_EQ(Export("default"), before);
}

// A value that is not a list ends it; what is left of that does not stand in the way.
TEST_P(LongConvertTest, AnInterruptedConversionIsRunAgain) {
  Make();
  ASSERT_EQ(Run({"put", "zz"}).exit_status, 0);
  const std::string before = Export("default");
  {
    rocksdb::DB* opened = nullptr;
    rocksdb::Options options;
    AppendOptions append;
    append.layout = GetParam();
    options.merge_operator = NewAppendOperator(append);
    ASSERT_OK(rocksdb::DB::Open(options, db_, &opened));
    const std::unique_ptr<rocksdb::DB> db(opened);
    ASSERT_OK(db->Put({}, "zz", "\xFF"));
  }
  const Result failed = Run({"convert", "--to-cf", "events", "--page-bytes", "1K"});
  EXPECT_EQ(failed.exit_status, 1);
  EXPECT_TRUE(Has(failed.err, ": the value of key \"zz\" is not a list: ")) << failed.err;
  EXPECT_EQ(Export("events"), "");
  ASSERT_EQ(Run({"put", "zz"}).exit_status, 0);
  ASSERT_EQ(
      std::system(("mkdir '" + db_ + ".convert' && touch '" + db_ + ".convert/0.sst'").c_str()), 0);
  ExpectConverts({"convert", "--to-cf", "events", "--page-bytes", "1K"},
                 "53 lists, 552 values of column family default copied into events, as long lists");
  EXPECT_EQ(Export("events"), before);
  EXPECT_EQ(Export("default"), before);
  EXPECT_FALSE(Has(Run({"families"}).err, "convert"));
  for (const auto& [name, bytes] : Snapshot(folder_)) {
    EXPECT_FALSE(Has(name, ".convert")) << name;
  }
}

// A kill between the two steps in which a column family is made: OPTIONS name it, MANIFEST does
// not.
TEST_P(LongConvertTest, AFamilyThatIsNotYetMadeIsMade) {
  Make();
  const std::string copy = folder_ + "/copy";
  ASSERT_EQ(std::system(("cp -r '" + db_ + "' '" + copy + "'").c_str()), 0);
  ExpectConverts({"convert", "--to-cf", "events", "--page-bytes", "1K"},
                 "52 lists, 552 values of column family default copied into events, as long lists");
  const std::string newest = "$(ls -v '" + db_ + "'/OPTIONS-* | tail -n 1)";
  ASSERT_EQ(std::system(("cp " + newest + " '" + copy + "/OPTIONS-999999'").c_str()), 0);
  const Result again =
      RunSheaf({"convert", "--db", copy, "--to-cf", "events", "--page-bytes", "1K"});
  EXPECT_EQ(again.exit_status, 0) << again.err;
  EXPECT_TRUE(Has(again.err, "52 lists, 552 values")) << again.err;
  const auto exported = [](const std::string& db) {
    return RunSheaf({"export", "--db", db, "--cf", "events", "--format", "jsonl"}).out;
  };
  EXPECT_EQ(exported(copy), exported(db_));
  EXPECT_EQ(exported(copy), Export("default"));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
