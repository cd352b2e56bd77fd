// `sheaf load`: what ends up in the DB, and what does not.

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>

#include "gtest/gtest.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

class LoadTest : public ::testing::Test {
 protected:
  const std::string folder_ = TestFolder();
  const std::string db_ = folder_ + "/db";

  Result Load(const std::string& rows, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"load", "--db", db_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunSheaf(arguments, rows);
  }
  std::string Scan() { return RunSheaf({"scan", "--db", db_}).out; }
  std::string Json(const std::string& key) {
    return RunSheaf({"get", "--db", db_, "--format", "json", "--escaped", key}).out;
  }
  // Of a shell's command.
  static int ExitStatus(const std::string& command) {
    return WEXITSTATUS(std::system(command.c_str()));
  }
  // The DB and anything beside it.
  std::map<std::string, std::string> Everything() { return Snapshot(folder_); }
};

TEST_F(LoadTest, RowsOfOneKeyKeepTheOrderOfTheInput) {
  const Result result = Load("b\t2\na\tx\nb\t1\na\ty\nb\t2\n");
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(Has(result.err, "5 rows, 2 keys, 5 values loaded into " + db_ + " (created)"))
      << result.err;
  EXPECT_EQ(Scan(), "a\tx\na\ty\nb\t2\nb\t1\nb\t2\n");
}

TEST_F(LoadTest, LastLineMayLackItsEnd) {
  EXPECT_EQ(Load("a\t1\na\t2").exit_status, 0);
  EXPECT_EQ(Scan(), "a\t1\na\t2\n");
}

TEST_F(LoadTest, EscapesStandForAnyByte) {
  EXPECT_EQ(Load("k\\t\\n\\\\\\x00\t\\xff\\xFE\\t\n").exit_status, 0);
  EXPECT_EQ(Json("k\\t\\n\\\\\\x00"),
            "{\"key\":\"k\\t\\n\\\\\\u0000\",\"layout\":\"compact\",\"count\":1,\"zero_copy\":true,"
            "\"values\":[{\"base64\":\"//4J\"}]}\n");
}

TEST_F(LoadTest, CarriageReturnIsPartOfTheValueAndIsNoted) {
  const Result result = Load("a\t1\r\na\t2\r\n");
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_TRUE(Has(result.err, "stdin:1: lines end with CR LF")) << result.err;
  EXPECT_EQ(Scan(), "a\t1\\x0D\na\t2\\x0D\n");
}

TEST_F(LoadTest, EmptyInputMakesAnEmptyDb) {
  const Result result = Load("");
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(Has(result.err, "0 rows")) << result.err;
  EXPECT_EQ(RunSheaf({"scan", "--db", db_}).exit_status, 0);
  EXPECT_EQ(Scan(), "");
}

TEST_F(LoadTest, EmptyValueIsAValue) {
  EXPECT_EQ(Load("a\t\na\t\n").exit_status, 0);
  EXPECT_EQ(Json("a"),
            "{\"key\":\"a\",\"layout\":\"compact\",\"count\":2,\"zero_copy\":true,"
            "\"values\":[\"\",\"\"]}\n");
}

TEST_F(LoadTest, SecondLoadAppendsInOrder) {
  EXPECT_EQ(Load("a\t1\nb\t1\n").exit_status, 0);
  EXPECT_EQ(Load("b\t2\nc\t1\nb\t3\n").exit_status, 0);
  EXPECT_EQ(Load("b\t4\n").exit_status, 0);
  EXPECT_EQ(Scan(), "a\t1\nb\t1\nb\t2\nb\t3\nb\t4\nc\t1\n");
}

TEST_F(LoadTest, ReplaceReplacesTheListsOfTheInputOnly) {
  EXPECT_EQ(Load("a\t1\nb\t1\nb\t2\n").exit_status, 0);
  EXPECT_EQ(Load("b\tnew\n", {"--mode", "replace"}).exit_status, 0);
  EXPECT_EQ(Scan(), "a\t1\nb\tnew\n");
}

