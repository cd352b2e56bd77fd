// put, delete, trim, remove and clear, and what looks at keys: get of several, keys, count, export
// of a range, families.

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/convenience.h"
#include "rocksdb/db.h"
#include "rocksdb/merge_operator.h"
#include "sheaf/append_operator.h"
#include "sheaf/blob_builder.h"
#include "sheaf/plugin.h"
#include "tests/support/ok.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

using List = std::vector<std::string>;

class EditCommandsTest : public ::testing::Test {
 protected:
  const std::string folder_ = TestFolder();
  const std::string db_ = folder_ + "/db";

  void Load(const std::string& rows, const std::string& format = "tsv") {
    const Result result = RunSheaf({"load", "--db", db_, "--format", format}, rows);
    ASSERT_EQ(result.exit_status, 0) << result.err;
  }
  Result Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, {"--db", db_});
    return RunSheaf(arguments);
  }
  // Runs it, and expects neither output nor a complaint.
  void Quietly(const std::vector<std::string>& arguments) {
    const Result result = Run(arguments);
    EXPECT_EQ(result.exit_status, 0) << result.err;
    EXPECT_EQ(result.out + result.err, "");
  }
  std::string Missing(const std::string& command, const std::string& key) {
    return "sheaf " + command + ": " + db_ + ": key not found: \"" + key + "\"\n";
  }
};

TEST_F(EditCommandsTest, EachChangesItsKeysAlone) {
  Load("a\t1\na\t2\na\t3\na\t2\nb\t1\nc\tx\nd\ty\n");
  Quietly({"put", "b", "{}", "[1,2]", ""});
  EXPECT_EQ(Run({"scan"}).out, "a\t1\na\t2\na\t3\na\t2\nb\t{}\nb\t[1,2]\nb\t\nc\tx\nd\ty\n");
  Quietly({"put", "new"});
  EXPECT_EQ(Run({"scan", "--prefix", "n"}).out, "new\n");
  Quietly({"trim", "a", "--keep-last", "3"});
  EXPECT_EQ(Run({"get", "a"}).out, "2\n3\n2\n");
  Quietly({"trim", "--keep-first", "2", "a"});
  EXPECT_EQ(Run({"get", "a"}).out, "2\n3\n");
  Quietly({"trim", "--keep-first", "9", "a"});
  EXPECT_EQ(Run({"get", "a"}).out, "2\n3\n");
  Quietly({"remove", "a", "3", "none"});
  EXPECT_EQ(Run({"get", "a"}).out, "2\n");
  Quietly({"remove", "b", "{}"});
  EXPECT_EQ(Run({"get", "b"}).out, "[1,2]\n\n");
  Quietly({"put", "p", "-1", "-12", "2", "\t3"});
  Quietly({"remove", "p", "--prefix", "-1"});
  EXPECT_EQ(Run({"get", "p"}).out, "2\n\\t3\n");
  Quietly({"remove", "--prefix", "\\t", "--escaped", "p", "2"});
  EXPECT_EQ(Run({"count", "p"}).out, "0\n");
  Quietly({"delete", "p"});
  Quietly({"clear", "a", "c"});
  Quietly({"delete", "new", "d"});
  EXPECT_EQ(Run({"scan"}).out, "a\nb\t[1,2]\nb\t\nc\n");
  Quietly({"trim", "b", "--keep-last", "0"});
  Quietly({"put", "--escaped", "z\\x00", "\\t"});
  Quietly({"put", "--", "-k", "-1"});
  EXPECT_EQ(Run({"scan"}).out, "-k\t-1\na\nb\nc\nz\\x00\t\\t\n");
  Quietly({"delete", "--escaped", "z\\x00"});
  EXPECT_EQ(Run({"keys"}).out, "-k\na\nb\nc\n");
  EXPECT_EQ(Run({"verify"}).exit_status, 0);
}

TEST_F(EditCommandsTest, RemoveWithoutAValueAndWithAnEmptyPrefixIsBadUsage) {
  Load("a\t1\n");
  const Result none = Run({"remove", "a"});
  EXPECT_EQ(none.exit_status, 2);
  EXPECT_EQ(none.err, "sheaf remove: expected a VALUE or --prefix\n");
  const Result empty = Run({"remove", "a", "--prefix", ""});
  EXPECT_EQ(empty.exit_status, 2);
  EXPECT_EQ(empty.err,
            "sheaf remove: --prefix: expected one byte at least, found an empty prefix, with which "
            "every value begins; `sheaf clear` removes all values\n");
  EXPECT_EQ(Run({"remove", "a", "--prefix", "\\x", "--escaped"}).exit_status, 2);
  EXPECT_EQ(Run({"scan"}).out, "a\t1\n");
}

