// `sheaf load --resume`: killed at any moment, the DB is as before or complete, and what is resumed
// is in it once.

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <random>
#include <thread>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "sheaf/append_operator.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

// Rows of an input of about 20 MB, and what becomes of them; the load has 16 MB of memory.
struct Input {
  std::string rows;
  std::string rejects;
  std::map<std::string, std::string> model;  // rows by key

  Input(uint32_t seed, const std::string& path, bool with_bad_rows, bool sorted = false,
        size_t bytes = 20u << 20) {
    std::mt19937 random(seed);
    uint64_t line = 0;
    while (rows.size() < bytes) {
      ++line;
      if (with_bad_rows && line % 20011 == 0) {
        rows += "bad" + std::to_string(line) + "\n";
        rejects += path + ":" + std::to_string(line) +
                   "\texpected key TAB value, found no TAB\tbad" + std::to_string(line) + "\n";
        continue;
      }
      const std::string key =
          "key" + std::to_string(sorted ? 10000000 + line / 10 : random() % 20000);
      // Sorted ones cannot be compressed, so that there are several SSTs.
      std::string value = std::to_string(line) + std::string(random() % 80, 'v');
      if (sorted) {
        for (char& c : value) c = static_cast<char>('a' + random() % 26);
      }
      const std::string row = key + "\t" + value + "\n";
      rows += row;
      model[key] += row;
    }
  }
  std::string Text() const {
    std::string text;
    for (const auto& [key, lines] : model) text += lines;
    return text;
  }
};

// SHEAF_TEST_SCALE=20 is 400 kills instead of 20.
int Scaled(int count) {
  const char* const scale = std::getenv("SHEAF_TEST_SCALE");
  return static_cast<int>(count * (scale == nullptr ? 1 : std::atof(scale)));
}

struct Variant {
  const char* name;
  bool old_db;  // with lists in it
  const char* mode;
  bool skip;
  const char* archive;  // program that compresses the input, or ""
  bool sorted;
  bool lanes;  // enough rows and memory for two
};

class LoadResumeTest : public ::testing::Test {
 protected:
  const std::string folder_ = TestFolder();
  const std::string db_ = folder_ + "/db";
  const std::string path_ = folder_ + "/rows.tsv";

  std::unique_ptr<rocksdb::DB> OpenDb() const {
    rocksdb::Options options;
    options.merge_operator = NewAppendOperator();
    rocksdb::DB* db = nullptr;
    EXPECT_TRUE(rocksdb::DB::Open(options, db_, &db).ok());
    return std::unique_ptr<rocksdb::DB>(db);
  }
  std::string Export() { return RunSheaf({"export", "--db", db_}).out; }
  static std::vector<std::string> LeftIn(const std::string& folder) {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (Has(name, ".load-") || Has(name, ".new-") || Has(name, ".part")) names.push_back(name);
    }
    return names;
  }
  // The folder of the load that `process` is, once it has the file `name`.
  std::string WaitForFile(const Process& process, const std::string& name) const {
    std::string folder;
    EXPECT_TRUE(process.WaitUntil([&] {
      for (const std::string& left : LeftIn(folder_)) {
        if (fs::exists(folder_ + "/" + left + "/" + name)) folder = folder_ + "/" + left;
      }
      return !folder.empty();
    })) << name
        << " was never there";
    return folder;
  }
};

class KilledLoadTest : public LoadResumeTest, public ::testing::WithParamInterface<Variant> {};

