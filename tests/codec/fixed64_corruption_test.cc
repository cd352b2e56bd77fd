// Each way in which bytes can fail to be a fixed64 blob, and what the status says of it.

#include <string>

#include "gtest/gtest.h"
#include "tests/codec/corruption.h"
#include "tests/codec/reference_codec.h"
#include "tests/support/counting_new.h"
#include "tests/support/hex.h"

namespace sheaf {
namespace {

using test::Hex;

void ExpectCorrupt(const std::string& bytes, std::initializer_list<const char*> parts) {
  test::ExpectCorrupt(bytes, Layout::kFixed64, parts);
}

void ExpectCorruptAnywhere(const std::string& bytes, std::initializer_list<const char*> parts) {
  test::ExpectCorruptAnywhere(bytes, Layout::kFixed64, parts);
}

TEST(Fixed64CorruptionTest, NoBytesAreCorruption) {
  ExpectCorruptAnywhere("", {"fixed64 blob", "header at offset 0", "needs 16 bytes", "found 0"});
}

TEST(Fixed64CorruptionTest, ATruncatedHeaderIsCorruption) {
  ExpectCorruptAnywhere(Hex("0800000000000000 00000000000000"),
                        {"header at offset 0", "needs 16 bytes", "found 15"});
}

TEST(Fixed64CorruptionTest, ATotalLengthPastTheEndIsCorruption) {
  ExpectCorruptAnywhere(Hex("0900000000000000 0000000000000000"),
                        {"total_length at offset 0", "found 9", "8 bytes remain"});
  ExpectCorruptAnywhere(Hex("FFFFFFFFFFFFFFFF 0000000000000000"),
                        {"total_length at offset 0", "found 18446744073709551615"});
}

TEST(Fixed64CorruptionTest, ATotalLengthWithoutRoomForTheCountIsCorruption) {
  ExpectCorruptAnywhere(Hex("0700000000000000 0000000000000000"),
                        {"total_length at offset 0", "found 7", "expected at least 8"});
}

TEST(Fixed64CorruptionTest, BytesAfterTheBlobAreCorruption) {
  ExpectCorrupt(Hex("0800000000000000 0000000000000000 00"),
                {"total_length at offset 0", "found 8", "9 bytes remain", "1 too many"});
}

TEST(Fixed64CorruptionTest, ACountThatDoesNotFitIsCorruption) {
  ExpectCorruptAnywhere(Hex("0F00000000000000 0100000000000000 00000000000000"),
                        {"count at offset 8", "1 sizes of 8 bytes", "7 bytes"});
}

TEST(Fixed64CorruptionTest, ACountWhoseSizesWrapAroundIsCorruption) {
  // 2^61 sizes of 8 bytes are 2^64 bytes, which is 0 in 64 bits.
  ExpectCorruptAnywhere(Hex("0800000000000000 0000000000000020"),
                        {"count at offset 8", "2305843009213693952 sizes", "0 bytes"});
}

TEST(Fixed64CorruptionTest, ASizePastTheContentsIsCorruption) {
  ExpectCorruptAnywhere(
      Hex("1A00000000000000 0200000000000000 0100000000000000 0300000000000000 6162"),
      {"sizes at offset 24", "value 1 has 3 bytes", "the contents have 2"});
}

TEST(Fixed64CorruptionTest, SizesThatWrapAroundAreCorruption) {
  // 2^63 + 2^63 + 2 is 2 in 64 bits.
  ExpectCorruptAnywhere(Hex("2200000000000000 0300000000000000 0000000000000080 0000000000000080"
                            "0200000000000000 6162"),
                        {"sizes at offset 16", "value 0 has 9223372036854775808 bytes"});
}

TEST(Fixed64CorruptionTest, AValueOf4GiBIsCorruption) {
  ExpectCorruptAnywhere(
      Hex("1000000000000000 0100000000000000 0000000001000000"),
      {"sizes at offset 16", "value 0 has 4294967296 bytes", "at most 4294967295"});
}

TEST(Fixed64CorruptionTest, SizesThatAddUpToLessThanTheContentsAreCorruption) {
  ExpectCorruptAnywhere(Hex("1200000000000000 0100000000000000 0100000000000000 6162"),
                        {"contents at offset 24", "add up to 1 bytes", "total_length leaves 2"});
}

TEST(Fixed64CorruptionTest, SizesThatAddUpToMoreThanTheContentsAreCorruption) {
  ExpectCorruptAnywhere(
      Hex("1A00000000000000 0200000000000000 0200000000000000 0200000000000000 6162"),
      {"contents at offset 32", "add up to 4 bytes", "total_length leaves 2"});
}

TEST(Fixed64CorruptionTest, SizesOfALongListThatAddUpToMoreAreCorruption) {
  // One byte of contents too few, in the first of the spans that sums are kept of and in the last.
  for (const size_t at : {size_t{3}, size_t{998}}) {
    std::string blob = reference::Encode(reference::Values(1000, "ab"), reference::Form::kFixed64);
    blob[16 + 8 * at] = 3;
    ExpectCorruptAnywhere(
        blob, {"contents at offset 8016", "add up to 2001 bytes", "total_length leaves 2000"});
    blob[16 + 8 * at + 1] = 7;  // 1795 bytes, past the contents before the last span
    ExpectCorruptAnywhere(blob, {"contents at offset 8016", "total_length leaves 2000"});
  }
}

TEST(Fixed64CorruptionTest, ContentsWithoutValuesAreCorruption) {
  ExpectCorruptAnywhere(Hex("0900000000000000 0000000000000000 61"),
                        {"contents at offset 16", "add up to 0 bytes", "total_length leaves 1"});
}

TEST(Fixed64CorruptionTest, AClaimOfFourBillionValuesCostsNothing) {
  const std::string blob = Hex("0800000000000000 FFFFFFFF00000000");
  if (test::CountsAllocations()) {
    test::AllocationCount count;
    EXPECT_FALSE(BlobView::Parse(blob, Layout::kFixed64).ok());
    EXPECT_LT(count.bytes_so_far(), 2000u);  // of the status alone
  }
  ExpectCorruptAnywhere(blob, {"count at offset 8", "4294967295 sizes"});
}

TEST(Fixed64CorruptionTest, ACompactBlobIsNotFixed64) {
  ExpectCorruptAnywhere(Hex("B0 02 03 02 6162636465"), {"fixed64 blob", "header at offset 0"});
}

}  // namespace
}  // namespace sheaf