TEST_F(LoadTest, FreshLoadIsReadWithoutACopy) {
  EXPECT_EQ(Load("a\t1\na\t2\n").exit_status, 0);
  EXPECT_TRUE(Has(Json("a"), "\"zero_copy\":true"));
  // Also into a DB that exists but has no key.
  fs::remove_all(db_);
  EXPECT_EQ(Load("").exit_status, 0);
  EXPECT_EQ(Load("a\t1\n").exit_status, 0);
  EXPECT_TRUE(Has(Json("a"), "\"zero_copy\":true"));
  // Then there are operands, which RocksDB merges for each read.
  EXPECT_EQ(Load("a\t2\n").exit_status, 0);
  EXPECT_TRUE(Has(Json("a"), "\"zero_copy\":false"));
}

TEST_F(LoadTest, LayoutIsThatOfTheDb) {
  EXPECT_EQ(Load("a\t1\n", {"--layout", "fixed64"}).exit_status, 0);
  EXPECT_EQ(Load("a\t2\n").exit_status, 0);
  EXPECT_EQ(Load("a\t3\n", {"--layout", "fixed64"}).exit_status, 0);
  EXPECT_TRUE(Has(Json("a"), "\"layout\":\"fixed64\",\"count\":3")) << Json("a");
  const auto before = Everything();
  const Result other = Load("a\t4\n", {"--layout", "compact"});
  EXPECT_EQ(other.exit_status, 1);
  EXPECT_TRUE(Has(other.err, "the DB has layout fixed64, not compact")) << other.err;
  EXPECT_EQ(Everything(), before);
}

