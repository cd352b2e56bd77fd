// `sheaf load` whose last steps fail: what is said is what is there.

#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

class FailingCallsTest : public ::testing::Test {
 protected:
  FailingCallsTest() { WriteFile(rows_, "a\t1\nbad\nb\t2\n"); }

  // With `variable` set to `value`, as tests/tool/failing_calls.cc wants it.
  Result LoadWith(const char* variable, const std::string& value) {
    const fs::path library = fs::path(SheafPath()).parent_path().parent_path().parent_path() /
                             "tests/tool/libfailing_calls.so";
    EXPECT_TRUE(fs::exists(library)) << library;
    setenv("LD_PRELOAD", library.c_str(), 1);
    setenv(variable, value.c_str(), 1);
    Result result = RunSheaf(command_);
    unsetenv("LD_PRELOAD");
    unsetenv(variable);
    return result;
  }
  Result Resume() {
    std::vector<std::string> command = command_;
    command.push_back("--resume");
    return RunSheaf(command);
  }
  std::string Scan() { return RunSheaf({"scan", "--db", db_}).out; }
  std::vector<std::string> Left() const {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
      const std::string name = entry.path().filename().string();
      if (Has(name, ".load-") || Has(name, ".part-")) names.push_back(name);
    }
    return names;
  }

  const std::string folder_ = TestFolder();
  const std::string db_ = folder_ + "/db";
  const std::string rows_ = folder_ + "/rows.tsv";
  const std::string rejects_ = folder_ + "/rejects";
  const std::string summary_ = folder_ + "/summary";
  const std::string bad_ = rows_ + ":2\texpected key TAB value, found no TAB\tbad\n";
  const std::vector<std::string> command_ = {"load",   "--db",           db_,     "--input",
                                             rows_,    "--on-error",     "skip",  "--rejects",
                                             rejects_, "--json-summary", summary_};
};

TEST_F(FailingCallsTest, SummaryThatCannotBeWrittenIsAnErrorOfALoadThatIsDone) {
  const Result result = LoadWith("FAIL_RENAME_TO", "/summary");
  EXPECT_EQ(result.exit_status, 1) << result.err;
  EXPECT_TRUE(Has(result.err, "summary: cannot write it: Input/output error")) << result.err;
  EXPECT_TRUE(Has(result.err, "the load is done; only the file of --json-summary is missing"))
      << result.err;
  EXPECT_FALSE(Has(result.err, "nothing was loaded")) << result.err;
  EXPECT_EQ(Scan(), "a\t1\nb\t2\n");
  EXPECT_EQ(ReadFile(rejects_), bad_);
  EXPECT_EQ(Left(), std::vector<std::string>());
}

TEST_F(FailingCallsTest, RejectsThatCannotBeWrittenAreKeptAndWrittenByResuming) {
  const Result result = LoadWith("FAIL_RENAME_TO", "/rejects");
  EXPECT_EQ(result.exit_status, 1) << result.err;
  EXPECT_TRUE(Has(result.err, "rejects: cannot write it: Input/output error")) << result.err;
  EXPECT_TRUE(Has(result.err, "the load is done; only the file of --rejects is missing"))
      << result.err;
  EXPECT_TRUE(Has(ReadFile(summary_), "{\"ok\":true,\"rejects_error\":")) << ReadFile(summary_);
  EXPECT_EQ(Scan(), "a\t1\nb\t2\n");
  EXPECT_FALSE(fs::exists(rejects_));
  ASSERT_EQ(Left().size(), 1u);
  EXPECT_TRUE(Has(result.err, Left()[0] + "/rejects")) << result.err;

  const Result resumed = Resume();
  EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
  EXPECT_EQ(ReadFile(rejects_), bad_);
  EXPECT_EQ(Scan(), "a\t1\nb\t2\n") << "it was loaded twice";
  EXPECT_EQ(Left(), std::vector<std::string>());
}

TEST_F(FailingCallsTest, DbThatIsAtItsPlaceAndMayNotBeOnDiskIsNotCalledNotLoaded) {
  const Result result = LoadWith("FAIL_SYNC_OF", "/db");
  EXPECT_EQ(result.exit_status, 1) << result.err;
  EXPECT_TRUE(Has(result.err, "a power cut could still take it away")) << result.err;
  EXPECT_FALSE(Has(result.err, "nothing was loaded")) << result.err;
  EXPECT_EQ(Scan(), "a\t1\nb\t2\n");
  const Result resumed = Resume();
  EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
  EXPECT_EQ(Scan(), "a\t1\nb\t2\n") << "it was loaded twice";
  EXPECT_EQ(ReadFile(rejects_), bad_);
  EXPECT_EQ(Left(), std::vector<std::string>());
}

// Before anything is acknowledged.
TEST_F(FailingCallsTest, FolderOrJournalThatCannotReachTheDiskIsAnErrorAndNothingIsLoaded) {
  const Result result = LoadWith("FAIL_SYNC_OF", fs::path(folder_).filename().string());
  EXPECT_EQ(result.exit_status, 1) << result.err;
  EXPECT_TRUE(Has(result.err, "cannot write it to the disk: Input/output error")) << result.err;
  EXPECT_TRUE(Has(result.err, "nothing was loaded")) << result.err;
  EXPECT_FALSE(fs::exists(db_));
  EXPECT_EQ(Left(), std::vector<std::string>());
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
