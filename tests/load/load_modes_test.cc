// `sheaf load`: modes, column families, rejects, summaries, archives, and SSTs for others.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <sstream>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "rocksdb/sst_file_reader.h"
#include "sheaf/plugin.h"
#include "sheaf/store.h"
#include "simdjson.h"
#include "tests/support/sanitizers.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

// A sanitizer takes memory of its own.
constexpr bool kMeasuresMemory = !test::kAddressSanitizer && !test::kThreadSanitizer;

class LoadModesTest : public ::testing::Test {
 protected:
  const std::string folder_ = TestFolder();
  const std::string db_ = folder_ + "/db";

  Result Load(const std::string& rows, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"load", "--db", db_};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return RunSheaf(arguments, rows);
  }
  // Of a load of a file with these rows, which succeeds, into a new DB.
  uint64_t PeakMegabytes(const std::string& rows, std::vector<std::string> more) {
    const std::string input = folder_ + "/input";
    const std::string summary = folder_ + "/summary";
    WriteFile(input, rows);
    more.insert(more.end(), {"--input", input, "--json-summary", summary});
    const Result result = Load("", more);
    EXPECT_EQ(result.exit_status, 0) << result.err;
    fs::remove_all(db_);
    simdjson::dom::parser parser;
    const simdjson::dom::element root = parser.parse(ReadFile(summary));
    return uint64_t(root["peak_memory"]) >> 20;
  }
  std::string Scan() { return RunSheaf({"scan", "--db", db_}).out; }
  std::map<std::string, std::string> Everything() { return Snapshot(folder_); }

  // All values of all keys of a column family, by RocksDB and Store alone.
  std::string Lists(const std::string& family_name) {
    RegisterPlugin();
    rocksdb::DBOptions options;
    std::vector<std::string> names;
    EXPECT_TRUE(rocksdb::DB::ListColumnFamilies(options, db_, &names).ok());
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names) {
      rocksdb::ColumnFamilyOptions family;
      family.merge_operator = NewAppendOperator();
      families.emplace_back(name, family);
    }
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* db = nullptr;
    EXPECT_TRUE(rocksdb::DB::OpenForReadOnly(options, db_, families, &handles, &db).ok());
    std::string all;
    for (rocksdb::ColumnFamilyHandle* const handle : handles) {
      if (handle->GetName() == family_name) {
        std::unique_ptr<Store> store;
        EXPECT_TRUE(Store::Open(db, handle, StoreOptions(), &store).ok());
        for (auto at = store->Scan(rocksdb::ReadOptions(), KeyRange::All()); at->Valid();
             at->Next()) {
          for (const std::string_view value : at->values()) {
            all += at->key().ToString() + "=" + std::string(value) + " ";
          }
        }
      }
    }
    for (rocksdb::ColumnFamilyHandle* const handle : handles) {
      db->DestroyColumnFamilyHandle(handle);
    }
    delete db;
    return all;
  }
};

TEST_F(LoadModesTest, CreateOnlyRefusesAKeyThatExistsAndChangesNothing) {
  ASSERT_EQ(Load("b\t1\nd\t1\nf\t1\n").exit_status, 0);
  const auto before = Everything();
  const Result result = Load("a\t2\ne\t2\nd\t2\nf\t3\n", {"--create-only"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err, "--create-only: key \"d\" exists, and 1 more of the input"))
      << result.err;
  EXPECT_TRUE(Has(result.err, "nothing was loaded")) << result.err;
  EXPECT_EQ(Scan(), "b\t1\nd\t1\nf\t1\n");
  // RocksDB writes its log and OPTIONS anew whenever a DB is opened; nothing else may be there.
  for (const auto& [path, bytes] : Everything()) {
    EXPECT_EQ(path.find(".load-"), std::string::npos) << path;
    if (fs::path(path).extension() == ".sst") {
      EXPECT_EQ(before.count(path), 1u) << path;
    }
  }
  EXPECT_EQ(Load("a\t2\ne\t2\ne\t3\n", {"--create-only"}).exit_status, 0);
  EXPECT_EQ(Scan(), "a\t2\nb\t1\nd\t1\ne\t2\ne\t3\nf\t1\n");
}

TEST_F(LoadModesTest, CreateOnlyMakesANewDb) {
  EXPECT_EQ(Load("a\t1\na\t2\n", {"--create-only"}).exit_status, 0);
  EXPECT_EQ(Scan(), "a\t1\na\t2\n");
  EXPECT_EQ(Load("a\t1\n", {"--create-only", "--mode", "replace"}).exit_status, 2);
}

