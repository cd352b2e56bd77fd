// PinnedBlob: where its bytes may come from, and how it reads.

#include "sheaf/pinned_blob.h"

#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "gtest/gtest.h"
#include "tests/codec/corruption.h"
#include "tests/codec/counted_release.h"
#include "tests/codec/lists.h"
#include "tests/support/hex.h"

namespace sheaf {
namespace {

using test::CountedBytes;
using test::Hex;

static_assert(std::is_nothrow_move_constructible<PinnedBlob>::value, "vectors move it");
static_assert(std::is_nothrow_move_assignable<PinnedBlob>::value, "vectors move it");

class PinnedBlobTest : public ::testing::TestWithParam<Layout> {
 protected:
  const reference::Values values_ = test::ListOfSizes({3, 0, 300, 20, 1});
  const std::string encoded_ = reference::Encode(values_, test::FormOf(GetParam()));

  void ExpectValues(const absl::StatusOr<PinnedBlob>& blob) {
    ASSERT_TRUE(blob.ok()) << blob.status();
    EXPECT_EQ(test::DifferenceFrom(values_, blob->view()), "");
    EXPECT_EQ(blob->size(), values_.size());
    EXPECT_FALSE(blob->empty());
    EXPECT_FALSE(blob->zero_copy());
    EXPECT_EQ(reference::Values(blob->begin(), blob->end()), values_);
    const std::vector<PinnedSlice> slices = blob->Slices();
    ASSERT_EQ(slices.size(), values_.size());
    EXPECT_EQ(blob->front(), values_.front());
    EXPECT_EQ(blob->back(), values_.back());
    EXPECT_EQ(blob->At(values_.size()).status(),
              absl::OutOfRangeError("value 5 of a list of 5 values"));
    for (size_t i = 0; i < values_.size(); ++i) {
      EXPECT_EQ((*blob)[i], values_[i]);
      EXPECT_EQ(blob->At(i).value(), values_[i]);
      EXPECT_EQ(blob->Slice(i), values_[i]);
      EXPECT_EQ(slices[i], values_[i]);
      EXPECT_EQ(slices[i].data(), (*blob)[i].data()) << "not copied";
    }
  }
};

INSTANTIATE_TEST_SUITE_P(Layouts, PinnedBlobTest,
                         ::testing::Values(Layout::kFixed64, Layout::kCompact),
                         test::LayoutTestName());

TEST_P(PinnedBlobTest, OwnsAString) {
  std::string encoded = encoded_;
  const char* const data = encoded.data();
  const absl::StatusOr<PinnedBlob> blob = PinnedBlob::FromString(std::move(encoded), GetParam());
  ExpectValues(blob);
  EXPECT_EQ(blob->view().encoded().data(), data) << "moved, not copied";
}

TEST_P(PinnedBlobTest, SharesAFlatCord) {
  const absl::Cord cord{std::string(encoded_)};
  const absl::string_view flat = cord.TryFlat().value();
  const absl::StatusOr<PinnedBlob> blob = PinnedBlob::FromCord(cord, GetParam());
  ExpectValues(blob);
  EXPECT_EQ(blob->view().encoded().data(), flat.data());
}

TEST_P(PinnedBlobTest, OutlivesTheCordItShares) {
  absl::Cord cord{std::string(encoded_)};
  const absl::StatusOr<PinnedBlob> blob = PinnedBlob::FromCord(cord, GetParam());
  cord.Clear();
  ExpectValues(blob);
}

TEST_P(PinnedBlobTest, FlattensAFragmentedCord) {
  absl::Cord cord;
  for (std::string_view rest = encoded_; !rest.empty();) {
    const std::string_view piece = rest.substr(0, 100);
    cord.Append(absl::MakeCordFromExternal({piece.data(), piece.size()}, [] {}));
    rest.remove_prefix(piece.size());
  }
  ASSERT_FALSE(cord.TryFlat().has_value());
  const absl::StatusOr<PinnedBlob> blob = PinnedBlob::FromCord(cord, GetParam());
  cord.Clear();
  ExpectValues(blob);
}

TEST_P(PinnedBlobTest, UsesExternalBytesWhereTheyLie) {
  CountedBytes bytes(encoded_);
  {
    const absl::StatusOr<PinnedBlob> blob = bytes.Pin(GetParam());
    ExpectValues(blob);
    EXPECT_EQ(blob->view().encoded().data(), bytes.view().data());
    EXPECT_EQ(bytes.releases(), 0);
  }
  EXPECT_EQ(bytes.releases(), 1);
}

TEST_P(PinnedBlobTest, ExternalBytesNeedNoRelease) {
  ExpectValues(PinnedBlob::FromExternal(encoded_, nullptr, GetParam()));
}

TEST_P(PinnedBlobTest, BadBytesAreReleasedExactlyOnce) {
  CountedBytes bytes(encoded_.substr(0, encoded_.size() - 1));
  EXPECT_TRUE(absl::IsDataLoss(bytes.Pin(GetParam()).status()));
  EXPECT_EQ(bytes.releases(), 1);
}

TEST_P(PinnedBlobTest, BadBytesOfEverySourceAreDataLoss) {
  const std::string bad = encoded_ + "x";
  test::ExpectDataLoss(PinnedBlob::FromString(bad, GetParam()).status(), {"1 too many"});
  test::ExpectDataLoss(PinnedBlob::FromCord(absl::Cord(bad), GetParam()).status(), {"1 too many"});
  test::ExpectDataLoss(PinnedBlob::FromExternal(bad, nullptr, GetParam()).status(), {"1 too many"});
  absl::Cord pieces{std::string(encoded_)};
  pieces.Append(absl::MakeCordFromExternal("x", [] {}));
  test::ExpectDataLoss(PinnedBlob::FromCord(pieces, GetParam()).status(), {"1 too many"});
}

TEST_P(PinnedBlobTest, SlicesOfAnEmptyListAreNone) {
  const std::string encoded = reference::Encode({}, test::FormOf(GetParam()));
  const PinnedBlob blob = PinnedBlob::FromString(encoded, GetParam()).value();
  EXPECT_TRUE(blob.empty());
  EXPECT_TRUE(blob.Slices().empty());
  EXPECT_EQ(blob.begin(), blob.end());
}

TEST_P(PinnedBlobTest, AMovedFromBlobIsEmpty) {
  PinnedBlob blob = PinnedBlob::FromString(encoded_, GetParam()).value();
  const PinnedBlob taken = std::move(blob);
  EXPECT_TRUE(blob.empty());  // NOLINT(bugprone-use-after-move): that is what is promised
  EXPECT_TRUE(blob.Slices().empty());
  EXPECT_EQ(taken.size(), values_.size());
}

TEST_P(PinnedBlobTest, AssignmentToItselfChangesNothing) {
  CountedBytes bytes(encoded_);
  PinnedBlob blob = bytes.Pin(GetParam()).value();
  PinnedBlob& same = blob;
  blob = same;
  blob = std::move(same);
  EXPECT_EQ(bytes.releases(), 0);
  EXPECT_EQ(test::DifferenceFrom(values_, blob.view()), "");
}

// A few bytes lie inside the std::string or the Cord itself: in the block's, not the caller's.
TEST(SmallPinnedBlobTest, AFewBytesOfAStringMoveWithTheBlock) {
  std::string encoded = Hex("B0 01 03 616263");
  const PinnedBlob blob = PinnedBlob::FromString(std::move(encoded)).value();
  encoded = "other bytes";
  EXPECT_EQ(blob[0], "abc");
}

TEST(SmallPinnedBlobTest, AFewBytesOfACordMoveWithTheBlock) {
  absl::Cord cord(Hex("B0 01 03 616263"));
  const PinnedBlob blob = PinnedBlob::FromCord(cord).value();
  cord = absl::Cord("other bytes");
  const PinnedSlice slice = PinnedBlob(blob).Slice(0);
  EXPECT_EQ(blob[0], "abc");
  EXPECT_EQ(slice, "abc");
}

TEST(SmallPinnedBlobTest, AnEmptyCordIsDataLoss) {
  test::ExpectDataLoss(PinnedBlob::FromCord(absl::Cord()).status(), {"found no bytes"});
}

TEST(DefaultPinnedBlobTest, IsAnEmptyListAndWorks) {
  PinnedBlob blob;
  EXPECT_EQ(test::DifferenceFrom({}, blob.view()), "");
  EXPECT_TRUE(blob.empty());
  EXPECT_TRUE(blob.Slices().empty());
  EXPECT_FALSE(blob.zero_copy());
  PinnedBlob copy = blob;
  blob = copy;
  blob = std::move(copy);
  EXPECT_EQ(blob.size(), 0u);
}

}  // namespace
}  // namespace sheaf