TEST_P(KilledLoadTest, AtAnyMomentIsLoadedOnceByResuming) {
  const Variant& variant = GetParam();
  const Input input(11, path_, variant.skip, variant.sorted, (variant.lanes ? 40u : 20u) << 20);
  WriteFile(path_, input.rows);
  if (*variant.archive != '\0') {
    const std::string command = std::string(variant.archive) + " -qc " + path_ + " > " + path_ +
                                ".x && mv " + path_ + ".x " + path_;
    ASSERT_EQ(std::system(command.c_str()), 0);
  }
  const std::string old_rows = "a\told\nkey77\told\nkey77\tolder\n";
  std::map<std::string, std::string> expected = input.model;
  if (variant.old_db) {
    expected["a"] = "a\told\n";
    if (std::string(variant.mode) == "append") {
      expected["key77"] = "key77\told\nkey77\tolder\n" + expected["key77"];
    }
  }
  std::string complete;
  for (const auto& [key, lines] : expected) complete += lines;
  const std::string before = variant.old_db ? old_rows : "";

  std::mt19937 random(static_cast<uint32_t>(getpid()));
  double whole = 0;  // seconds of a load that is not killed
  const int kills_wanted = Scaled(5);
  int killed = 0;
  for (int trial = 0; killed < kills_wanted; ++trial) {
    fs::remove_all(db_);
    fs::remove(folder_ + "/rejects");
    if (variant.old_db) {
      ASSERT_EQ(RunSheaf({"load", "--db", db_}, old_rows).exit_status, 0);
    }
    std::vector<std::string> command = {"load",
                                        "--db",
                                        db_,
                                        "--input",
                                        path_,
                                        "--format",
                                        "tsv",
                                        "--mode",
                                        variant.mode,
                                        "--memory",
                                        variant.lanes ? "32M" : "16M",
                                        "--threads",
                                        std::to_string(1 + trial % 3)};
    if (variant.skip) {
      command.insert(command.end(), {"--on-error", "skip", "--rejects", folder_ + "/rejects"});
    }
    for (int attempt = 0;; ++attempt) {
      const Clock::time_point began = Clock::now();
      Process process(command);
      process.CloseInput();
      // The first is timed; then all are killed, at first, and at times once more while resuming.
      const bool kill_it = trial != 0 && (attempt == 0 || random() % 3 == 0);
      if (kill_it) {
        const double at = whole * 1.1 * static_cast<double>(random() % 1000) / 1000;
        std::this_thread::sleep_for(std::chrono::duration<double>(at));
        process.Signal(SIGKILL);
      }
      const Result result = process.Wait();
      if (trial == 0) whole = std::chrono::duration<double>(Clock::now() - began).count();
      if (result.exit_status == 0) break;
      ASSERT_TRUE(kill_it) << result.err;
      ASSERT_EQ(result.exit_status, 128 + SIGKILL) << result.err;
      ++killed;
      if (fs::exists(db_)) {
        const std::string now = Export();
        ASSERT_TRUE(now == before || now == complete) << "half of it, " << now.size() << " bytes";
      } else {
        ASSERT_FALSE(variant.old_db);
      }
      if (command.back() != "--resume") command.push_back("--resume");
    }
    ASSERT_TRUE(Export() == complete) << "trial " << trial;
    EXPECT_EQ(LeftIn(folder_), std::vector<std::string>()) << "trial " << trial;
    if (variant.skip) {
      EXPECT_TRUE(ReadFile(folder_ + "/rejects") == input.rejects) << "trial " << trial;
    }
  }
  std::printf("%d kills of a load of %.2f s\n", killed, whole);
}

