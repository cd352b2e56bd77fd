#include "tools/common/text.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace sheaf {
namespace load {
namespace {

TEST(TextTest, SizesAreParsedStrictly) {
  uint64_t bytes = 0;
  EXPECT_TRUE(ParseByteSize("64M", &bytes) && bytes == uint64_t{64} << 20);
  EXPECT_TRUE(ParseByteSize("1.5g", &bytes) && bytes == uint64_t{3} << 29);
  EXPECT_TRUE(ParseByteSize("4096", &bytes) && bytes == 4096);
  for (const char* const bad :
       {"", "0", "-1", "M", "1MB", "1 M", "0x10", "1e9", "inf", "nan", "1..5", " 1", "99999999T"}) {
    EXPECT_FALSE(ParseByteSize(bad, &bytes)) << bad;
  }
}

}  // namespace
}  // namespace load
}  // namespace sheaf
