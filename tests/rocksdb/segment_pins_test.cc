#include "plugin/rocksdb/segment_pins.h"

#include <atomic>
#include <thread>

#include "gtest/gtest.h"

namespace sheaf {
namespace internal {
namespace {

TEST(SegmentPinsTest, CloseWaitsForEachPin) {
  SegmentPins pins;
  EXPECT_TRUE(pins.Add(2));
  EXPECT_TRUE(pins.Add(1));
  EXPECT_EQ(pins.Close(), 3u);
  EXPECT_EQ(pins.count(), 3u);
  pins.Drop(3);
  EXPECT_EQ(pins.Close(), 0u);
  EXPECT_FALSE(pins.Add(1));
  EXPECT_EQ(pins.Close(), 0u);
  EXPECT_EQ(pins.count(), 0u);
}

// A pin that is about to be refused is none.
TEST(SegmentPinsTest, OnceClosedThereIsNoPinWhoeverAsksForOne) {
  SegmentPins pins;
  EXPECT_EQ(pins.Close(), 0u);
  constexpr int kAsked = 200000;
  std::atomic<int> asked{0};
  std::thread adder([&] {
    while (asked < kAsked) {
      EXPECT_FALSE(pins.Add(1));
      ++asked;
    }
  });
  uint64_t seen = 0;
  while (asked < kAsked) seen += pins.Close() + pins.count();
  adder.join();
  EXPECT_EQ(seen, 0u);
}

}  // namespace
}  // namespace internal
}  // namespace sheaf
