// The merge operator, called directly: any grouping of partial and full merges of any operands, bad
// ones among them, gives what tests/rocksdb/list_model.h says.

#include "tests/rocksdb/merge_grouping.h"

#include <random>

#include "gtest/gtest.h"

namespace sheaf {
namespace testing {
namespace {

TEST(MergeGroupingTest, AnyGroupingOfAnyOperandsGivesWhatTheModelSays) {
  for (unsigned seed = 0; seed < 50000 && !HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937 random(seed);
    EXPECT_EQ(Grouping([&random] { return random(); }).Difference(), "");
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
