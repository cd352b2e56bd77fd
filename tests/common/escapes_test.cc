#include "tools/common/escapes.h"

#include <string>
#include <string_view>

#include "gtest/gtest.h"

namespace sheaf {
namespace load {
namespace {

TEST(EscapesTest, EveryByteSurvives) {
  std::string all;
  for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
  std::string text, back, bad;
  AppendEscaped(all, &text);
  for (const char c : text) EXPECT_TRUE(c >= 0x20 && c < 0x7F);
  ASSERT_TRUE(Unescape(text, &back, &bad));
  EXPECT_EQ(back, all);
}

TEST(EscapesTest, Utf8StaysReadable) {
  std::string text;
  AppendEscaped("gr\xc3\xbc\xc3\x9f\x65\t\\", &text);
  EXPECT_EQ(text, "gr\xc3\xbc\xc3\x9f\x65\\t\\\\");
}

TEST(EscapesTest, PiecesAreAsTheWhole) {
  // A character of two bytes at the end of each piece, in UTF-8 and not.
  const std::string odd(65535, 'a');
  std::string utf8;
  for (int i = 0; i < 4; ++i) utf8 += odd + "\xc3\xbc\t";
  for (const std::string& bytes : {utf8, utf8 + "\xff", std::string()}) {
    std::string whole, pieces;
    AppendEscaped(bytes, &whole);
    EscapeInPieces(bytes, [&pieces](std::string_view piece) {
      EXPECT_LE(piece.size(), 4u << 16);
      pieces += piece;
    });
    EXPECT_TRUE(pieces == whole);
  }
}

}  // namespace
}  // namespace load
}  // namespace sheaf