INSTANTIATE_TEST_SUITE_P(
    Variants, KilledLoadTest,
    ::testing::Values(Variant{"NewDb", false, "append", false, "", false, false},
                      Variant{"Append", true, "append", false, "", false, false},
                      Variant{"Replace", true, "replace", true, "", false, false},
                      Variant{"Archive", true, "append", true, "zstd", false, false},
                      Variant{"Sorted", true, "append", true, "", true, false},
                      Variant{"Lanes", true, "append", false, "", true, true}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(LoadResumeTest, InterruptedLoadSaysHowToGoOnAndDoes) {
  const Input input(5, path_, false);
  WriteFile(path_, input.rows);
  const std::vector<std::string> command = {"load",     "--db", db_,         "--input", path_,
                                            "--memory", "16M",  "--threads", "1"};
  Process process(command);
  process.CloseInput();
  // Until a run is finished there is nothing to go on from.
  WaitForFile(process, "run-000001");
  process.Signal(SIGINT);
  const Result result = process.Wait();
  EXPECT_EQ(result.exit_status, 130) << result.err;
  EXPECT_TRUE(Has(result.err, "the same command with --resume goes on from there")) << result.err;
  EXPECT_FALSE(fs::exists(db_));
  ASSERT_EQ(LeftIn(folder_).size(), 1u);
  EXPECT_TRUE(Has(result.err, LeftIn(folder_)[0])) << result.err;

  // Others are not taken for it.
  WriteFile(folder_ + "/other.tsv", "a\t1\n");
  const Result other =
      RunSheaf({"load", "--db", db_, "--input", folder_ + "/other.tsv", "--resume"});
  EXPECT_EQ(other.exit_status, 1);
  EXPECT_TRUE(Has(other.err, "differs in --input")) << other.err;

  std::vector<std::string> again = command;
  again.push_back("--resume");
  const Result resumed = RunSheaf(again);
  EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
  EXPECT_TRUE(Export() == input.Text());
  EXPECT_TRUE(LeftIn(folder_).empty());
  // Once more has nothing to do.
  const Result complete = RunSheaf(again);
  EXPECT_EQ(complete.exit_status, 0) << complete.err;
  EXPECT_TRUE(Has(complete.err, "the load was complete. Nothing was done")) << complete.err;
  EXPECT_TRUE(Export() == input.Text());
}

// Where it goes on, the header was passed over, and values have line ends.
TEST_F(LoadResumeTest, CsvGoesOnWithTheColumnsOfItsHeader) {
  const std::string path = folder_ + "/rows.csv";
  std::string rows = "line,\"the, text\",key\r\n";
  std::map<std::string, std::string> model;
  std::mt19937 random(9);
  for (int line = 0; rows.size() < (20u << 20); ++line) {
    const std::string key = "key" + std::to_string(random() % 20000);
    const std::string text(random() % 80, 'v');
    rows += std::to_string(line) + ",\"a \"\"quote\"\",\n" + text + "\"," + key + "\r\n";
    model[key] += key + "\ta \"quote\",\\n" + text + "\n";
  }
  std::string expected;
  for (const auto& [key, lines] : model) expected += lines;
  WriteFile(path, rows);
  std::vector<std::string> command = {
      "load",     "--db",         db_,   "--input",        path,       "--memory", "16M",
      "--header", "--key-column", "key", "--value-column", "the, text"};
  Process process(command);
  process.CloseInput();
  WaitForFile(process, "run-000001");
  process.Signal(SIGINT);
  EXPECT_EQ(process.Wait().exit_status, 130);
  command.push_back("--resume");
  std::vector<std::string> other = command;
  other[11] = "line";
  const Result refused = RunSheaf(other);
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_TRUE(Has(refused.err, "differs in --format")) << refused.err;
  const Result resumed = RunSheaf(command);
  EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
  EXPECT_TRUE(Export() == expected);
  EXPECT_TRUE(LeftIn(folder_).empty());
}

// 48 MB in order are three SSTs; the first is what the DB has in the end, and rows that were
// skipped before and behind the place where it went on are in the rejects.
TEST_F(LoadResumeTest, SortedRowsGoOnFromTheLastSst) {
  const Input input(8, path_, true, /*sorted=*/true, 48u << 20);
  WriteFile(path_, input.rows);
  const std::vector<std::string> command = {"load",
                                            "--db",
                                            db_,
                                            "--input",
                                            path_,
                                            "--threads",
                                            "2",
                                            "--on-error",
                                            "skip",
                                            "--rejects",
                                            folder_ + "/rejects",
                                            "--memory",
                                            "16M",
                                            "--resume"};
  Process process(command);
  process.CloseInput();
  // The first is complete when there is a second.
  const std::string sst = WaitForFile(process, "sorted-1-0.sst") + "/sorted-0-0.sst";
  process.Signal(SIGKILL);
  process.Wait();
  struct stat first;
  ASSERT_EQ(stat(sst.c_str(), &first), 0);
  fs::create_hard_link(sst, folder_ + "/kept");  // its inode is not used again
  const Result result = RunSheaf(command);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(Export() == input.Text());
  EXPECT_TRUE(ReadFile(folder_ + "/rejects") == input.rejects);
  bool found = false;
  for (const fs::directory_entry& entry : fs::directory_iterator(db_)) {
    struct stat info;
    found |= stat(entry.path().c_str(), &info) == 0 && info.st_ino == first.st_ino;
  }
  EXPECT_TRUE(found) << "the first SST was written again";
}

// An SST that was finished is gone, so that its rows and all behind are read again; and then it is
// killed once more.
TEST_F(LoadResumeTest, SstThatIsGoneIsWrittenAgain) {
  const Input input(10, path_, false, /*sorted=*/true, 80u << 20);
  WriteFile(path_, input.rows);
  // Lists are appended, so that what is loaded twice is there twice.
  ASSERT_EQ(RunSheaf({"load", "--db", db_}, "a\told\n").exit_status, 0);
  const std::vector<std::string> command = {"load", "--db",     db_,   "--input",
                                            path_,  "--memory", "16M", "--resume"};
  for (const bool first : {true, false}) {
    Process process(command);
    process.CloseInput();
    const std::string folder = WaitForFile(process, "sorted-3-0.sst");
    process.Signal(SIGKILL);
    process.Wait();
    // Those behind are, too, or the second one would not be waited for.
    if (first) {
      for (const char* const name : {"/sorted-1-0.sst", "/sorted-3-0.sst"}) {
        fs::remove(folder + name);
      }
    }
  }
  const Result result = RunSheaf(command);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(Export() == "a\told\n" + input.Text());
  EXPECT_TRUE(LeftIn(folder_).empty());
}

// The row that is out of order comes behind SSTs that were finished.
TEST_F(LoadResumeTest, RowsThatAreNotSortedAfterAllAreLoaded) {
  Input input(9, path_, true, /*sorted=*/true, 40u << 20);
  input.rows += "a\tlate\n";
  input.model["a"] = "a\tlate\n";
  WriteFile(path_, input.rows);
  std::vector<std::string> command = {
      "load",       "--db", db_,         "--input",           path_, "--memory", "16M",
      "--on-error", "skip", "--rejects", folder_ + "/rejects"};
  // Killed when it is sorting.
  Process process(command);
  process.CloseInput();
  WaitForFile(process, "run-000000");
  process.Signal(SIGKILL);
  process.Wait();
  for (const std::string& name : LeftIn(folder_)) {
    EXPECT_FALSE(fs::exists(folder_ + "/" + name + "/sorted-0-0.sst"));
  }
  command.push_back("--resume");
  const Result result = RunSheaf(command);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(Export() == input.Text());
  EXPECT_TRUE(ReadFile(folder_ + "/rejects") == input.rejects);
  EXPECT_TRUE(LeftIn(folder_).empty());
}

TEST_F(LoadResumeTest, ChangedInputIsNotGoneOnWith) {
  Input input(6, path_, false);
  WriteFile(path_, input.rows);
  const std::vector<std::string> command = {"load", "--db",     db_,   "--input",
                                            path_,  "--memory", "16M", "--resume"};
  Process process({"load", "--db", db_, "--input", path_, "--memory", "16M"});
  process.CloseInput();
  const auto has_journal = [this] {
    const std::vector<std::string> left = LeftIn(folder_);
    if (left.empty()) return false;
    const std::string path = folder_ + "/" + left[0] + "/journal";
    return fs::exists(path) && fs::file_size(path) != 0;
  };
  ASSERT_TRUE(process.WaitUntil(has_journal)) << process.Wait().err;
  process.Signal(SIGKILL);
  process.Wait();
  WriteFile(path_, input.rows + "late\t1\n");
  const Result result = RunSheaf(command);
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err, "differs in --input ")) << result.err;
  EXPECT_TRUE(Has(result.err, "/rows.tsv")) << result.err;
  EXPECT_EQ(LeftIn(folder_).size(), 1u);
}

