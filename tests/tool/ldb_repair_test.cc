// `ldb repair`, as the distribution has it, of a DB that `sheaf load` made: what it keeps, and what
// the guide says that it does not.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <sstream>
#include <string>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "rocksdb/sst_file_reader.h"
#include "rocksdb/table_properties.h"
#include "sheaf/append_operator.h"
#include "sheaf/plugin.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t kNoFamily = 0x7fffffff;  // as table_properties.h says

// With parameters: the column family, and whether `ldb` has the plugin and the DB's OPTIONS.
using How = std::tuple<const char*, bool>;

class LdbRepairTest : public ::testing::TestWithParam<How> {
 protected:
  std::string Family() const { return std::get<0>(GetParam()); }

  Result Run(const std::string& command, const std::vector<std::string>& more = {},
             const std::string& input = "") const {
    std::vector<std::string> arguments = {command, "--db", db_, "--cf", Family()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunSheaf(arguments, input);
  }

  // Loads rows, and into the model.
  void Load(const std::vector<std::pair<std::string, std::string>>& rows,
            std::vector<std::string> more = {}) {
    const bool replaces = std::find(more.begin(), more.end(), "replace") != more.end();
    std::string text;
    std::map<std::string, std::string> lists;
    for (const auto& [key, value] : rows) {
      const std::string row = key + "\t" + value + "\n";
      text += row;
      lists[key] += row;
    }
    const Result result = Run("load", more, text);
    ASSERT_EQ(result.exit_status, 0) << result.err;
    for (const auto& [key, list] : lists) {
      if (replaces) model_[key].clear();
      model_[key] += list;
    }
  }

  void LdbRepair() const {
    const bool knows = std::get<1>(GetParam());
    const std::string command =
        std::string(knows ? "LD_PRELOAD=$PWD/plugin/libsheaf_plugin.so " : "") + "ldb --db=" + db_ +
        (knows ? " --try_load_options" : "") + " repair >/dev/null 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }

  std::string Model() const {
    std::string text;
    for (const auto& [key, list] : model_) text += list;
    return text;
  }
  std::string Scan() const { return Run("scan").out; }

  // Of every SST in `folder`: name and number of the family that it names.
  static std::vector<std::pair<std::string, uint64_t>> Families(const std::string& folder) {
    RegisterPlugin();
    std::vector<std::pair<std::string, uint64_t>> families;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().extension() != ".sst") continue;
      rocksdb::SstFileReader reader({});
      EXPECT_TRUE(reader.Open(entry.path().string()).ok());
      const auto properties = reader.GetTableProperties();
      families.emplace_back(properties->column_family_name, properties->column_family_id);
    }
    return families;
  }

  const std::string folder_ = TestFolder();
  const std::string db_ = folder_ + "/db";
  std::map<std::string, std::string> model_;  // key -> its rows
};

INSTANTIATE_TEST_SUITE_P(Ldb, LdbRepairTest,
                         ::testing::Combine(::testing::Values("default", "lists"),
                                            ::testing::Bool()),
                         [](const auto& info) {
                           return std::string(std::get<0>(info.param)) +
                                  (std::get<1>(info.param) ? "WithPlugin" : "");
                         });

// The first load makes the DB; the second appends, to keys that are there and to others.
TEST_P(LdbRepairTest, KeepsEverythingThatLoadsMade) {
  std::mt19937 random(1);
  std::vector<std::pair<std::string, std::string>> rows;
  for (int i = 0; i < 20000; ++i) {
    rows.emplace_back("key" + std::to_string(random() % 3000), std::to_string(i));
  }
  Load(rows, {"--memory", "16M", "--threads", "1"});
  for (auto& [key, value] : rows) key[0] = value.back() == '7' ? 'k' : 'n';
  Load(rows);
  Load({{"replaced", "by nothing"}}, {"--mode", "replace"});
  ASSERT_GE(Families(db_).size(), 3u);
  ASSERT_TRUE(Scan() == Model());
  const Result before = Run("verify");
  EXPECT_EQ(before.exit_status, 0) << before.out;

  LdbRepair();

  EXPECT_TRUE(Scan() == Model());
  const Result verify = Run("verify");
  EXPECT_EQ(verify.exit_status, 0) << verify.out;
  const uint64_t number = Family() == "default" ? 0 : 1;
  for (const auto& family : Families(db_)) EXPECT_EQ(family, std::make_pair(Family(), number));
  Load({{"key1", "after"}, {"a", "after"}});
  EXPECT_TRUE(Scan() == Model());
  ASSERT_EQ(Run("compact", {"--all"}).exit_status, 0);
  EXPECT_TRUE(Scan() == Model());
}

