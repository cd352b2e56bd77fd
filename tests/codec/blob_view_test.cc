// Lists of every shape, in both layouts, both ways, against the reference codec.

#include "sheaf/blob_view.h"

#include <algorithm>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sheaf/blob_builder.h"
#include "tests/codec/differential.h"
#include "tests/codec/lists.h"

namespace sheaf {
namespace {

using reference::Values;

size_t Million() { return static_cast<size_t>(1e6 * test::Scale()); }

class BlobViewTest : public ::testing::TestWithParam<Layout> {
 protected:
  // Both codecs write the same bytes for `values`, and both read `values` from them.
  void ExpectRoundTrip(const Values& values) {
    EXPECT_EQ(test::EncodeDifference(values, GetParam()), "");
    const std::string blob = reference::Encode(values, test::FormOf(GetParam()));
    EXPECT_EQ(test::DecodeDifference(blob, GetParam()), "");
    const absl::StatusOr<BlobView> view = BlobView::Parse(blob, GetParam());
    ASSERT_TRUE(view.ok()) << view.status();
    EXPECT_EQ(test::DifferenceFrom(values, *view), "");
  }
};

INSTANTIATE_TEST_SUITE_P(Layouts, BlobViewTest,
                         ::testing::Values(Layout::kFixed64, Layout::kCompact),
                         test::LayoutTestName());

TEST_P(BlobViewTest, EqualSizesOfEveryWidthRoundTrip) {
  for (const size_t count : {0, 1, 2, 63, 64, 65, 127, 128, 129}) {
    for (const size_t size : {0, 1, 255, 256, 65535, 65536}) {
      if (size > 60000 && count > 65) continue;  // as at 65, in more memory
      SCOPED_TRACE(absl::StrCat(count, " values of ", size));
      ExpectRoundTrip(test::ListOfSizes(std::vector<size_t>(count, size)));
    }
  }
}

TEST_P(BlobViewTest, OneLargerValueAnywhereDecidesTheWidth) {
  for (const size_t count : {1, 2, 63, 64, 65, 66, 127, 128, 129, 130}) {
    for (const size_t large : {255, 256, 65535, 65536}) {
      for (const size_t at : {size_t{0}, count / 2, count - 1}) {
        SCOPED_TRACE(absl::StrCat(count, " values, number ", at, " of ", large));
        std::vector<size_t> sizes(count, 1);
        sizes[at] = large;
        ExpectRoundTrip(test::ListOfSizes(sizes));
      }
    }
  }
}

TEST_P(BlobViewTest, RandomListsOfEveryWidthRoundTrip) {
  std::mt19937_64 random(20240817);
  for (const size_t largest : {1, 3, 255, 256, 2000, 70000}) {
    for (int i = 0; i < 8; ++i) {
      const size_t count = random() % (largest > 2000 ? 70 : 700);
      SCOPED_TRACE(absl::StrCat(count, " values of up to ", largest));
      ExpectRoundTrip(test::RandomList(random, count, largest));
    }
  }
}

TEST_P(BlobViewTest, AMillionValuesRoundTrip) {
  std::mt19937_64 random(1);
  ExpectRoundTrip(test::RandomList(random, Million(), 3));
}

TEST_P(BlobViewTest, AMillionEmptyValuesRoundTrip) { ExpectRoundTrip(Values(Million())); }

TEST_P(BlobViewTest, AValueOf64MiBRoundTrips) {
  ExpectRoundTrip(
      {"before", test::Bytes(static_cast<size_t>((64 << 20) * test::Scale()), 5), "after"});
}

TEST_P(BlobViewTest, ParsePrefixReadsAStreamOfRandomLists) {
  std::mt19937_64 random(2);
  std::vector<Values> lists;
  std::string stream;
  for (int i = 0; i < 50; ++i) {
    lists.push_back(test::RandomList(random, random() % 200, random() % 300));
    stream += reference::Encode(lists.back(), test::FormOf(GetParam()));
  }
  std::string_view rest = stream;
  for (const Values& list : lists) {
    const absl::StatusOr<BlobView> view = BlobView::ParsePrefix(&rest, GetParam());
    ASSERT_TRUE(view.ok()) << view.status();
    EXPECT_EQ(test::DifferenceFrom(list, *view), "");
  }
  EXPECT_TRUE(rest.empty());
}

TEST_P(BlobViewTest, AnIndexPastTheEndIsOutOfRange) {
  const std::string blob = reference::Encode({"abc", "de"}, test::FormOf(GetParam()));
  const BlobView view = BlobView::Parse(blob, GetParam()).value();
  EXPECT_EQ(view.At(1).value(), "de");
  EXPECT_EQ(view.At(2).status(), absl::OutOfRangeError("value 2 of a list of 2 values"));
}

TEST_P(BlobViewTest, WorksWithStandardAlgorithms) {
  const Values values = {"b", "", "abc", "a"};
  const std::string blob = reference::Encode(values, test::FormOf(GetParam()));
  const BlobView view = BlobView::Parse(blob, GetParam()).value();
  EXPECT_EQ(std::distance(view.begin(), view.end()), 4);
  EXPECT_EQ(*std::find(view.begin(), view.end(), "abc"), "abc");
  EXPECT_EQ(std::find(view.begin(), view.end(), "absent"), view.end());
  EXPECT_EQ(std::max_element(view.begin(), view.end())->substr(0, 1), "b");
  EXPECT_EQ(Values(view.begin(), view.end()), values);
}

TEST_P(BlobViewTest, ViewsLieInsideTheEncodedBytes) {
  const std::string blob = reference::Encode({"abc", "", "de"}, test::FormOf(GetParam()));
  const BlobView view = BlobView::Parse(blob, GetParam()).value();
  EXPECT_EQ(view.encoded().data(), blob.data());
  EXPECT_EQ(view[2].data() + 2, blob.data() + blob.size());
  EXPECT_EQ(view[0].data(), blob.data() + blob.size() - 5);
}

TEST(EmptyBlobViewTest, ADefaultViewIsAnEmptyList) {
  const BlobView view;
  EXPECT_EQ(test::DifferenceFrom({}, view), "");
  EXPECT_EQ(view.layout(), Layout::kCompact);
  EXPECT_EQ(view.encoded(), "");
  EXPECT_EQ(view.At(0).status(), absl::OutOfRangeError("value 0 of a list of 0 values"));
}

TEST(EmptyBlobViewTest, IteratorsOfTheEndAreEqual) {
  EXPECT_EQ(BlobView().begin(), BlobView().end());
  EXPECT_EQ(BlobView().end(), BlobView::const_iterator());
}

}  // namespace
}  // namespace sheaf