TEST_F(LoadResumeTest, DamagedRunIsReadAgain) {
  const Input input(7, path_, false);
  WriteFile(path_, input.rows);
  std::vector<std::string> command = {"load",     "--db", db_,         "--input", path_,
                                      "--memory", "16M",  "--threads", "1"};
  Process process(command);
  process.CloseInput();
  // The first is complete when there is a second.
  const std::string run = WaitForFile(process, "run-000001") + "/run-000000";
  process.Signal(SIGKILL);
  process.Wait();
  std::string bytes = ReadFile(run);
  bytes[bytes.size() / 2] ^= 1;
  WriteFile(run, bytes);
  command.push_back("--resume");
  const Result result = RunSheaf(command);
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(Has(result.err, "run-000000: the run is damaged, or a part of it was given back"))
      << result.err;
  EXPECT_TRUE(Export() == input.Text());
}

// A load that was killed when its folder was new has nothing in it; others are left alone.
TEST_F(LoadResumeTest, FolderWithNothingInItIsRemoved) {
  for (const std::vector<std::string>& more :
       {std::vector<std::string>{}, std::vector<std::string>{"--resume"}}) {
    fs::remove_all(db_);
    fs::create_directory(db_ + ".load-aaaaaa");
    fs::create_directory(db_ + ".load-bbbbbb");
    WriteFile(db_ + ".load-bbbbbb/journal", "");
    fs::create_directory(db_ + ".load-cccccc");
    WriteFile(db_ + ".load-cccccc/mine", "1");
    WriteFile(path_, "a\t1\n");
    std::vector<std::string> command = {"load", "--db", db_, "--input", path_};
    command.insert(command.end(), more.begin(), more.end());
    const Result result = RunSheaf(command);
    EXPECT_EQ(result.exit_status, 0) << result.err;
    EXPECT_EQ(LeftIn(folder_), std::vector<std::string>{"db.load-cccccc"});
    EXPECT_EQ(ReadFile(db_ + ".load-cccccc/mine"), "1");
  }
}