TEST_F(LoadModesTest, ColumnFamilyIsMadeInANewDbAndRespectedInAnOldOne) {
  ASSERT_EQ(Load("a\t1\n", {"--cf", "lists"}).exit_status, 0);
  ASSERT_EQ(Load("a\t2\nb\t1\n", {"--cf", "lists"}).exit_status, 0);
  EXPECT_EQ(Lists("lists"), "a=1 a=2 b=1 ");
  EXPECT_EQ(Lists("default"), "");
  // All other commands know it as well.
  EXPECT_EQ(RunSheaf({"append", "--db", db_, "--cf", "lists", "b", "2"}).exit_status, 0);
  EXPECT_EQ(RunSheaf({"get", "--db", db_, "--cf", "lists", "b"}).out, "1\n2\n");
  EXPECT_EQ(RunSheaf({"scan", "--db", db_, "--cf", "lists"}).out, "a\t1\na\t2\nb\t1\nb\t2\n");
  EXPECT_EQ(RunSheaf({"export", "--db", db_, "--cf", "lists"}).out, "a\t1\na\t2\nb\t1\nb\t2\n");
  EXPECT_TRUE(Has(RunSheaf({"stats", "--db", db_, "--cf", "lists", "--format", "json"}).out,
                  "\"keys\":2,\"values\":4"));
  EXPECT_TRUE(Has(RunSheaf({"verify", "--db", db_, "--cf", "lists"}).err, "2 keys checked"));
  EXPECT_TRUE(
      Has(RunSheaf({"compact", "--db", db_, "--cf", "lists", "--all"}).err, "before 3 operands"));
  EXPECT_EQ(RunSheaf({"get", "--db", db_, "--cf", "lists", "b"}).out, "1\n2\n");
  EXPECT_EQ(RunSheaf({"scan", "--db", db_}).out, "");
  const Result none = Load("a\t1\n", {"--cf", "other"});
  EXPECT_EQ(none.exit_status, 1);
  EXPECT_TRUE(Has(none.err, "no column family other here; the DB has default, lists")) << none.err;
}

TEST_F(LoadModesTest, RejectsAreWrittenWithPlaceReasonAndRow) {
  const std::string rejects = folder_ + "/rejects";
  const Result result =
      Load("a\t1\nbad row\nb\t\\q\nc\t1\n\t2\n", {"--on-error", "skip", "--rejects", rejects});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(Scan(), "a\t1\nc\t1\n");
  EXPECT_EQ(ReadFile(rejects),
            "stdin:2\texpected key TAB value, found no TAB\tbad row\n"
            "stdin:3\texpected one of the escapes \\t \\n \\\\ \\xHH, found another: \"\\\\q\"\t"
            "b\t\\q\n"
            "stdin:5\texpected key TAB value, found an empty key\t\t2\n");
}

TEST_F(LoadModesTest, RejectsOfFramesAreEscaped) {
  const std::string rejects = folder_ + "/rejects";
  const std::string frames("\1\0\0\0\1\0\0\0kv\0\0\0\0\1\0\0\0w", 19);
  EXPECT_EQ(
      Load(frames, {"--format", "framed", "--on-error", "skip", "--rejects", rejects}).exit_status,
      0);
  EXPECT_EQ(ReadFile(rejects),
            "stdin: offset 10\texpected a key of one byte at least, found an empty key\t"
            "\\x00\\x00\\x00\\x00\\x01\\x00\\x00\\x00w\n");
}

TEST_F(LoadModesTest, RejectsNeedSkipAndAWritablePlace) {
  EXPECT_EQ(Load("a\t1\n", {"--rejects", folder_ + "/r"}).exit_status, 2);
  const Result result = Load("a\t1\n", {"--on-error", "skip", "--rejects", folder_ + "/none/r"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err, "/none/r: cannot write it: No such file or directory")) << result.err;
  EXPECT_TRUE(Everything().empty());
}

