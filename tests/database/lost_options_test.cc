// DBs whose OPTIONS are missing, cut off, unreadable, or written by a tool that does not know
// sheaf.append.

#include <filesystem>

#include "rocksdb/merge_operator.h"
#include "tests/database/foreign_db.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

class LostOptionsTest : public ForeignDb {
 protected:
  // Two column families of lists with different bounds, and one OPTIONS file that names them.
  void MakeFamilies() {
    RegisterPlugin();
    AppendOptions first, second;
    first.max_values = 2;
    second.max_values = 3;
    second.max_bytes = 1000;
    second.keep = Keep::kFirst;
    second.layout = Layout::kFixed64;
    rocksdb::ColumnFamilyOptions lists, more;
    lists.merge_operator = NewAppendOperator(first);
    more.merge_operator = NewAppendOperator(second);
    rocksdb::DBOptions options;
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    OpenFamilies(options, {rocksdb::ColumnFamilyOptions(), lists, more},
                 [&](rocksdb::DB* db, const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
                   for (const char* const value : {"a", "b"}) {
                     ASSERT_TRUE(db->Merge({}, handles[1], "k", Blob(value)).ok());
                     ASSERT_TRUE(db->Merge({}, handles[2], "k", Blob(value)).ok());
                   }
                 });
  }
  // As a tool without sheaf.append opens it.
  void OpenWithoutPlugin() {
    rocksdb::ColumnFamilyOptions family;
    ASSERT_TRUE(
        rocksdb::MergeOperator::CreateFromString({}, "StringAppendOperator", &family.merge_operator)
            .ok());
    OpenFamilies({}, {family, family, family}, [](rocksdb::DB*, const auto&) {});
  }
  void OpenFamilies(
      const rocksdb::DBOptions& options, const std::vector<rocksdb::ColumnFamilyOptions>& families,
      const std::function<void(rocksdb::DB*, const std::vector<rocksdb::ColumnFamilyHandle*>&)>&
          use) {
    std::vector<rocksdb::ColumnFamilyDescriptor> descriptors = {
        {"default", families[0]}, {"lists", families[1]}, {"more", families[2]}};
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    rocksdb::DBOptions open = options;
    open.avoid_flush_during_recovery = true;
    ASSERT_EQ(rocksdb::DB::Open(open, db_, descriptors, &handles, &opened).ToString(), "OK");
    const std::unique_ptr<rocksdb::DB> db(opened);
    use(db.get(), handles);
    for (rocksdb::ColumnFamilyHandle* const handle : handles) {
      db->DestroyColumnFamilyHandle(handle);
    }
  }
  static std::string Blob(const std::string& value) { return Encode({value}).value(); }
  // The merge operators of the families, as OPTIONS have them.
  std::string Operators() {
    std::istringstream lines(ReadFile(LatestOptionsFile(db_)));
    std::string all;
    for (std::string line; std::getline(lines, line);) {
      if (Has(line, "  merge_operator=")) all += line.substr(17) + "\n";
    }
    return all;
  }
  void Cut(const std::string& file, size_t bytes) {
    WriteFile(file, ReadFile(file).substr(0, bytes));
  }
};

TEST_F(LostOptionsTest, RepairPutsTheOperatorOfEachColumnFamilyBackWithItsBounds) {
  for (const bool with_layout : {false, true}) {
    fs::remove_all(db_);
    MakeFamilies();
    const std::string said = Operators();
    ASSERT_TRUE(Has(said, "max_values=3"));
    OpenWithoutPlugin();
    ASSERT_FALSE(Has(Operators(), "sheaf.append"));
    std::vector<std::string> command = {"repair", "--db", db_, "--cf", "more"};
    if (with_layout) command.insert(command.end(), {"--layout", "fixed64"});
    const Result result = RunSheaf(command);
    EXPECT_EQ(result.exit_status, 0) << result.err;
    EXPECT_TRUE(Has(result.err, "sheaf.append, layout fixed64, as in OPTIONS-")) << result.err;
    // Of the default one nothing ever said that it holds lists.
    const std::string of_lists = said.substr(said.find('\n'));
    EXPECT_TRUE(Has(Operators(), of_lists)) << Operators();
    EXPECT_EQ(ToolReads(db_, {"--cf", "more"})["k"], List({"a", "b"}));
    EXPECT_EQ(ToolReads(db_, {"--cf", "lists"})["k"], List({"a", "b"}));
  }
}

