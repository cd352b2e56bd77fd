// get, append, scan, export, stats, verify, inspect (edit_commands_test.cc has the others): what
// they print and how they exit.

#include <cstdlib>
#include <filesystem>
#include <memory>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "sheaf/store.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

class CommandsTest : public ::testing::Test {
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
};

TEST_F(CommandsTest, GetPrintsOneValueALine) {
  Load("k\tone\nk\t\\x00\\t\\n\\\\\nk\t\n");
  const Result result = Run({"get", "k"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.out, "one\n\\x00\\t\\n\\\\\n\n");
}

TEST_F(CommandsTest, GetPrintsRawBytesAndJson) {
  Load("k\tone\nk\t\\x00\\n\nk\t\\xff\nk\t\"\xc3\xa4\"\n");
  EXPECT_EQ(Run({"get", "k", "--format", "raw"}).out, std::string("one\0\n\xff\"\xc3\xa4\"", 10));
  EXPECT_EQ(
      Run({"get", "k", "--format", "json"}).out,
      "{\"key\":\"k\",\"layout\":\"compact\",\"count\":4,\"zero_copy\":true,\"values\":[\"one\","
      "\"\\u0000\\n\",{\"base64\":\"/w==\"},\"\\\"\xc3\xa4\\\"\"]}\n");
}

TEST_F(CommandsTest, GetOfOneIndexPrintsThatValue) {
  Load("k\tone\nk\ttwo\n");
  EXPECT_EQ(Run({"get", "k", "--index", "1"}).out, "two\n");
  EXPECT_EQ(Run({"get", "k", "--index", "1", "--format", "raw"}).out, "two");
  EXPECT_EQ(Run({"get", "k", "--index", "1", "--format", "json"}).out,
            "{\"key\":\"k\",\"layout\":\"compact\",\"count\":2,\"zero_copy\":true,\"values\":["
            "\"two\"]}\n");
  const Result past = Run({"get", "k", "--index", "2"});
  EXPECT_EQ(past.exit_status, 1);
  EXPECT_EQ(past.out, "");
  EXPECT_TRUE(Has(past.err, "--index 2: the list of key \"k\" has 2 values")) << past.err;
}

TEST_F(CommandsTest, GetOfAMissingKeyFails) {
  Load("k\tone\n");
  const Result result = Run({"get", "nokey"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(Has(result.err, "key not found: \"nokey\"")) << result.err;
}

TEST_F(CommandsTest, KeysAreLiteralUnlessEscaped) {
  Load("a\\\\x00\tliteral\na\\x00\tzero\n");
  EXPECT_EQ(Run({"get", "a\\x00"}).out, "literal\n");
  EXPECT_EQ(Run({"get", "a\\x00", "--escaped"}).out, "zero\n");
  EXPECT_EQ(Run({"get", "a\\q", "--escaped"}).exit_status, 2);
}

TEST_F(CommandsTest, AppendAddsAllValuesInOrderAndBeginsLists) {
  Load("k\t0\n");
  const Result result = Run({"append", "k", "1", "2"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(Run({"append", "new", "x"}).exit_status, 0);
  EXPECT_EQ(Run({"scan"}).out, "k\t0\nk\t1\nk\t2\nnew\tx\n");
}

TEST_F(CommandsTest, AppendTakesValuesAsTheyAre) {
  Load("k\t0\n");
  EXPECT_EQ(Run({"append", "k", "[1,2]", "", "{}", "a\\tb", "["}).exit_status, 0);
  EXPECT_EQ(Run({"append", "k", "{}"}).exit_status, 0);
  EXPECT_EQ(Run({"append", "[k]", "[x]"}).exit_status, 0);
  EXPECT_EQ(Run({"append", "--", "k", "-1", "--", "--db"}).exit_status, 0);
  EXPECT_EQ(Run({"append", "--escaped", "k", "a\\tb"}).exit_status, 0);
  EXPECT_EQ(
      Run({"get", "k", "--format", "json"}).out,
      "{\"key\":\"k\",\"layout\":\"compact\",\"count\":11,\"zero_copy\":false,\"values\":[\"0\","
      "\"[1,2]\",\"\",\"{}\",\"a\\\\tb\",\"[\",\"{}\",\"-1\",\"--\",\"--db\",\"a\\tb\"]}\n");
  EXPECT_EQ(Run({"get", "[k]"}).out, "[x]\n");
}

TEST_F(CommandsTest, ScanPrintsRanges) {
  Load("a\t1\nb\t1\nb\t2\nba\t1\nc\t1\n");
  EXPECT_EQ(Run({"scan", "--prefix", "b"}).out, "b\t1\nb\t2\nba\t1\n");
  EXPECT_EQ(Run({"scan", "--from", "b", "--to", "c"}).out, "b\t1\nb\t2\nba\t1\n");
  EXPECT_EQ(Run({"scan", "--from", "ba"}).out, "ba\t1\nc\t1\n");
  EXPECT_EQ(Run({"scan", "--to", "b"}).out, "a\t1\n");
  EXPECT_EQ(Run({"scan", "--limit", "2"}).out, "a\t1\nb\t1\nb\t2\n");
  EXPECT_EQ(Run({"scan", "--prefix", "b", "--from", "ba"}).out, "ba\t1\n");
  EXPECT_EQ(Run({"scan", "--from", "c", "--to", "a"}).out, "");
  EXPECT_EQ(Run({"scan", "--from", "c", "--to", "a"}).exit_status, 0);
  EXPECT_EQ(Run({"scan", "--prefix", "b", "--limit", "1", "--format", "json"}).out,
            "{\"key\":\"b\",\"layout\":\"compact\",\"count\":2,\"values\":[\"1\",\"2\"]}\n");
  EXPECT_EQ(Run({"scan", "--format", "raw"}).out, "11211");
}

TEST_F(CommandsTest, ScanPrefixOfHighestBytesHasNoUpperBound) {
  Load("\\xff\\xff\t1\n\\xff\t2\na\t3\n");
  EXPECT_EQ(Run({"scan", "--escaped", "--prefix", "\\xff"}).out, "\\xFF\t2\n\\xFF\\xFF\t1\n");
}

TEST_F(CommandsTest, ScanPrintsTheKeyOfAnEmptyListAlone) {
  Load("{\"key\":\"e\",\"values\":[]}\n", "jsonl");
  EXPECT_EQ(Run({"scan"}).out, "e\n");
  EXPECT_EQ(Run({"scan", "--format", "json"}).out,
            "{\"key\":\"e\",\"layout\":\"compact\",\"count\":0,\"values\":[]}\n");
}

TEST_F(CommandsTest, ExportWritesEachFormat) {
  Load("b\t\\xff\na\t1\na\t\\t\n");
  EXPECT_EQ(Run({"export"}).out, "a\t1\na\t\\t\nb\t\\xFF\n");
  EXPECT_EQ(Run({"export", "--format", "jsonl"}).out,
            "{\"key\":\"a\",\"values\":[\"1\",\"\\t\"]}\n{\"key\":\"b\",\"values\":[{\"base64\":\"/"
            "w==\"}]}\n");
  EXPECT_EQ(Run({"export", "--format", "framed"}).out,
            std::string("\1\0\0\0\1\0\0\0a1\1\0\0\0\1\0\0\0a\t\1\0\0\0\1\0\0\0b\xff", 30));
}

TEST_F(CommandsTest, ExportedFileAppearsWhenItIsComplete) {
  Load("a\t1\n");
  const std::string file = folder_ + "/out.jsonl";
  EXPECT_EQ(Run({"export", "--output", file}).exit_status, 0);
  EXPECT_EQ(ReadFile(file), "{\"key\":\"a\",\"values\":[\"1\"]}\n");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 2);
  const Result failed = Run({"export", "--output", folder_ + "/none/out.tsv"});
  EXPECT_EQ(failed.exit_status, 1);
  EXPECT_TRUE(Has(failed.err, "/none/out.tsv: cannot write it: No such file")) << failed.err;
}

TEST_F(CommandsTest, ExportNamesEmptyListsThatAFormatCannotExpress) {
  Load(
      "{\"key\":\"e1\",\"values\":[]}\n{\"key\":\"e2\",\"values\":[]}\n{\"key\":\"k\",\"value\":"
      "\"v\"}\n",
      "jsonl");
  for (const std::string format : {"tsv", "framed"}) {
    const Result result = Run({"export", "--format", format});
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_FALSE(result.out.empty());
    EXPECT_TRUE(Has(result.err, "2 keys left out, which have an empty list; the first is \"e1\""))
        << result.err;
    EXPECT_TRUE(Has(result.err, "--format jsonl")) << result.err;
  }
  EXPECT_EQ(Run({"export", "--format", "jsonl"}).exit_status, 0);
}

TEST_F(CommandsTest, StatsCountsByHand) {
  // Lists of 0, 1 and 3 values; values of 0, 1, 2 and 5 bytes.
  Load(
      "{\"key\":\"a\",\"values\":[]}\n{\"key\":\"b\",\"value\":\"12345\"}\n"
      "{\"key\":\"c\",\"values\":[\"\",\"1\",\"12\"]}\n",
      "jsonl");
  const Result result = Run({"stats", "--format", "json"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  // Encoded: B0 00; B0 01 05 + 5; B0 03 00 01 02 + 3.
  EXPECT_EQ(
      result.out,
      "{\"layout\":\"compact\",\"keys\":3,\"values\":4,\"bytes\":8,\"encoded_bytes\":18,"
      "\"values_per_key\":[{\"from\":0,\"to\":0,\"count\":1},{\"from\":1,\"to\":1,\"count\":1},"
      "{\"from\":2,\"to\":3,\"count\":1}],"
      "\"bytes_per_value\":[{\"from\":0,\"to\":0,\"count\":1},{\"from\":1,\"to\":1,\"count\":1},"
      "{\"from\":2,\"to\":3,\"count\":1},{\"from\":4,\"to\":7,\"count\":1}],\"exact\":true}\n");
  const std::string text = Run({"stats"}).out;
  EXPECT_TRUE(Has(text, "keys           3\n")) << text;
  EXPECT_TRUE(Has(text, "bytes a value: min 0 B, median ~1 B, p99 ~5 B, max 5 B\n")) << text;
  EXPECT_TRUE(Has(text, "  4 to 7 B       1  25.0%   100%  ####")) << text;
}

TEST_F(CommandsTest, VerifyOfASoundDbFindsNothing) {
  Load("a\t1\nb\t1\n");
  const Result result = Run({"verify"});
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(Has(result.err, "2 keys checked, 0 faults")) << result.err;
}

TEST_F(CommandsTest, VerifyFindsAFlippedByte) {
  Load("a\t1\nb\t1\n");
  int flipped = 0;
  for (const auto& entry : fs::directory_iterator(db_)) {
    if (entry.path().extension() != ".sst") continue;
    std::string bytes = ReadFile(entry.path().string());
    bytes[8] ^= 0x10;  // in the first data block
    WriteFile(entry.path().string(), bytes);
    ++flipped;
  }
  ASSERT_EQ(flipped, 1);
  const Result result = Run({"verify"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.out, ".sst\tCorruption")) << result.out;
  EXPECT_FALSE(Has(result.err, "0 faults")) << result.err;
  EXPECT_EQ(Run({"scan"}).exit_status, 1);
  EXPECT_EQ(Run({"stats"}).exit_status, 1);
  EXPECT_EQ(Run({"export"}).exit_status, 1);
  EXPECT_EQ(Run({"get", "a"}).exit_status, 1);
}

TEST_F(CommandsTest, VerifySurvivesAnSstThatIsCutOrOverwritten) {
  for (const size_t kept : {size_t{0}, size_t{10}, size_t{500}}) {
    fs::remove_all(db_);
    Load("a\t1\nb\t1\n");
    for (const auto& entry : fs::directory_iterator(db_)) {
      if (entry.path().extension() == ".sst") {
        WriteFile(entry.path().string(), ReadFile(entry.path().string()).substr(0, kept));
      }
    }
    const Result result = Run({"verify"});
    EXPECT_EQ(result.exit_status, 1) << kept;
    EXPECT_FALSE(result.out.empty()) << kept;
  }
}

TEST_F(CommandsTest, ValueThatIsNoListIsNamedAndOthersAreRead) {
  Load("a\t1\nz\t1\n");
  rocksdb::Options options;
  options.merge_operator = NewAppendOperator();
  rocksdb::DB* db = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(options, db_, &db).ok());
  ASSERT_TRUE(db->Put(rocksdb::WriteOptions(), "m\t", "not a list").ok());
  delete db;
  const Result verify = Run({"verify"});
  EXPECT_EQ(verify.exit_status, 1);
  EXPECT_EQ(verify.out.substr(0, 16), "m\\t\tnot a list: ") << verify.out;
  EXPECT_TRUE(Has(verify.err, "3 keys checked, 1 fault")) << verify.err;
  const Result scan = Run({"scan"});
  EXPECT_EQ(scan.exit_status, 1);
  EXPECT_EQ(scan.out, "a\t1\nz\t1\n");
  EXPECT_TRUE(Has(scan.err, "key \"m\\t\" is not a list")) << scan.err;
  EXPECT_EQ(Run({"stats"}).exit_status, 1);
  const Result exported = Run({"export", "--output", folder_ + "/x.tsv"});
  EXPECT_EQ(exported.exit_status, 1);
  EXPECT_TRUE(Has(exported.err, "`sheaf repair` mends")) << exported.err;
  EXPECT_FALSE(fs::exists(folder_ + "/x.tsv"));
  EXPECT_EQ(Run({"get", "--escaped", "m\\t"}).exit_status, 1);
}

// The golden files were written by another program; tests/codec/golden_test.cc has their values
// too.
std::string Golden(const std::string& name) { return "tests/testdata/" + name + ".strg"; }

TEST(InspectTest, GoldenFilesAreWhatTheirTableSays) {
  const std::string two =
      "\"layout\":\"fixed64\",\"count\":2,\"encoded_bytes\":37,\"sizes\":[3,2],"
      "\"values\":[\"AQID\",\"BAU=\"]}\n";
  const std::string none =
      "\"layout\":\"fixed64\",\"count\":0,\"encoded_bytes\":16,\"sizes\":[],\"values\":[]}\n";
  const std::string five =
      "\"layout\":\"fixed64\",\"count\":5,\"encoded_bytes\":59,\"sizes\":[0,1,0,2,0],"
      "\"values\":[\"\",\"Bw==\",\"\",\"CAk=\",\"\"]}\n";
  const auto inspect = [](const std::string& name) {
    return RunSheaf({"inspect", Golden(name), "--format", "json"}).out;
  };
  EXPECT_EQ(inspect("two_values"), "{\"offset\":0," + two);
  EXPECT_EQ(inspect("empty_list"), "{\"offset\":0," + none);
  EXPECT_EQ(inspect("empty_values"), "{\"offset\":0," + five);
  EXPECT_EQ(inspect("three_records"),
            "{\"offset\":0," + two + "{\"offset\":37," + none + "{\"offset\":53," + five);
}

TEST(InspectTest, CompactBlobsAreFoundWithoutBeingTold) {
  const std::string blobs(
      "\xB0\x00\xB0\x02\x03\x02"
      "abcde\xB4\x02\x02"
      "abcd",
      18);
  const Result result = RunSheaf({"inspect", "-", "--format", "json"}, blobs);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.out,
            "{\"offset\":0,\"layout\":\"compact\",\"count\":0,\"encoded_bytes\":2,\"sizes\":[],"
            "\"values\":[]}\n"
            "{\"offset\":2,\"layout\":\"compact\",\"count\":2,\"encoded_bytes\":9,\"sizes\":[3,2],"
            "\"values\":[\"YWJj\",\"ZGU=\"]}\n"
            "{\"offset\":11,\"layout\":\"compact\",\"count\":2,\"encoded_bytes\":7,\"sizes\":[2,2],"
            "\"values\":[\"YWI=\",\"Y2Q=\"]}\n");
  EXPECT_EQ(
      RunSheaf({"inspect", "-"}, blobs.substr(0, 11)).out,
      "offset 0  compact  0 values  2 bytes\noffset 2  compact  2 values  9 bytes\n  abc\n  de\n");
}

TEST(InspectTest, CorruptStreamPrintsTheBlobsBeforeIt) {
  const std::string bytes = ReadFile(Golden("three_records")).substr(0, 100);
  for (const std::string layout : {"auto", "fixed64"}) {
    const Result result = RunSheaf({"inspect", "-", "--layout", layout, "--format", "json"}, bytes);
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_TRUE(Has(result.out, "{\"offset\":37,")) << result.out;
    EXPECT_FALSE(Has(result.out, "{\"offset\":53,")) << result.out;
    EXPECT_TRUE(Has(result.err, "stdin: ")) << result.err;
    EXPECT_TRUE(Has(result.err, "offset 53: not a fixed64 blob")) << result.err;
    EXPECT_EQ(Has(result.err, "offset 0: not a compact blob"), layout == "auto") << result.err;
  }
  EXPECT_EQ(RunSheaf({"inspect", "/nonexistent"}).exit_status, 1);
  EXPECT_EQ(RunSheaf({"inspect", "/tmp"}).exit_status, 1);
}

TEST(UsageTest, BadUsageExitsWithTwoAndSaysWhy) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases = {
      {{}, "A subcommand is required"},
      {{"frobnicate"},
       "expected a sub-command: load, get, append, put, delete, trim, remove, clear, scan, keys, "
       "count, export, families, stats, compact, verify, repair, convert, inspect; "
       "found "
       "\"frobnicate\""},
      {{"get", "--db", "d"}, "KEY is required"},
      {{"get", "k"}, "--db is required"},
      {{"get", "--db", "d", "k", "--format", "xml"},
       "expected text, json, raw, tsv, jsonl, framed or csv, found \"xml\""},
      {{"get", "--db", "d", "k", "--index", "-1"}, "--index: expected a whole number"},
      {{"get", "--db", "d", "k", "--last", "0"}, "--last: expected a whole number from 1 on"},
      {{"get", "--db", "d", "k", "--last", "1", "--index", "1"}, "excludes"},
      {{"put", "--db", "d"}, "KEY is required"},
      {{"put", "--db", "d", "", "v"}, "KEY: expected one byte at least"},
      {{"remove", "--db", "d"}, "KEY is required"},
      {{"remove", "--db", "d", "k"}, "expected a VALUE or --prefix"},
      {{"delete", "--db", "d"}, "KEY is required"},
      {{"delete", "--db", "d", "--escaped", "a", "\\q"}, "KEY: expected one of the escapes"},
      {{"clear", "--db", "d"}, "KEY is required"},
      {{"trim", "--db", "d", "k"}, "expected --keep-first, --keep-last or --before"},
      {{"trim", "--db", "d", "k", "--keep-first", "1", "--keep-last", "1"}, "excludes"},
      {{"trim", "--db", "d", "k", "--keep-last", "-1"}, "--keep-last: expected a whole number"},
      {{"keys", "--db", "d", "extra"}, "extra"},
      {{"count", "--db", "d", "k", "--prefix", "p"}, "excludes"},
      {{"families", "--db", "d", "--cf", "x"}, "--cf"},
      {{"load", "--db", "d", "--header"}, "are for --format csv"},
      {{"load", "--db", "d", "--format", "tsv", "--key-column", "1"}, "are for --format csv"},
      {{"load", "--db", "d", "--format", "csv", "--key-column", "name"},
       "--key-column: expected the number of a column from 1 to 65536"},
      {{"export", "--db", "d", "--header"}, "--header is for --format csv"},
      {{"append", "--db", "d", "k"}, "VALUE is required"},
      {{"append", "--db", "d", "", "v"}, "KEY: expected one byte at least"},
      {{"load", "--db", "d", "--memory", "much"}, "--memory: expected a size like 64M"},
      {{"load", "--db", "d", "--memory", "0"}, "--memory: expected a size like 64M"},
      {{"load", "--db", "d", "--threads", "0"}, "--threads: expected a whole number from 1 to 256"},
      {{"load", "--db", "d", "--mode", "merge"}, "--mode: expected append or replace"},
      {{"load", "--db", "d", "--resume"}, "--resume"},
      {{"load", "--db", "d", "--input", "-", "--input", "-"}, "expected stdin once"},
      {{"scan", "--db", "d", "--limit", "1x"}, "--limit: expected a whole number"},
      {{"inspect"}, "FILE is required"},
      {{"stats", "--db", "d", "--format", "raw"}, "expected text or json"},
      {{"stats", "--db", "d", "--top", "3"}, "--top requires --debt"},
      {{"stats", "--db", "d", "--estimate", "--exact"}, "excludes"},
      {{"stats", "--db", "d", "--estimate", "--debt"}, "excludes"},
      {{"repair", "--db", "d", "--layout", "wide"}, "expected compact or fixed64"},
      {{"repair", "--db", "d", "--escaped", "--delimiter", "\\q"}, "--delimiter: expected one of"},
      {{"compact", "--db", "d"}, "expected --key, --prefix, --from, --to or --all"},
      {{"compact", "--db", "d", "--key", "k", "--all"}, "excludes"},
      {{"compact", "--db", "d", "--key", "k", "--prefix", "p"}, "excludes"},
      {{"compact", "--db", "d", "--prefix", ""}, "--prefix: expected one byte at least"},
  };
  for (const auto& [arguments, message] : cases) {
    const Result result = RunSheaf(arguments);
    EXPECT_EQ(result.exit_status, 2) << message;
    EXPECT_EQ(result.out, "") << message;
    EXPECT_TRUE(Has(result.err, message)) << result.err;
  }
  EXPECT_FALSE(fs::exists("d"));
}

TEST(UsageTest, HelpAndVersionGoToStdout) {
  const Result help = RunSheaf({"--help"});
  EXPECT_EQ(help.exit_status, 0);
  EXPECT_EQ(help.err, "");
  EXPECT_TRUE(Has(RunSheaf({"--version"}).out, "(RocksDB "));
  for (const char* const command :
       {"load", "get", "append", "put", "delete", "trim", "remove", "clear", "scan", "keys",
        "count", "export", "families", "stats", "compact", "verify", "repair", "inspect"}) {
    EXPECT_TRUE(Has(help.out, command));
    const Result result = RunSheaf({command, "--help"});
    EXPECT_EQ(result.exit_status, 0);
    EXPECT_TRUE(Has(result.out, "Example")) << result.out;
    EXPECT_TRUE(Has(result.out, "Exit status")) << result.out;
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
