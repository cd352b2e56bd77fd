#include "sheaf/segments.h"

#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sheaf/blob_builder.h"

namespace sheaf {
namespace {

using List = std::vector<std::string>;

PinnedBlob Blob(const List& list, Layout layout = Layout::kCompact) {
  const std::vector<std::string_view> views(list.begin(), list.end());
  return PinnedBlob::FromString(Encode(views, layout).value(), layout).value();
}

// Some blobs, empty ones among them, and all their values.
Segments Some(unsigned seed, List* model) {
  std::mt19937 random(seed);
  std::vector<PinnedBlob> blobs;
  for (size_t i = random() % 6; i > 0; --i) {
    List list;
    for (size_t n = random() % 3 == 0 ? 0 : random() % 200; n > 0; --n) {
      list.push_back("value " + std::to_string(random() % 100000));
    }
    blobs.push_back(Blob(list, random() % 4 == 0 ? Layout::kFixed64 : Layout::kCompact));
    model->insert(model->end(), list.begin(), list.end());
  }
  return Segments(std::move(blobs));
}

TEST(SegmentsTest, AreTheListOfAllTheirBlobs) {
  for (unsigned seed = 0; seed < 60; ++seed) {
    List model;
    const Segments segments = Some(seed, &model);
    ASSERT_EQ(segments.size(), model.size());
    EXPECT_EQ(segments.empty(), model.empty());
    EXPECT_EQ(List(segments.begin(), segments.end()), model);
    List each;
    segments.ForEach([&](std::string_view value) { each.emplace_back(value); });
    EXPECT_EQ(each, model);
    for (size_t i = 0; i < model.size(); ++i) {
      EXPECT_EQ(segments[i], model[i]);
      EXPECT_EQ(segments.At(i).value(), model[i]);
      EXPECT_EQ(segments.Slice(i), model[i]);
    }
    if (!model.empty()) {
      EXPECT_EQ(segments.front(), model.front());
      EXPECT_EQ(segments.back(), model.back());
    }
    const std::vector<PinnedSlice> slices = segments.Slices();
    EXPECT_EQ(List(slices.begin(), slices.end()), model);
    EXPECT_EQ(segments.At(model.size()).status().code(), absl::StatusCode::kOutOfRange);
  }
}

TEST(SegmentsTest, IteratorsStepOverBlobsWithoutValues) {
  std::vector<PinnedBlob> blobs = {Blob({}), Blob({"a"}), Blob({}), Blob({"b", ""}), Blob({})};
  const Segments segments(std::move(blobs));
  Segments::const_iterator at = segments.begin();
  const Segments::const_iterator first = at++;
  EXPECT_EQ(*first, "a");
  EXPECT_EQ(at->size(), 1u);
  EXPECT_NE(first, at);
  EXPECT_EQ(std::distance(segments.begin(), segments.end()), 3);
  EXPECT_EQ(*std::next(segments.begin(), 2), "");
  EXPECT_EQ(std::next(segments.begin(), 3), segments.end());
}

TEST(SegmentsTest, AnEmptyOneHasNothing) {
  const Segments none;
  EXPECT_TRUE(none.empty());
  EXPECT_EQ(none.begin(), none.end());
  EXPECT_TRUE(none.Slices().empty());
  EXPECT_TRUE(none.blobs().empty());
}

TEST(SegmentsTest, SlicesOutliveThem) {
  PinnedSlice slice;
  std::vector<PinnedSlice> slices;
  {
    std::vector<PinnedBlob> blobs = {Blob({std::string(100, 'a')}), Blob({std::string(100, 'b')})};
    const Segments segments(std::move(blobs));
    slice = segments.Slice(1);
    slices = segments.Slices();
  }
  EXPECT_EQ(slice, std::string(100, 'b'));
  EXPECT_EQ(slices.at(0), std::string(100, 'a'));
}

}  // namespace
}  // namespace sheaf