TEST_F(LostOptionsTest, RepairNamesTheColumnFamilyOfWhichNothingSaysThatItHoldsLists) {
  MakeFamilies();
  OpenWithoutPlugin();
  Refused(
      {"repair", "--db", db_, "--cf", "default"},
      "column family default holds no lists: the DB's merge operator is StringAppendOperator, not "
      "sheaf.append, and neither its SSTs nor its values tell of lists. No other column family "
      "has sheaf.append either; `sheaf families` shows what is there");
  Refused({"repair", "--db", db_, "--cf", "more", "--layout", "compact"},
          "the lists have layout fixed64, not compact");
}

TEST_F(LostOptionsTest, OptionsThatAreCutOffAnywhereAreNotBelieved) {
  AppAppends(AppOptions(), db_, "k", "a");
  Tool({"append", "--db", db_, "k", "b"});
  const std::string newest = LatestOptionsFile(db_);
  const std::string text = ReadFile(newest);
  // At the end of each line, and in some.
  size_t checked = 0;
  for (size_t at = 0; at + 3 < text.size(); ++at) {
    if (text[at] != '\n' && at % 97 != 0) continue;
    if (++checked % 8 != 0 && at + 200 < text.size()) continue;
    Cut(newest, at + 1);
    const Result result = RunSheaf({"get", "--db", db_, "k"});
    EXPECT_EQ(result.out, "a\nb\n") << at << result.err;
    EXPECT_TRUE(Has(result.err, "the file before it is used, OPTIONS-")) << at << result.err;
    WriteFile(newest, text);
  }
  EXPECT_GT(checked, 100u);
  WriteFile(newest, "");
  Tool({"append", "--db", db_, "k", "c"});
  const Result result = RunSheaf({"get", "--db", db_, "k"});
  EXPECT_EQ(result.out, "a\nb\nc\n");
  EXPECT_EQ(result.err, "");
  EXPECT_EQ(ReadFile(LatestOptionsFile(db_)), text);
}

TEST_F(LostOptionsTest, WithoutAnyOptionsTheUserSaysTheLayout) {
  for (const char* const layout : {"compact", "fixed64"}) {
    fs::remove_all(db_);
    Tool({"load", "--db", db_, "--layout", layout}, "k\ta\n");
    Tool({"append", "--db", db_, "k", "b"});
    const std::string names[] = {"OPTIONS"};
    for (const auto& entry : fs::directory_iterator(db_)) {
      if (Has(entry.path().filename().string(), names[0])) fs::remove(entry.path());
    }
    for (const auto& command : ReadingCommands(db_)) {
      Refused(command, "there is no file OPTIONS-<number> in it");
    }
    Refused({"append", "--db", db_, "k", "c"}, "`sheaf repair --layout compact`");
    Tool({"repair", "--db", db_, "--layout", layout, "--dry-run"});
    Refused({"get", "--db", db_, "k"}, "there is no file OPTIONS-<number> in it");
    Tool({"repair", "--db", db_, "--layout", layout});
    EXPECT_EQ(RunSheaf({"get", "--db", db_, "k"}).out, "a\nb\n");
    Tool({"append", "--db", db_, "k", "c"});
    rocksdb::DBOptions db_options;
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    ASSERT_EQ(rocksdb::LoadLatestOptions({}, db_, &db_options, &families).ToString(), "OK");
    EXPECT_FALSE(
        families[0].options.disable_auto_compactions);  // RocksDB's default, not the tool's
    EXPECT_TRUE(db_options.wal_dir.empty());
  }
}

