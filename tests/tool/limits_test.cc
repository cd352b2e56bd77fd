// The tool where the system gives it little: whatever the limit, it works or says what to do, and
// leaves nothing half done.

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/tool/process.h"
#include "tools/common/last_words.h"
#include "tools/common/memory_limit.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

class LimitsTest : public ::testing::Test {
 protected:
  LimitsTest() {
    std::string rows;
    for (int i = 0; i < 20000; ++i) {
      rows += "key" + std::to_string(i * 7919 % 3000) + "\tvalue" + std::to_string(i) + "\n";
    }
    WriteFile(rows_, rows);
  }

  // Runs the tool in a shell that has run `limits`.
  Result RunIn(const std::string& limits, const std::vector<std::string>& arguments) {
    std::string command = limits + "\nexec '" + SheafPath() + "'";
    for (const std::string& argument : arguments) command += " '" + argument + "'";
    command += " >'" + folder_ + "/out' 2>'" + folder_ + "/err' </dev/null";
    WriteFile(folder_ + "/command", command);
    const int status = std::system(("bash '" + folder_ + "/command'").c_str());
    Result result;
    result.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    result.out = ReadFile(folder_ + "/out");
    result.err = ReadFile(folder_ + "/err");
    return result;
  }
  std::vector<std::string> LoadInto(const std::string& db) const {
    return {"load", "--db", db, "--input", rows_, "--threads", "2"};
  }
  // It has ended well, or with a message and nothing, or a folder that the message names.
  void ExpectWorkedOrSaidWhy(const Result& result, const std::string& db, const std::string& what) {
    SCOPED_TRACE(what + ": " + result.err);
    ASSERT_LE(result.exit_status, 1);
    EXPECT_EQ(result.exit_status == 0, fs::exists(db + "/CURRENT"));
    if (result.exit_status == 0) return;
    EXPECT_TRUE(Has(result.err, "sheaf load: ")) << "no message";
    EXPECT_FALSE(Has(result.err, "raise --memory"));
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().filename().string();
      const bool of_db = name.rfind(fs::path(db).filename().string() + ".load-", 0) == 0;
      EXPECT_TRUE(!of_db || Has(result.err, name)) << name;
    }
  }

  const std::string folder_ = TestFolder();
  const std::string rows_ = folder_ + "/rows.tsv";
  const std::string db_ = folder_ + "/db";
};

TEST_F(LimitsTest, LoadInLittleAddressSpaceWorksOrSaysWhatIsNeeded) {
  bool refused = false, lowered = false;
  for (const int megabytes : {60, 80, 100, 150, 200, 300, 400, 800, 1500, 3000}) {
    fs::remove_all(db_);
    const std::string limit = "ulimit -v " + std::to_string(megabytes * 1000);
    const Result result = RunIn(limit, LoadInto(db_));
    ExpectWorkedOrSaidWhy(result, db_, limit);
    if (megabytes >= 400) {
      EXPECT_EQ(result.exit_status, 0) << limit << result.err;
    }
    refused |= Has(result.err, "ulimit -v");
    lowered |= Has(result.err, "leaves room for");
  }
  EXPECT_TRUE(refused);
  EXPECT_TRUE(lowered);
}

TEST_F(LimitsTest, OtherCommandsInLittleAddressSpaceWorkOrSaySo) {
  ASSERT_EQ(RunSheaf(LoadInto(db_)).exit_status, 0);
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"get", "--db", db_, "key7"},
                                             {"scan", "--db", db_},
                                             {"stats", "--db", db_},
                                             {"verify", "--db", db_},
                                             {"export", "--db", db_},
                                             {"repair", "--db", db_},
                                             {"append", "--db", db_, "key7", "more"},
                                             {"compact", "--db", db_, "--all"}}) {
    const Result free = RunSheaf(command);
    for (const int megabytes : {50, 80, 120, 200, 400}) {
      const Result result = RunIn("ulimit -v " + std::to_string(megabytes * 1000), command);
      EXPECT_TRUE(result.exit_status == free.exit_status || result.exit_status == 1)
          << command[0] << megabytes << ": " << result.exit_status << result.err;
      EXPECT_TRUE(result.exit_status != 1 || Has(result.err, "sheaf " + command[0] + ": "))
          << result.err;
    }
  }
  EXPECT_EQ(RunSheaf({"verify", "--db", db_}).exit_status, 0);
}