TEST_F(LoadResumeTest, StdinIsNotGoneOnWith) {
  const Result result = RunSheaf({"load", "--db", db_, "--resume"}, "a\t1\n");
  EXPECT_EQ(result.exit_status, 2);
  EXPECT_TRUE(Has(result.err, "which can be read again, found stdin")) << result.err;
  EXPECT_FALSE(fs::exists(db_));
}

// All rows of stdin are in SSTs when it turns out that somebody has the DB open.
TEST_F(LoadResumeTest, SstsOfStdinAreIngestedByResuming) {
  ASSERT_EQ(RunSheaf({"load", "--db", db_}, "a\told\n").exit_status, 0);
  Process process({"load", "--db", db_});
  ASSERT_TRUE(process.WaitUntil([this] { return !LeftIn(folder_).empty(); }));
  {
    const std::unique_ptr<rocksdb::DB> db = OpenDb();
    process.Write("a\t1\nb\t2\n");
    process.CloseInput();
    const Result result = process.Wait();
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_TRUE(Has(result.err, "another process has this DB open")) << result.err;
    EXPECT_TRUE(Has(result.err, "--resume goes on from there")) << result.err;
  }
  const Result result = RunSheaf({"load", "--db", db_, "--resume"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(Has(result.err, "2 rows, 2 keys, 2 values loaded")) << result.err;
  EXPECT_EQ(Export(), "a\told\na\t1\nb\t2\n");
  EXPECT_TRUE(LeftIn(folder_).empty());
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