TEST_F(LoadTest, InputsAreReadInTheirOrderAndByTheirNames) {
  WriteFile(folder_ + "/one.jsonl", "{\"key\":\"k\",\"values\":[\"1\",\"2\"]}\n");
  WriteFile(folder_ + "/two.framed", std::string("\1\0\0\0\1\0\0\0k3", 10));
  WriteFile(folder_ + "/three.txt", "k\t4\n");
  const Result result =
      Load("k\t5\n", {"--input", folder_ + "/one.jsonl", "--input", folder_ + "/two.framed",
                      "--input", folder_ + "/three.txt", "--input", "-"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(Scan(), "k\t1\nk\t2\nk\t3\nk\t4\nk\t5\n");
}

TEST_F(LoadTest, EmptyValuesMakeAnEmptyListAndAppendNothing) {
  EXPECT_EQ(Load("{\"key\":\"e\",\"values\":[]}\n{\"key\":\"f\",\"value\":\"1\"}\n",
                 {"--format", "jsonl"})
                .exit_status,
            0);
  EXPECT_EQ(
      Load("{\"key\":\"f\",\"values\":[]}\n{\"key\":\"g\",\"values\":[]}\n", {"--format", "jsonl"})
          .exit_status,
      0);
  EXPECT_EQ(Scan(), "e\nf\t1\ng\n");
}

struct Malformed {
  const char* name;
  const char* format;
  std::string rows;
  const char* place;
  const char* message;
};

class MalformedTest : public LoadTest, public ::testing::WithParamInterface<Malformed> {};

TEST_P(MalformedTest, StopsWithPlaceAndReasonAndLeavesNothing) {
  const Malformed& row = GetParam();
  const Result result = Load(row.rows, {"--format", row.format});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(Has(result.err, std::string("sheaf load: stdin") + row.place)) << result.err;
  EXPECT_TRUE(Has(result.err, row.message)) << result.err;
  EXPECT_TRUE(Has(result.err, "nothing was loaded")) << result.err;
  EXPECT_TRUE(Everything().empty());
}

TEST_P(MalformedTest, StopLeavesAnExistingDbByteIdentical) {
  ASSERT_EQ(Load("a\t1\n").exit_status, 0);
  const auto before = Everything();
  EXPECT_EQ(Load(GetParam().rows, {"--format", GetParam().format}).exit_status, 1);
  EXPECT_EQ(Everything(), before);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, MalformedTest,
    ::testing::Values(
        Malformed{"NoTab", "tsv", "a\t1\nb\n", ":2:", "expected key TAB value, found no TAB"},
        Malformed{"EmptyLine", "tsv", "a\t1\n\nb\t1\n", ":2:", "found an empty line"},
        Malformed{"EmptyKey", "tsv", "\t1\n", ":1:", "found an empty key"},
        Malformed{"SecondTab", "tsv", "a\t1\ta\n", ":1:", "found a second TAB"},
        Malformed{"BadEscape", "tsv", "a\t1\nb\t\\q\n", ":2:", "\\\\q"},
        Malformed{"BadHex", "tsv", "a\t\\x0g\n", ":1:", "found another: \"\\\\x0g\""},
        Malformed{"CutEscape", "tsv", "a\tx\\", ":1:", "found another: \"\\\\\""},
        Malformed{"NotJson", "jsonl", "{\"key\":\"a\",\"value\":\"1\"}\n{\"key\":\n",
                  ":2:", "expected a JSON object"},
        Malformed{"NotAnObject", "jsonl", "[1]\n", ":1:", "found other JSON"},
        Malformed{"TwoObjects", "jsonl",
                  "{\"key\":\"a\",\"value\":\"1\"} {\"key\":\"a\",\"value\":\"1\"}\n",
                  ":1:", "expected a JSON object"},
        Malformed{"NoKey", "jsonl", "{\"value\":\"1\"}\n", ":1:", "a field \"key\", found none"},
        Malformed{"NoValue", "jsonl", "{\"key\":\"1\"}\n",
                  ":1:", "a field \"value\" or \"values\", found none"},
        Malformed{"UnknownField", "jsonl", "{\"key\":\"1\",\"value\":\"\",\"x\":1}\n",
                  ":1:", "found another: \"x\""},
        Malformed{"TwoKeys", "jsonl", "{\"key\":\"1\",\"key\":\"2\",\"value\":\"\"}\n",
                  ":1:", "twice"},
        Malformed{"ValueAndValues", "jsonl", "{\"key\":\"1\",\"value\":\"2\",\"values\":[]}\n",
                  ":1:", "twice"},
        Malformed{"NumberValue", "jsonl", "{\"key\":\"1\",\"value\":2}\n",
                  ":1:", "expected a value that is a string"},
        Malformed{"NumberKey", "jsonl", "{\"key\":1,\"value\":\"2\"}\n",
                  ":1:", "expected a key that is a string"},
        Malformed{"NullInValues", "jsonl", "{\"key\":\"1\",\"values\":[\"a\",null]}\n",
                  ":1:", "expected a value that is a string"},
        Malformed{"ValuesNoArray", "jsonl", "{\"key\":\"1\",\"values\":\"a\"}\n",
                  ":1:", "expected \"values\" to be an array"},
        Malformed{"BadBase64", "jsonl", "{\"key\":\"1\",\"value\":{\"base64\":\"*\"}}\n",
                  ":1:", "expected base64"},
        Malformed{"EmptyJsonKey", "jsonl", "{\"key\":\"\",\"value\":\"\"}\n",
                  ":1:", "found an empty key"},
        Malformed{"NotUtf8", "jsonl", "{\"key\":\"a\",\"value\":\"\xff\"}\n",
                  ":1:", "bytes that are not UTF-8"},
        Malformed{"FrameWithoutSizes", "framed", std::string("\1\0\0\0\1\0\0\0kv\1\0\0", 13),
                  ": offset 10:", "found 3"},
        Malformed{"FrameCut", "framed", std::string("\1\0\0\0\3\0\0\0kv", 10),
                  ": offset 0:", "a value of 3 bytes, found 2 bytes"},
        Malformed{"FrameOfFourGiB", "framed", std::string("\1\0\0\0\xff\xff\xff\xffkv", 10),
                  ": offset 0:", "a value of 4294967295 bytes"},
        Malformed{"FrameWithoutKey", "framed", std::string("\0\0\0\0\1\0\0\0v", 9),
                  ": offset 0:", "found an empty key"}),
    [](const auto& info) { return info.param.name; });

TEST_F(LoadTest, SkipLoadsTheOthersAndAccountsForEachKind) {
  const Result result = Load("a\t1\nbad\n\nb\t\\q\na\t2\nbad\nb\t1\n", {"--on-error", "skip"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(Scan(), "a\t1\na\t2\nb\t1\n");
  EXPECT_TRUE(Has(result.err,
                  "2 rows skipped: expected key TAB value, found no TAB: stdin:2, "
                  "stdin:6"))
      << result.err;
  EXPECT_TRUE(
      Has(result.err, "1 row skipped: expected key TAB value, found an empty line: stdin:3"))
      << result.err;
  EXPECT_TRUE(Has(result.err, "4 malformed rows skipped in all")) << result.err;
}

// Where the next frame begins is not known, so all that follows would be lost.
TEST_F(LoadTest, FrameCutOffFailsEvenWithSkip) {
  const std::string row("\1\0\0\0\1\0\0\0kv", 10);
  const std::string cut("\1\0\0\0\377\0\0\0k", 9);
  const Result result = Load(row + cut + row, {"--format", "framed", "--on-error", "skip"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err, "offset 10: truncated frame: expected a key of 1 and a value of 255"))
      << result.err;
  EXPECT_TRUE(Everything().empty());
}

// 64 MB of rows with 16 MB of memory; the model keeps them all.
TEST_F(LoadTest, InputBeyondMemoryIsSortedOutsideOfIt) {
  std::string rows;
  std::map<std::string, std::string> model;
  for (uint32_t i = 0; rows.size() < (64u << 20); ++i) {
    const std::string key = "key" + std::to_string(i * 2654435761u % 100003);
    const std::string row = key + "\t" + std::to_string(i) + std::string(60, 'v') + "\n";
    rows += row;
    model[key] += row;
  }
  const Result result = Load(rows, {"--memory", "16M", "--threads", "3"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(Has(result.err, " runs, ")) << result.err;
  std::string expected;
  for (const auto& [key, lines] : model) expected += lines;
  EXPECT_TRUE(RunSheaf({"export", "--db", db_}).out == expected);
  EXPECT_EQ(Everything().count("/db.load-"), 0u);
}

TEST_F(LoadTest, ListLargerThanMemoryIsLoaded) {
  std::string rows;
  std::string list;
  for (int i = 0; rows.size() < (40u << 20); ++i) {
    const std::string value =
        std::to_string(i) + std::string(1000, static_cast<char>('a' + i % 26));
    rows += "small" + std::to_string(i) + "\tx\nbig\t" + value + "\n";
    list += "big\t" + value + "\n";
  }
  for (const char* const mode : {"append", "replace", "append"}) {
    const bool again = fs::exists(db_) && std::string(mode) == "append";
    const Result result = Load(rows, {"--memory", "16M", "--mode", mode});
    EXPECT_EQ(result.exit_status, 0) << result.err;
    EXPECT_TRUE(RunSheaf({"scan", "--db", db_, "--from", "big", "--to", "bih"}).out ==
                (again ? list + list : list))
        << mode;
  }
  EXPECT_EQ(RunSheaf({"verify", "--db", db_}).exit_status, 0);
}

TEST_F(LoadTest, RowThatDoesNotFitIntoMemoryIsRefused) {
  const Result result = Load("k\t" + std::string(6 << 20, 'x'), {"--memory", "1M"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err, "raise")) << result.err;
  EXPECT_TRUE(Everything().empty());
}

// However little memory each of many threads has.
TEST_F(LoadTest, ShortestRowsFitIntoMemory) {
  std::string rows = "b\t\n";
  for (int i = 0; i < 1000000; ++i) rows += "a\t\n";
  for (const char* const threads : {"1", "3", "256"}) {
    const Result result = Load(rows, {"--memory", "17M", "--threads", threads});
    EXPECT_EQ(result.exit_status, 0) << result.err;
  }
}

TEST_F(LoadTest, ShortRowsBehindALongOneFitIntoMemory) {
  std::string rows = "b\t" + std::string(17 << 19, 'x') + "\n";
  for (int i = 0; i < 800000; ++i) rows += "a\t1234567\n";
  const Result result = Load(rows, {"--memory", "34M", "--threads", "1"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(Has(result.err, "800,001 values")) << result.err;
}

TEST_F(LoadTest, LargeValuesAndListsSurvive) {
  const std::string value(3 << 20, 'x');
  std::string rows = "big\t" + value + "\n";
  for (int i = 0; i < 50000; ++i) rows += "long\t" + std::to_string(i) + "\n";
  rows += "big\t" + value + "y\n";
  EXPECT_EQ(Load(rows, {"--memory", "256M"}).exit_status, 0);
  EXPECT_EQ(RunSheaf({"get", "--db", db_, "big", "--index", "1", "--format", "raw"}).out,
            value + "y");
  EXPECT_EQ(RunSheaf({"get", "--db", db_, "long", "--index", "49999"}).out, "49999\n");
}

// Nothing that is opened later, like a file of the DB, becomes stdin, stdout or stderr.
TEST_F(LoadTest, ClosedStandardStreamsStayWithoutUse) {
  WriteFile(folder_ + "/rows.tsv", "bad\na\t1\n");
  const std::string load = SheafPath() + " load --db " + db_ + " ";
  const std::string err = folder_ + "/err";
  EXPECT_EQ(ExitStatus(load + "<&- 2> " + err), 1);
  EXPECT_TRUE(Has(ReadFile(err), "stdin: cannot read")) << ReadFile(err);
  EXPECT_FALSE(fs::exists(db_));
  EXPECT_EQ(ExitStatus(load + "--on-error skip --input " + folder_ + "/rows.tsv <&- >&- 2>&-"), 0);
  EXPECT_EQ(Scan(), "a\t1\n");
  EXPECT_EQ(ExitStatus(SheafPath() + " scan --db " + db_ + " >&- 2> " + err), 1);
  EXPECT_TRUE(Has(ReadFile(err), "Bad file descriptor")) << ReadFile(err);
}

// Whoever opens the other end, late or never.
TEST_F(LoadTest, FifoWithoutAWriterIsWaitedForUntilASignal) {
  const std::string fifo = folder_ + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  for (const int signal : {SIGINT, SIGTERM}) {
    Process process({"load", "--db", db_, "--input", fifo});
    ASSERT_TRUE(process.WaitUntilOpen(fifo));
    process.Signal(signal);
    const Result result = process.Wait();
    EXPECT_EQ(result.exit_status, 128 + signal) << result.err;
  }
  Process process({"load", "--db", db_, "--input", fifo});
  ASSERT_TRUE(process.WaitUntilOpen(fifo));
  WriteFile(fifo, "a\t1\n");
  const Result result = process.Wait();
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(Scan(), "a\t1\n");
}

TEST_F(LoadTest, UnusableInputsAreRefusedAndLeaveNothing) {
  const Result missing = Load("", {"--input", folder_ + "/none.tsv"});
  EXPECT_EQ(missing.exit_status, 1);
  EXPECT_TRUE(Has(missing.err, "/none.tsv: cannot open: No such file or directory")) << missing.err;
  const Result directory = Load("", {"--input", "/tmp"});
  EXPECT_EQ(directory.exit_status, 1);
  EXPECT_TRUE(Has(directory.err, "/tmp: is a directory")) << directory.err;
  EXPECT_TRUE(Everything().empty());
}

TEST_F(LoadTest, UnusableFoldersAreRefusedAndLeaveNothing) {
  const Result no_parent = RunSheaf({"load", "--db", folder_ + "/none/db"}, "a\t1\n");
  EXPECT_EQ(no_parent.exit_status, 1);
  EXPECT_TRUE(Has(no_parent.err, "parent folder")) << no_parent.err;
  const Result no_tmp = Load("a\t1\n", {"--tmp", folder_ + "/none"});
  EXPECT_EQ(no_tmp.exit_status, 1);
  EXPECT_TRUE(Has(no_tmp.err, "cannot make a temporary folder in " + folder_ + "/none"))
      << no_tmp.err;
  EXPECT_TRUE(Has(no_tmp.err, "--tmp")) << no_tmp.err;
  EXPECT_TRUE(Everything().empty());
  WriteFile(folder_ + "/file", "x");
  EXPECT_EQ(RunSheaf({"load", "--db", folder_ + "/file"}, "a\t1\n").exit_status, 1);
  const Result foreign = RunSheaf({"load", "--db", folder_}, "a\t1\n");
  EXPECT_EQ(foreign.exit_status, 1);
  EXPECT_TRUE(Has(foreign.err, "holds other files (file)")) << foreign.err;
  EXPECT_EQ(Everything().size(), 1u);
}

TEST_F(LoadTest, TmpIsUsedAndEmptiedAgain) {
  fs::create_directory(folder_ + "/tmp");
  EXPECT_EQ(Load("a\t1\n", {"--tmp", folder_ + "/tmp"}).exit_status, 0);
  EXPECT_EQ(Scan(), "a\t1\n");
  EXPECT_TRUE(fs::is_empty(folder_ + "/tmp"));
}

TEST_F(LoadTest, EmptyFolderBecomesTheDb) {
  fs::create_directory(db_);
  EXPECT_EQ(Load("a\t1\n").exit_status, 0);
  EXPECT_EQ(Scan(), "a\t1\n");
}

TEST_F(LoadTest, ProgressIsShownOnlyWhenAskedFor) {
  EXPECT_FALSE(Has(Load("a\t1\n").err, "reading"));
  const Result forced = Load("a\t1\n", {"--progress"});
  EXPECT_TRUE(Has(forced.err, "\rsheaf load: reading")) << forced.err;
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
