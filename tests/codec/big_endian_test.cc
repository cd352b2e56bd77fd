// Big-endian integers, against bytes written out by hand and the order of memcmp.

#include "sheaf/big_endian.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "gtest/gtest.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "tests/support/hex.h"

namespace sheaf {
namespace {

using test::Hex;

TEST(BigEndianTest, TheMostSignificantByteIsFirst) {
  EXPECT_EQ(EncodeBigEndian(uint64_t{0x0102030405060708}), Hex("01 02 03 04 05 06 07 08"));
  EXPECT_EQ(EncodeBigEndian(uint32_t{0xFFFEFDFC}), Hex("FF FE FD FC"));
  EXPECT_EQ(EncodeBigEndian(uint16_t{7}), Hex("00 07"));
  EXPECT_EQ(EncodeBigEndian(uint8_t{200}), Hex("C8"));
  EXPECT_EQ(EncodeBigEndian(7), Hex("80 00 00 07"));  // an int
}

TEST(BigEndianTest, TheSignBitIsInverted) {
  EXPECT_EQ(EncodeBigEndian(int64_t{0}), Hex("80 00 00 00 00 00 00 00"));
  EXPECT_EQ(EncodeBigEndian(int64_t{-1}), Hex("7F FF FF FF FF FF FF FF"));
  EXPECT_EQ(EncodeBigEndian(std::numeric_limits<int64_t>::min()), Hex("00 00 00 00 00 00 00 00"));
  EXPECT_EQ(EncodeBigEndian(std::numeric_limits<int64_t>::max()), Hex("FF FF FF FF FF FF FF FF"));
  EXPECT_EQ(EncodeBigEndian(int16_t{-2}), Hex("7F FE"));
  EXPECT_EQ(EncodeBigEndian(int8_t{-128}), Hex("00"));
}

template <typename Int>
class BigEndianOrderTest : public ::testing::Test {};
using Integers = ::testing::Types<uint8_t, int8_t, uint16_t, int16_t, uint32_t, int32_t, uint64_t,
                                  int64_t, long, unsigned long long, char>;
TYPED_TEST_SUITE(BigEndianOrderTest, Integers);

// Edges, and random numbers of every magnitude.
template <typename Int>
std::vector<Int> Samples() {
  using Limits = std::numeric_limits<Int>;
  std::vector<Int> samples = {0,
                              1,
                              Limits::min(),
                              Limits::max(),
                              Limits::max() - 1,
                              static_cast<Int>(Limits::min() + 1),
                              static_cast<Int>(-1),
                              static_cast<Int>(255),
                              static_cast<Int>(256)};
  std::mt19937_64 random(5);
  for (int i = 0; i < 300; ++i) {
    samples.push_back(static_cast<Int>(random() >> random() % 64));
    samples.push_back(static_cast<Int>(-samples.back()));
  }
  return samples;
}

TYPED_TEST(BigEndianOrderTest, BytesSortAsTheIntegersDo) {
  const std::vector<TypeParam> samples = Samples<TypeParam>();
  for (const TypeParam a : samples) {
    const std::string bytes = EncodeBigEndian(a);
    ASSERT_EQ(bytes.size(), sizeof a);
    ASSERT_EQ(DecodeBigEndian<TypeParam>(bytes).value(), a);
    for (const TypeParam b : samples) {
      const int order = std::memcmp(bytes.data(), EncodeBigEndian(b).data(), sizeof a);
      ASSERT_EQ(order < 0, a < b) << +a << " and " << +b;
      ASSERT_EQ(order == 0, a == b) << +a << " and " << +b;
    }
  }
}

TEST(BigEndianTest, OtherSizesAreInvalid) {
  EXPECT_EQ(DecodeBigEndian<uint64_t>("12345").status(),
            absl::InvalidArgumentError("a big-endian integer has 5 bytes, expected 8"));
  EXPECT_EQ(DecodeBigEndian<int16_t>("").status(),
            absl::InvalidArgumentError("a big-endian integer has 0 bytes, expected 2"));
  EXPECT_EQ(DecodeBigEndian<uint8_t>("12").status(),
            absl::InvalidArgumentError("a big-endian integer has 2 bytes, expected 1"));
}

TEST(BigEndianTest, ASortedListIsSearched) {
  BlobBuilder builder;
  for (uint64_t id = 0; id < 3000; id += 3) builder.Add(EncodeBigEndian(id));
  std::string blob;
  ASSERT_TRUE(builder.Finish(&blob).ok());
  const BlobView list = BlobView::Parse(blob).value();
  for (uint64_t id = 0; id < 2998; ++id) {
    const std::string wanted = EncodeBigEndian(id);
    const auto found = std::lower_bound(list.begin(), list.end(), wanted);
    ASSERT_EQ(found - list.begin(), static_cast<ptrdiff_t>((id + 2) / 3));
    ASSERT_EQ(*found == wanted, id % 3 == 0);
  }
}

}  // namespace
}  // namespace sheaf
