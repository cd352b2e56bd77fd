// BlobBuilder by itself: reuse, lists of lists, limits. What it writes for a list of any shape is
// tested beside BlobView, in blob_view_test.cc.

#include "sheaf/blob_builder.h"

#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plugin/codec/encoder.h"
#include "tests/codec/differential.h"
#include "tests/codec/lists.h"
#include "tests/support/counting_new.h"

namespace sheaf {
namespace {

using ::testing::HasSubstr;

constexpr uint64_t kFourGiB = uint64_t{1} << 32;

// Says that it has `size` bytes; there is one, and whoever reads more is stopped by a sanitizer or
// by the memory's end.
std::string_view Pretend(uint64_t size) { return {"x", size}; }

class BlobBuilderTest : public ::testing::TestWithParam<Layout> {
 protected:
  std::string Reference(const reference::Values& values) {
    return reference::Encode(values, test::FormOf(GetParam()));
  }
};

INSTANTIATE_TEST_SUITE_P(Layouts, BlobBuilderTest,
                         ::testing::Values(Layout::kFixed64, Layout::kCompact),
                         test::LayoutTestName());

TEST_P(BlobBuilderTest, CountsValuesAndTheirBytes) {
  BlobBuilder builder(GetParam());
  builder.Add("abc");
  builder.Add("");
  builder.Add({});
  EXPECT_EQ(builder.size(), 3u);
  EXPECT_EQ(builder.contents_bytes(), 3u);
}

TEST_P(BlobBuilderTest, CopiesWhatIsAdded) {
  BlobBuilder builder(GetParam());
  std::string value = "before";
  builder.Add(value);
  value = "after!";
  std::string blob;
  ASSERT_TRUE(builder.Finish(&blob).ok());
  EXPECT_EQ(blob, Reference({"before"}));
}

TEST_P(BlobBuilderTest, StartsAnewAfterFinish) {
  BlobBuilder builder(GetParam());
  std::string blob;
  builder.Add("abc");
  ASSERT_TRUE(builder.Finish(&blob).ok());
  EXPECT_EQ(builder.size(), 0u);
  EXPECT_EQ(builder.contents_bytes(), 0u);
  builder.Add("de");
  ASSERT_TRUE(builder.Finish(&blob).ok());
  EXPECT_EQ(blob, Reference({"de"}));
  ASSERT_TRUE(builder.Finish(&blob).ok());
  EXPECT_EQ(blob, Reference({}));
}

TEST_P(BlobBuilderTest, AddsListsOfBothLayoutsInAnyMixture) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 30; ++round) {
    BlobBuilder builder(GetParam());
    reference::Values all;
    std::vector<std::string> blobs;
    for (int i = 0; i < 6; ++i) {
      const bool fixed64 = random() % 2 == 0;
      const reference::Values list =
          random() % 3 == 0 ? test::ListOfSizes(std::vector<size_t>(random() % 100, random() % 300))
                            : test::RandomList(random, random() % 100, random() % 300);
      all.insert(all.end(), list.begin(), list.end());
      const std::string blob =
          reference::Encode(list, fixed64 ? reference::Form::kFixed64 : reference::Form::kCompact);
      const Layout layout = fixed64 ? Layout::kFixed64 : Layout::kCompact;
      builder.AddAll(BlobView::Parse(blob, layout).value());
      all.emplace_back("between");
      builder.Add("between");
    }
    std::string out;
    ASSERT_TRUE(builder.Finish(&out).ok());
    EXPECT_EQ(out, Reference(all));
  }
}

TEST_P(BlobBuilderTest, AddsADefaultViewAsNothing) {
  BlobBuilder builder(GetParam());
  builder.AddAll(BlobView());
  std::string out;
  ASSERT_TRUE(builder.Finish(&out).ok());
  EXPECT_EQ(out, Reference({}));
}

TEST_P(BlobBuilderTest, AReservedBuilderAllocatesNothingOnAdd) {
  if (!test::CountsAllocations()) GTEST_SKIP() << "allocations are not counted here";
  BlobBuilder builder(GetParam());
  builder.Reserve(1000, 50000);
  const std::string value(50, 'v');
  test::AllocationCount count;
  for (int i = 0; i < 1000; ++i) builder.Add(value);
  EXPECT_EQ(count.so_far(), 0u);
}

TEST_P(BlobBuilderTest, FinishAllocatesOnce) {
  if (!test::CountsAllocations()) GTEST_SKIP() << "allocations are not counted here";
  std::mt19937_64 random(4);
  for (const size_t largest : {0, 200, 2000, 70000}) {
    BlobBuilder builder(GetParam());
    for (const std::string& value : test::RandomList(random, 300, largest)) builder.Add(value);
    std::string out;
    test::AllocationCount count;
    ASSERT_TRUE(builder.Finish(&out).ok());
    EXPECT_EQ(count.so_far(), 1u) << largest;
  }
}

