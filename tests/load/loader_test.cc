// Load() as a library: passes of merging, limits, what is gone on from.

#include "tools/load/loader.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <thread>

#include "gtest/gtest.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"
#include "tests/support/sanitizers.h"
#include "tests/tool/process.h"
#include "tools/load/load_limits.h"

namespace sheaf {
namespace load {
namespace {

using testing::TestFolder;
using testing::WriteFile;

LoadLimits TwoRuns() {
  LoadLimits limits;
  limits.max_runs = 2;
  return limits;
}

// Kills a load in a process of its own `later` than its temporary folder has a file of this name.
// One that was complete before the kill, as may be on a busy machine, is done once more.
void LoadUntil(const LoadOptions& options, const LoadLimits& limits, const std::string& name,
               std::chrono::milliseconds later) {
  for (int tries = 0; tries < 100; ++tries) {
    std::filesystem::remove_all(options.db);
    const pid_t child = fork();
    if (child == 0) {
      LoadSummary summary;
      LoadWithLimits(options, limits, &summary).IgnoreError();
      _exit(0);
    }
    bool found = false;
    int ended = 0;
    while (!found && waitpid(child, &ended, WNOHANG) == 0) {
      for (const auto& entry :
           std::filesystem::directory_iterator(std::filesystem::path(options.db).parent_path())) {
        found |= std::filesystem::exists(entry.path() / name);
      }
    }
    if (!found) continue;
    std::this_thread::sleep_for(later);
    kill(child, SIGKILL);
    waitpid(child, &ended, 0);
    if (WIFSIGNALED(ended)) return;
  }
  FAIL() << "no load was killed at " << name;
}

// 30 MB with 16 MB of memory, of which two runs are read at once: runs of runs.
TEST(LoaderTest, RunsAreMergedInSeveralPasses) {
  const std::string folder = TestFolder();
  std::string rows;
  std::map<std::string, std::string> model;
  for (uint32_t i = 0; rows.size() < (30u << 20); ++i) {
    const std::string key = "key-of-some-length-" + std::to_string(i * 2654435761u % 30011);
    const std::string row = key + "\t" + std::to_string(i) + "\n";
    rows += row;
    model[key] += row;
  }
  WriteFile(folder + "/rows.tsv", rows);
  LoadOptions options;
  options.db = folder + "/db";
  options.inputs = {folder + "/rows.tsv"};
  options.memory = 16 << 20;
  LoadSummary summary;
  ASSERT_TRUE(LoadWithLimits(options, TwoRuns(), &summary).ok());
  EXPECT_EQ(summary.runs, 2u) << "tables of 7 MB make at least four";
  std::string expected;
  for (const auto& [key, lines] : model) expected += lines;
  EXPECT_TRUE(testing::RunSheaf({"export", "--db", options.db}).out == expected);
}

// What was merged before the kill is in no run any more: it is not merged into another one, though
// fewer runs are read at once than before.
TEST(LoaderTest, RunsWithHolesAreNotMerged) {
  const std::string folder = TestFolder();
  std::mt19937 random(12);
  std::string rows;
  std::map<std::string, std::string> model;
  while (rows.size() < (70u << 20)) {
    const std::string key = "key" + std::to_string(random() % 100000);
    std::string value(random() % 200, '\0');
    for (char& c : value) c = static_cast<char>('a' + random() % 26);
    const std::string row = key + "\t" + value + "\n";
    rows += row;
    model[key] += row;
  }
  WriteFile(folder + "/rows.tsv", rows);
  LoadOptions options;
  options.db = folder + "/db";
  options.inputs = {folder + "/rows.tsv"};
  options.memory = 16 << 20;
  options.threads = 1;
  ASSERT_NO_FATAL_FAILURE(
      LoadUntil(options, LoadLimits(), "range-1-0.sst", std::chrono::milliseconds(0)));
  options.resume = true;
  LoadSummary summary;
  const absl::Status status = LoadWithLimits(options, TwoRuns(), &summary);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(summary.resumed);
  std::string expected;
  for (const auto& [key, lines] : model) expected += lines;
  EXPECT_TRUE(testing::RunSheaf({"export", "--db", options.db}).out == expected);
}

TEST(LoaderTest, RelativeRejectsAreThoseOfTheFolderWhereTheLoadBegan) {
  const std::string folder = TestFolder();
  WriteFile(folder + "/rows.tsv", "a\t1\nbad\nb\t1\n");
  const auto here = std::filesystem::current_path();
  LoadOptions options;
  options.sst_only = folder + "/ssts";
  options.inputs = {folder + "/rows.tsv"};
  options.on_error = OnError::kSkip;
  options.rejects = "rejects";
  options.manifest = [&](const SstSet&, const LoadSummary&) {
    WriteFile(folder + "/ssts/manifest.json", "");  // somebody else's
    return std::string();
  };
  std::filesystem::create_directory(folder + "/ssts");
  std::filesystem::current_path(folder);
  const std::string absolute = (std::filesystem::current_path() / options.rejects).string();
  LoadSummary summary;
  EXPECT_EQ(Load(options, &summary).code(), absl::StatusCode::kAborted);
  std::filesystem::current_path(here);
  ASSERT_FALSE(summary.left.empty());

  std::filesystem::remove(folder + "/ssts/manifest.json");
  options.manifest = [](const SstSet&, const LoadSummary&) { return std::string(); };
  options.rejects = absolute;
  options.resume = true;
  const absl::Status status = Load(options, &summary);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_TRUE(summary.resumed);
  EXPECT_TRUE(testing::Has(testing::ReadFile(folder + "/rejects"), "\tbad\n"));
}

// Whether a run has replaced others is what the journal says, whatever files there are.
TEST(LoaderTest, LoadThatIsKilledWhileItMergesRunsIsResumed) {
  const std::string folder = TestFolder();
  std::string rows;
  std::map<std::string, std::string> model;
  for (uint32_t i = 0; rows.size() < (12u << 20); ++i) {
    const std::string key = "k" + std::to_string(i * 2654435761u % 30011);
    const std::string row = key + "\t" + std::to_string(i) + "\n";
    rows += row;
    model[key] += row;
  }
  std::string expected;
  for (const auto& [key, lines] : model) expected += lines;
  WriteFile(folder + "/rows.tsv", rows);
  LoadOptions options;
  options.db = folder + "/db";
  options.inputs = {folder + "/rows.tsv"};
  options.memory = 16 << 20;
  options.threads = 2;
  // The sixth run is the first or the second that others are merged into.
  std::random_device random;
  const std::chrono::milliseconds later(random() % 50);
  ASSERT_NO_FATAL_FAILURE(LoadUntil(options, TwoRuns(), "run-000005", later));
  options.resume = true;
  LoadSummary summary;
  const absl::Status status = LoadWithLimits(options, TwoRuns(), &summary);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_TRUE(summary.resumed);
  EXPECT_TRUE(testing::RunSheaf({"export", "--db", options.db}).out == expected);
}

// The loader is a library: what it needs of RocksDB is of its own DB.
TEST(LoaderTest, OtherDbsOfTheProcessGoOnCompacting) {
  const std::string folder = TestFolder();
  WriteFile(folder + "/rows.tsv", "a\t1\n");
  rocksdb::Options other;
  other.create_if_missing = true;
  other.level0_file_num_compaction_trigger = 2;
  rocksdb::DB* db = nullptr;
  ASSERT_TRUE(rocksdb::DB::Open(other, folder + "/other", &db).ok());
  const std::unique_ptr<rocksdb::DB> owned(db);
  rocksdb::Env* const env = rocksdb::Env::Default();
  const int threads = env->GetBackgroundThreads(rocksdb::Env::LOW);
  ASSERT_GT(threads, 0);
  for (int i = 0; i < 2; ++i) {  // a new DB, and one that is there
    LoadOptions options;
    options.db = folder + "/db";
    options.inputs = {folder + "/rows.tsv"};
    LoadSummary summary;
    const absl::Status status = Load(options, &summary);
    ASSERT_TRUE(status.ok()) << status;
    EXPECT_EQ(env->GetBackgroundThreads(rocksdb::Env::LOW), threads);
  }
  for (const char* const value : {"1", "2", "3", "4"}) {
    ASSERT_TRUE(db->Put(rocksdb::WriteOptions(), "k", value).ok());
    ASSERT_TRUE(db->Flush(rocksdb::FlushOptions()).ok());
  }
  std::string files;
  do {  // until the test's time is over
    ASSERT_TRUE(db->GetProperty("rocksdb.num-files-at-level0", &files));
  } while (files != "0" && files != "1");
}

TEST(LoaderTest, MemoryBeyondAllAddressesIsRefused) {
  const std::string folder = TestFolder();
  WriteFile(folder + "/rows.tsv", "a\t1\na\t0\nA\t2\n");
  LoadOptions options;
  options.db = folder + "/db";
  options.inputs = {folder + "/rows.tsv"};
  LoadSummary summary;
  for (const uint64_t memory : {~uint64_t{0}, uint64_t{1} << 50}) {
    options.memory = memory;
    const absl::Status status = Load(options, &summary);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_TRUE(testing::Has(std::string(status.message()), "--memory: expected at most"));
  }
  if (test::kAddressSanitizer || test::kThreadSanitizer) return;  // they leave no such range
  options.memory = uint64_t{3} << 40;
  const absl::Status status = Load(options, &summary);
  EXPECT_TRUE(status.ok()) << status;
  EXPECT_EQ(testing::RunSheaf({"export", "--db", options.db}).out, "A\t2\na\t1\na\t0\n");
}

// Nothing can be relative to a folder that is gone.
TEST(LoaderTest, WorkingFolderThatWasRemovedIsNoException) {
  const std::string folder = TestFolder();
  WriteFile(folder + "/rows.tsv", "a\t1\nbad\n");
  const std::string here = std::filesystem::current_path().string();
  std::filesystem::create_directory(folder + "/gone");
  std::filesystem::current_path(folder + "/gone");
  std::filesystem::remove(folder + "/gone");
  LoadOptions options;
  options.inputs = {folder + "/rows.tsv"};
  options.on_error = OnError::kSkip;
  LoadSummary summary;
  for (const bool db : {false, true}) {
    options.db = db ? "db" : folder + "/db";
    options.rejects = db ? "" : "rejects";
    const absl::Status status = Load(options, &summary);
    EXPECT_FALSE(status.ok());
    EXPECT_FALSE(status.message().empty());
  }
  std::filesystem::current_path(here);
  EXPECT_EQ(testing::Snapshot(folder).size(), 1u);
}

TEST(LoaderTest, ListPastTheLimitIsRefusedBeforeAnythingIsIngested) {
  const std::string folder = TestFolder();
  std::string rows = "small\t1\n";
  for (int i = 0; i < 1000; ++i) rows += "big\t" + std::to_string(i) + "\n";
  for (const bool sorted : {false, true}) {
    WriteFile(folder + "/rows.tsv", sorted ? rows.substr(8) + "small\t1\n" : rows);
    LoadOptions options;
    options.db = folder + "/db";
    options.inputs = {folder + "/rows.tsv"};
    LoadLimits limits;
    limits.max_list_bytes = 2000;
    LoadSummary summary;
    const absl::Status status = LoadWithLimits(options, limits, &summary);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted) << status;
    EXPECT_TRUE(testing::Has(std::string(status.message()), "the list of key \"big\" is too large"))
        << status;
    EXPECT_EQ(testing::Snapshot(folder).size(), 1u) << "more than the input";
  }
}

// Lists that end, begin and go on at the borders of chunks, of which there are some 20, and one
// that is longer than a piece: what threads encode by chunks is what one sort makes of the same
// rows.
TEST(LoaderTest, SortedRowsAreLoadedAsUnsortedOnesAre) {
  const std::string folder = TestFolder();
  std::mt19937 random(7);
  std::string rows;
  for (int key = 100000; rows.size() < (9u << 20); ++key) {
    size_t bytes = 0;
    const size_t most = key % 1000 == 0 ? 2u << 20 : key % 10 == 0 ? 50000 : 200;
    do {
      const std::string row = "k" + std::to_string(key) + "\t" +
                              std::string(random() % 100, static_cast<char>('a' + key % 26)) +
                              std::to_string(random() % 1000) + "\n";
      rows += row;
      bytes += row.size();
    } while (bytes < most);
  }
  for (const int threads : {1, 4}) {
    for (const bool sorted : {true, false}) {
      // The row of a key before all others, at the end.
      WriteFile(folder + "/rows.tsv", sorted ? "a\t1\n" + rows : rows + "a\t1\n");
      LoadOptions options;
      options.db = folder + "/db";
      options.inputs = {folder + "/rows.tsv"};
      options.memory = 16 << 20;
      options.threads = threads;
      LoadSummary summary;
      const absl::Status status = Load(options, &summary);
      ASSERT_TRUE(status.ok()) << status;
      EXPECT_EQ(summary.sorted, sorted);
      EXPECT_TRUE(testing::RunSheaf({"export", "--db", options.db}).out == "a\t1\n" + rows);
      std::filesystem::remove_all(options.db);
    }
  }
}

}  // namespace
}  // namespace load
}  // namespace sheaf