TEST_F(EditCommandsTest, AKeyWithoutAListIsNamedAndNotMade) {
  Load("a\t1\nb\t1\nb\t2\n");
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"trim", "none", "--keep-last", "1"},
                                             {"remove", "none", "v"},
                                             {"remove", "none", "--prefix", "v"},
                                             {"clear", "none"},
                                             {"delete", "none"}}) {
    const auto before = Run({"scan"}).out;
    const Result result = Run(command);
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_EQ(result.err, Missing(command[0], "none"));
    EXPECT_EQ(Run({"scan"}).out, before);
  }
  const Result clear = Run({"clear", "none", "b", "nor this"});
  EXPECT_EQ(clear.exit_status, 1);
  EXPECT_EQ(clear.err, Missing("clear", "none") + Missing("clear", "nor this"));
  const Result deleted = Run({"delete", "none", "a"});
  EXPECT_EQ(deleted.exit_status, 1);
  EXPECT_EQ(deleted.err, Missing("delete", "none"));
  EXPECT_EQ(Run({"scan"}).out, "b\n");
}

// Random edits, and a model of what they do.
TEST_F(EditCommandsTest, RandomEditsAreThoseOfTheModel) {
  std::mt19937 random(3);
  std::map<std::string, List> model;
  Load("");
  for (int i = 0; i < 60; ++i) {
    const std::string key(1, static_cast<char>('a' + random() % 4));
    const auto value = [&] { return std::to_string(random() % 12); };
    const bool is_there = model.count(key) != 0;
    List& list = model[key];
    std::vector<std::string> command;
    bool needs_list = true;
    switch (random() % 7) {
      case 0:
        command = {"put", key, value(), value(), value()};
        list.assign(command.begin() + 2, command.end());
        needs_list = false;
        break;
      case 1:
        command = {"append", key, value(), value()};
        list.insert(list.end(), command.begin() + 2, command.end());
        needs_list = false;
        break;
      case 2: {
        const size_t count = random() % 4;
        const bool first = random() % 2 == 0;
        command = {"trim", key, first ? "--keep-first" : "--keep-last", std::to_string(count)};
        if (list.size() <= count) break;
        if (first) {
          list.resize(count);
        } else {
          list.erase(list.begin(), list.end() - static_cast<std::ptrdiff_t>(count));
        }
        break;
      }
      case 3:
        command = {"remove", key, value(), value()};
        for (size_t at = 2; at < command.size(); ++at) {
          list.erase(std::remove(list.begin(), list.end(), command[at]), list.end());
        }
        break;
      case 4: {
        const std::string prefix = value().substr(0, 1);
        command = {"remove", key, "--prefix", prefix};
        const auto begins = [&](const std::string& each) { return each.rfind(prefix, 0) == 0; };
        list.erase(std::remove_if(list.begin(), list.end(), begins), list.end());
        break;
      }
      case 5:
        command = {"clear", key};
        list.clear();
        break;
      default:
        command = {"delete", key};
        model.erase(key);
    }
    if (needs_list && !is_there) model.erase(key);
    const Result result = Run(command);
    EXPECT_EQ(result.exit_status, needs_list && !is_there ? 1 : 0) << result.err;
  }
  std::string expected;
  size_t values = 0;
  for (const auto& [key, list] : model) {
    values += list.size();
    if (list.empty()) expected += key + "\n";
    for (const std::string& value : list) expected += key + "\t" + value + "\n";
  }
  EXPECT_EQ(Run({"scan"}).out, expected);
  EXPECT_EQ(Run({"count"}).out,
            "lists " + std::to_string(model.size()) + "\nvalues " + std::to_string(values) + "\n");
}

