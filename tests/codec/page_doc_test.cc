// Every key of a page in docs/format.md, held against what writes them and what reads them.

#include <algorithm>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "plugin/codec/stored_key.h"
#include "tests/support/hex.h"

namespace sheaf {
namespace {

using internal::StoredKey;

struct Example {
  int line = 0;
  std::string key;
  uint64_t position = 0;
  std::string bytes;
};

void PrintTo(const Example& example, std::ostream* out) {
  *out << "docs/format.md:" << example.line;
}

std::vector<Example> ReadExamples() {
  std::ifstream document("docs/format.md");
  EXPECT_TRUE(document);
  std::vector<Example> examples;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(document, line);) {
    ++number;
    if (line == "```page") {
      inside = true;
      examples.emplace_back();
      examples.back().line = number;
    } else if (line == "```") {
      inside = false;
    } else if (inside && absl::StartsWith(line, "key: \"")) {
      std::string key;
      EXPECT_TRUE(absl::CUnescape(line.substr(6, line.size() - 7), &key)) << line;
      examples.back().key = key;
    } else if (inside && line == "position: open") {
      examples.back().position = StoredKey::kOpen;
    } else if (inside && absl::StartsWith(line, "position: ")) {
      EXPECT_TRUE(absl::SimpleAtoi(line.substr(10), &examples.back().position)) << line;
    } else if (inside) {
      std::string digits = line.substr(0, line.find('#'));
      digits.erase(std::remove(digits.begin(), digits.end(), ' '), digits.end());
      examples.back().bytes += test::Hex(digits);
    }
  }
  return examples;
}

class PageDocTest : public ::testing::TestWithParam<Example> {};

INSTANTIATE_TEST_SUITE_P(Examples, PageDocTest, ::testing::ValuesIn(ReadExamples()),
                         [](const auto& info) { return absl::StrCat("line_", info.param.line); });

TEST_P(PageDocTest, IsWhatIsWrittenAndRead) {
  const Example& example = GetParam();
  EXPECT_EQ(StoredKey(example.key).At(example.position), example.bytes);
  std::string key;
  uint64_t position = 0;
  ASSERT_TRUE(StoredKey::Parse(example.bytes, &key, &position));
  EXPECT_EQ(key, example.key);
  EXPECT_EQ(position, example.position);
}

TEST(PageDocTest, TheDocumentHasExamples) { EXPECT_GE(ReadExamples().size(), 5u); }

}  // namespace
}  // namespace sheaf
