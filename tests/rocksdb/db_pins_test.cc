#include "plugin/rocksdb/db_pins.h"

#include <atomic>
#include <memory>
#include <thread>
#include <utility>

#include "gtest/gtest.h"

namespace sheaf {
namespace internal {
namespace {

TEST(DbPinsTest, CloseWaitsForEachPin) {
  DbPins pins;
  EXPECT_TRUE(pins.AddSegments(2));
  EXPECT_TRUE(pins.AddCursor());
  EXPECT_TRUE(pins.AddSegments(1));
  EXPECT_TRUE(pins.AddCursor());
  EXPECT_EQ(pins.Close().segments, 3u);
  EXPECT_EQ(pins.Close().cursors, 2u);
  pins.DropCursor();
  EXPECT_EQ(pins.counts().segments, 3u);
  EXPECT_EQ(pins.counts().cursors, 1u);
  pins.DropSegments(3);
  EXPECT_EQ(pins.Close().segments, 0u);
  EXPECT_EQ(pins.Close().cursors, 1u);
  pins.DropCursor();
  EXPECT_FALSE(pins.Close().any());
  EXPECT_FALSE(pins.AddSegments(1));
  EXPECT_FALSE(pins.AddCursor());
  EXPECT_FALSE(pins.Close().any());
  EXPECT_FALSE(pins.counts().any());
}

TEST(DbPinsTest, AHoldOfACursorThatWasMovedDropsOnce) {
  const auto pins = std::make_shared<DbPins>();
  {
    CursorHold hold(pins);
    EXPECT_FALSE(hold.empty());
    const CursorHold moved = std::move(hold);
    EXPECT_EQ(pins->counts().cursors, 1u);
  }
  EXPECT_FALSE(pins->Close().any());
  EXPECT_TRUE(CursorHold(pins).empty());
}

// A pin that is about to be refused is none.
TEST(DbPinsTest, OnceClosedThereIsNoPinWhoeverAsksForOne) {
  DbPins pins;
  EXPECT_FALSE(pins.Close().any());
  constexpr int kAsked = 200000;
  std::atomic<int> asked{0};
  std::thread adder([&] {
    while (asked < kAsked) {
      EXPECT_FALSE(pins.AddSegments(1));
      EXPECT_FALSE(pins.AddCursor());
      ++asked;
    }
  });
  bool seen = false;
  while (asked < kAsked) seen |= pins.Close().any() || pins.counts().any();
  adder.join();
  EXPECT_FALSE(seen);
}

}  // namespace
}  // namespace internal
}  // namespace sheaf