// What cannot be read can still be cleared or deleted.
TEST_F(EditCommandsTest, AValueThatIsNotAListIsClearedOrDeleted) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.merge_operator = NewAppendOperator();
  rocksdb::DB* db = nullptr;
  ASSERT_OK(rocksdb::DB::Open(options, db_, &db));
  for (const char* const key : {"a", "b", "c"}) ASSERT_OK(db->Put({}, key, "not a list"));
  delete db;
  const Result count = Run({"count"});
  EXPECT_EQ(count.exit_status, 1);
  EXPECT_EQ(count.out, "lists 0\nvalues 0\n");
  EXPECT_EQ(count.err, "sheaf count: " + db_ +
                           ": 3 keys with a value that is not a list, not counted; `sheaf verify` "
                           "names them\n");
  EXPECT_EQ(Run({"keys"}).out, "a\nb\nc\n");
  Quietly({"delete", "a"});
  Quietly({"clear", "b"});
  Quietly({"put", "c", "v"});
  EXPECT_EQ(Run({"scan"}).out, "b\nc\tv\n");
  EXPECT_EQ(Run({"verify"}).exit_status, 0);
}

TEST_F(EditCommandsTest, GetOfSeveralKeysPrintsAsScanDoesInTheOrderGiven) {
  Load("a\t1\na\t2\nb\\t\t3\n");
  Quietly({"put", "empty"});
  EXPECT_EQ(Run({"get", "--escaped", "b\\t", "empty", "a", "a"}).out,
            "b\\t\t3\nempty\na\t1\na\t2\na\t1\na\t2\n");
  EXPECT_EQ(Run({"get", "a", "b\t", "--format", "raw"}).out, "123");
  EXPECT_EQ(Run({"get", "a", "empty", "--format", "json"}).out,
            "{\"key\":\"a\",\"layout\":\"compact\",\"count\":2,\"zero_copy\":true,\"values\":["
            "\"1\",\"2\"]}\n{\"key\":\"empty\",\"layout\":\"compact\",\"count\":0,\"zero_copy\":"
            "false,\"values\":[]}\n");
  const Result missing = Run({"get", "none", "a", "nor this"});
  EXPECT_EQ(missing.exit_status, 1);
  EXPECT_EQ(missing.out, "a\t1\na\t2\n");
  EXPECT_EQ(missing.err, Missing("get", "none") + Missing("get", "nor this"));
  const Result index = Run({"get", "a", "b\t", "--index", "1"});
  EXPECT_EQ(index.exit_status, 1);
  EXPECT_EQ(index.out, "a\t2\n");
  EXPECT_EQ(index.err,
            "sheaf get: --index 1: the list of key \"b\\t\" has 1 value; the last index is 0\n");
}

TEST_F(EditCommandsTest, GetOfTheLastValuesPrintsThemInOrder) {
  Load("a\t1\na\t2\na\t3\nb\tx\n");
  Quietly({"put", "empty"});
  EXPECT_EQ(Run({"get", "a", "--last", "2"}).out, "2\n3\n");
  EXPECT_EQ(Run({"get", "a", "--last", "3"}).out, "1\n2\n3\n");
  EXPECT_EQ(Run({"get", "a", "--last", "18446744073709551615"}).out, "1\n2\n3\n");
  EXPECT_EQ(Run({"get", "--last", "1", "a", "b", "empty"}).out, "a\t3\nb\tx\nempty\n");
  EXPECT_EQ(Run({"get", "a", "--last", "2", "--format", "raw"}).out, "23");
  EXPECT_EQ(Run({"get", "a", "--last", "2", "--format", "json"}).out,
            "{\"key\":\"a\",\"layout\":\"compact\",\"count\":3,\"zero_copy\":true,\"values\":["
            "\"2\",\"3\"]}\n");
}

TEST_F(EditCommandsTest, GetAndScanPrintRowsInTheFormatsOfExport) {
  Load("a\t1\na\tx, y\na\t\\xff\nb\tsay \"x\"\nc\t3\n");
  const std::string csv = "a,1\na,\"x, y\"\na,\xFF\nb,\"say \"\"x\"\"\"\nc,3\n";
  EXPECT_EQ(Run({"scan", "--format", "csv"}).out, csv);
  EXPECT_EQ(Run({"scan", "--format", "csv", "--header", "--prefix", "c"}).out, "key,value\nc,3\n");
  EXPECT_EQ(Run({"scan", "--format", "csv", "--limit", "2"}).out, csv.substr(0, csv.size() - 4));
  EXPECT_EQ(Run({"get", "c", "a", "--format", "csv", "--last", "2", "--header"}).out,
            "key,value\nc,3\na,\"x, y\"\na,\xFF\n");
  EXPECT_EQ(Run({"get", "a", "--format", "csv", "--index", "1"}).out, "a,\"x, y\"\n");
  EXPECT_EQ(Run({"get", "a", "--format", "tsv"}).out, "a\t1\na\tx, y\na\t\\xFF\n");
  EXPECT_EQ(Run({"get", "a", "--format", "jsonl"}).out,
            "{\"key\":\"a\",\"values\":[\"1\",\"x, y\",{\"base64\":\"/w==\"}]}\n");
  EXPECT_EQ(Run({"get", "c", "--format", "framed"}).out, std::string("\1\0\0\0\1\0\0\0c3", 10));
  for (const std::string command : {"get", "scan"}) {
    std::vector<std::string> header = {command, "--header"};
    if (command == "get") header.push_back("a");
    const Result result = Run(header);
    EXPECT_EQ(result.exit_status, 2);
    EXPECT_EQ(result.err, "sheaf " + command + ": --header is for --format csv\n");
  }
}