TEST_P(BlobBuilderTest, AValueOf4GiBIsResourceExhaustedAndNeverRead) {
  BlobBuilder builder(GetParam());
  builder.Add("small");
  builder.Add(Pretend(kFourGiB));
  builder.Add("after");
  std::string out = "left over";
  const absl::Status status = builder.Finish(&out);
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("a value of 4294967296 bytes"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("at most 4294967295"));
  EXPECT_EQ(out, "");
  // The builder starts anew.
  EXPECT_EQ(builder.size(), 0u);
  builder.Add("next");
  ASSERT_TRUE(builder.Finish(&out).ok());
  EXPECT_EQ(out, Reference({"next"}));
}

TEST_P(BlobBuilderTest, EncodeRefusesAValueOf4GiBUnread) {
  for (const uint64_t size : {kFourGiB, kFourGiB << 1, ~uint64_t{0} >> 1}) {
    const absl::Status status = Encode({"small", Pretend(size)}, GetParam()).status();
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  }
}

TEST(CompactLimitsTest, EncodeRefusesContentsPast4GiBUnread) {
  // 2^32 - 1 bytes and one more.
  const absl::Status status = Encode({Pretend(kFourGiB - 1), "y"}).status();
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("2 values of 4294967296 bytes in all"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("at most 4294967295"));
}

// The shapes alone, as 4 GiB of contents are too much for a test that runs every time.
TEST(CompactLimitsTest, ContentsOfOneByteLessThan4GiBFit) {
  internal::ListShape shape;
  shape.Add(kFourGiB - 2);
  shape.Add(1);
  EXPECT_TRUE(shape.Fits(Layout::kCompact).ok());
  shape.Add(1);
  EXPECT_TRUE(absl::IsResourceExhausted(shape.Fits(Layout::kCompact)));
  EXPECT_TRUE(shape.Fits(Layout::kFixed64).ok()) << "fixed64 bounds each value only";
}

// RocksDB does not check what a merge operator makes: 2^32 bytes would be kept as 0.
TEST(RocksDbLimitTest, ABlobOf4GiBDoesNotFitWhateverItsContents) {
  for (const Layout layout : {Layout::kFixed64, Layout::kCompact}) {
    const uint64_t header = layout == Layout::kFixed64 ? 16 + 8 : 1 + 1 + 4;
    internal::ListShape shape;
    shape.Add(kFourGiB - 1 - header);
    EXPECT_EQ(shape.EncodedBytes(layout), kFourGiB - 1);
    EXPECT_TRUE(shape.FitsRocksDb(layout).ok());

    internal::ListShape larger;
    larger.Add(kFourGiB - header);
    EXPECT_TRUE(larger.Fits(layout).ok());
    EXPECT_TRUE(absl::IsResourceExhausted(larger.FitsRocksDb(layout))) << LayoutName(layout);
  }
}

TEST(RocksDbLimitTest, ManyEmptyValuesAddUpInFixed64) {
  internal::ListShape shape;
  for (uint64_t i = 0; i < kFourGiB / 8; ++i) shape.Add(0);
  EXPECT_EQ(shape.EncodedBytes(Layout::kFixed64), kFourGiB + 16);
  EXPECT_TRUE(absl::IsResourceExhausted(shape.FitsRocksDb(Layout::kFixed64)));
  EXPECT_TRUE(shape.FitsRocksDb(Layout::kCompact).ok());
}

TEST(RocksDbLimitTest, EncodedBytesAreThoseOfTheBlob) {
  for (const Layout layout : {Layout::kFixed64, Layout::kCompact}) {
    for (const size_t count : {0, 1, 2, 63, 64, 65, 127, 128, 129, 300}) {
      for (const size_t size : {0, 7, 255, 256, 70000}) {
        for (const size_t last : {0, 7}) {
          std::vector<std::string> values(count, std::string(size, 'x'));
          if (count > 0) values.back() = std::string(last, 'y');
          internal::ListShape shape;
          for (const std::string& value : values) shape.Add(value.size());
          const std::vector<std::string_view> views(values.begin(), values.end());
          EXPECT_EQ(shape.EncodedBytes(layout), Encode(views, layout)->size())
              << count << " values of " << size << ", the last of " << last;
        }
      }
    }
  }
}

TEST(CompactLimitsTest, TheLargestValueFitsBothLayouts) {
  internal::ListShape shape;
  shape.Add(kFourGiB - 1);
  EXPECT_TRUE(shape.Fits(Layout::kCompact).ok());
  EXPECT_TRUE(shape.Fits(Layout::kFixed64).ok());
  EXPECT_EQ(shape.width(), 4u);
}

}  // namespace
}  // namespace sheaf
