// One block and its many holders: the block is released once, when the last of them goes, whoever
// that is and on whatever thread.

#include <algorithm>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sheaf/pinned_blob.h"
#include "tests/codec/counted_release.h"
#include "tests/codec/lists.h"

namespace sheaf {
namespace {

using test::CountedBytes;

std::string SomeBlob() {
  return reference::Encode(test::ListOfSizes({30, 0, 40, 5}), reference::Form::kCompact);
}

TEST(SharingTest, TheBlobAloneHoldsTheBlock) {
  CountedBytes bytes(SomeBlob());
  { const PinnedBlob blob = bytes.Pin().value(); }
  EXPECT_EQ(bytes.releases(), 1);
}

TEST(SharingTest, CopiesOfABlobHoldTheBlock) {
  CountedBytes bytes(SomeBlob());
  {
    PinnedBlob last;
    {
      const PinnedBlob blob = bytes.Pin().value();
      last = blob;
      const PinnedBlob copy(last);
    }
    EXPECT_EQ(bytes.releases(), 0);
    EXPECT_EQ(last.view().size(), 4u);
  }
  EXPECT_EQ(bytes.releases(), 1);
}

TEST(SharingTest, AMovedBlobHoldsTheBlockOnce) {
  CountedBytes bytes(SomeBlob());
  {
    PinnedBlob blob = bytes.Pin().value();
    PinnedBlob moved = std::move(blob);
    blob = std::move(moved);
    EXPECT_EQ(bytes.releases(), 0);
  }
  EXPECT_EQ(bytes.releases(), 1);
}

TEST(SharingTest, ASliceHoldsTheBlock) {
  CountedBytes bytes(SomeBlob());
  {
    const PinnedSlice slice = bytes.Pin()->Slice(2);
    EXPECT_EQ(bytes.releases(), 0);
    EXPECT_EQ(slice, test::Bytes(40, 2));
  }
  EXPECT_EQ(bytes.releases(), 1);
}

TEST(SharingTest, ASliceOfAnEmptyValueHoldsTheBlock) {
  CountedBytes bytes(SomeBlob());
  {
    const PinnedSlice slice = bytes.Pin()->Slice(1);
    EXPECT_EQ(slice, "");
    EXPECT_EQ(bytes.releases(), 0);
  }
  EXPECT_EQ(bytes.releases(), 1);
}

TEST(SharingTest, EveryWayToMakeASliceHoldsTheBlock) {
  CountedBytes bytes(SomeBlob());
  std::vector<PinnedSlice> holders;
  {
    PinnedSlice slice = bytes.Pin()->Slice(2);
    holders.push_back(slice);                           // copy
    holders.push_back(slice.Subslice(3, 4));            // part
    holders.push_back(PinnedSlice(slice).Subslice(7));  // part of a temporary
    holders.push_back(slice.Split(20));                 // tail
    holders.push_back(std::move(slice));                // move, of the head
  }
  const std::string expected = test::Bytes(40, 2);
  while (!holders.empty()) {
    EXPECT_EQ(bytes.releases(), 0);
    EXPECT_NE(expected.find(holders.back().view()), std::string::npos);
    holders.pop_back();
  }
  EXPECT_EQ(bytes.releases(), 1);
}

TEST(SharingTest, AssignmentLetsGoOfTheOldBlock) {
  CountedBytes first(SomeBlob());
  CountedBytes second(SomeBlob());
  PinnedSlice slice = first.Pin()->Slice(0);
  slice = second.Pin()->Slice(0);
  EXPECT_EQ(first.releases(), 1);
  EXPECT_EQ(second.releases(), 0);
  slice = PinnedSlice();
  EXPECT_EQ(second.releases(), 1);
}

TEST(SharingTest, TheBlockGoesOnTheLastHoldersThread) {
  std::thread::id released_on;
  const std::string encoded = SomeBlob();
  PinnedBlob blob =
      PinnedBlob::FromExternal(encoded, [&] { released_on = std::this_thread::get_id(); }).value();
  PinnedSlice slice = blob.Slice(0);
  blob = PinnedBlob();
  std::thread last([held = std::move(slice)]() mutable { held = PinnedSlice(); });
  const std::thread::id expected = last.get_id();
  last.join();
  EXPECT_EQ(released_on, expected);
}

// The design note's own program: one block, split into as many slices as it has values; they go in
// any order. The note's allocator freed its memory early, and twice.
class SplitTest : public ::testing::Test {
 protected:
  static constexpr size_t kValues = 10000;
  static constexpr size_t kBytes = 50;

