// What a hardened build does where a caller breaks a REQUIRES: compiled as a release is, with
// -DNDEBUG -DSHEAF_HARDENED=1.

#include "sheaf/hardened.h"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "sheaf/pinned_blob.h"
#include "sheaf/pinned_slice.h"
#include "sheaf/segments.h"
#include "sheaf/typed_list.h"

#if !defined(NDEBUG) || SHEAF_HARDENED != 1
#error "this is not a hardened release build"
#endif

namespace sheaf {
namespace {

class HardenedDeathTest : public ::testing::TestWithParam<Layout> {
 protected:
  HardenedDeathTest() { ::testing::FLAGS_gtest_death_test_style = "threadsafe"; }

  const PinnedBlob list_ =
      PinnedBlob::FromString(Encode({"abc", "de"}, GetParam()).value(), GetParam()).value();
  const PinnedBlob none_ =
      PinnedBlob::FromString(Encode({}, GetParam()).value(), GetParam()).value();
};

INSTANTIATE_TEST_SUITE_P(Layouts, HardenedDeathTest,
                         ::testing::Values(Layout::kFixed64, Layout::kCompact),
                         [](const auto& layout) { return LayoutName(layout.param); });

constexpr char kSeventh[] = "^sheaf: value 7 of 2 is out of range\n$";
constexpr char kNoFirst[] = "^sheaf: value 0 of 0 is out of range\n$";

TEST_P(HardenedDeathTest, AnIndexPastTheEndEndsTheProcess) {
  const BlobView view = list_.view();
  EXPECT_DEATH((void)view[7], kSeventh);
  EXPECT_DEATH((void)view[2], "^sheaf: value 2 of 2 is out of range\n$");
  EXPECT_DEATH((void)view.From(7), kSeventh);
  EXPECT_DEATH((void)list_[7], kSeventh);
  EXPECT_DEATH((void)list_.Slice(7), kSeventh);
  EXPECT_DEATH((void)list_.Slices(7), kSeventh);
  const Segments segments({list_});
  EXPECT_DEATH((void)segments[7], kSeventh);
  EXPECT_DEATH((void)segments.Slice(7), kSeventh);
}

TEST_P(HardenedDeathTest, AnEmptyListHasNoFirstOrLastValue) {
  for (const BlobView& view : {BlobView(), none_.view()}) {
    EXPECT_DEATH((void)view.front(), kNoFirst);
    EXPECT_DEATH((void)view.back(), kNoFirst);
  }
  EXPECT_DEATH((void)none_.front(), kNoFirst);
  EXPECT_DEATH((void)none_.back(), kNoFirst);
  const Segments segments({none_});
  EXPECT_DEATH((void)segments.front(), kNoFirst);
  EXPECT_DEATH((void)segments.back(), kNoFirst);
}

TEST_P(HardenedDeathTest, ASliceHasNoBytesPastItsEnd) {
  constexpr char kFourth[] = "^sheaf: byte 4 of 3 is out of range\n$";
  PinnedSlice slice = list_.Slice(0);
  EXPECT_DEATH(slice.RemovePrefix(4), kFourth);
  EXPECT_DEATH(slice.RemoveSuffix(4), kFourth);
  EXPECT_DEATH((void)slice.Subslice(4), kFourth);
  EXPECT_DEATH((void)slice.Split(4), kFourth);
}

TEST_P(HardenedDeathTest, ATypedListHasNoValuesPastItsEnd) {
  const std::vector<uint16_t> numbers = {1, 2};
  const std::string blob = Encode(AsValues(numbers), GetParam()).value();
  const auto list =
      TypedList<uint16_t>::FromView(BlobView::Parse(blob, GetParam()).value()).value();
  EXPECT_DEATH((void)list[7], kSeventh);
  EXPECT_DEATH((void)TypedList<uint16_t>().front(), kNoFirst);
  EXPECT_DEATH((void)TypedList<uint16_t>().back(), kNoFirst);
  uint16_t out[1];
  EXPECT_DEATH(list.CopyTo(absl::MakeSpan(out)), "^sheaf: value 1 of 1 is out of range\n$");
}

TEST_P(HardenedDeathTest, WhatIsInRangeIsNotRefused) {
  EXPECT_EQ(list_[1], "de");
  EXPECT_EQ(list_.view().From(2), list_.end());
  EXPECT_TRUE(list_.Slices(2).empty());
  PinnedSlice slice = list_.Slice(0);
  EXPECT_EQ(slice.Split(3), "");
  slice.RemovePrefix(3);
  EXPECT_TRUE(slice.empty());
}

}  // namespace
}  // namespace sheaf