TEST_F(LoadModesTest, DevicesKeepTheirPlace) {
  const Result result = Load("a\t1\nbad\n", {"--on-error", "skip", "--rejects", "/dev/null",
                                             "--json-summary", "/dev/null"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  EXPECT_FALSE(fs::exists("/dev/null.part"));
  fs::remove_all(db_);
  const Result full = Load("a\t1\nbad\n", {"--on-error", "skip", "--rejects", "/dev/full"});
  EXPECT_EQ(full.exit_status, 1);
  EXPECT_TRUE(Has(full.err, "--rejects /dev/full: cannot write it: No space left")) << full.err;
  EXPECT_FALSE(fs::exists(db_));
  // The reason is that of the write that failed, which may not be the last.
  std::string many;
  for (int i = 0; i < 10000; ++i) many += "bad\n";
  const Result later = Load(many, {"--on-error", "skip", "--rejects", "/dev/full"});
  EXPECT_TRUE(Has(later.err, "--rejects /dev/full: cannot write it: No space left")) << later.err;
}

// Files are read as if they were sorted, and once more when they are not.
TEST_F(LoadModesTest, PipeGetsEachRejectOnce) {
  WriteFile(folder_ + "/rows.tsv", "bad\nb\t1\na\t1\n");
  const Result result = Load(
      "", {"--input", folder_ + "/rows.tsv", "--on-error", "skip", "--rejects", "/dev/stdout"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.out, folder_ + "/rows.tsv:1\texpected key TAB value, found no TAB\tbad\n");
  EXPECT_EQ(Scan(), "a\t1\nb\t1\n");
}

// A link to a link to the pipe that this test reads.
TEST_F(LoadModesTest, RejectsMayGoToStderr) {
  const Result result = Load("a\t1\nbad row\n", {"--on-error", "skip", "--rejects", "/dev/stderr"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(Has(result.err, "stdin:2\texpected key TAB value, found no TAB\tbad row\n"))
      << result.err;
}

// Where stderr and stdout are files, these are appended to, and what names them stays a link.
TEST_F(LoadModesTest, NamesOfOpenFilesAreNeverReplaced) {
  WriteFile(folder_ + "/rows", "a\t1\nbad row\n");
  WriteFile(folder_ + "/err", "before\n");
  const std::string command = fs::absolute("tools/sheaf/sheaf").string() + " load --db " + db_ +
                              " --input " + folder_ + "/rows --on-error skip --rejects " +
                              "/dev/stderr --json-summary /dev/stdout 2>>" + folder_ + "/err >" +
                              folder_ + "/out";
  ASSERT_EQ(std::system(command.c_str()), 0);
  EXPECT_TRUE(fs::is_symlink("/dev/stderr") && fs::is_symlink("/dev/stdout"));
  const std::string err = ReadFile(folder_ + "/err");
  EXPECT_EQ(err.rfind("before\n", 0), 0u) << err;
  EXPECT_TRUE(Has(err, "/rows:2\texpected key TAB value, found no TAB\tbad row\n")) << err;
  EXPECT_TRUE(Has(err, "1 row, 1 key, 1 value loaded")) << err;
  EXPECT_EQ(ReadFile(folder_ + "/out").rfind("{\"ok\":true", 0), 0u);
}

// Chunks of the input are half a megabyte and are parsed by several threads in any order.
TEST_F(LoadModesTest, FirstBadLineOfALargeInputIsTheOneNamed) {
  std::string rows;
  uint64_t line = 0;
  for (; rows.size() < (6u << 20); ++line) rows += "key" + std::to_string(line) + "\tvalue\n";
  rows += "no tab\n";
  const uint64_t bad = ++line;
  for (; rows.size() < (12u << 20); ++line) {
    rows += line % 1000 == 0 ? "bad\n" : "key" + std::to_string(line) + "\tvalue\n";
  }
  const Result result = Load(rows, {"--threads", "4"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err, "stdin:" + std::to_string(bad) + ": expected")) << result.err;
  EXPECT_TRUE(Everything().empty());
}

TEST_F(LoadModesTest, RejectsOfALargeInputAreInItsOrder) {
  std::string rows;
  std::string expected;
  for (uint64_t line = 1; rows.size() < (9u << 20); ++line) {
    if (line % 977 == 0) {
      rows += "bad" + std::to_string(line) + "\n";
      expected += "stdin:" + std::to_string(line) + "\texpected key TAB value, found no TAB\tbad" +
                  std::to_string(line) + "\n";
    } else {
      rows += "key" + std::to_string(line % 1000) + "\t" + std::to_string(line) + "\n";
    }
  }
  const std::string rejects = folder_ + "/rejects";
  EXPECT_EQ(Load(rows, {"--threads", "4", "--on-error", "skip", "--rejects", rejects}).exit_status,
            0);
  EXPECT_TRUE(ReadFile(rejects) == expected);
}

TEST_F(LoadModesTest, KeyPastTheLimitIsARejectedRow) {
  const std::string large(8u << 20, 'k');
  EXPECT_EQ(Load(large + "\t1\n").exit_status, 0);
  const Result result = Load(large + "k\t1\n", {"--mode", "replace"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err, "stdin:1: expected a key of 8 MB at most, found a larger one"))
      << result.err;
}

TEST_F(LoadModesTest, NulBytesArePartOfKeysAndValues) {
  EXPECT_EQ(Load(std::string("a\0b\tc\0d\n", 8)).exit_status, 0);
  EXPECT_EQ(Scan(), "a\\x00b\tc\\x00d\n");
}

TEST_F(LoadModesTest, ArchivesAreLoadedByTheirContent) {
  WriteFile(folder_ + "/rows", "a\t1\nb\t2\n");
  const std::string in = " < " + folder_ + "/rows > " + folder_;
  ASSERT_EQ(std::system(("gzip -c" + in + "/one.gz").c_str()), 0);
  ASSERT_EQ(std::system(("zstd -qc" + in + "/two").c_str()), 0);
  ASSERT_EQ(std::system(("lz4 -qc" + in + "/three.tsv.lz4").c_str()), 0);
  const Result result = Load("", {"--input", folder_ + "/one.gz", "--input", folder_ + "/two",
                                  "--input", folder_ + "/three.tsv.lz4"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(Scan(), "a\t1\na\t1\na\t1\nb\t2\nb\t2\nb\t2\n");
}

TEST_F(LoadModesTest, TruncatedArchiveLoadsNothing) {
  std::string rows;
  for (int i = 0; i < 200000; ++i) rows += std::to_string(i) + "\tvalue\n";
  WriteFile(folder_ + "/rows", rows);
  ASSERT_EQ(std::system(("gzip " + folder_ + "/rows").c_str()), 0);
  const std::string archive = ReadFile(folder_ + "/rows.gz");
  WriteFile(folder_ + "/rows.gz", archive.substr(0, archive.size() / 2));
  const auto before = Everything();
  const Result result = Load("", {"--input", folder_ + "/rows.gz"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err,
                  "rows.gz: the gzip archive is truncated: it ends in the middle, at "
                  "offset " +
                      std::to_string(archive.size() / 2)))
      << result.err;
  EXPECT_EQ(Everything(), before);
}

simdjson::dom::element ParseJson(simdjson::dom::parser* parser, const std::string& text) {
  simdjson::dom::element root;
  EXPECT_FALSE(parser->parse(text).get(root)) << text;
  return root;
}

uint64_t Number(const simdjson::dom::element& root, const char* name) {
  uint64_t number = ~uint64_t{0};
  EXPECT_FALSE(root[name].get(number)) << name;
  return number;
}

TEST_F(LoadModesTest, JsonSummaryHasTheNumbers) {
  const std::string path = folder_ + "/summary";
  ASSERT_EQ(
      Load("a\t1\nb\t1\nbad\na\t2\n", {"--json-summary", path, "--on-error", "skip"}).exit_status,
      0);
  simdjson::dom::parser parser;
  simdjson::dom::element root = ParseJson(&parser, ReadFile(path));
  EXPECT_EQ(Number(root, "rows"), 3u);
  EXPECT_EQ(Number(root, "keys"), 2u);
  EXPECT_EQ(Number(root, "values"), 3u);
  EXPECT_EQ(Number(root, "rejects"), 1u);
  EXPECT_EQ(Number(root, "bytes_in"), 16u);
  EXPECT_GT(Number(root, "peak_memory"), 1000000u);
  EXPECT_TRUE(bool(root["ok"]));
  ASSERT_EQ(Load("bad\n", {"--json-summary", path}).exit_status, 1);
  root = ParseJson(&parser, ReadFile(path));
  EXPECT_FALSE(bool(root["ok"]));
  EXPECT_TRUE(Has(std::string(root["error"].get_c_str().value()), "stdin:1")) << ReadFile(path);
}

// --memory and 128 MB are the most that a load takes.
TEST_F(LoadModesTest, RejectedRowsTakeLittleMemory) {
  if (!kMeasuresMemory) GTEST_SKIP();
  const std::string empty_lines(16 << 20, '\n');
  EXPECT_LT(PeakMegabytes(empty_lines, {"--memory", "16M", "--threads", "8", "--on-error", "skip"}),
            144u);
  const std::string frame = std::string("\0\0\0\0\0\0\xff\1", 8) + std::string(0x1ff0000, '\0');
  EXPECT_LT(PeakMegabytes(frame, {"--memory", "176M", "--threads", "1", "--format", "framed",
                                  "--on-error", "skip", "--rejects", "/dev/null"}),
            200u);
}

// The manifest's shards, their files and what is in them; ingested with RocksDB alone.
TEST_F(LoadModesTest, SstsForOthersCoverAllKeysInShardsByRange) {
  std::string rows;
  std::map<std::string, std::string> model;
  for (uint32_t i = 0; i < 300000; ++i) {
    const std::string key = std::to_string(i * 2654435761u % 50021);
    rows += key + "\t" + std::to_string(i) + "\n";
    model[key] += std::to_string(i) + ",";
  }
  const std::string out = folder_ + "/ssts";
  for (const char* const mode : {"append", "replace"}) {
    fs::remove_all(out);
    const Result result =
        RunSheaf({"load", "--sst-only", out, "--shards", "3", "--mode", mode}, rows);
    ASSERT_EQ(result.exit_status, 0) << result.err;
    simdjson::dom::parser parser;
    const simdjson::dom::element root = ParseJson(&parser, ReadFile(out + "/manifest.json"));
    EXPECT_EQ(Number(root, "keys"), model.size());
    EXPECT_EQ(Number(root, "values"), 300000u);
    EXPECT_EQ(std::string(root["entries"].get_c_str().value()),
              std::string(mode) == "append" ? "operands" : "values");
    std::map<std::string, std::string> found;
    std::string last;
    size_t shards = 0;
    for (const simdjson::dom::element shard : root["shards"]) {
      const std::string db_path = folder_ + "/" + mode + std::to_string(shards++);
      rocksdb::Options options;
      options.create_if_missing = true;
      options.merge_operator = NewAppendOperator();
      rocksdb::DB* db = nullptr;
      ASSERT_TRUE(rocksdb::DB::Open(options, db_path, &db).ok());
      const std::unique_ptr<rocksdb::DB> owner(db);
      std::vector<std::string> files;
      for (const simdjson::dom::element file : shard["files"]) {
        files.push_back(out + "/" + std::string(shard["folder"].get_c_str().value()) + "/" +
                        std::string(file["name"].get_c_str().value()));
        EXPECT_EQ(Number(file, "bytes"), fs::file_size(files.back()));
      }
      ASSERT_TRUE(db->IngestExternalFile(files, rocksdb::IngestExternalFileOptions()).ok());
      std::unique_ptr<Store> store;
      ASSERT_TRUE(Store::Open(db, nullptr, StoreOptions(), &store).ok());
      uint64_t keys = 0;
      for (auto at = store->Scan(rocksdb::ReadOptions(), KeyRange::All()); at->Valid();
           at->Next(), ++keys) {
        EXPECT_LT(last, at->key().ToString()) << "shards are ranges";
        last = at->key().ToString();
        for (const std::string_view value : at->values()) found[last] += std::string(value) + ",";
      }
      EXPECT_EQ(Number(shard, "keys"), keys);
      EXPECT_GT(keys, model.size() / 6);
    }
    EXPECT_EQ(shards, 3u);
    EXPECT_TRUE(found == model);
  }
}

TEST_F(LoadModesTest, SstsGoIntoANewFolderOnly) {
  fs::create_directory(folder_ + "/ssts");
  WriteFile(folder_ + "/ssts/other", "x");
  const auto before = Everything();
  const Result result = RunSheaf({"load", "--sst-only", folder_ + "/ssts"}, "a\t1\n");
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err, "expected a new or an empty folder")) << result.err;
  EXPECT_EQ(Everything(), before);
  EXPECT_EQ(RunSheaf({"load"}, "a\t1\n").exit_status, 2);
}

TEST_F(LoadModesTest, SummaryThatCannotBeWrittenIsSaidBeforeTheLoad) {
  const Result result = Load("a\t1\n", {"--json-summary", folder_ + "/none/summary"});
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err, "/none/summary: cannot write it: No such file")) << result.err;
  EXPECT_FALSE(fs::exists(db_));
}

TEST_F(LoadModesTest, DbThatCannotBeOpenedIsSaidBeforeReading) {
  const std::string db = folder_ + "/blocklist.db";
  ASSERT_EQ(RunSheaf({"load", "--db", db}, "a\t1\n").exit_status, 0);
  for (const fs::directory_entry& entry : fs::directory_iterator(db)) {
    if (Has(entry.path().filename(), "MANIFEST")) fs::remove(entry.path());
  }
  // The row is malformed, which is not what is found first.
  const Result result = RunSheaf({"load", "--db", db, "--mode", "replace"}, "bad\n");
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err, "blocklist.db: cannot open the DB: ")) << result.err;
  EXPECT_FALSE(Has(result.err, "another process")) << result.err;
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
