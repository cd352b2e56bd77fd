// Each way in which bytes can fail to be a compact blob, and what the status says of it.

#include <map>
#include <string>

#include "gtest/gtest.h"
#include "plugin/codec/blob_parser.h"
#include "tests/codec/corruption.h"
#include "tests/codec/lists.h"
#include "tests/support/counting_new.h"
#include "tests/support/hex.h"

namespace sheaf {
namespace {

using test::Hex;

void ExpectCorrupt(const std::string& bytes, std::initializer_list<const char*> parts) {
  test::ExpectCorrupt(bytes, Layout::kCompact, parts);
}

void ExpectCorruptAnywhere(const std::string& bytes, std::initializer_list<const char*> parts) {
  test::ExpectCorruptAnywhere(bytes, Layout::kCompact, parts);
}

// 130 values of 0, 1 and 2 bytes: sizes at offset 3, checkpoints at 133 and 137, contents at 141.
std::string TwoCheckpoints() {
  std::vector<size_t> sizes;
  for (size_t i = 0; i < 130; ++i) sizes.push_back(i % 3);
  return reference::Encode(test::ListOfSizes(sizes), reference::Form::kCompact);
}

TEST(CompactCorruptionTest, NoBytesAreCorruption) {
  ExpectCorruptAnywhere("", {"compact blob", "tag at offset 0", "found no bytes"});
}

TEST(CompactCorruptionTest, AnUnknownTagIsCorruption) {
  ExpectCorruptAnywhere(Hex("4203 02 6162636465"),
                        {"tag at offset 0", "found 0x42", "not a tag of this layout",
                         "expected 0xB0..0xB2 or 0xB4..0xB6"});
}

TEST(CompactCorruptionTest, EveryTagButTheSixIsCorruption) {
  const std::map<int, std::string> bodies = {
      {0xB0, "01 02 6162"}, {0xB1, "01 0200 6162"}, {0xB2, "01 02000000 6162"},
      {0xB4, "02 01 6162"}, {0xB5, "02 0100 6162"}, {0xB6, "02 01000000 6162"}};
  for (int tag = 0; tag < 256; ++tag) {
    SCOPED_TRACE(tag);
    const auto body = bodies.find(tag);
    if (body != bodies.end()) {
      EXPECT_TRUE(BlobView::Parse(static_cast<char>(tag) + Hex(body->second)).ok());
    } else {
      ExpectCorruptAnywhere(static_cast<char>(tag) + Hex("00"),
                            {"tag at offset 0", "found 0x", "expected 0xB0..0xB2 or 0xB4..0xB6"});
    }
  }
}

TEST(CompactCorruptionTest, AReservedWidthIsCorruption) {
  ExpectCorruptAnywhere(Hex("B3 00"), {"tag at offset 0", "found 0xB3", "reserved size width"});
  ExpectCorruptAnywhere(Hex("B7 02 01 6162"), {"tag at offset 0", "found 0xB7", "reserved"});
}

TEST(CompactCorruptionTest, AnEditIsNamedInTheMessage) {
  ExpectCorruptAnywhere(Hex("A1 00"), {"tag at offset 0", "found 0xA1", "edit operand"});
}

TEST(CompactCorruptionTest, ABundleIsNamedInTheMessage) {
  ExpectCorruptAnywhere(Hex("B8 01 03 616263"), {"tag at offset 0", "found 0xB8", "bundle"});
}

TEST(CompactCorruptionTest, AListIsNotABundle) {
  EXPECT_TRUE(BlobParser::ParseTagged(Hex("B8 01 03 616263"), disk::kBundleTag).ok());
  test::ExpectDataLoss(BlobParser::ParseTagged(Hex("B0 01 03 616263"), disk::kBundleTag).status(),
                       {"tag at offset 0", "found 0xB0", "expected 0xB8..0xBA or 0xBC..0xBE"});
}

TEST(CompactCorruptionTest, AMissingCountIsCorruption) {
  ExpectCorruptAnywhere(Hex("B0"), {"count at offset 1", "cut off after 0 bytes"});
}

TEST(CompactCorruptionTest, ATruncatedCountIsCorruption) {
  ExpectCorruptAnywhere(Hex("B0 80 80"), {"count at offset 1", "cut off after 2 bytes"});
}

TEST(CompactCorruptionTest, ACountThatIsLongerThanNeededIsCorruption) {
  ExpectCorruptAnywhere(Hex("B0 80 00"), {"count at offset 1", "2 bytes", "shortest form of 0"});
  ExpectCorruptAnywhere(Hex("B0 81 80 00 03"),
                        {"count at offset 1", "3 bytes", "shortest form of 1"});
  ExpectCorruptAnywhere(Hex("B0 80 80 80 80 80 80 80 80 80 00"),
                        {"count at offset 1", "10 bytes", "shortest form of 0"});
}

TEST(CompactCorruptionTest, ACountPast64BitsIsCorruption) {
  ExpectCorruptAnywhere(Hex("B0 FF FF FF FF FF FF FF FF FF 02"),
                        {"count at offset 1", "does not fit 64 bits"});
  ExpectCorruptAnywhere(Hex("B0 FF FF FF FF FF FF FF FF FF FF 01"),
                        {"count at offset 1", "does not fit 64 bits"});
}

TEST(CompactCorruptionTest, ACountPast32BitsIsCorruption) {
  ExpectCorruptAnywhere(Hex("B0 80 80 80 80 10"),
                        {"count at offset 1", "found 4294967296", "at most 4294967295"});
  ExpectCorruptAnywhere(Hex("B0 FF FF FF FF FF FF FF FF FF 01"),
                        {"count at offset 1", "found 18446744073709551615"});
}

TEST(CompactCorruptionTest, TruncatedSizesAreCorruption) {
  ExpectCorruptAnywhere(Hex("B0 05 01 01 01"),
                        {"sizes at offset 2", "5 sizes of 1 bytes need 5", "3 remain"});
  ExpectCorruptAnywhere(Hex("B1 02 0100 01"),
                        {"sizes at offset 2", "2 sizes of 2 bytes need 4", "3 remain"});
  ExpectCorruptAnywhere(Hex("B2 01 010000"),
                        {"sizes at offset 2", "1 sizes of 4 bytes need 4", "3 remain"});
}

TEST(CompactCorruptionTest, TheLargestCountInAFewBytesIsCorruption) {
  ExpectCorruptAnywhere(Hex("B2 FF FF FF FF 0F 00"),
                        {"sizes at offset 6", "4294967295 sizes", "17179869180", "1 remain"});
}

TEST(CompactCorruptionTest, TruncatedCheckpointsAreCorruption) {
  ExpectCorruptAnywhere(TwoCheckpoints().substr(0, 133 + 7),
                        {"checkpoints at offset 133", "2 of them need 8", "7 remain"});
}

TEST(CompactCorruptionTest, AWrongCheckpointIsCorruption) {
  // Groups of 64 with sizes 0, 1, 2, ...: 63 and 64 bytes, so the checkpoints are 63 and 127.
  std::string first = TwoCheckpoints();
  ASSERT_EQ(first.substr(133, 8), Hex("3F000000 7F000000")) << "the model of this test";
  first[133] = 0x3E;
  ExpectCorruptAnywhere(first, {"checkpoint at offset 133", "found 62", "value 64", "expected 63"});
  std::string second = TwoCheckpoints();
  second[140] = 0x01;
  ExpectCorruptAnywhere(
      second, {"checkpoint at offset 137", "found 16777343", "value 128", "expected 127"});
}

TEST(CompactCorruptionTest, AChangedSizeDisagreesWithItsCheckpoint) {
  std::string blob = TwoCheckpoints();
  blob[3 + 65] = 7;  // was 65 % 3 = 2
  ExpectCorruptAnywhere(blob, {"checkpoint at offset 137", "found 127", "expected 132"});
}

TEST(CompactCorruptionTest, TruncatedContentsAreCorruption) {
  ExpectCorruptAnywhere(Hex("B0 02 03 02 61626364"),
                        {"contents at offset 4", "add up to 5 bytes", "4 remain"});
  ExpectCorruptAnywhere(Hex("B4 02 02 616263"),
                        {"contents at offset 3", "add up to 4 bytes", "3 remain"});
}

TEST(CompactCorruptionTest, BytesAfterTheContentsAreCorruption) {
  ExpectCorrupt(Hex("B0 02 03 02 616263646566"),
                {"contents at offset 4", "add up to 5 bytes", "found 6", "1 too many"});
  ExpectCorrupt(Hex("B0 00 00"), {"contents at offset 2", "found 1", "1 too many"});
}

TEST(CompactCorruptionTest, SizesPast4GiBAreCorruption) {
  ExpectCorruptAnywhere(Hex("B2 02 FFFFFFFF 01000000"),
                        {"sizes at offset 2", "add up to 4294967296", "at most 4294967295"});
}

TEST(CompactCorruptionTest, SizesThatWrapAroundToTheirCheckpointsAreCorruption) {
  // 64 sizes of 2^26 bytes: 2^32 in all, which is 0 in a checkpoint of 32 bits.
  std::string blob = Hex("B2 41");
  for (int i = 0; i < 64; ++i) blob += Hex("00000004");
  blob += Hex("00000000");  // the size of value 64
  blob += Hex("00000000");  // its checkpoint
  ExpectCorruptAnywhere(blob, {"checkpoint at offset 262", "found 0", "expected 4294967296"});
}

TEST(CompactCorruptionTest, ATruncatedUniformSizeIsCorruption) {
  ExpectCorruptAnywhere(Hex("B4 02"), {"size at offset 2", "needs 1 bytes", "0 remain"});
  ExpectCorruptAnywhere(Hex("B6 02 010000"), {"size at offset 2", "needs 4 bytes", "3 remain"});
}

TEST(CompactCorruptionTest, AUniformSizeOfZeroIsCorruption) {
  ExpectCorruptAnywhere(Hex("B4 02 00"), {"size at offset 2", "found 0", "expected at least 1"});
}

TEST(CompactCorruptionTest, AUniformListOfLessThanTwoIsCorruption) {
  ExpectCorruptAnywhere(Hex("B4 00 01"), {"count at offset 1", "found 0", "expected at least 2"});
  ExpectCorruptAnywhere(Hex("B4 01 01 61"),
                        {"count at offset 1", "found 1", "expected at least 2"});
}

TEST(CompactCorruptionTest, UniformContentsPast4GiBAreCorruption) {
  ExpectCorruptAnywhere(Hex("B6 80 80 04 00000100"),
                        {"size at offset 4", "65536 values of 65536 bytes", "at most 4294967295"});
  ExpectCorruptAnywhere(Hex("B6 FF FF FF FF 0F FFFFFFFF"),
                        {"size at offset 6", "4294967295 values of 4294967295 bytes"});
}

// Seven bytes, of whatever form, that claim 2^32 - 1 values: an attacker's amplification.
TEST(CompactCorruptionTest, SevenBytesThatClaimFourBillionValuesCostNothing) {
  const char* const claims[] = {"B0 FF FF FF FF 0F 00", "B1 FF FF FF FF 0F 00",
                                "B2 FF FF FF FF 0F 00", "B4 FF FF FF FF 0F 00",
                                "B4 FF FF FF FF 0F 01"};
  for (const char* const claim : claims) {
    const std::string blob = Hex(claim);
    ASSERT_EQ(blob.size(), 7u);
    if (test::CountsAllocations()) {
      test::AllocationCount count;
      EXPECT_FALSE(BlobView::Parse(blob).ok());
      // Of the status alone.
      EXPECT_LT(count.bytes_so_far(), 2000u) << claim;
    }
    ExpectCorruptAnywhere(blob, {"compact blob"});
  }
}

TEST(CompactCorruptionTest, AWiderWidthThanNeededIsAccepted) {
  for (const char* const wider :
       {"B1 02 0300 0200 6162636465", "B2 02 03000000 02000000 6162636465"}) {
    const std::string blob = Hex(wider);
    const absl::StatusOr<BlobView> view = BlobView::Parse(blob);
    ASSERT_TRUE(view.ok()) << view.status();
    EXPECT_EQ(test::DifferenceFrom({"abc", "de"}, *view), "");
  }
}

TEST(CompactCorruptionTest, EqualSizesThatAreNotUniformAreAccepted) {
  const std::string blob = Hex("B0 02 02 02 61626364");
  const absl::StatusOr<BlobView> view = BlobView::Parse(blob);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(test::DifferenceFrom({"ab", "cd"}, *view), "");
}

TEST(CompactCorruptionTest, AWiderUniformSizeIsAccepted) {
  const std::string blob = Hex("B5 02 0200 61626364");
  const absl::StatusOr<BlobView> view = BlobView::Parse(blob);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(test::DifferenceFrom({"ab", "cd"}, *view), "");
}

}  // namespace
}  // namespace sheaf
