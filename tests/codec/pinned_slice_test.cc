// What can be done with one slice. Who keeps the block alive is tested in sharing_test.cc.

#include "sheaf/pinned_slice.h"

#include <sstream>
#include <string>
#include <type_traits>
#include <unordered_set>
#include <utility>

#include "absl/hash/hash.h"
#include "absl/hash/hash_testing.h"
#include "gtest/gtest.h"
#include "tests/codec/counted_release.h"
#include "tests/support/hex.h"

namespace sheaf {
namespace {

using test::CountedBytes;

static_assert(sizeof(PinnedSlice) == 24, "as the contract says");
static_assert(std::is_nothrow_move_constructible<PinnedSlice>::value, "vectors move it");
static_assert(std::is_nothrow_move_assignable<PinnedSlice>::value, "vectors move it");
static_assert(std::is_convertible<PinnedSlice, std::string_view>::value, "used as one");

class PinnedSliceTest : public ::testing::Test {
 protected:
  // The value "0123456789abcdef0123456789abcdef" in a block of its own.
  PinnedSliceTest() : slice_(bytes_.Pin()->Slice(0)) {}

  CountedBytes bytes_{test::Hex("B0 01 20") + "0123456789abcdef0123456789abcdef"};
  PinnedSlice slice_;
};

TEST_F(PinnedSliceTest, ReadsTheBytesOfTheBlock) {
  EXPECT_EQ(slice_.view(), "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(slice_.data(), bytes_.view().data() + 3);
  EXPECT_EQ(slice_.size(), 32u);
  EXPECT_FALSE(slice_.empty());
  EXPECT_EQ(slice_.ToString(), "0123456789abcdef0123456789abcdef");
  const std::string_view converted = slice_;
  EXPECT_EQ(converted.data(), slice_.data());
}

TEST_F(PinnedSliceTest, ASubsliceIsAPartOfTheSameBytes) {
  const PinnedSlice part = slice_.Subslice(10, 6);
  EXPECT_EQ(part, "abcdef");
  EXPECT_EQ(part.data(), slice_.data() + 10);
  EXPECT_EQ(slice_.Subslice(30), "ef");
  EXPECT_EQ(slice_.Subslice(30, 100), "ef");
  EXPECT_EQ(slice_.Subslice(32), "");
  EXPECT_EQ(slice_.Subslice(0), slice_);
  EXPECT_EQ(part.Subslice(1, 4).Subslice(1, 2), "cd");
}

TEST_F(PinnedSliceTest, ASubsliceOfATemporaryIsThatTemporary) {
  PinnedSlice copy = slice_;
  EXPECT_EQ(std::move(copy).Subslice(10, 3), "abc");
}

TEST_F(PinnedSliceTest, SplitKeepsTheHeadAndReturnsTheTail) {
  PinnedSlice head = slice_;
  const PinnedSlice tail = head.Split(10);
  EXPECT_EQ(head, "0123456789");
  EXPECT_EQ(tail, "abcdef0123456789abcdef");
  EXPECT_EQ(tail.data(), head.data() + head.size());
}

TEST_F(PinnedSliceTest, SplitAtEitherEndLeavesOneSideEmpty) {
  PinnedSlice slice = slice_;
  EXPECT_EQ(slice.Split(slice.size()), "");
  EXPECT_EQ(slice, slice_);
  EXPECT_EQ(slice.Split(0), slice_);
  EXPECT_EQ(slice, "");
}

TEST_F(PinnedSliceTest, PrefixAndSuffixAreRemovedInPlace) {
  slice_.RemovePrefix(10);
  slice_.RemoveSuffix(16);
  EXPECT_EQ(slice_, "abcdef");
  slice_.RemovePrefix(0);
  slice_.RemoveSuffix(6);
  EXPECT_EQ(slice_, "");
}

TEST_F(PinnedSliceTest, SwapExchangesBytesAndBlocks) {
  PinnedSlice other = PinnedSlice(slice_.Subslice(0, 3)).Detach();
  const char* const data = slice_.data();
  swap(slice_, other);
  EXPECT_EQ(slice_, "012");
  EXPECT_EQ(other.data(), data);
  other = PinnedSlice();
  EXPECT_EQ(bytes_.releases(), 1);
  EXPECT_EQ(slice_, "012");
}

TEST_F(PinnedSliceTest, AMovedFromSliceIsEmpty) {
  const PinnedSlice taken = std::move(slice_);
  EXPECT_EQ(slice_, "");  // NOLINT(bugprone-use-after-move): that is what is promised
  EXPECT_TRUE(slice_.Subslice(0).empty());
  EXPECT_EQ(taken.size(), 32u);
}

TEST_F(PinnedSliceTest, AssignmentToItselfChangesNothing) {
  PinnedSlice& same = slice_;
  slice_ = same;
  EXPECT_EQ(slice_.size(), 32u);
  slice_ = std::move(same);
  EXPECT_EQ(slice_.size(), 32u);
  swap(slice_, same);
  EXPECT_EQ(slice_, "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(bytes_.releases(), 0);
}

TEST_F(PinnedSliceTest, DetachLetsGoOfTheBlock) {
  const PinnedSlice survivor = slice_.Subslice(10, 6).Detach();
  slice_ = PinnedSlice();
  EXPECT_EQ(bytes_.releases(), 1);
  EXPECT_EQ(survivor, "abcdef");
}

TEST_F(PinnedSliceTest, DetachOfNothingHoldsNothing) {
  const PinnedSlice nothing = slice_.Subslice(5, 0).Detach();
  slice_ = PinnedSlice();
  EXPECT_EQ(bytes_.releases(), 1);
  EXPECT_EQ(nothing, "");
}

TEST_F(PinnedSliceTest, ACordSharesTheBlockAndOutlivesTheSlice) {
  const char* const data = slice_.data();
  absl::Cord cord = slice_.ToCord();
  slice_ = PinnedSlice();
  EXPECT_EQ(bytes_.releases(), 0);
  EXPECT_EQ(cord, "0123456789abcdef0123456789abcdef");
  EXPECT_EQ(cord.Flatten().data(), data);
  cord.Clear();
  EXPECT_EQ(bytes_.releases(), 1);
}

TEST_F(PinnedSliceTest, AShortCordIsACopy) {
  for (size_t size = 0; size <= 15; ++size) {
    const absl::Cord cord = slice_.Subslice(0, size).ToCord();
    EXPECT_EQ(std::string(cord), slice_.ToString().substr(0, size));
  }
  const absl::Cord cord = slice_.Subslice(0, 15).ToCord();
  slice_ = PinnedSlice();
  EXPECT_EQ(bytes_.releases(), 1);
  EXPECT_EQ(cord, "0123456789abcde");
}

TEST_F(PinnedSliceTest, ComparesWithEverythingThatIsAStringView) {
  const PinnedSlice abc = slice_.Subslice(10, 3);
  const std::string string = "abc";
  const std::string_view view = string;
  EXPECT_TRUE(abc == "abc" && "abc" == abc && abc == string && string == abc);
  EXPECT_TRUE(abc == view && view == abc && abc == slice_.Subslice(26, 3));
  EXPECT_FALSE(abc == "abd" || "ab" == abc || abc == slice_);
  EXPECT_TRUE(abc != "abd" && "" != abc && abc != std::string("ab") && abc != slice_);
  EXPECT_FALSE(abc != "abc" || string != abc || abc != view);
  EXPECT_TRUE(abc < "abd" && "abb" < abc && abc < std::string("b") && view < slice_.Subslice(11));
  EXPECT_TRUE(slice_ < abc);
  EXPECT_FALSE(abc < "abc" || abc < abc || string < abc);
}

TEST_F(PinnedSliceTest, HashesAsItsBytesDo) {
  const PinnedSlice abc = slice_.Subslice(10, 3);
  EXPECT_TRUE(absl::VerifyTypeImplementsAbslHashCorrectly(
      {PinnedSlice(), abc, slice_.Subslice(26, 3), slice_, slice_.Subslice(0, 16)}));
  EXPECT_EQ(absl::Hash<PinnedSlice>()(abc), absl::Hash<std::string>()("abc"));
  EXPECT_EQ(absl::Hash<PinnedSlice>()(slice_), absl::Hash<std::string>()(slice_.ToString()));
  EXPECT_EQ(absl::Hash<PinnedSlice>()(PinnedSlice()), absl::Hash<std::string>()(""));
}

TEST_F(PinnedSliceTest, IsAKeyOfHashTables) {
  std::unordered_set<PinnedSlice, absl::Hash<PinnedSlice>> set;
  set.insert(slice_.Subslice(0, 16));
  set.insert(slice_.Subslice(16, 16));  // the same bytes again
  EXPECT_EQ(set.size(), 1u);
  EXPECT_EQ(set.count(slice_.Subslice(0, 16).Detach()), 1u);
}

TEST_F(PinnedSliceTest, StreamsItsBytes) {
  std::ostringstream out;
  out << slice_.Subslice(8, 4) << '|' << PinnedSlice();
  EXPECT_EQ(out.str(), "89ab|");
}

TEST(DefaultPinnedSliceTest, IsEmptyAndWorks) {
  PinnedSlice slice;
  EXPECT_EQ(slice, "");
  EXPECT_NE(slice.data(), nullptr);
  EXPECT_EQ(slice.ToCord(), "");
  EXPECT_EQ(slice.ToString(), "");
  EXPECT_EQ(slice.Detach(), "");
  EXPECT_EQ(slice.Split(0), "");
  EXPECT_EQ(slice.Subslice(0), PinnedSlice());
  PinnedSlice copy = slice;
  copy = slice;
  slice = std::move(copy);
  EXPECT_TRUE(slice.empty());
}

TEST(PinnedSliceNulTest, BytesOfAnyValueCount) {
  const std::string bytes("\0\xFF\0", 3);
  CountedBytes block(test::Hex("B0 01 03 00FF00"));
  const PinnedSlice slice = block.Pin()->Slice(0);
  EXPECT_EQ(slice, bytes);
  EXPECT_LT(slice.Subslice(0, 1), slice.Subslice(1)) << "bytes are compared as unsigned";
}

}  // namespace
}  // namespace sheaf