TEST_F(LimitsTest, FewThreadsAreNoAbort) {
  const char* const root = std::getenv("TEST_SRCDIR");
  const std::string library = std::string(root == nullptr ? "." : root) + "/" +
                              (root == nullptr ? "" : std::getenv("TEST_WORKSPACE")) +
                              "/tests/tool/libfew_threads.so";
  ASSERT_TRUE(fs::exists(library)) << library;
  ASSERT_EQ(RunSheaf(LoadInto(db_)).exit_status, 0);
  bool worked = false, refused = false;
  for (int threads = 0; threads < 70; threads += threads % 5 == 4 ? 1 : 2) {
    const std::string limit =
        "export FEW_THREADS=" + std::to_string(threads) + " LD_PRELOAD='" + library + "'";
    const std::string db = folder_ + "/db" + std::to_string(threads);
    const Result load = RunIn(limit, LoadInto(db));
    ExpectWorkedOrSaidWhy(load, db, limit);
    if (load.exit_status != 0) {
      EXPECT_TRUE(Has(load.err, "hread")) << load.err;
    }
    const Result get = RunIn(limit, {"get", "--db", db_, "key7"});
    EXPECT_LE(get.exit_status, 1) << limit << get.err;
    refused |= get.exit_status == 1;
    worked |= load.exit_status == 0;
  }
  EXPECT_TRUE(worked);
  EXPECT_TRUE(refused);
}

TEST_F(LimitsTest, FilesThatAreTooLargeOrTooManySayWhichLimitToRaise) {
  const Result size = RunIn("ulimit -f 64", LoadInto(db_));
  ExpectWorkedOrSaidWhy(size, db_, "ulimit -f");
  EXPECT_EQ(size.exit_status, 1) << size.err;
  EXPECT_TRUE(Has(size.err, "ulimit -f")) << size.err;
  const Result files = RunIn("ulimit -n 9", LoadInto(db_));
  ExpectWorkedOrSaidWhy(files, db_, "ulimit -n");
  EXPECT_EQ(files.exit_status, 1) << files.err;
  EXPECT_TRUE(Has(files.err, "ulimit -n")) << files.err;
}

TEST_F(LimitsTest, SmallStackIsRefusedAndALargeOneIsNotReservedForEachThread) {
  const Result small = RunIn("ulimit -s 200", LoadInto(db_));
  EXPECT_EQ(small.exit_status, 1) << small.err;
  EXPECT_TRUE(Has(small.err, "ulimit -s")) << small.err;
  for (const char* const limit : {"ulimit -S -s 200", "ulimit -S -s unlimited", "ulimit -l 0"}) {
    fs::remove_all(db_);
    EXPECT_EQ(RunIn(limit, LoadInto(db_)).exit_status, 0) << limit << ReadFile(folder_ + "/err");
  }
}

TEST_F(LimitsTest, HelpIsThereWhateverTheLimitsAre) {
  EXPECT_EQ(RunIn("ulimit -s 200", {"load", "--help"}).exit_status, 0);
}

TEST(MemoryLimitTest, MemoryIsLoweredToWhatFitsOrTheLimitIsNamed) {
  std::string noted;
  const auto note = [&noted](const std::string& text) { noted += text; };
  const uint64_t gigabyte = uint64_t{1} << 30;
  uint64_t memory = gigabyte;
  EXPECT_TRUE(load::FitMemory(UINT64_MAX, 2, note, &memory).ok());
  EXPECT_TRUE(load::FitMemory(100 * gigabyte, 2, note, &memory).ok());
  EXPECT_EQ(memory, gigabyte);
  EXPECT_EQ(noted, "");
  EXPECT_TRUE(load::FitMemory(gigabyte, 2, note, &memory).ok());
  EXPECT_LT(memory, gigabyte / 3);
  EXPECT_GE(memory, load::kMinMemory);
  EXPECT_TRUE(Has(noted, "leaves room for")) << noted;
  const absl::Status status = load::FitMemory(uint64_t{50} << 20, 2, note, &memory);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(Has(std::string(status.message()), "Raise the limit")) << status;
  memory = uint64_t{1} << 60;
  EXPECT_EQ(load::FitMemory(UINT64_MAX, 2, note, &memory).code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(LimitAdviceTest, NamesTheLimitOfAnErrorThatOneMakes) {
  EXPECT_EQ(load::LimitAdvice("x: No such file or directory"), "");
  EXPECT_TRUE(Has(load::LimitAdvice("IO error: x: Too many open files"), "(ulimit -n) is "));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