TEST_F(EditCommandsTest, RowsThatCannotExpressAnEmptyListLeaveItOutAndSaySo) {
  Load("a\t1\n");
  Quietly({"put", "empty"});
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"get", "empty", "a"}, {"scan"}, {"export"}}) {
    for (const std::string format : {"tsv", "csv"}) {
      std::vector<std::string> rows = command;
      rows.insert(rows.end(), {"--format", format});
      const Result result = Run(rows);
      EXPECT_EQ(result.exit_status, 1);
      EXPECT_EQ(result.out, format == "tsv" ? "a\t1\n" : "a,1\n");
      EXPECT_EQ(result.err,
                "sheaf " + command[0] +
                    ": 1 key left out, which have an empty list; the first is \"empty\". Use "
                    "--format jsonl, which can express them\n");
    }
  }
  EXPECT_EQ(Run({"get", "empty", "--format", "jsonl"}).out, "{\"key\":\"empty\",\"values\":[]}\n");
}

TEST_F(EditCommandsTest, KeysCountAndExportTakeRanges) {
  Load("a\t1\nb\t1\nb\t2\nba\t1\nc\t1\n\\xff\t1\n");
  EXPECT_EQ(Run({"keys"}).out, "a\nb\nba\nc\n\\xFF\n");
  EXPECT_EQ(Run({"keys", "--prefix", "b", "--limit", "1"}).out, "b\n");
  EXPECT_EQ(Run({"keys", "--limit", "0"}).out, "");
  EXPECT_EQ(Run({"keys", "--from", "ba", "--format", "json"}).out,
            "\"ba\"\n\"c\"\n{\"base64\":\"/w==\"}\n");
  EXPECT_EQ(Run({"keys", "--escaped", "--prefix", "\\xff"}).out, "\\xFF\n");
  EXPECT_EQ(Run({"count"}).out, "lists 5\nvalues 6\n");
  EXPECT_EQ(Run({"count", "--prefix", "b"}).out, "lists 2\nvalues 3\n");
  EXPECT_EQ(Run({"count", "--from", "b", "--to", "c", "--format", "json"}).out,
            "{\"lists\":2,\"values\":3}\n");
  EXPECT_EQ(Run({"count", "b"}).out, "2\n");
  const Result several = Run({"count", "b", "none", "--escaped", "\\xff"});
  EXPECT_EQ(several.exit_status, 1);
  EXPECT_EQ(several.out, "b\t2\n\\xFF\t1\n");
  EXPECT_EQ(several.err, Missing("count", "none"));
  EXPECT_EQ(Run({"count", "a", "b", "--format", "json"}).out,
            "{\"key\":\"a\",\"count\":1}\n{\"key\":\"b\",\"count\":2}\n");
  EXPECT_EQ(Run({"export", "--prefix", "b"}).out, "b\t1\nb\t2\nba\t1\n");
  EXPECT_EQ(Run({"export", "--from", "b", "--to", "c"}).out, "b\t1\nb\t2\nba\t1\n");
  EXPECT_EQ(Run({"export", "--from", "ba", "--format", "csv", "--header"}).out,
            "key,value\nba,1\nc,1\n\xFF,1\n");
}