// A family that is not the DB's first.
TEST_P(LdbRepairTest, NamesTheFamilyOfADbThatIsThere) {
  RegisterPlugin();
  {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.merge_operator = NewAppendOperator();
    rocksdb::DB* opened = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, db_, &opened).ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    for (const char* const name : {"one", "gone", "lists"}) {
      rocksdb::ColumnFamilyHandle* family = nullptr;
      ASSERT_TRUE(db->CreateColumnFamily(options, name, &family).ok());
      if (std::string(name) == "gone") {
        ASSERT_TRUE(db->DropColumnFamily(family).ok());
      }
      ASSERT_TRUE(db->DestroyColumnFamilyHandle(family).ok());
    }
  }
  // A family without an SST is one that repair drops.
  for (const char* const family : {"default", "one", "lists"}) {
    if (family != Family()) {
      ASSERT_EQ(RunSheaf({"load", "--db", db_, "--cf", family}, "z\t0\n").exit_status, 0);
    }
  }
  Load({{"a", "1"}, {"b", "2"}, {"a", "3"}});
  Load({{"a", "4"}});
  const uint64_t number = Family() == "default" ? 0 : 3;
  const auto all = Families(db_);
  EXPECT_EQ(std::count(all.begin(), all.end(), std::make_pair(Family(), number)), 2);
  EXPECT_EQ(std::count(all.begin(), all.end(), std::make_pair(std::string("one"), uint64_t{1})), 1);
  EXPECT_EQ(all.size(), 4u);
  LdbRepair();
  EXPECT_EQ(Scan(), Model());
}

// Its SSTs were finished by a load that could not ingest them.
TEST_P(LdbRepairTest, KeepsWhatAResumedLoadIngested) {
  Load({{"a", "old"}});
  Process process({"load", "--db", db_, "--cf", Family()});
  const auto has_begun = [this] {
    return std::any_of(fs::directory_iterator(folder_), fs::directory_iterator(),
                       [](const auto& entry) { return Has(entry.path().string(), ".load-"); });
  };
  ASSERT_TRUE(process.WaitUntil(has_begun)) << process.Wait().err;
  {
    rocksdb::Options options;
    options.merge_operator = NewAppendOperator();
    std::vector<rocksdb::ColumnFamilyDescriptor> families = {{"default", options}};
    if (Family() != "default") families.emplace_back(Family(), options);
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, db_, families, &handles, &opened).ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    process.Write("a\t1\nb\t2\n");
    process.CloseInput();
    EXPECT_TRUE(Has(process.Wait().err, "--resume goes on from there"));
    for (rocksdb::ColumnFamilyHandle* const handle : handles) db->DestroyColumnFamilyHandle(handle);
  }
  ASSERT_EQ(Run("load", {"--resume"}).exit_status, 0);
  model_["a"] += "a\t1\n";
  model_["b"] += "b\t2\n";
  ASSERT_EQ(Scan(), Model());
  LdbRepair();
  EXPECT_EQ(Scan(), Model());
}

// As the guide says: `ldb repair` has no merge operator, even with the plugin and
// --try_load_options.
TEST_P(LdbRepairTest, PutsOperandsOfTheLogAside) {
  Load({{"a", "1"}, {"b", "2"}});
  ASSERT_EQ(Run("append", {"a", "log"}).exit_status, 0);
  LdbRepair();
  EXPECT_EQ(Scan(), Model());  // without what was appended
  uint64_t log_bytes = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(db_ + "/lost")) {
    if (entry.path().extension() == ".log") log_bytes += entry.file_size();
  }
  EXPECT_GT(log_bytes, 0u);
}

// The way out that the guide names: what a compaction has written has lost nothing to forget.
TEST_P(LdbRepairTest, KeepsOrderAndReplacementsAfterACompaction) {
  Load({{"a", "1"}, {"b", "2"}, {"c", "3"}});
  ASSERT_EQ(Run("append", {"a", "appended"}).exit_status, 0);
  model_["a"] += "a\tappended\n";
  Load({{"a", "later"}, {"b", "later"}});
  Load({{"c", "new"}}, {"--mode", "replace"});
  ASSERT_EQ(Run("compact", {"--all"}).exit_status, 0);
  ASSERT_EQ(Scan(), Model());
  LdbRepair();
  EXPECT_EQ(Scan(), Model());
}

