// Commands on long lists and power cuts: a list is as it was before or after the command, and as
// after it once it has ended with 0. tests/support/power_cut.h says what a cut leaves.
//
// SHEAF_TEST_SCALE=20 is 20 times as many cuts.

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/codec/lists.h"
#include "tests/support/ok.h"
#include "tests/tool/long_db.h"
#include "tests/tool/power_cut_runs.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

class LongPowerCutTest : public ::testing::Test {
 protected:
  void TearDown() override {
    std::printf("%llu cuts\n", static_cast<unsigned long long>(runs_.cuts()));
  }

  // "k": sealed pages, and an open one that is nearly full.
  void Make() {
    db_.With([](LongStore& lists) {
      ASSERT_OK(lists.Append({}, "k", List(50, "a value of the sealed pages")));
      ASSERT_OK(lists.Seal("k"));
      ASSERT_OK(lists.Append({}, "k", List(30, "a value of the open page")));
      ASSERT_OK(lists.Append({}, "l", {"x", "y"}));
    });
  }
  std::string Export(const std::string& family = "default") {
    const Result result = runs_.Run({"export", "--db", db_.path(), "--cf", family});
    EXPECT_EQ(result.exit_status, 0) << result.err;
    return result.out;
  }
  void Record(std::vector<std::string> command) {
    command.insert(command.begin() + 1, {"--db", db_.path()});
    const Result result = runs_.Record(command);
    ASSERT_EQ(result.exit_status, 0) << result.err;
  }
  void Verify() {
    const Result verified = runs_.Run({"verify", "--db", db_.path()});
    EXPECT_EQ(verified.exit_status, 0) << verified.out << verified.err;
  }
  void ForCuts(double count, const PowerCutRuns::Check& check) {
    runs_.ForCuts(std::max(2, static_cast<int>(count * test::Scale())), check);
  }
  // Runs it; the lists are as before or after.
  void ExpectAllOrNothing(const std::vector<std::string>& command, double cuts) {
    const std::string before = Export();
    Record(command);
    const std::string after = Export();
    EXPECT_NE(before, after) << command[0];
    ForCuts(cuts, [&](bool complete) {
      const std::string now = Export();
      EXPECT_TRUE(now == after || (!complete && now == before)) << command[0] << "\n" << now;
      Verify();
    });
    ASSERT_FALSE(HasFailure());
  }

  PowerCutRuns runs_{TestFolder(), std::random_device{}()};
  const LongDb db_{runs_.disk() + "/db", 1000};
};

TEST_F(LongPowerCutTest, EditsAreThereAsAWholeOnceTheyWereAcknowledged) {
  Make();
  // The first one is sealed.
  ExpectAllOrNothing({"append", "k", std::string(300, 'v'), ""}, 8);
  ExpectAllOrNothing({"append", "k", "behind"}, 5);
  ExpectAllOrNothing({"trim", "k", "--before", "60"}, 8);
  ExpectAllOrNothing({"trim", "k", "--keep-last", "1"}, 5);
  ExpectAllOrNothing({"delete", "k"}, 5);
}

TEST_F(LongPowerCutTest, ALoadIsThereAsAWholeOnceItWasAcknowledged) {
  Make();
  std::string rows;
  for (int i = 0; i < 200; ++i) rows += "k\tvalue " + std::to_string(i) + "\nnew\tv\nm\tw\n";
  const std::string input = TestFolder() + ".rows.tsv";
  WriteFile(input, rows);
  ExpectAllOrNothing({"load", "--input", input}, 15);
}

TEST_F(LongPowerCutTest, AConversionIsRunAgainAndTheListsStay) {
  Make();
  const std::string lists = Export();
  const std::vector<std::string> convert = {"convert", "--db",         db_.path(), "--to-cf",
                                            "plain",   "--page-bytes", "0"};
  const Result result = runs_.Record(convert);
  ASSERT_EQ(result.exit_status, 0) << result.err;
  ForCuts(20, [&](bool complete) {
    EXPECT_EQ(Export(), lists);
    const Result again = runs_.Run(convert);
    if (again.exit_status != 0) {
      EXPECT_TRUE(Has(again.err, "is there, and is not empty")) << again.err;
    } else {
      EXPECT_FALSE(complete);
    }
    EXPECT_EQ(Export("plain"), lists);
    EXPECT_EQ(Export(), lists);
  });
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
