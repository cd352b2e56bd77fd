// Every operand of docs/format.md, held against what reads and what writes them.

#include <cstdlib>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plugin/codec/operand.h"
#include "sheaf/blob_builder.h"
#include "tests/support/hex.h"

namespace sheaf {
namespace {

using internal::Edit;

struct Example {
  int line = 0;
  std::vector<std::string> edits;
  std::string refused;
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
    if (line == "```operand") {
      inside = true;
      examples.emplace_back();
      examples.back().line = number;
    } else if (line == "```") {
      inside = false;
    } else if (inside && absl::StartsWith(line, "edit: ")) {
      examples.back().edits.push_back(line.substr(6));
    } else if (inside && absl::StartsWith(line, "refused: ")) {
      examples.back().refused = line.substr(9);
    } else if (inside) {
      std::string digits = line.substr(0, line.find('#'));
      digits.erase(std::remove(digits.begin(), digits.end(), ' '), digits.end());
      examples.back().bytes += test::Hex(digits);
    }
  }
  return examples;
}

std::string Quoted(std::string_view value) {
  return absl::StrCat(" \"", absl::CHexEscape({value.data(), value.size()}), "\"");
}

// An edit in the words of the document.
std::string Words(const Edit& edit) {
  switch (edit.kind) {
    case Edit::Kind::kAppend: {
      std::string words = "append";
      for (const std::string_view value : edit.values) words += Quoted(value);
      return words;
    }
    case Edit::Kind::kClear:
      return "clear";
    case Edit::Kind::kKeepFirst:
      return absl::StrCat("keep_first ", edit.count);
    case Edit::Kind::kKeepLast:
      return absl::StrCat("keep_last ", edit.count);
    case Edit::Kind::kDropFirst:
      return absl::StrCat("drop_first ", edit.count);
    case Edit::Kind::kRemovePrefix:
      return "remove_prefix" + Quoted(edit.value);
    default:
      return "remove" + Quoted(edit.value);
  }
}

// The operand that the document's words ask for. Their values have no spaces or escapes.
std::string OperandOf(const std::string& words) {
  const std::vector<std::string> parts = absl::StrSplit(words, ' ');
  std::vector<std::string> values;
  for (size_t i = 1; i < parts.size(); ++i) {
    if (parts[i][0] == '"') values.push_back(parts[i].substr(1, parts[i].size() - 2));
  }
  if (parts[0] == "clear") return internal::EncodeClear();
  if (parts[0] == "remove") return internal::EncodeRemove(values.at(0));
  if (parts[0] == "remove_prefix") return internal::EncodeRemovePrefix(values.at(0));
  if (parts[0] == "append") {
    return Encode(std::vector<std::string_view>(values.begin(), values.end())).value();
  }
  const uint64_t count = std::strtoull(parts.at(1).c_str(), nullptr, 10);
  if (parts[0] == "drop_first") return internal::EncodeDropFirst(count);
  return parts[0] == "keep_first" ? internal::EncodeKeepFirst(count)
                                  : internal::EncodeKeepLast(count);
}

class OperandDocTest : public ::testing::TestWithParam<Example> {};

INSTANTIATE_TEST_SUITE_P(Examples, OperandDocTest, ::testing::ValuesIn(ReadExamples()),
                         [](const auto& info) { return absl::StrCat("line_", info.param.line); });

TEST_P(OperandDocTest, IsWhatIsReadAndWritten) {
  const Example& example = GetParam();
  std::vector<Edit> edits;
  const absl::Status status = internal::ParseOperand(example.bytes, &edits);
  if (!example.refused.empty()) {
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(example.refused + ":"));
    EXPECT_TRUE(edits.empty());
    return;
  }
  ASSERT_TRUE(status.ok()) << status;
  std::vector<std::string> words;
  for (const Edit& edit : edits) words.push_back(Words(edit));
  EXPECT_EQ(words, example.edits);

  std::vector<std::string> operands;
  for (const std::string& edit : example.edits) operands.push_back(OperandOf(edit));
  std::string written = operands.at(0);
  if (operands.size() > 1) {
    ASSERT_TRUE(internal::EncodeBatch(
                    std::vector<std::string_view>(operands.begin(), operands.end()), &written)
                    .ok());
  }
  EXPECT_EQ(written, example.bytes);
}

TEST_P(OperandDocTest, EndsWhereItEnds) {
  const Example& example = GetParam();
  if (!example.refused.empty()) return;
  std::vector<Edit> edits;
  const std::string followed = example.bytes + ":more";
  std::string_view rest = followed;
  ASSERT_TRUE(internal::ParseOperandPrefix(&rest, &edits).ok());
  EXPECT_EQ(rest, ":more");
  for (size_t size = 0; size < example.bytes.size(); ++size) {
    edits.clear();
    EXPECT_FALSE(internal::ParseOperand(example.bytes.substr(0, size), &edits).ok()) << size;
    EXPECT_TRUE(edits.empty());
  }
}

TEST(OperandDocExamplesTest, EveryEditHasOne) {
  std::string all;
  for (const Example& example : ReadExamples()) {
    for (const std::string& edit : example.edits) all += edit + "\n";
  }
  for (const char* const edit :
       {"clear", "keep_first", "keep_last", "remove ", "drop_first", "remove_prefix", "append"}) {
    EXPECT_THAT(all, ::testing::HasSubstr(edit));
  }
}

}  // namespace
}  // namespace sheaf
