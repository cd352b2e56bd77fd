// The sums over size headers: the implementation that this machine chooses and the portable one,
// against a model that adds numbers up.

#include "plugin/codec/size_sums.h"

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace sheaf {
namespace internal {
namespace {

constexpr size_t kGroup = 64;

std::string LittleEndian(const std::vector<uint64_t>& numbers, unsigned width) {
  std::string bytes;
  for (const uint64_t n : numbers) {
    for (unsigned b = 0; b < width; ++b) bytes += static_cast<char>(n >> (8 * b));
  }
  return bytes;
}

uint64_t Largest(unsigned width) { return (uint64_t{1} << (8 * width)) - 1; }

// Groups of sizes with the checkpoints that the format asks for.
struct Header {
  Header(std::vector<uint64_t> all_sizes, unsigned w) : width(w), sizes(std::move(all_sizes)) {
    for (size_t i = 0; i < sizes.size(); ++i) {
      total += sizes[i];
      if (i % kGroup == kGroup - 1) checkpoints.push_back(total & 0xFFFFFFFF);
    }
  }

  // What CheckGroups and its portable twin say, if they agree.
  bool Accepted() const {
    const std::string size_bytes = LittleEndian(sizes, width);
    const std::string checkpoint_bytes = LittleEndian(checkpoints, 4);
    uint64_t sum = 0;
    uint64_t portable_sum = 0;
    const bool accepted =
        CheckGroups(size_bytes.data(), width, checkpoint_bytes.data(), checkpoints.size(), &sum);
    const bool portable = CheckGroupsPortable(size_bytes.data(), width, checkpoint_bytes.data(),
                                              checkpoints.size(), &portable_sum);
    EXPECT_EQ(accepted, portable);
    if (accepted) {
      EXPECT_EQ(sum, total);
      EXPECT_EQ(portable_sum, total);
    }
    return accepted;
  }

  unsigned width;
  std::vector<uint64_t> sizes;
  std::vector<uint64_t> checkpoints;
  uint64_t total = 0;
};

class SizeSumsTest : public ::testing::TestWithParam<unsigned> {
 protected:
  std::vector<uint64_t> RandomSizes(size_t count) {
    std::uniform_int_distribution<uint64_t> size(0, Largest(GetParam()));
    std::vector<uint64_t> sizes(count);
    for (uint64_t& s : sizes) s = size(random_);
    return sizes;
  }

  std::mt19937_64 random_{5};
};

INSTANTIATE_TEST_SUITE_P(Widths, SizeSumsTest, ::testing::Values(1, 2, 4));

TEST_P(SizeSumsTest, SumsAreThoseOfTheModel) {
  for (size_t count = 0; count < 300; ++count) {
    const std::vector<uint64_t> sizes = RandomSizes(count);
    uint64_t expected = 0;
    for (const uint64_t size : sizes) expected += size;
    EXPECT_EQ(SumSizes(LittleEndian(sizes, GetParam()).data(), count, GetParam()), expected);
  }
}

TEST_P(SizeSumsTest, SumsOfTheLargestSizesDoNotOverflowALane) {
  for (const size_t count : {8, 64, 1000, 100000}) {
    const std::vector<uint64_t> sizes(count, Largest(GetParam()));
    EXPECT_EQ(SumSizes(LittleEndian(sizes, GetParam()).data(), count, GetParam()),
              count * Largest(GetParam()));
  }
}

TEST_P(SizeSumsTest, RightCheckpointsAreAccepted) {
  for (size_t groups = 0; groups < 40; ++groups) {
    EXPECT_TRUE(Header(RandomSizes(groups * kGroup), GetParam()).Accepted()) << groups;
    const std::vector<uint64_t> largest(groups * kGroup, Largest(GetParam()));
    EXPECT_TRUE(Header(largest, GetParam()).Accepted()) << groups;
    EXPECT_TRUE(Header(std::vector<uint64_t>(groups * kGroup), GetParam()).Accepted()) << groups;
  }
}

TEST_P(SizeSumsTest, AddsToTheTotalItIsGiven) {
  const Header header(RandomSizes(6 * kGroup), GetParam());
  uint64_t total = 1000;
  EXPECT_TRUE(CheckGroups(LittleEndian(header.sizes, GetParam()).data(), GetParam(),
                          LittleEndian(header.checkpoints, 4).data(), 6, &total));
  EXPECT_EQ(total, 1000 + header.total);
}

TEST_P(SizeSumsTest, EverySingleWrongCheckpointIsRefused) {
  for (const size_t groups : {1, 2, 4, 5, 6, 9, 13, 14, 17}) {
    const Header right(RandomSizes(groups * kGroup), GetParam());
    for (size_t k = 0; k < groups; ++k) {
      for (int bit = 0; bit < 32; ++bit) {
        Header wrong = right;
        wrong.checkpoints[k] ^= uint64_t{1} << bit;
        EXPECT_FALSE(wrong.Accepted()) << groups << " groups, checkpoint " << k << " bit " << bit;
      }
    }
  }
}

TEST_P(SizeSumsTest, EverySingleWrongSizeIsRefused) {
  for (const size_t groups : {1, 2, 5, 7, 14}) {
    const Header right(RandomSizes(groups * kGroup), GetParam());
    for (size_t i = 0; i < right.sizes.size(); ++i) {
      Header wrong = right;
      wrong.sizes[i] ^= uint64_t{1} << random_() % (8 * GetParam());
      EXPECT_FALSE(wrong.Accepted()) << groups << " groups, size " << i;
    }
  }
}

// A group that is short by what the next one is long: the checkpoint between them is wrong.
TEST_P(SizeSumsTest, ASizeMovedToTheNextGroupIsRefused) {
  for (size_t k = 0; k + 1 < 12; ++k) {
    Header wrong(std::vector<uint64_t>(12 * kGroup, 5), GetParam());
    --wrong.sizes[k * kGroup];
    ++wrong.sizes[(k + 1) * kGroup];
    EXPECT_FALSE(wrong.Accepted()) << k;
  }
}

TEST_P(SizeSumsTest, OffsetsAreThoseOfTheModel) {
  const std::vector<uint64_t> sizes = RandomSizes(1000);
  const Header header(sizes, GetParam());
  const std::string bytes = LittleEndian(sizes, GetParam());
  const std::string checkpoints = LittleEndian(header.checkpoints, 4);
  uint64_t expected = 0;
  // Checkpoints have 32 bits: a larger offset cannot be in a blob.
  for (size_t i = 0; i < sizes.size() && expected <= 0xFFFFFFFF; ++i) {
    EXPECT_EQ(CompactOffset(bytes.data(), GetParam(), checkpoints.data(), i), expected) << i;
    expected += sizes[i];
  }
}

TEST(SumFixed64Test, SumsAreThoseOfTheModel) {
  std::mt19937_64 random(6);
  for (const size_t count : {0, 1, 2, 4095, 4096, 4097, 10000}) {
    std::vector<uint64_t> sizes(count);
    uint64_t expected = 0;
    for (uint64_t& size : sizes) expected += size = random() % 1000;
    uint64_t total = 0;
    EXPECT_EQ(SumFixed64(LittleEndian(sizes, 8).data(), count, 999, &total), count);
    EXPECT_EQ(total, expected);
  }
}

TEST(SumFixed64Test, FindsTheFirstSizePastTheLimit) {
  for (const uint64_t large : {uint64_t{1000}, uint64_t{1} << 32, ~uint64_t{0}}) {
    for (const size_t at : {0, 1, 4095, 4096, 4099}) {
      std::vector<uint64_t> sizes(5000, 512);
      sizes[at] = large;
      sizes[4999] = large;
      uint64_t total = 0;
      EXPECT_EQ(SumFixed64(LittleEndian(sizes, 8).data(), 5000, 999, &total), at);
    }
  }
}

// The bits of all sizes together, here 7, may be past a limit that each of them keeps.
TEST(SumFixed64Test, SizesWithinTheLimitWhoseBitsExceedItAreAccepted) {
  uint64_t total = 0;
  EXPECT_EQ(SumFixed64(LittleEndian({4, 3, 1}, 8).data(), 3, 4, &total), 3u);
  EXPECT_EQ(total, 8u);
}

}  // namespace
}  // namespace internal
}  // namespace sheaf
