// Commands that read a DB while another process writes to it, flushes and compacts.
//
// Whatever moment a command reads, all ten lists that a round puts are of one round, no older than
// the last round that was acknowledged before, and `log` is a run that ends with it. Counted in
// commands: SHEAF_TEST_SCALE=20 runs 20 times as many.

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "sheaf/append_operator.h"
#include "tests/codec/lists.h"
#include "tests/tool/process.h"

extern char** environ;

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

class ListWriter {
 public:
  ListWriter(const std::string& db, const std::string& progress, const std::string& options)
      : progress_(progress) {
    std::string binary = SheafPath();
    binary.replace(binary.rfind("tools/sheaf/sheaf"), std::string::npos,
                   "tests/database/list_writer");
    std::vector<std::string> arguments = {binary, db, progress, "0", options};
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(&argument[0]);
    argv.push_back(nullptr);
    EXPECT_EQ(posix_spawn(&pid_, binary.c_str(), nullptr, nullptr, argv.data(), environ), 0);
  }
  ~ListWriter() {
    if (pid_ > 0) Kill();
  }
  ListWriter(const ListWriter&) = delete;
  ListWriter& operator=(const ListWriter&) = delete;

  // The last round that was acknowledged.
  uint64_t Round() const {
    const std::string bytes = ReadFile(progress_);
    uint64_t round = 0;
    if (bytes.size() == sizeof round) std::memcpy(&round, bytes.data(), sizeof round);
    return round;
  }
  // Waits for a round. False if the writer has ended.
  bool WaitFor(uint64_t round) {
    while (Round() < round) {
      if (waitpid(pid_, nullptr, WNOHANG) == pid_) {
        pid_ = -1;
        return false;
      }
      usleep(1000);
    }
    return true;
  }
  void Kill() {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  const std::string progress_;
  pid_t pid_ = -1;
};

class SharedDbTest : public ::testing::TestWithParam<const char*> {
 protected:
  Result Run(const std::vector<std::string>& command) {
    std::vector<std::string> arguments = command;
    arguments.insert(arguments.begin() + 1, {"--db", db_});
    return RunSheaf(arguments);
  }

  // Lines `key TAB value` of all lists.
  static void CheckLists(const std::string& lines, uint64_t least) {
    std::istringstream in(lines);
    std::string line;
    std::vector<uint64_t> log;
    std::vector<uint64_t> rounds;
    while (std::getline(in, line)) {
      const size_t tab = line.find('\t');
      ASSERT_NE(tab, std::string::npos);
      const std::string key = line.substr(0, tab);
      const std::string value = line.substr(tab + 1);
      if (value[0] == 'p') continue;  // padding
      (key == "log" ? log : rounds).push_back(std::stoull(value));
    }
    ASSERT_EQ(rounds.size(), 10u);
    for (const uint64_t round : rounds) ASSERT_EQ(round, rounds[0]);
    ASSERT_GE(rounds[0], least);
    ASSERT_EQ(log.size(), std::min<uint64_t>(100, rounds[0]));
    for (size_t i = 0; i < log.size(); ++i) ASSERT_EQ(log[i] + log.size() - 1 - i, rounds[0]);
  }

  // On a busy machine, the writer may be faster than the reader for a while. The tool then says to
  // run it again.
  Result RunUntilRead(const std::vector<std::string>& command) {
    constexpr int kTries = 50;
    for (int tries = 1;; ++tries) {
      Result result = Run(command);
      if (result.exit_status == 0 || tries == kTries ||
          result.err.find("Run this again when it writes less") == std::string::npos) {
        return result;
      }
    }
  }

  const std::string folder_ = TestFolder();
  const std::string db_ = folder_ + "/db";
};

TEST_P(SharedDbTest, EachCommandReadsOneMomentAndFindsNoFault) {
  const std::string options = GetParam();
  ListWriter writer(db_, folder_ + "/progress", options);
  ASSERT_TRUE(writer.WaitFor(200));
  const int rounds = static_cast<int>(3 * test::Scale());
  for (int round = 0; round < std::max(1, rounds); ++round) {
    SCOPED_TRACE(round);
    const std::vector<std::vector<std::string>> commands = {{"scan"},
                                                            {"export"},
                                                            {"get", "a", "--index", "0"},
                                                            {"stats", "--format", "json"},
                                                            {"verify"},
                                                            {"stats", "--debt", "--format", "json"},
                                                            {"repair", "--dry-run"}};
    for (const auto& command : commands) {
      SCOPED_TRACE(command[0]);
      const uint64_t least = writer.Round();
      const Result result = RunUntilRead(command);
      ASSERT_EQ(result.exit_status, 0) << result.err << result.out.substr(0, 1000);
      if (command[0] == "scan" || command[0] == "export") CheckLists(result.out, least);
      if (command[0] == "get") {
        EXPECT_GE(std::stoull(result.out), least);
      }
      if (command[0] == "stats") {
        EXPECT_THAT(result.out, ::testing::HasSubstr("\"keys\":11,\"values\":120,"));
      }
      if (command[0] == "verify") {
        EXPECT_EQ(result.out, "");
        EXPECT_THAT(result.err, ::testing::HasSubstr("11 keys checked, 0 faults"));
      }
      if (HasFatalFailure()) return;
      // The writer goes on meanwhile.
      ASSERT_TRUE(writer.WaitFor(least + 1));
    }
  }
  // And what a crash leaves is no fault either.
  const uint64_t last = writer.Round();
  writer.Kill();
  const Result verify = Run({"verify"});
  EXPECT_EQ(verify.exit_status, 0) << verify.out;
  const Result scan = Run({"scan"});
  EXPECT_EQ(scan.exit_status, 0) << scan.err;
  CheckLists(scan.out, last);
  EXPECT_EQ(Run({"append", "new", "value"}).exit_status, 0);
  fs::remove_all(folder_);
}

TEST(OpenElsewhereTest, VerifyReportsWhatBothLooksFindOnce) {
  const std::string path = TestFolder() + "/db";
  rocksdb::Options options;
  options.create_if_missing = true;
  options.merge_operator = NewAppendOperator();
  rocksdb::DB* opened = nullptr;
  ASSERT_EQ(rocksdb::DB::Open(options, path, &opened).ToString(), "OK");
  const std::unique_ptr<rocksdb::DB> db(opened);
  ASSERT_EQ(db->Put({}, "plain", "no list").ToString(), "OK");
  const Result verify = RunSheaf({"verify", "--db", path});
  EXPECT_EQ(verify.exit_status, 1);
  EXPECT_EQ(verify.out.find("plain\tnot a list: "), 0u) << verify.out;
  EXPECT_EQ(std::count(verify.out.begin(), verify.out.end(), '\n'), 1) << verify.out;
  EXPECT_THAT(verify.err, ::testing::HasSubstr("1 key checked, 1 fault"));
}

INSTANTIATE_TEST_SUITE_P(
    Options, SharedDbTest,
    ::testing::Values("", "max_open_files=16",
                      "enable_blob_files=true;enable_blob_garbage_collection=true;"
                      "blob_garbage_collection_age_cutoff=1.0",
                      "max_manifest_file_size=4096;max_total_wal_size=65536",
                      "recycle_log_file_num=3;wal_recovery_mode=kSkipAnyCorruptedRecords"));

}  // namespace
}  // namespace testing
}  // namespace sheaf
