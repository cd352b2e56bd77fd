// Bytes from a broken disk or an enemy. Each input lies against a page that cannot be read; the
// verdict and the values must be the reference codec's.

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "gtest/gtest.h"
#include "tests/codec/differential.h"
#include "tests/codec/lists.h"
#include "tests/support/guarded_bytes.h"
#include "tests/support/hex.h"

namespace sheaf {
namespace {

using reference::Values;

class HostileBytesTest : public ::testing::TestWithParam<Layout> {
 protected:
  // One input, at both edges.
  void Expect(const std::string& bytes) {
    for (const bool at_end : {true, false}) {
      const std::string_view input = at_end ? guarded_.AtEnd(bytes) : guarded_.AtStart(bytes);
      const std::string difference = test::DecodeDifference(input, GetParam());
      if (!difference.empty()) {
        ADD_FAILURE() << difference << "\nof " << absl::BytesToHexString(bytes);
      }
    }
  }

  std::string Encoded(const Values& values) const {
    return reference::Encode(values, test::FormOf(GetParam()));
  }

  // Blobs whose headers have every kind of field, small enough to break everywhere.
  std::vector<std::string> Blobs() const {
    std::vector<Values> lists = {
        {},
        {""},
        {"abc"},
        {"abc", "de"},
        {"ab", "cd"},
        {"", ""},
        Values(3, "wxyz"),
        Values(70),
        test::ListOfSizes({300, 1}),
        test::ListOfSizes({300, 300}),
    };
    std::vector<size_t> sizes;
    for (size_t i = 0; i < 131; ++i) sizes.push_back(i % 4);
    lists.push_back(test::ListOfSizes(sizes));
    std::vector<std::string> blobs;
    for (const Values& list : lists) blobs.push_back(Encoded(list));
    if (GetParam() == Layout::kCompact) {
      // Wider than they need to be, which a decoder accepts.
      blobs.push_back(test::Hex("B1 02 0300 0200 6162636465"));
      blobs.push_back(test::Hex("B2 02 03000000 02000000 6162636465"));
      blobs.push_back(test::Hex("B6 02 02000000 61626364"));
      blobs.push_back(test::Hex("B0 02 02 02 61626364"));
    }
    return blobs;
  }

  test::GuardedBytes guarded_{1 << 20};
};

INSTANTIATE_TEST_SUITE_P(Layouts, HostileBytesTest,
                         ::testing::Values(Layout::kFixed64, Layout::kCompact),
                         test::LayoutTestName());

TEST_P(HostileBytesTest, WholeBlobsAreReadAtTheEdgeOfMemory) {
  for (const std::string& blob : Blobs()) Expect(blob);
}

TEST_P(HostileBytesTest, EveryTruncationIsJudgedRight) {
  for (const std::string& blob : Blobs()) {
    for (size_t size = 0; size < blob.size(); ++size) {
      Expect(blob.substr(0, size));
      EXPECT_FALSE(BlobView::Parse(blob.substr(0, size), GetParam()).ok());
    }
  }
}

TEST_P(HostileBytesTest, EverySingleBitFlipIsJudgedRight) {
  for (const std::string& blob : Blobs()) {
    // Contents are free: a few of them stand for all.
    const size_t bytes = std::min(blob.size(), Encoded(Values(131)).size() + 16);
    const size_t stride = test::Scale() < 1 ? 7 : 1;
    for (size_t bit = 0; bit < bytes * 8; bit += stride) {
      std::string flipped = blob;
      flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ 1 << bit % 8);
      Expect(flipped);
    }
  }
}

TEST_P(HostileBytesTest, EveryByteValueAnywhereInASmallHeaderIsJudgedRight) {
  for (const std::string& blob : {Encoded({"abc", "de"}), Encoded({"ab", "cd"})}) {
    for (size_t at = 0; at < blob.size(); ++at) {
      for (int byte = 0; byte < 256; ++byte) {
        std::string changed = blob;
        changed[at] = static_cast<char>(byte);
        Expect(changed);
      }
    }
  }
}

TEST_P(HostileBytesTest, BytesAfterABlobAreJudgedRight) {
  for (const std::string& blob : Blobs()) {
    for (const size_t extra : {1, 2, 8, 16, 100}) Expect(blob + test::Bytes(extra, extra));
    Expect(blob + blob);
  }
}

TEST_P(HostileBytesTest, RandomBytesAreJudgedRight) {
  std::mt19937_64 random(8);
  const auto rounds = static_cast<int>(20000 * test::Scale());
  for (int i = 0; i < rounds; ++i) {
    std::string bytes(random() % 200, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random());
    if (!bytes.empty() && i % 2 == 0) {
      // A header that begins right leads further in.
      const std::string begin = Encoded(test::ListOfSizes(std::vector<size_t>(random() % 9, 3)));
      bytes.replace(0, std::min(begin.size(), bytes.size()) / 2, begin, 0, begin.size() / 2);
    }
    Expect(bytes);
  }
}

TEST_P(HostileBytesTest, RandomDamageToLargeListsIsJudgedRight) {
  std::mt19937_64 random(9);
  const auto rounds = static_cast<int>(400 * test::Scale());
  for (int i = 0; i < rounds; ++i) {
    const size_t largest = size_t{1} << random() % 10;
    std::string blob = Encoded(test::RandomList(random, random() % 700, largest));
    const size_t header = blob.size() < 700 ? blob.size() : 700;
    for (size_t n = random() % 3; n > 0; --n) blob[random() % header] = static_cast<char>(random());
    if (random() % 4 == 0) blob.resize(random() % blob.size());
    Expect(blob);
  }
}

}  // namespace
}  // namespace sheaf
