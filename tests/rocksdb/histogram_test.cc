// Histograms against numbers that are counted one by one here.

#include "plugin/rocksdb/histogram.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sheaf/blob_builder.h"

namespace sheaf {
namespace internal {
namespace {

// The bucket of a number by halving it.
size_t Bits(uint64_t number) {
  size_t bits = 0;
  for (; number != 0; number /= 2) ++bits;
  return bits;
}

std::string TextOf(const std::vector<uint64_t>& numbers) {
  if (numbers.empty()) return "";
  std::map<size_t, uint64_t> counts;
  for (const uint64_t number : numbers) ++counts[Bits(number)];
  std::string text = std::to_string(*std::min_element(numbers.begin(), numbers.end())) + "-" +
                     std::to_string(*std::max_element(numbers.begin(), numbers.end()));
  for (const auto& [bits, count] : counts) {
    text += " " + std::to_string(bits) + ":" + std::to_string(count);
  }
  return text;
}

class HistogramTest : public ::testing::TestWithParam<Layout> {};

INSTANTIATE_TEST_SUITE_P(Layouts, HistogramTest,
                         ::testing::Values(Layout::kFixed64, Layout::kCompact),
                         [](const auto& info) { return LayoutName(info.param); });

TEST_P(HistogramTest, SizesOfListsAreCountedAsOneByOne) {
  std::mt19937 random(5);
  // Sizes of one, two and four bytes.
  for (const uint64_t max : {0, 1, 3, 75, 255, 256, 40000, 65535, 65536, 70000}) {
    for (const size_t count : {0, 1, 2, 64, 2000}) {
      if (max > 1000 && count > 100) continue;  // would be large
      // From 5/8 on they all lie in one bucket, or two.
      for (const uint64_t min : {uint64_t{0}, max * 5 / 8}) {
        BlobBuilder builder(GetParam());
        std::vector<uint64_t> sizes;
        for (size_t i = 0; i < count; ++i) {
          sizes.push_back(i == count / 2 ? max : min + random() % (max - min + 1));
          builder.Add(std::string(sizes.back(), 'x'));
        }
        std::string encoded;
        ASSERT_TRUE(builder.Finish(&encoded).ok());
        const auto list = BlobView::Parse(encoded, GetParam());
        ASSERT_TRUE(list.ok());
        Histogram histogram;
        histogram.AddSizes(*list);
        EXPECT_EQ(histogram.ToText(), TextOf(sizes)) << count << " values up to " << max;
      }
    }
  }
}

TEST(HistogramTextTest, IsReadBackAndAddsUp) {
  std::mt19937_64 random(6);
  std::vector<uint64_t> all;
  Histogram sum;
  for (int part = 0; part < 20; ++part) {
    std::vector<uint64_t> numbers;
    Histogram histogram;
    for (int i = 0; i < part; ++i) {
      numbers.push_back(random() >> random() % 64);
      histogram.Add(numbers.back());
    }
    all.insert(all.end(), numbers.begin(), numbers.end());
    EXPECT_EQ(histogram.ToText(), TextOf(numbers));
    Histogram read;
    ASSERT_TRUE(read.FromText(TextOf(numbers))) << TextOf(numbers);
    sum.Add(read);
    EXPECT_EQ(sum.ToText(), TextOf(all));
    EXPECT_EQ(sum.total(), all.size());
  }
}

TEST(HistogramTextTest, AnyOtherTextIsRefused) {
  Histogram histogram;
  histogram.Add(9, 3);
  for (const char* const text : {" ",
                                 "1",
                                 "1-",
                                 "1-1",
                                 "-1 1:1",
                                 "1-1 ",
                                 "1-1 1",
                                 "1-1 1:",
                                 "1-1 1:0",
                                 "1-1 1:1 ",
                                 "1-1 1:1 2:1",
                                 "1-2 1:1",
                                 "1-2 2:1",
                                 "1-4 1:1 3:1 2:1",
                                 "1-4 1:1 1:1 3:1",
                                 "4-1 1:1 3:1",
                                 "1-1 1:x",
                                 "1-1  1:1",
                                 "1-1 1:18446744073709551616",
                                 "0-1 1:1",
                                 "1-1 65:1",
                                 "a"}) {
    EXPECT_FALSE(histogram.FromText(text)) << text;
    EXPECT_EQ(histogram.ToText(), "9-9 4:3") << text;
  }
}

TEST(HistogramTextTest, LargestNumbersAndCountsNeitherOverflowNorWrap) {
  const uint64_t largest = ~uint64_t{0};
  const std::string text =
      std::to_string(largest) + "-" + std::to_string(largest) + " 64:" + std::to_string(largest);
  Histogram histogram;
  ASSERT_TRUE(histogram.FromText(text));
  histogram.Add(Histogram(histogram));
  EXPECT_EQ(histogram.ToText(), text);
  EXPECT_EQ(histogram.total(), largest);
  for (const double part : {0.0, 0.5, 1.0}) EXPECT_EQ(histogram.Quantile(part), largest);
  Histogram wide;
  wide.Add(0);
  wide.Add(largest);
  EXPECT_EQ(wide.Quantile(0), 0u);
  EXPECT_EQ(wide.Quantile(1), largest);
}

TEST(HistogramTextTest, QuantilesLieInTheirBucket) {
  std::mt19937 random(7);
  std::vector<uint64_t> numbers;
  Histogram histogram;
  for (int i = 0; i < 1000; ++i) {
    numbers.push_back(20 + random() % 500);
    histogram.Add(numbers.back());
  }
  std::sort(numbers.begin(), numbers.end());
  EXPECT_EQ(histogram.Quantile(0), numbers.front());
  EXPECT_EQ(histogram.Quantile(1), numbers.back());
  for (const double part : {0.1, 0.5, 0.9, 0.99}) {
    const uint64_t exact = numbers[static_cast<size_t>(std::ceil(part * 1000)) - 1];
    EXPECT_EQ(Bits(histogram.Quantile(part)), Bits(exact)) << part;
  }
  Histogram equal;
  equal.Add(77, 1000);
  EXPECT_EQ(equal.Quantile(0.5), 77u);
}

}  // namespace
}  // namespace internal
}  // namespace sheaf
