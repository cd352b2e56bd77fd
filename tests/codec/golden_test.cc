// The bytes that the format was given by: written by the design note's own program (fixed64), or
// by hand in the specification (compact).

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "tests/codec/differential.h"
#include "tests/support/hex.h"
#include "tests/support/sha256.h"

namespace sheaf {
namespace {

using reference::Values;
using test::Hex;

std::string ReadGolden(const std::string& name) {
  std::ifstream file("tests/testdata/" + name + ".strg", std::ios::binary);
  EXPECT_TRUE(file) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

Values TwoValues() { return {Hex("010203"), Hex("0405")}; }
Values EmptyValues() { return {"", Hex("07"), "", Hex("0809"), ""}; }

Values Ramp300() {
  Values values;
  for (size_t i = 0; i < 300; ++i) {
    values.emplace_back();
    for (size_t j = 0; j < i; ++j) values[i] += static_cast<char>((7 * i + 13 * j) % 251);
  }
  return values;
}

// `bytes` decode to `values` and `values` encode to `bytes`, by library and reference.
void ExpectEncoding(const std::string& bytes, const Values& values, Layout layout) {
  const absl::StatusOr<BlobView> view = BlobView::Parse(bytes, layout);
  ASSERT_TRUE(view.ok()) << view.status();
  EXPECT_EQ(test::DifferenceFrom(values, *view), "");
  EXPECT_EQ(reference::Encode(values, test::FormOf(layout)), bytes);
  EXPECT_EQ(test::EncodeDifference(values, layout), "");
}

TEST(GoldenTest, TwoValuesOfTheOriginalProgram) {
  ExpectEncoding(ReadGolden("two_values"), TwoValues(), Layout::kFixed64);
}

TEST(GoldenTest, TheEmptyListOfTheOriginalProgram) {
  ExpectEncoding(ReadGolden("empty_list"), {}, Layout::kFixed64);
}

TEST(GoldenTest, EmptyValuesOfTheOriginalProgram) {
  ExpectEncoding(ReadGolden("empty_values"), EmptyValues(), Layout::kFixed64);
}

TEST(GoldenTest, ThreeHundredValuesOfTheOriginalProgram) {
  ExpectEncoding(ReadGolden("ramp_300"), Ramp300(), Layout::kFixed64);
}

TEST(GoldenTest, AStreamOfTheOriginalProgramIsReadRecordByRecord) {
  const std::string bytes = ReadGolden("three_records");
  std::string_view rest = bytes;
  for (const Values& expected : {TwoValues(), Values{}, EmptyValues()}) {
    const absl::StatusOr<BlobView> view = BlobView::ParsePrefix(&rest, Layout::kFixed64);
    ASSERT_TRUE(view.ok()) << view.status();
    EXPECT_EQ(test::DifferenceFrom(expected, *view), "");
  }
  EXPECT_EQ(rest, "");
  EXPECT_FALSE(BlobView::Parse(bytes, Layout::kFixed64).ok());
}

TEST(GoldenTest, TenThousandValuesOfFiftyZeros) {
  const std::string zeros(50, '\0');
  const std::vector<std::string_view> values(10000, zeros);
  const absl::StatusOr<std::string> blob = Encode(values, Layout::kFixed64);
  ASSERT_TRUE(blob.ok()) << blob.status();
  EXPECT_EQ(blob->size(), 580016u);
  EXPECT_EQ(test::Sha256Hex(*blob),
            "31338a44bb8b151fd7f86d5d4a955bb367d586579f25514b2bda6b3268de1b2e");
  // "Overhead: 4 bytes in all for 10,000 values of 50 B".
  const absl::StatusOr<std::string> compact = Encode(values);
  ASSERT_TRUE(compact.ok()) << compact.status();
  EXPECT_EQ(*compact, Hex("B4 904E 32") + std::string(500000, '\0'));
}

// The digest of "abc" that the standard gives: the ruler is right too.
TEST(GoldenTest, Sha256IsThatOfTheStandard) {
  EXPECT_EQ(test::Sha256Hex("abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(GoldenTest, CompactBlobsOfTheSpecification) {
  ExpectEncoding(Hex("B000"), {}, Layout::kCompact);
  ExpectEncoding(Hex("B0 01 03 616263"), {"abc"}, Layout::kCompact);
  ExpectEncoding(Hex("B0 02 03 02 6162636465"), {"abc", "de"}, Layout::kCompact);
  ExpectEncoding(Hex("B4 02 02 61626364"), {"ab", "cd"}, Layout::kCompact);
  ExpectEncoding(Hex("B0 02 00 00"), {"", ""}, Layout::kCompact);
}

TEST(GoldenTest, ACompactStreamIsReadBlobByBlob) {
  const std::string bytes = Hex("B4 02 02 61626364  B000  B0 01 03 616263");
  std::string_view rest = bytes;
  for (const Values& expected : {Values{"ab", "cd"}, Values{}, Values{"abc"}}) {
    const absl::StatusOr<BlobView> view = BlobView::ParsePrefix(&rest);
    ASSERT_TRUE(view.ok()) << view.status();
    EXPECT_EQ(test::DifferenceFrom(expected, *view), "");
  }
  EXPECT_EQ(rest, "");
  EXPECT_FALSE(BlobView::ParsePrefix(&rest).ok());
}

}  // namespace
}  // namespace sheaf