// As the guide says: repair forgets the order that ingestion gives.
TEST_P(LdbRepairTest, ReadsWhatWasIngestedAsOlderThanWhatWasFlushed) {
  Load({{"a", "1"}});
  ASSERT_EQ(Run("append", {"a", "flushed"}).exit_status, 0);
  ASSERT_EQ(Run("compact", {"--key", "b"}).exit_status, 0);
  Load({{"a", "later"}});  // opens the DB, which flushes its log
  ASSERT_EQ(Scan(), "a\t1\na\tflushed\na\tlater\n");
  LdbRepair();
  EXPECT_EQ(Scan(), "a\t1\na\tlater\na\tflushed\n");
}

TEST_P(LdbRepairTest, KeepsTheValuesOfAListInPiecesButNotTheirOrder) {
  std::vector<std::pair<std::string, std::string>> rows;
  std::vector<std::string> values;
  for (int i = 0; i < 6000; ++i) {
    values.push_back(std::to_string(i) + std::string(1000, 'v'));
    rows.emplace_back("large", values.back());
  }
  Load(rows, {"--memory", "16M", "--threads", "1"});
  ASSERT_GE(Families(db_).size(), 4u);  // pieces
  ASSERT_TRUE(Scan() == Model());
  LdbRepair();
  EXPECT_EQ(Run("verify").exit_status, 0);
  std::vector<std::string> found;
  std::istringstream lines(Run("get", {"large"}).out);
  for (std::string line; std::getline(lines, line);) found.push_back(line);
  std::sort(values.begin(), values.end());
  std::sort(found.begin(), found.end());
  EXPECT_TRUE(found == values);
}

// As the guide says: neither leaves a trace that repair would find.
TEST_P(LdbRepairTest, DropsFamiliesWithoutSstsAndSstsWithoutAFamily) {
  const std::string ssts = folder_ + "/ssts";
  ASSERT_EQ(RunSheaf({"load", "--sst-only", ssts, "--mode", "replace"}, "a\t1\n").exit_status, 0);
  rocksdb::Options options;
  options.create_if_missing = true;
  options.merge_operator = NewAppendOperator();
  {
    rocksdb::DB* opened = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(options, db_, &opened).ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    rocksdb::ColumnFamilyHandle* family = nullptr;
    ASSERT_TRUE(db->CreateColumnFamily(options, "empty", &family).ok());
    ASSERT_TRUE(db->DestroyColumnFamilyHandle(family).ok());
    ASSERT_TRUE(db->IngestExternalFile({ssts + "/000000.sst"}, {}).ok());
  }
  LdbRepair();
  std::vector<std::string> families;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies(options, db_, &families).ok());
  EXPECT_EQ(families, std::vector<std::string>{"default"});
  EXPECT_EQ(Families(db_ + "/lost").size(), 1u);
  EXPECT_EQ(Families(db_).size(), 1u);
  // OPTIONS still name the other one, which is no reason not to open the DB.
  if (Family() == "default") {
    for (const char* const command : {"scan", "verify", "stats"}) {
      SCOPED_TRACE(command);
      const Result result = Run(command);
      EXPECT_EQ(result.exit_status, 0) << result.err;
      EXPECT_TRUE(Has(result.err, "column family empty is not here any more")) << result.err;
    }
    Load({{"b", "2"}});
    EXPECT_EQ(Run("append", {"b", "3"}).exit_status, 0);
    EXPECT_EQ(Run("compact", {"--all"}).exit_status, 0);
    EXPECT_EQ(Run("get", {"b"}).out, "2\n3\n");
    const Result gone = RunSheaf({"scan", "--db", db_, "--cf", "empty"});
    EXPECT_EQ(gone.exit_status, 1);
    EXPECT_TRUE(Has(gone.err, "no column family empty here any more")) << gone.err;
  }
}

TEST_P(LdbRepairTest, SstsForOthersNameNoFamily) {
  const std::string ssts = folder_ + "/ssts";
  ASSERT_EQ(RunSheaf({"load", "--sst-only", ssts, "--cf", Family()}, "a\t1\n").exit_status, 0);
  Load({{"b", "2"}});
  ASSERT_EQ(Run("load", {"--sst-only", ssts + "2"}, "a\t1\n").exit_status, 0);
  for (const std::string& folder : {ssts, ssts + "2"}) {
    const auto families = Families(folder);
    EXPECT_EQ(families.size(), 1u);
    for (const auto& family : families) {
      EXPECT_EQ(family.first, "");
      EXPECT_EQ(family.second, kNoFamily);
    }
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