TEST_F(LostOptionsTest, OperandsInTheLogOfColumnFamiliesWithoutAnOperatorAreKept) {
  RegisterPlugin();
  rocksdb::ColumnFamilyOptions lists;
  lists.merge_operator = NewAppendOperator();
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  // RocksDB ends its reading of the log at the first operand that it has no operator for.
  OpenFamilies(options, {lists, lists, lists},
               [](rocksdb::DB* db, const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
                 for (const size_t i : {2, 0, 1, 2}) {
                   ASSERT_TRUE(db->Merge({}, handles[i], "k", Blob("a")).ok());
                 }
               });
  const std::string made = LatestOptionsFile(db_);
  const std::string text = ReadFile(made);
  const std::map<std::string, List> model = {{"k", {"a"}}}, more = {{"k", {"a", "a"}}};
  // OPTIONS that do not name the operator of one family.
  const std::string name = "  merge_operator=";
  const size_t last = text.rfind(name) + name.size();
  WriteFile(made, text.substr(0, last) + "nullptr" + text.substr(text.find('\n', last)));
  EXPECT_EQ(ToolReads(db_), model);
  Tool({"append", "--db", db_, "--cf", "lists", "other", "b"});
  Refused({"append", "--db", db_, "--cf", "more", "k", "b"}, "the DB's merge operator is none");
  EXPECT_EQ(ToolReads(db_, {"--cf", "more"}), more);
  // None at all: each family is repaired by itself, and nothing of the others is dropped meanwhile.
  for (const auto& entry : fs::directory_iterator(db_)) {
    if (Has(entry.path().filename().string(), "OPTIONS")) fs::remove(entry.path());
  }
  for (const char* const family : {"default", "lists", "more"}) {
    Tool({"repair", "--db", db_, "--layout", "compact", "--cf", family});
  }
  EXPECT_EQ(ToolReads(db_), model);
  EXPECT_EQ(ToolReads(db_, {"--cf", "lists"})["k"], List({"a"}));
  EXPECT_EQ(ToolReads(db_, {"--cf", "more"}), more);
  OpenFamilies({}, {lists, lists, lists},
               [](rocksdb::DB* db, const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
                 std::string value;
                 ASSERT_EQ(db->Get({}, handles[0], "k", &value).ToString(), "OK");
                 EXPECT_EQ(value, Blob("a"));
                 ASSERT_EQ(db->Get({}, handles[2], "k", &value).ToString(), "OK");
                 EXPECT_EQ(value, Encode({"a", "a"}).value());
               });
}

TEST_F(LostOptionsTest, AnUnknownObjectIsNamedAndOlderOptionsAreNotUsedInstead) {
  AppAppends(AppOptions(), db_, "k", "a");
  Tool({"append", "--db", db_, "k", "b"});
  const std::string text = ReadFile(LatestOptionsFile(db_));
  const struct {
    const char* option;
    const char* type;
  } kObjects[] = {{"comparator", "Comparator"},
                  {"merge_operator", "MergeOperator"},
                  {"prefix_extractor", "SliceTransform"},
                  {"table_factory", "TableFactory"},
                  {"memtable_factory", "MemTableRepFactory"},
                  {"sst_partitioner_factory", "SstPartitionerFactory"}};
  for (const auto& object : kObjects) {
    PutOption(db_, "CFOptions \"default\"", std::string(object.option) + "=my.Object");
    Refused({"get", "--db", db_, "k"}, std::string("names an object that this program does not "
                                                   "have: ") +
                                           object.type + ": my.Object");
    WriteFile(LatestOptionsFile(db_), text);
  }
}

TEST_F(LostOptionsTest, OptionsOfALaterRocksDbAreNamedAndOlderOnesAreNotUsedInstead) {
  AppAppends(AppOptions(), db_, "k", "a");
  Tool({"append", "--db", db_, "k", "b"});
  PutOption(db_, "Version", "rocksdb_version=99.1.0");
  PutOption(db_, "DBOptions", "option_of_the_future=true");
  Refused({"get", "--db", db_, "k"}, "was written by a later RocksDB");
}

TEST_F(LostOptionsTest, DamagedOptionsAreNotBelieved) {
  AppAppends(AppOptions(), db_, "k", "a");
  Tool({"append", "--db", db_, "k", "b"});
  std::string text = ReadFile(LatestOptionsFile(db_));
  text[text.find("write_buffer_size")] = '?';
  WriteFile(LatestOptionsFile(db_), text);
  const Result result = RunSheaf({"get", "--db", db_, "k"});
  EXPECT_EQ(result.out, "a\nb\n");
  EXPECT_TRUE(Has(result.err, "is damaged")) << result.err;
}

TEST_F(LostOptionsTest, WhatCannotBeReadIsNotCalledAnUnknownObject) {
  AppAppends(AppOptions(), db_, "k", "a");
  const std::string newest = LatestOptionsFile(db_);
  fs::remove(newest);
  fs::create_symlink(newest, newest);  // a link to itself, which even root cannot read
  const Result result = RunSheaf({"get", "--db", db_, "k"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err, "cannot read the DB's OPTIONS: Too many levels of symbolic links"))
      << result.err;
  EXPECT_FALSE(Has(result.err, "object"));
  // A folder that nobody may look into is not called one without a DB.
  const std::string loop = folder_ + "/loop";
  fs::create_symlink(loop, loop);
  for (const char* const command : {"scan", "verify", "repair"}) {
    Refused({command, "--db", loop},
            "cannot look for a DB there: Too many levels of symbolic links");
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
