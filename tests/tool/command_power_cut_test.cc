// `sheaf append` and the other edits, `compact`, `repair` and `export` and power cuts: what was
// there is still there, and what a command has done when it ends with 0 is.
// tests/support/power_cut.h says what a cut leaves.
//
// SHEAF_TEST_SCALE=20 is 20 times as many cuts.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/codec/lists.h"
#include "tests/tool/power_cut_runs.h"
#include "tests/tool/process.h"
#include "tests/tool/repair_db.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

class CommandPowerCutTest : public RepairDb {
 protected:
  void TearDown() override {
    std::printf("%llu cuts\n", static_cast<unsigned long long>(runs_.cuts()));
  }

  void MakeLists() {
    Open(&lists_);
    Fill(&lists_);
    lists_.db.reset();
  }

  void Record(std::vector<std::string> command) {
    command.insert(command.begin() + 1, {"--db", db_});
    const Result result = runs_.Record(command);
    ASSERT_EQ(result.exit_status, 0) << result.err;
  }

  void ForCuts(double count, const PowerCutRuns::Check& check) {
    runs_.ForCuts(std::max(2, static_cast<int>(count * test::Scale())), check);
  }

  void Verify() {
    const Result verified = Run({"verify"});
    EXPECT_EQ(verified.exit_status, 0) << verified.out << verified.err;
  }

  Lists lists_;
  PowerCutRuns runs_{::testing::TempDir(), std::random_device{}(), folder_};
};

// Each append goes on from what the last cut has left.
TEST_F(CommandPowerCutTest, AppendsOneAfterTheOtherAreThereOnceTheyWereAcknowledged) {
  MakeLists();
  for (int i = 0; i < 4; ++i) {
    const std::string key = i % 2 == 0 ? "in the log only" : "key" + std::to_string(i);
    const std::string value = std::to_string(i) + std::string(static_cast<size_t>(i) * 700, 'v');
    Record({"append", key, value, ""});
    const auto before = lists_.model;
    Apply(Edit::Append({value, ""}), &lists_.model[key]);
    ForCuts(8, [&](bool complete) {
      const auto now = ReadAll();
      EXPECT_TRUE(now == lists_.model || (!complete && now == before));
    });
    ASSERT_FALSE(HasFailure());
  }
  Verify();
}

// Those of several keys are there for all of them, or for none.
TEST_F(CommandPowerCutTest, EditsAreThereAsAWholeOnceTheyWereAcknowledged) {
  MakeLists();
  const auto edit = [this](const std::vector<std::string>& command, auto&& change) {
    const auto before = lists_.model;
    change();
    Record(command);
    ForCuts(5, [&](bool complete) {
      const auto now = ReadAll();
      EXPECT_TRUE(now == lists_.model || (!complete && now == before)) << command[0];
    });
  };
  auto& model = lists_.model;
  edit({"put", "new", "a", ""}, [&] { model["new"] = {"a", ""}; });
  edit({"trim", "base and operands", "--keep-last", "2"},
       [&] { Apply(Edit::KeepLast(2), &model["base and operands"]); });
  edit({"remove", "compacted", "a", "b:c"}, [&] { model["compacted"].clear(); });
  edit({"clear", "trimmed", "new"}, [&] { model["trimmed"] = model["new"] = {}; });
  edit({"delete", "empty", "only operands", "compacted"}, [&] {
    for (const char* const key : {"empty", "only operands", "compacted"}) model.erase(key);
  });
  ASSERT_FALSE(HasFailure());
  Verify();
}

TEST_F(CommandPowerCutTest, CompactChangesNoList) {
  MakeLists();
  Record({"compact", "--all"});
  ForCuts(20, [&](bool) {
    EXPECT_TRUE(ReadAll() == lists_.model);
    Verify();
  });
  Record({"append", "base and operands", "x"});
  Apply(Edit::Append({"x"}), &lists_.model["base and operands"]);
  Record({"compact", "--key", "base and operands"});
  ForCuts(10, [&](bool) { EXPECT_TRUE(ReadAll() == lists_.model); });
}

TEST_F(CommandPowerCutTest, RepairCanBeRunAgainAndHasMendedAllOnceItWasAcknowledged) {
  MakeLists();
  Ldb("compact");
  Record({"repair"});
  ForCuts(25, [&](bool complete) {
    if (complete) {
      EXPECT_TRUE(ReadAll() == lists_.model);
    }
    const Result again = runs_.Run({"repair", "--db", db_});
    EXPECT_EQ(again.exit_status, 0) << again.out << again.err;
    EXPECT_TRUE(ReadAll() == lists_.model);
    Verify();
  });
}

TEST_F(CommandPowerCutTest, ExportLeavesTheOldFileOrTheWholeNewOne) {
  MakeLists();
  const std::string file = folder_ + "/lists.jsonl";
  const std::string rows = Run({"export", "--format", "jsonl"}).out;
  WriteFile(file, "old\tfile\n");
  Record({"export", "--format", "jsonl", "--output", file});
  ASSERT_EQ(ReadFile(file), rows);
  ForCuts(20, [&](bool complete) {
    const std::string now = ReadFile(file);
    EXPECT_TRUE(now == rows || (!complete && now == "old\tfile\n")) << now;
  });
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