TEST_F(EditCommandsTest, CsvIsQuotedWhereItHasTo) {
  Load("\xEF\xBB\xBFk\tv\na,b\tsay \"x\"\nc\t\nd\tline\\nbreak\nd\tcr\\x0D\nd\t sp \n070701\tx\n");
  const std::string rows =
      "\"070701\",x\n\"a,b\",\"say \"\"x\"\"\"\nc,\nd,\"line\nbreak\"\nd,\"cr\r\"\nd, sp \nk,v\n";
  EXPECT_EQ(Run({"export", "--format", "csv"}).out, rows);
  const std::string file = folder_ + "/rows.csv";
  EXPECT_EQ(Run({"export", "--output", file, "--header"}).exit_status, 0);
  EXPECT_EQ(ReadFile(file), "key,value\n070701" + rows.substr(8));
  const std::string copy = folder_ + "/copy";
  EXPECT_EQ(RunSheaf({"load", "--db", copy, "--input", file, "--header"}).exit_status, 0);
  EXPECT_EQ(RunSheaf({"export", "--db", copy, "--format", "csv"}).out, rows);
}

TEST_F(EditCommandsTest, CsvIsLoadedByColumnsWithRejectsOfOneLine) {
  const std::string file = folder_ + "/sales.csv";
  const std::string rejects = folder_ + "/rejects";
  WriteFile(file,
            "customer,item,price\r\nann,\"tea, green\",3\r\nbob,\"two\nlines\"\r\nann,milk,1\r\n");
  const Result result = RunSheaf({"load", "--db", db_, "--input", file, "--header", "--key-column",
                                  "customer", "--value-column", "price", "--value-column", "item",
                                  "--on-error", "skip", "--rejects", rejects});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(Run({"scan"}).out, "ann\t3\nann\ttea, green\nann\t1\nann\tmilk\n");
  EXPECT_EQ(ReadFile(rejects),
            file +
                ":3\texpected as many fields as the header has, found another number: expected 3, "
                "found 2\tbob,\"two\\nlines\"\\x0D\n");
}

TEST_F(EditCommandsTest, FamiliesTellsWhichHoldLists) {
  rocksdb::DBOptions options;
  options.create_if_missing = true;
  options.create_missing_column_families = true;
  rocksdb::ColumnFamilyOptions compact, fixed64, other, lost;
  compact.merge_operator = NewAppendOperator();
  fixed64.merge_operator = NewAppendOperator({Layout::kFixed64});
  ASSERT_OK(
      rocksdb::MergeOperator::CreateFromString({}, "UInt64AddOperator", &other.merge_operator));
  const std::vector<rocksdb::ColumnFamilyDescriptor> families = {{"default", {}},
                                                                 {"a\tlists", compact},
                                                                 {"wide", fixed64},
                                                                 {"numbers", other},
                                                                 {"lost", lost}};
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  ASSERT_OK(rocksdb::DB::Open(options, db_, families, &handles, &opened));
  ASSERT_OK(opened->Put({}, handles[0], "k", "plain"));
  ASSERT_OK(opened->Put({}, handles[4], "k", Encode({"v"}).value()));
  for (auto* const handle : handles) ASSERT_OK(opened->DestroyColumnFamilyHandle(handle));
  delete opened;
  const Result text = Run({"families"});
  EXPECT_EQ(text.exit_status, 0) << text.err;
  EXPECT_EQ(text.out,
            "family    merge operator     layout   lists\n"
            "default   none               -        no\n"
            "a\\tlists  sheaf.append       compact  yes\n"
            "wide      sheaf.append       fixed64  yes\n"
            "numbers   UInt64AddOperator  -        no\n"
            "lost      none               -        yes\n");
  EXPECT_EQ(text.err,
            "sheaf families: " + db_ +
                ": column family lost holds lists and has no sheaf.append; if a tool took "
                "it, `sheaf repair --cf lost` restores it\n");
  EXPECT_EQ(Run({"families", "--format", "json"}).out,
            "{\"family\":\"default\",\"merge_operator\":null,\"layout\":null,\"lists\":false}\n"
            "{\"family\":\"a\\tlists\",\"merge_operator\":\"sheaf.append\",\"layout\":\"compact\","
            "\"lists\":true}\n"
            "{\"family\":\"wide\",\"merge_operator\":\"sheaf.append\",\"layout\":\"fixed64\","
            "\"lists\":true}\n"
            "{\"family\":\"numbers\",\"merge_operator\":\"UInt64AddOperator\",\"layout\":null,"
            "\"lists\":false}\n"
            "{\"family\":\"lost\",\"merge_operator\":null,\"layout\":null,\"lists\":true}\n");
  const Result none = RunSheaf({"families", "--db", folder_ + "/none"});
  EXPECT_EQ(none.exit_status, 1);
  EXPECT_TRUE(Has(none.err, "no RocksDB DB here")) << none.err;
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
