// Iterators of BlobView, PinnedBlob and Segments, against those of a std::vector of the same
// values.

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "sheaf/pinned_blob.h"
#include "sheaf/segments.h"
#include "tests/codec/lists.h"

namespace sheaf {
namespace {

using Model = std::vector<std::string>;

template <typename Iterator>
constexpr bool kRandomAccess =
    std::is_same_v<typename std::iterator_traits<Iterator>::iterator_category,
                   std::random_access_iterator_tag>;
static_assert(kRandomAccess<BlobView::const_iterator>);
static_assert(kRandomAccess<BlobView::const_reverse_iterator>);
static_assert(kRandomAccess<PinnedBlob::const_iterator>);
static_assert(kRandomAccess<Segments::const_iterator>);
static_assert(kRandomAccess<Segments::const_reverse_iterator>);
#if __cplusplus >= 202002L
static_assert(std::ranges::random_access_range<const BlobView>);
static_assert(std::ranges::random_access_range<const PinnedBlob>);
static_assert(std::ranges::random_access_range<const Segments>);
static_assert(std::ranges::sized_range<const BlobView>);
static_assert(std::random_access_iterator<Segments::const_reverse_iterator>);
#endif

PinnedBlob Blob(const Model& values, Layout layout) {
  const std::vector<std::string_view> views(values.begin(), values.end());
  return PinnedBlob::FromString(Encode(views, layout).value(), layout).value();
}

// Sorted values, whose sizes are equal or not.
Model Sorted(size_t count, bool uniform) {
  Model values;
  for (size_t i = 0; i < count; ++i) {
    std::string value = absl::StrCat(100000 + i / 2 * 3);  // each twice
    if (!uniform) value.append(i / 2 % 7, 'x');
    values.push_back(std::move(value));
  }
  return values;
}

// Every jump between two places of `places`, by every operator.
template <typename List>
void ExpectJumps(const List& list, const Model& model, const std::vector<ptrdiff_t>& places) {
  for (const ptrdiff_t from : places) {
    const auto start = list.begin() + from;
    ASSERT_EQ(start - list.begin(), from);
    ASSERT_EQ(start == list.end(), from == static_cast<ptrdiff_t>(model.size()));
    for (const ptrdiff_t to : places) {
      SCOPED_TRACE(absl::StrCat("from ", from, " to ", to));
      const ptrdiff_t n = to - from;
      auto it = start;
      ASSERT_EQ((it += n) - list.begin(), to);
      ASSERT_EQ(start + n, it);
      ASSERT_EQ(n + start, it);
      ASSERT_EQ(start - -n, it);
      ASSERT_EQ(it - start, n);
      ASSERT_EQ(list.end() - it, static_cast<ptrdiff_t>(model.size()) - to);
      ASSERT_EQ(start == it, from == to);
      ASSERT_EQ(start != it, from != to);
      ASSERT_EQ(start < it, from < to);
      ASSERT_EQ(start > it, from > to);
      ASSERT_EQ(start <= it, from <= to);
      ASSERT_EQ(start >= it, from >= to);
      if (it != list.end()) {
        ASSERT_EQ(*it, model[to]);
        ASSERT_EQ(it->size(), model[to].size());
        ASSERT_EQ(start[n], model[to]);
        ASSERT_EQ(*it++, model[to]);
        ASSERT_EQ(it - list.begin(), to + 1);
        it--;
      }
      if (it != list.begin()) {
        ASSERT_EQ(*--it, model[to - 1]);
        ASSERT_EQ(list.rend() - std::make_reverse_iterator(it), to - 1);
      }
      it = start;
      ASSERT_EQ((it -= -n) - start, n);
    }
  }
}

template <typename List>
void ExpectIteratesAs(const List& list, const Model& model) {
  EXPECT_EQ(Model(list.begin(), list.end()), model);
  EXPECT_EQ(Model(list.rbegin(), list.rend()), Model(model.rbegin(), model.rend()));
  const auto count = static_cast<ptrdiff_t>(model.size());
  std::vector<ptrdiff_t> places = {0};
  for (const ptrdiff_t place : {1, 62, 63, 64, 65, 66, 127, 128, 129, 192, 256, 600}) {
    if (place < count - 1) places.push_back(place);
  }
  if (count > 1) places.push_back(count - 1);
  if (count > 0) places.push_back(count);
  ExpectJumps(list, model, places);
}

// What std::vector's iterators find for values that are there, and for those between them.
template <typename List>
void ExpectSearches(const List& list, const Model& model) {
  std::vector<std::string> wanted = {"", "z"};
  for (size_t i = 0; i < model.size(); i += 1 + model.size() / 50) {
    wanted.push_back(model[i]);
    wanted.push_back(model[i] + '\0');
  }
  for (const std::string& value : wanted) {
    SCOPED_TRACE(value);
    const std::string_view view = value;
    ASSERT_EQ(std::lower_bound(list.begin(), list.end(), view) - list.begin(),
              std::lower_bound(model.begin(), model.end(), value) - model.begin());
    ASSERT_EQ(std::upper_bound(list.begin(), list.end(), view) - list.begin(),
              std::upper_bound(model.begin(), model.end(), value) - model.begin());
    ASSERT_EQ(std::binary_search(list.rbegin(), list.rend(), view, std::greater<>()),
              std::binary_search(model.begin(), model.end(), value));
  }
}

constexpr size_t kCounts[] = {0,   1,   2,   63,  64,  65,  66,  127,
                              128, 129, 192, 193, 255, 256, 257, 1000};

class IteratorTest : public ::testing::TestWithParam<Layout> {};

INSTANTIATE_TEST_SUITE_P(Layouts, IteratorTest,
                         ::testing::Values(Layout::kFixed64, Layout::kCompact),
                         test::LayoutTestName());

TEST_P(IteratorTest, JumpsAndSearchesAsThoseOfAVector) {
  for (const size_t count : kCounts) {
    for (const bool uniform : {false, true}) {
      SCOPED_TRACE(absl::StrCat(count, uniform ? " equal sizes" : " sizes"));
      const Model model = Sorted(count, uniform);
      const PinnedBlob blob = Blob(model, GetParam());
      ExpectIteratesAs(blob, model);
      ExpectIteratesAs(blob.view(), model);
      ExpectSearches(blob, model);
    }
  }
}

TEST_P(IteratorTest, SizesOfEveryWidthAreStepped) {
  for (const size_t largest : {1, 255, 256, 65535, 65536}) {
    SCOPED_TRACE(largest);
    std::vector<size_t> sizes(200, 2);
    sizes[77] = largest;
    const Model model = test::ListOfSizes(sizes);
    ExpectIteratesAs(Blob(model, GetParam()), model);
  }
}

TEST_P(IteratorTest, OutliveTheViewTheyAreOf) {
  const Model model = Sorted(300, false);
  const PinnedBlob blob = Blob(model, GetParam());
  BlobIterator begin, end;
  {
    const BlobView view = blob.view();
    begin = view.begin();
    end = view.end();
  }
  EXPECT_EQ(begin[200], model[200]);
  EXPECT_EQ(*(end - 100), model[200]);
  EXPECT_EQ(*--end, model[299]);
}

TEST_P(IteratorTest, FromIsAtTheSamePlaceAsAJump) {
  const Model model = Sorted(700, false);
  const PinnedBlob blob = Blob(model, GetParam());
  for (size_t i = 0; i <= model.size(); i += 7) {
    const BlobIterator from = blob.view().From(i);
    ASSERT_EQ(from, blob.begin() + static_cast<ptrdiff_t>(i));
    ASSERT_EQ(Model(from, blob.end()),
              Model(model.begin() + static_cast<ptrdiff_t>(i), model.end()));
    if (i > 0) {
      ASSERT_EQ(*std::prev(from), model[i - 1]);
    }
  }
}

TEST(SegmentsIteratorTest, JumpAndSearchAsThoseOfAVector) {
  // How many values each blob takes.
  const std::vector<std::vector<size_t>> shapes = {{},
                                                   {0},
                                                   {0, 0, 0},
                                                   {1},
                                                   {0, 1, 0},
                                                   {3, 0, 0, 70, 1, 0},
                                                   {0, 65, 65, 0, 200},
                                                   {1, 1, 1, 1, 1}};
  for (const bool uniform : {false, true}) {
    for (size_t shape = 0; shape < shapes.size(); ++shape) {
      SCOPED_TRACE(absl::StrCat("shape ", shape, uniform ? ", equal sizes" : ""));
      size_t count = 0;
      for (const size_t n : shapes[shape]) count += n;
      const Model model = Sorted(count, uniform);
      std::vector<PinnedBlob> blobs;
      auto next = model.begin();
      for (const size_t n : shapes[shape]) {
        const auto end = next + static_cast<ptrdiff_t>(n);
        blobs.push_back(
            Blob(Model(next, end), blobs.size() % 2 == 0 ? Layout::kCompact : Layout::kFixed64));
        next = end;
      }
      const Segments segments(std::move(blobs));
      ExpectIteratesAs(segments, model);
      ExpectSearches(segments, model);
    }
  }
}

TEST(DefaultIteratorTest, AreEqualAndInOnePlace) {
  const BlobIterator of_blob;
  EXPECT_EQ(of_blob, BlobIterator());
  EXPECT_EQ(of_blob + 0, of_blob);
  EXPECT_EQ(of_blob - BlobIterator(), 0);
  EXPECT_FALSE(of_blob < BlobIterator());
  const Segments::const_iterator of_segments;
  EXPECT_EQ(of_segments, Segments::const_iterator());
  EXPECT_EQ(of_segments + 0, of_segments);
  EXPECT_EQ(of_segments - Segments::const_iterator(), 0);
  EXPECT_FALSE(of_segments < Segments::const_iterator());
}

}  // namespace
}  // namespace sheaf
