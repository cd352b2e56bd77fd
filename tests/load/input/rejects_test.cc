#include "tools/load/input/rejects.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace sheaf {
namespace load {
namespace {

TEST(RejectsTest, ComeBackAsTheyWere) {
  const char* const kinds[] = {"expected a, found b", "expected c, found d"};
  const std::string nul("\0\n", 2);
  const std::vector<Reject> all = {{0, kinds[0], "", "raw"},      {1, kinds[0], "", ""},
                                   {300, kinds[0], "one", nul},   {301, kinds[0], "one", "raw"},
                                   {302, kinds[1], "one", "raw"}, {1 << 30, kinds[0], "", "raw"}};
  Rejects rejects;
  EXPECT_TRUE(rejects.empty());
  for (const Reject& reject : all) rejects.Add(reject);
  EXPECT_FALSE(rejects.empty());
  size_t i = 0;
  rejects.ForEach([&](const Reject& reject) {
    ASSERT_LT(i, all.size());
    EXPECT_EQ(reject.at, all[i].at);
    EXPECT_STREQ(reject.kind, all[i].kind);
    EXPECT_EQ(reject.detail, all[i].detail);
    EXPECT_EQ(reject.raw, all[i].raw);
    ++i;
  });
  EXPECT_EQ(i, all.size());
}

}  // namespace
}  // namespace load
}  // namespace sheaf