  static std::string Expected(size_t i) { return test::Bytes(kBytes, i); }

  static void ExpectReleasedOnceByTheLastOf(std::vector<PinnedSlice> slices,
                                            const CountedBytes& bytes) {
    ASSERT_EQ(slices.size(), kValues);
    std::vector<size_t> order(kValues);
    for (size_t i = 0; i < kValues; ++i) order[i] = i;
    std::shuffle(order.begin(), order.end(), std::mt19937_64(10));
    for (const size_t i : order) {
      ASSERT_EQ(bytes.releases(), 0);
      ASSERT_EQ(slices[i], Expected(i)) << i;
      slices[i] = PinnedSlice();
    }
    EXPECT_EQ(bytes.releases(), 1);
  }

  // The note's large case, with contents that tell the values apart.
  static std::string Record() {
    return reference::Encode(test::ListOfSizes(std::vector<size_t>(kValues, kBytes)),
                             reference::Form::kFixed64);
  }
};

TEST_F(SplitTest, TenThousandSplitsShareOneBlock) {
  // The whole record is one value of an outer list, so that it can be had as one slice.
  CountedBytes bytes(reference::Encode({Record()}, reference::Form::kCompact));
  std::vector<PinnedSlice> slices;
  {
    PinnedSlice record = bytes.Pin()->Slice(0);
    const BlobView view = BlobView::Parse(record.view(), Layout::kFixed64).value();
    PinnedSlice rest = record.Split(record.size() - view.contents().size());
    for (const std::string_view value : view) {
      PinnedSlice tail = rest.Split(value.size());
      slices.push_back(std::exchange(rest, std::move(tail)));
    }
    EXPECT_TRUE(rest.empty());
  }
  ExpectReleasedOnceByTheLastOf(std::move(slices), bytes);
}

TEST_F(SplitTest, TenThousandSlicesShareOneBlock) {
  CountedBytes bytes(Record());
  std::vector<PinnedSlice> slices = bytes.Pin(Layout::kFixed64)->Slices();
  ExpectReleasedOnceByTheLastOf(std::move(slices), bytes);
}

TEST_F(SplitTest, TenThousandSubslicesShareOneBlock) {
  // By index, which only the compact layout does in O(1).
  CountedBytes bytes(reference::Encode(test::ListOfSizes(std::vector<size_t>(kValues, kBytes)),
                                       reference::Form::kCompact));
  std::vector<PinnedSlice> slices;
  {
    const PinnedBlob blob = bytes.Pin().value();
    for (size_t i = 0; i < kValues; ++i) slices.push_back(blob.Slice(i).Subslice(0, kBytes));
  }
  ExpectReleasedOnceByTheLastOf(std::move(slices), bytes);
}

// Threads copy, cut and drop slices of one block that another thread made; under TSan this shows
// that the count orders the last read of the bytes before their release.
TEST(SharingTest, ThreadsShareABlockAndReleaseItOnce) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 200;
  uint64_t expected = 0;
  for (const std::string& value : test::ListOfSizes({30, 0, 40, 5})) {
    for (const char c : value) expected += static_cast<uint8_t>(c);
  }
  for (int round = 0; round < kRounds; ++round) {
    CountedBytes bytes(SomeBlob());
    uint64_t sums[kThreads] = {};
    std::vector<std::thread> threads;
    {
      const PinnedBlob blob = bytes.Pin().value();
      for (uint64_t& sum : sums) {
        threads.emplace_back([&sum, slices = blob.Slices(), copy = blob]() mutable {
          slices.clear();
          for (size_t i = 0; i < copy.size(); ++i) {
            PinnedSlice head = copy.Slice(i);
            const PinnedSlice tail = head.Split(head.size() / 2);
            for (const char c : head.view()) sum += static_cast<uint8_t>(c);
            for (const char c : tail.view()) sum += static_cast<uint8_t>(c);
          }
          copy = PinnedBlob();
        });
      }
    }  // this thread's reference goes while the others work
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(bytes.releases(), 1);
    for (const uint64_t sum : sums) EXPECT_EQ(sum, expected);
  }
}

}  // namespace
}  // namespace sheaf
