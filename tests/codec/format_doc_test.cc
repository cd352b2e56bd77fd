// Every example of docs/format.md, held against the library and the reference codec.

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plugin/codec/blob_parser.h"
#include "plugin/codec/encoder.h"
#include "tests/codec/differential.h"
#include "tests/support/hex.h"

namespace sheaf {
namespace {

using reference::Form;
using reference::Values;

struct Example {
  int line = 0;
  std::string section;
  Form form = Form::kCompact;
  std::vector<Values> lists;
  bool canonical = true;
  std::string refused;  // "field at offset N", or "" if it decodes
  std::string bytes;
};

void PrintTo(const Example& example, std::ostream* out) {
  *out << "docs/format.md:" << example.line;
}

// Takes "N*" off the front of `*text`; 1 if there is none.
size_t TakeRepeat(std::string* text) {
  const size_t star = text->find('*');
  if (star == std::string::npos || text->find_first_not_of("0123456789") != star) return 1;
  const size_t repeat = std::strtoull(text->c_str(), nullptr, 10);
  text->erase(0, star + 1);
  return repeat;
}

// `"abc" 2*"" "x"^300`. No value in the document has a space.
Values ReadValues(const std::string& text) {
  Values values;
  for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
    std::string token(word);
    const size_t repeat = TakeRepeat(&token);
    const size_t close = token.rfind('"');
    size_t stretch = 1;
    if (close + 1 < token.size()) stretch = std::strtoull(&token[close + 2], nullptr, 10);
    std::string once;
    std::string value;
    EXPECT_EQ(token[0], '"') << token;
    EXPECT_TRUE(absl::CUnescape(token.substr(1, close - 1), &once)) << token;
    for (size_t i = 0; i < stretch; ++i) value += once;
    values.insert(values.end(), repeat, value);
  }
  return values;
}

std::string ReadHex(const std::string& text) {
  std::string bytes;
  const std::string digits = text.substr(0, text.find('#'));
  for (const absl::string_view word : absl::StrSplit(digits, ' ', absl::SkipEmpty())) {
    std::string token(word);
    const size_t repeat = TakeRepeat(&token);
    EXPECT_EQ(token.find_first_not_of("0123456789ABCDEF"), std::string::npos) << token;
    EXPECT_EQ(token.size() % 2, 0u) << token;
    for (size_t i = 0; i < repeat; ++i) bytes += test::Hex(token);
  }
  return bytes;
}

void ReadLine(const std::string& line, Example* example) {
  const std::map<std::string, Form> forms = {
      {"compact", Form::kCompact}, {"fixed64", Form::kFixed64}, {"bundle", Form::kBundle}};
  const size_t colon = line.substr(0, line.find('#')).find(':');
  const std::string key = colon == std::string::npos ? "" : line.substr(0, colon);
  const std::string value(
      absl::StripAsciiWhitespace(colon == std::string::npos ? line : line.substr(colon + 1)));
  if (key.empty()) {
    example->bytes += ReadHex(line);
  } else if (key == "layout") {
    ASSERT_TRUE(forms.count(value) == 1) << line;
    example->form = forms.at(value);
  } else if (key == "values" || key == "accepted") {
    example->lists.push_back(ReadValues(value));
    example->canonical = key == "values";
  } else {
    ASSERT_EQ(key, "refused");
    example->refused = value;
  }
}

std::vector<Example> ReadExamples() {
  std::ifstream document("docs/format.md");
  EXPECT_TRUE(document);
  std::vector<Example> examples;
  std::string section;
  bool inside = false;
  int number = 0;
  for (std::string line; std::getline(document, line);) {
    ++number;
    if (inside && line == "```") {
      inside = false;
    } else if (inside) {
      SCOPED_TRACE(absl::StrCat("docs/format.md:", number));
      ReadLine(line, &examples.back());
    } else if (line == "```blob") {
      inside = true;
      examples.emplace_back();
      examples.back().line = number;
      examples.back().section = section;
    } else if (absl::StartsWith(line, "## ")) {
      section = line.substr(3);
    }
  }
  return examples;
}

// What the library says of `bytes` in any form.
absl::StatusOr<BlobView> Parse(std::string_view bytes, Form form) {
  if (form == Form::kBundle) return BlobParser::ParseTagged(bytes, disk::kBundleTag);
  return BlobView::Parse(bytes, form == Form::kFixed64 ? Layout::kFixed64 : Layout::kCompact);
}

std::string EncodeAs(const Values& values, Form form) {
  internal::ListShape shape;
  for (const std::string& value : values) shape.Add(value.size());
  std::string out;
  internal::HeaderWriter header(shape, form == Form::kFixed64 ? Layout::kFixed64 : Layout::kCompact,
                                &out, form == Form::kBundle ? disk::kBundleTag : disk::kCompactTag);
  for (const std::string& value : values) header.AddSize(value.size());
  header.Finish();
  for (const std::string& value : values) out += value;
  return out;
}

class FormatDocTest : public ::testing::TestWithParam<Example> {};

INSTANTIATE_TEST_SUITE_P(Examples, FormatDocTest, ::testing::ValuesIn(ReadExamples()),
                         [](const auto& info) {
                           return absl::StrCat(info.param.section, "_line_", info.param.line);
                         });

TEST_P(FormatDocTest, IsWhatBothCodecsSay) {
  const Example& example = GetParam();
  if (!example.refused.empty()) {
    EXPECT_FALSE(reference::Decode(example.bytes, example.form).has_value());
    const absl::Status status = Parse(example.bytes, example.form).status();
    EXPECT_TRUE(absl::IsDataLoss(status)) << status;
    EXPECT_THAT(std::string(status.message()),
                ::testing::HasSubstr(absl::StrCat(" blob: ", example.refused, ":")));
    return;
  }
  ASSERT_FALSE(example.lists.empty());
  std::string_view rest = example.bytes;
  for (const Values& values : example.lists) {
    const std::optional<reference::Prefix> prefix = reference::DecodePrefix(rest, example.form);
    ASSERT_TRUE(prefix.has_value());
    EXPECT_EQ(prefix->values, values);
    const std::string_view blob = rest.substr(0, prefix->bytes);
    rest.remove_prefix(prefix->bytes);
    const absl::StatusOr<BlobView> view = Parse(blob, example.form);
    ASSERT_TRUE(view.ok()) << view.status();
    EXPECT_EQ(test::DifferenceFrom(values, *view), "");
    EXPECT_EQ(reference::Encode(values, example.form) == blob, example.canonical);
    EXPECT_EQ(EncodeAs(values, example.form) == blob, example.canonical);
  }
  EXPECT_EQ(rest, "");
  if (example.form == Form::kBundle) return;
  const Layout layout = example.form == Form::kFixed64 ? Layout::kFixed64 : Layout::kCompact;
  EXPECT_EQ(test::DecodeDifference(example.bytes, layout), "");
}

// A document that lost its examples, or a section that sheaf/layout.h names, would pass the above.
TEST(FormatDocSectionsTest, EverySectionOfTheConstantsHasExamples) {
  std::map<std::string, int> examples;
  for (const Example& example : ReadExamples()) ++examples[example.section];
  for (const char* const section : {"compact", "fixed64", "operands", "bundles"}) {
    EXPECT_GE(examples[section], 4) << section;
  }
  std::ifstream document("docs/format.md");
  const std::string text{std::istreambuf_iterator<char>(document), {}};
  EXPECT_THAT(text, ::testing::HasSubstr("### values\n"));
}

}  // namespace
}  // namespace sheaf
