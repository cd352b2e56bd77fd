// What `sheaf repair` makes of a value: random histories, joined and bundled, against a model.

#include "tools/sheaf/salvage.h"

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "plugin/rocksdb/bundle.h"
#include "sheaf/append_operator.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "tests/tool/edit_model.h"
#include "tools/sheaf/joined_parts.h"

namespace sheaf {
namespace tool {
namespace {

using testing::Edit;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::List;
using testing::Operand;

std::string ListOf(const List& values, Layout layout = Layout::kCompact) {
  return Encode(std::vector<std::string_view>(values.begin(), values.end()), layout).value();
}

std::string Bundle(const std::vector<std::string>& inputs) {
  std::string bundle;
  EXPECT_TRUE(
      internal::EncodeBundle(std::vector<std::string_view>(inputs.begin(), inputs.end()), &bundle)
          .ok());
  return bundle;
}

class SalvageTest : public ::testing::TestWithParam<Layout> {
 protected:
  absl::StatusOr<Salvaged> Mend(std::string_view value, SalvageOptions options = {}) const {
    AppendOptions append;
    append.layout = GetParam();
    return Salvager(NewAppendOperator(append), GetParam(), std::move(options)).Mend(value);
  }
  List Values(const absl::StatusOr<Salvaged>& mended) const {
    EXPECT_TRUE(mended.ok()) << mended.status().message();
    if (!mended.ok()) return {"(not mended)"};
    List values;
    const auto list = BlobView::Parse(mended->list, GetParam());
    EXPECT_TRUE(list.ok());
    for (const std::string_view value : *list) values.emplace_back(value);
    return values;
  }
  std::string Why(std::string_view value, SalvageOptions options = {}) const {
    const auto mended = Mend(value, std::move(options));
    EXPECT_FALSE(mended.ok()) << mended->how;
    return std::string(mended.status().message());
  }
  std::string Base(const List& values) const { return ListOf(values, GetParam()); }
};

INSTANTIATE_TEST_SUITE_P(Layouts, SalvageTest,
                         ::testing::Values(Layout::kCompact, Layout::kFixed64),
                         [](const auto& info) { return LayoutName(info.param); });

TEST_P(SalvageTest, JoinedOperandsAreTakenApart) {
  const std::string op = Operand(Edit::Append({"c"}));
  EXPECT_THAT(Values(Mend(Base({"a", "b"}) + ":" + op)), ElementsAre("a", "b", "c"));
  EXPECT_THAT(Values(Mend(op + ":" + op)), ElementsAre("c", "c"));
  EXPECT_EQ(Mend(op + ":" + op)->how, "2 parts joined with \":\"; 2 values");
}

TEST_P(SalvageTest, DelimitersWithinValuesAreNotTakenForOnes) {
  const std::string tricky = Operand(Edit::Append({":" + ListOf({":"}) + ":", ""}));
  EXPECT_THAT(Values(Mend(tricky + ":" + tricky + ":" + Operand(Edit::Append({":"})))),
              ElementsAre(":" + ListOf({":"}) + ":", "", ":" + ListOf({":"}) + ":", "", ":"));
}

TEST_P(SalvageTest, OtherDelimitersAreTakenAsToldAndMayBeEmpty) {
  const std::string a = Base({"a"});
  const std::string b = Operand(Edit::Append({"b"}));
  SalvageOptions options;
  for (const std::string delimiter : {"", ",", "::", "\xB0"}) {
    options.delimiter = delimiter;
    EXPECT_THAT(Values(Mend(a + delimiter + b + delimiter + b, options)),
                ElementsAre("a", "b", "b"))
        << delimiter;
  }
  options.delimiter = ",";
  EXPECT_THAT(Why(a + ":" + b, options), HasSubstr("found 0x3A, expected \",\" or no more"));
}

TEST_P(SalvageTest, AnEditAloneIsWhatItMakesOfNoList) {
  EXPECT_THAT(Values(Mend(Operand(Edit::KeepLast(3)))), IsEmpty());
  EXPECT_THAT(Values(Mend(Operand(Edit::DropFirst(3)))), IsEmpty());
  EXPECT_THAT(Values(Mend(Operand(Edit::Clear()))), IsEmpty());
  EXPECT_EQ(Mend(Operand(Edit::Clear()))->how, "an operand by itself; 0 values");
}

TEST_P(SalvageTest, PlainValuesAreAdoptedAsOneValueIfTheyMayBe) {
  SalvageOptions left;
  left.adopt = false;
  for (const std::string value : {"", "plain", "a:b:c", ":", "x\xB0\x01:"}) {
    EXPECT_THAT(Values(Mend(value)), ElementsAre(value));
    EXPECT_THAT(Why(value, left), HasSubstr("not a list; --adopt makes it a list of one")) << value;
  }
  EXPECT_EQ(Mend("plain")->how, "plain value of 5 bytes adopted; 1 value");
}

TEST_P(SalvageTest, PartsBehindAPlainValueAreAppendedToIt) {
  const std::string op = Operand(Edit::Append({"x"}));
  const auto mended = Mend("a:b:" + op + ":" + op);
  EXPECT_THAT(Values(mended), ElementsAre("a:b", "x", "x"));
  EXPECT_EQ(mended->how, "plain value of 3 bytes adopted, 2 parts joined with \":\"; 3 values");
  // What may be a part and does not decode as a whole is not made a part of a value.
  EXPECT_THAT(Why("a:b:" + op + ":" + op.substr(0, 3)),
              HasSubstr("a plain value that has what may be an operand at offset 4, and behind it: "
                        "part 1 at offset 5: "));
}

TEST_P(SalvageTest, DamagedListsAndLaterOperandsAreNotAdopted) {
  EXPECT_THAT(Why("\xB0\x02\x03\x02"
                  "abcd"),
              HasSubstr("contents at offset 4"));
  EXPECT_THAT(Why("\xA7xyz"), HasSubstr("found 0xA7, an edit that this version does not know"));
  EXPECT_THAT(Why("\xBFxyz"), HasSubstr("tag"));
  EXPECT_THAT(Why(Base({"a"}) + ":\xA7"), HasSubstr("part 1 at offset"));
  EXPECT_THAT(Why(Base({"a"}) + ":"), HasSubstr("part 1 at offset"));
  EXPECT_THAT(Why(Base({"a"}) + ":plain"), HasSubstr("part 1 at offset"));
}

TEST_P(SalvageTest, AListOfTheOtherLayoutIsNotAdopted) {
  if (GetParam() == Layout::kCompact) {
    EXPECT_THAT(Why(ListOf({"a"}, Layout::kFixed64)), HasSubstr("a list of layout fixed64"));
    return;
  }
  // A compact list is an operand by itself.
  EXPECT_THAT(Values(Mend(ListOf({"a", "b"}))), ElementsAre("a", "b"));
}

TEST_P(SalvageTest, InputsOfABundleAreMendedAndMerged) {
  const std::string op = Operand(Edit::Append({"x"}));
  EXPECT_THAT(Values(Mend(Bundle({"plain", op, op + ":" + op}))),
              ElementsAre("plain", "x", "x", "x"));
  EXPECT_EQ(
      Mend(Bundle({"plain", op, op + ":" + op}))->how,
      "bundle of 3 inputs, plain value of 5 bytes adopted, 2 parts joined with \":\"; 4 values");
  EXPECT_THAT(Values(Mend(Bundle({Base({"a"}) + ":" + op, op}))), ElementsAre("a", "x", "x"));
  EXPECT_THAT(Values(Mend(Bundle({"plain"}) + ":" + op)), ElementsAre("plain", "x"));
  EXPECT_THAT(Why(Bundle({op, "plain", op})),
              HasSubstr("bundle of 3 raw inputs: input 1 of 5 bytes: "));
  EXPECT_THAT(Why(Bundle({op, op + ":\xA7"})), HasSubstr("input 1 of 6 bytes: part 1 at offset 5"));
}

TEST_P(SalvageTest, WhatDoesNotDecodeIsDroppedIfAClearFollowed) {
  const std::string op = Operand(Edit::Append({"x"}));
  const std::string clear = Operand(Edit::Clear());
  const auto mended = Mend(Bundle({"\xA7lost", op + ":" + clear + ":" + op}));
  EXPECT_THAT(Values(mended), ElementsAre("x"));
  EXPECT_THAT(mended->how, HasSubstr("what does not decode, before a clear, dropped"));
  const std::string batch = Operand(Edit::Batch({Edit::Clear(), Edit::Append({"y"})}));
  EXPECT_THAT(Values(Mend(Bundle({op, "no operand", batch}))), ElementsAre("y"));
  EXPECT_THAT(Why(Bundle({clear, "no operand"})), HasSubstr("input 1"));
}

TEST_P(SalvageTest, BundlesWithinBundlesDoNotExhaustTheStack) {
  std::string value = "plain";
  for (int i = 0; i < 10000; ++i) value = Bundle({value});
  EXPECT_FALSE(Mend(value).ok());
}

TEST_P(SalvageTest, TheOperatorsLimitsHold) {
  AppendOptions append;
  append.layout = GetParam();
  append.max_values = 2;
  const Salvager salvager(NewAppendOperator(append), GetParam(), {});
  const std::string op = Operand(Edit::Append({"x", "y"}));
  EXPECT_THAT(Values(salvager.Mend(Base({"a"}) + ":" + op)), ElementsAre("x", "y"));
}

TEST_P(SalvageTest, RandomHistoriesJoinedAndBundledAreWhatTheirModelIs) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 3000; ++round) {
    SCOPED_TRACE(round);
    List model;
    std::vector<std::string> inputs;
    const auto base = random() % 3;
    if (base == 1) {
      model = testing::RandomValues(random);
      inputs.push_back(Base(model));
    } else if (base == 2) {
      model = {"plain:value"};
      inputs.push_back("plain:value");
    }
    const size_t operands = 1 + random() % 6;
    for (size_t i = 0; i < operands; ++i) {
      const Edit edit = testing::RandomEdit(random, model);
      testing::Apply(edit, &model);
      // Joined to the one before, or by itself.
      if (!inputs.empty() && random() % 2 == 0) {
        inputs.back() += ":" + Operand(edit);
      } else {
        inputs.push_back(Operand(edit));
      }
    }
    const std::string value = inputs.size() == 1 ? inputs[0] : Bundle(inputs);
    if (BlobView::Parse(value, GetParam()).ok()) continue;  // one append: a list
    ASSERT_EQ(Values(Mend(value)), model);
  }
}

TEST_P(SalvageTest, DamagedBytesAreMendedIntoAListOrNotAtAll) {
  std::mt19937_64 random(2);
  const std::string op = Operand(Edit::Append({"x", ":", "\xA0"}));
  const std::string batch = Operand(Edit::Batch({Edit::KeepLast(3), Edit::Remove("x")}));
  const std::vector<std::string> sound = {Base({"ab", ""}) + ":" + op + ":" + batch,
                                          Bundle({"plain:" + op, batch, op + ":" + batch}),
                                          Bundle({op}) + ":" + batch, "plain:" + batch};
  for (int round = 0; round < 20000; ++round) {
    std::string value = sound[random() % sound.size()];
    for (size_t flips = 1 + random() % 3; flips > 0; --flips) {
      value[random() % value.size()] ^= static_cast<char>(1 << random() % 8);
    }
    if (random() % 4 == 0) value.resize(random() % value.size());
    if (BlobView::Parse(value, GetParam()).ok()) continue;
    const auto mended = Mend(value);
    if (mended.ok()) {
      ASSERT_TRUE(BlobView::Parse(mended->list, GetParam()).ok()) << round;
    } else {
      ASSERT_FALSE(mended.status().message().empty()) << round;
    }
  }
}

TEST_P(SalvageTest, ACutOffJoinIsNotMendedButWhereAPartEnds) {
  const std::vector<std::string> parts = {
      Base({"ab", "c:d", ""}), Operand(Edit::Append({"\xB0", "e"})), Operand(Edit::Remove("c:d")),
      Operand(Edit::Batch({Edit::KeepLast(9)}))};
  std::string whole;
  std::vector<size_t> ends;
  for (const std::string& part : parts) {
    if (!whole.empty()) whole += ":";
    whole += part;
    ends.push_back(whole.size());
  }
  // Four bytes and fewer of a fixed64 list may be anything.
  const size_t least = GetParam() == Layout::kFixed64 ? 5 : 1;
  for (size_t size = least; size < whole.size(); ++size) {
    const std::string cut = whole.substr(0, size);
    if (BlobView::Parse(cut, GetParam()).ok()) continue;
    const bool at_end = std::find(ends.begin(), ends.end(), size) != ends.end();
    EXPECT_EQ(Mend(cut).ok(), at_end) << size;
  }
}

// What is read of `input`, a plain value or what looks so, in bytes a byte of it.
double Reads(std::string_view input, std::string_view delimiter = ":") {
  uint64_t bytes = 0;
  SplitPlain(input, delimiter, &bytes).status().IgnoreError();
  return static_cast<double>(bytes) / static_cast<double>(input.size());
}

std::string Repeat(size_t times, const std::string& part) {
  std::string all;
  all.reserve(times * part.size());
  for (size_t i = 0; i < times; ++i) all += part;
  return all;
}

TEST_P(SalvageTest, ALongJoinThatDoesNotDecodeIsReadOnceAndItsReasonIsTold) {
  const struct {
    std::string part;
    std::string last;
    std::string reason;
  } kCases[] = {
      {":" + ListOf({"abc"}), ":\xB0\x05", "compact blob: sizes at offset 2"},
      {":" + ListOf({"abc"}), "plain", "found 0x70, expected \":\" or no more"},
      {":\xA0", ":\xA1", "edit keep_first: count at offset 1"},
      {":\xA3\x01:", ":\xA7", "found 0xA7, an edit that this version does not know"},
      {":\xA0", ":", "found no bytes"},
      {":" + ListOf({":" + ListOf({":"})}), ":\xB0\x05", "sizes at offset 2"},
      {":" + Operand(Edit::Batch({Edit::Clear(), Edit::Append({":\xA0"})})), ":\xA1", "keep_first"},
  };
  for (const auto& c : kCases) {
    for (const size_t times : {size_t{1}, size_t{10}, size_t{3000}, size_t{20000}}) {
      const std::string value = "x" + Repeat(times, c.part) + c.last;
      SCOPED_TRACE(c.reason + " " + std::to_string(times));
      EXPECT_LE(Reads(value), 20);
      const std::string why = Why(value);
      EXPECT_THAT(why, HasSubstr("a plain value that has what may be an operand at offset 2, and "
                                 "behind it: part "));
      EXPECT_THAT(why, HasSubstr(c.reason));
      EXPECT_THAT(why, HasSubstr(" offset "));
    }
  }
}

TEST_P(SalvageTest, TheReasonNamesThePartAndTheOffset) {
  const std::string part = ":" + ListOf({"abc"});
  EXPECT_THAT(Why("x" + Repeat(5000, part) + ":\xB0\x05"),
              HasSubstr("part 5000 at offset 35000: compact blob: sizes at offset 2: 5 sizes of 1 "
                        "bytes need 5 bytes, 0 remain"));
}

TEST_P(SalvageTest, ListsThatSeemToBeginWithinOneAnotherAreReadABoundedNumberOfTimes) {
  // Each says that it has 4096 sizes, which are what follows.
  const std::string nested = Repeat(20000, std::string(":\xB0\x80\x20", 4));
  EXPECT_LE(Reads(nested), 65);
  EXPECT_FALSE(Mend("x" + nested).ok());
  const std::string wide = Repeat(20000, std::string(":\xB2\x80\x80\x04", 5));
  EXPECT_LE(Reads(wide), 65);
  // A batch of as many, which does not decode at its end.
  const std::string batches = Repeat(20000, std::string(":\xA4\xB0\x80\x20", 5));
  EXPECT_LE(Reads(batches), 65);
  EXPECT_LE(Reads(Repeat(20000, ":\xA4")), 20);
}

TEST_P(SalvageTest, ManyDelimitersAndLongOnesAreReadOnce) {
  EXPECT_LE(Reads(Repeat(50000, ":")), 20);
  EXPECT_LE(Reads(Repeat(30000, ":\xB0")), 65);
  const std::string delimiter(100, ':');
  EXPECT_LE(Reads("x" + Repeat(5000, delimiter + "\xA0") + delimiter + "\xA1", delimiter), 20);
  SalvageOptions options;
  options.delimiter = delimiter;
  EXPECT_THAT(Values(Mend("x" + Repeat(5000, delimiter + ListOf({"y"})), options)).size(), 5001u);
  // Plain, as nothing behind a delimiter decodes.
  const std::string plain = "x" + Repeat(2000, ":\xA7");
  EXPECT_THAT(Values(Mend(plain)), ElementsAre(plain));
}

TEST_P(SalvageTest, LongJoinsWithinABundleAreReadOnceAndItsInputIsNamed) {
  const std::string join = "x" + Repeat(20000, ":" + ListOf({"abc"})) + ":\xB0\x05";
  EXPECT_THAT(Why(Bundle({join, Operand(Edit::Append({"y"}))})),
              ::testing::AllOf(HasSubstr("bundle of 2 raw inputs: input 0 of "),
                               HasSubstr("part 20000 at offset 140000: ")));
  EXPECT_THAT(Why(Bundle({Bundle({join})}) + ":\xA0\x01"), ::testing::Not(IsEmpty()));
}

TEST_P(SalvageTest, APlainValueEndsAtTheFirstDelimiterBehindWhichAllDecodes) {
  const std::string op = Operand(Edit::Append({"y"}));
  // What seems to be an operand swallows the one behind it, and does not decode.
  const std::string swallows = ":" + std::string("\xB0\x01\x40", 3);
  EXPECT_THAT(Values(Mend("x" + swallows + ":" + op)), ElementsAre("x" + swallows, "y"));
  // Values of the parts hold delimiters and tags.
  const std::string tricky = Operand(Edit::Append({":\xA0:\xB0\x01"}));
  EXPECT_THAT(Values(Mend("x:" + tricky + ":" + op)), ElementsAre("x", ":\xA0:\xB0\x01", "y"));
}

}  // namespace
}  // namespace tool
}  // namespace sheaf
