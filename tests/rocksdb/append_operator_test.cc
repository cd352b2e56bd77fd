#include "sheaf/append_operator.h"

#include <sys/mman.h>

#include <cstring>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/convenience.h"
#include "rocksdb/merge_operator.h"
#include "sheaf/plugin.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using rocksdb::MergeOperator;
using rocksdb::Slice;
using ::testing::HasSubstr;

std::string Blob(const List& list, Layout layout = Layout::kCompact) {
  return Encode(Views(list), layout).value();
}

struct Merged {
  bool ok;
  std::string value;
  const char* existing;  // address of the operand that was passed through, or null
};

Merged FullMerge(const MergeOperator& merge, const std::string* base,
                 const std::vector<std::string>& operands) {
  const Slice key = "key";
  const Slice base_slice = base == nullptr ? Slice() : Slice(*base);
  const std::vector<Slice> slices(operands.begin(), operands.end());
  const MergeOperator::MergeOperationInput in(key, base == nullptr ? nullptr : &base_slice, slices,
                                              nullptr);
  Merged merged{false, "", nullptr};
  Slice existing(nullptr, 0);
  MergeOperator::MergeOperationOutput out(merged.value, existing);
  merged.ok = merge.FullMergeV2(in, &out);
  if (existing.data() != nullptr) {
    merged.value = existing.ToString();
    merged.existing = existing.data();
  }
  return merged;
}

bool PartialMerge(const MergeOperator& merge, const std::vector<std::string>& operands,
                  std::string* folded) {
  const std::deque<Slice> slices(operands.begin(), operands.end());
  return merge.PartialMergeMulti("key", slices, folded, nullptr);
}

TEST(AppendOperatorTest, ConcatenatesBaseAndOperandsInOrder) {
  const auto merge = NewAppendOperator();
  const std::string base = Blob({"a", "b"});
  const Merged merged = FullMerge(*merge, &base, {Blob({}), Blob({"c"}), Blob({"", "d"})});
  ASSERT_TRUE(merged.ok);
  EXPECT_EQ(merged.value, Blob({"a", "b", "c", "", "d"}));
}

// Operands of one value each have a way of their own; the widths of their sizes, and what only
// looks like one of them.
TEST(AppendOperatorTest, SingleValuesOfAnySizeMergeAsListsDo) {
  const std::string unknown("\xB3\x01\x01x", 4);
  for (const Layout layout : {Layout::kCompact, Layout::kFixed64}) {
    const auto merge = NewAppendOperator({layout});
    for (const std::vector<size_t>& sizes : std::vector<std::vector<size_t>>{{1, 1},
                                                                             {0, 0},
                                                                             {0, 1},
                                                                             {255, 256},
                                                                             {256, 256, 256},
                                                                             {65535, 65536},
                                                                             {65536, 1, 300}}) {
      List values;
      std::vector<std::string> operands;
      for (const size_t size : sizes) {
        values.emplace_back(size, static_cast<char>('a' + values.size()));
        operands.push_back(Blob({values.back()}));
      }
      EXPECT_EQ(FullMerge(*merge, nullptr, operands).value, Blob(values, layout));
      const std::string base = Blob({"b", "bb"}, layout);
      values.insert(values.begin(), {"b", "bb"});
      EXPECT_EQ(FullMerge(*merge, &base, operands).value, Blob(values, layout));
      std::string folded;
      ASSERT_TRUE(PartialMerge(*merge, operands, &folded));
      EXPECT_EQ(folded, Blob({values.begin() + 2, values.end()}));
      // A list of two in the bytes of a list of one; a wider size than needed; no list at all.
      operands.push_back(Blob({"c", ""}));
      operands.push_back(std::string("\xB1\x01\x01\x00z", 5));
      values.insert(values.end(), {"c", "", "z"});
      EXPECT_EQ(FullMerge(*merge, &base, operands).value, Blob(values, layout));
      operands.push_back(unknown);
      EXPECT_FALSE(BlobView::Parse(FullMerge(*merge, &base, operands).value, layout).ok());
    }
  }
}

TEST(AppendOperatorTest, OneOperandWithoutABaseIsPassedThroughUncopied) {
  const auto merge = NewAppendOperator();
  const std::vector<std::string> operands = {Blob(SomeValues(10))};
  const Merged merged = FullMerge(*merge, nullptr, operands);
  ASSERT_TRUE(merged.ok);
  EXPECT_EQ(merged.existing, operands[0].data());
}

TEST(AppendOperatorTest, MergesIntoTheLayoutOfTheOption) {
  const auto merge = NewAppendOperator({Layout::kFixed64});
  const std::string base = Blob({"a"}, Layout::kFixed64);
  EXPECT_EQ(FullMerge(*merge, &base, {Blob({"b"})}).value, Blob({"a", "b"}, Layout::kFixed64));
  EXPECT_EQ(FullMerge(*merge, nullptr, {Blob({"b"})}).value, Blob({"b"}, Layout::kFixed64));
  std::string folded;
  ASSERT_TRUE(PartialMerge(*merge, {Blob({"a"}), Blob({"b"})}, &folded));
  EXPECT_EQ(folded, Blob({"a", "b"}));  // an operand stays compact
}

// Folds a random run of operands with partial merges, again and again, then merges fully; now and
// then the full merge happens in two steps, as compaction does it.
TEST(AppendOperatorTest, AnyGroupingOfMergesGivesTheSameList) {
  std::mt19937 random(4);
  for (int round = 0; round < 300; ++round) {
    const Layout layout = round % 2 == 0 ? Layout::kCompact : Layout::kFixed64;
    const auto merge = NewAppendOperator({layout});
    List model;
    std::string base;
    const bool has_base = random() % 2 == 0;
    if (has_base) {
      model = SomeValues(static_cast<int>(random() % 80), round);
      base = Blob(model, layout);
    }
    std::vector<std::string> operands;
    for (size_t i = 1 + random() % 8; i > 0; --i) {
      const List more = SomeValues(static_cast<int>(random() % 70), static_cast<int>(random()));
      model.insert(model.end(), more.begin(), more.end());
      operands.push_back(Blob(more));
    }
    while (operands.size() > 1 && random() % 3 != 0) {
      const size_t first = random() % (operands.size() - 1);
      const size_t count = 2 + random() % (operands.size() - first - 1);
      const std::vector<std::string> run(operands.begin() + first,
                                         operands.begin() + first + count);
      std::string folded;
      ASSERT_TRUE(PartialMerge(*merge, run, &folded));
      operands.erase(operands.begin() + first, operands.begin() + first + count);
      operands.insert(operands.begin() + first, folded);
    }
    const size_t split = random() % operands.size();
    const std::string* existing = has_base ? &base : nullptr;
    std::string middle;
    if (split > 0) {
      middle = FullMerge(*merge, existing, {operands.begin(), operands.begin() + split}).value;
      existing = &middle;
    }
    const Merged merged = FullMerge(*merge, existing, {operands.begin() + split, operands.end()});
    ASSERT_TRUE(merged.ok);
    ASSERT_EQ(merged.value, Blob(model, layout)) << "round " << round;
  }
}

// The bytes of docs/format.md, "bundles", written out by hand.
TEST(AppendOperatorTest, WhatDoesNotDecodeIsBundledInOrder) {
  const auto merge = NewAppendOperator();
  const std::string base = "zz";
  const Merged merged = FullMerge(*merge, &base, {Blob({"c"}), "yyy"});
  ASSERT_TRUE(merged.ok);
  EXPECT_EQ(merged.value, std::string("\xB8\x03\x02\x04\x03zz\xB0\x01\x01"
                                      "cyyy",
                                      14));
}

// Without the memory: all operands are the same gigabyte.
TEST(AppendOperatorTest, AListPastFourGigabytesIsRefusedBeforeAnyOfItIsCopied) {
  const size_t size = (size_t{1} << 30) + 6;
  void* const memory = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  std::memcpy(memory, "\xB2\x01\x00\x00\x00\x40", 6);
  const Slice operand(static_cast<const char*>(memory), size);
  ASSERT_TRUE(BlobView::Parse({operand.data(), operand.size()}).ok());
  for (const size_t count : {4, 5}) {
    for (const std::string& edit : {std::string(), std::string("\xA2\x05")}) {
      std::vector<Slice> operands(count, operand);
      if (!edit.empty()) operands.emplace_back(edit);
      const Slice key = "key";
      const MergeOperator::MergeOperationInput in(key, nullptr, operands, nullptr);
      std::string value;
      Slice existing(nullptr, 0);
      MergeOperator::MergeOperationOutput out(value, existing);
      EXPECT_FALSE(NewAppendOperator()->FullMergeV2(in, &out));
      EXPECT_EQ(value, "");
      AppendOptions limited;
      limited.max_bytes = 1000;
      EXPECT_TRUE(NewAppendOperator(limited)->FullMergeV2(in, &out));
    }
  }
  munmap(memory, size);
}

TEST(AppendOperatorTest, BundlesGrowWithoutNesting) {
  const auto merge = NewAppendOperator();
  const std::vector<std::string> operands = {Blob({"a"}), "bad", Blob({"b"}), "worse", Blob({"c"})};
  const std::string whole = FullMerge(*merge, nullptr, operands).value;
  for (size_t split = 2; split < operands.size(); ++split) {
    const std::string first =
        FullMerge(*merge, nullptr, {operands.begin(), operands.begin() + split}).value;
    EXPECT_EQ(FullMerge(*merge, &first, {operands.begin() + split, operands.end()}).value, whole);
  }
}

// The inputs of a bundle, with those that are lists taken apart into their values.
List Flattened(const std::string& bundle) {
  // By hand: a bundle of fewer than 64 inputs of up to 255 bytes, not all of one size.
  EXPECT_EQ(bundle[0], '\xB8');
  const size_t count = static_cast<uint8_t>(bundle[1]);
  List flat;
  size_t at = 2 + count;
  for (size_t i = 0; i < count; ++i) {
    const std::string input = bundle.substr(at, static_cast<uint8_t>(bundle[2 + i]));
    at += input.size();
    const auto list = BlobView::Parse(input);
    if (list.ok()) {
      for (const std::string_view value : *list) flat.emplace_back(value);
    } else {
      flat.push_back("raw:" + input);
    }
  }
  EXPECT_EQ(at, bundle.size());
  return flat;
}

TEST(AppendOperatorTest, AnyGroupingBundlesTheSameListsInTheSameOrder) {
  const auto merge = NewAppendOperator();
  const std::vector<std::string> operands = {Blob({"a"}), Blob({"bb", ""}), "bad",  Blob({"c"}),
                                             Blob({"d"}), Blob({}),         "worse"};
  const List expected = {"a", "bb", "", "raw:bad", "c", "d", "raw:worse"};
  std::mt19937 random(6);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::string> left = operands;
    for (int folds = 0; folds < 4; ++folds) {
      const size_t first = random() % (left.size() - 1);
      std::string folded;
      if (PartialMerge(*merge, {left[first], left[first + 1]}, &folded)) {
        left[first] = folded;
        left.erase(left.begin() + first + 1);
      }
    }
    const size_t split = random() % left.size();
    std::string base;
    if (split > 0) base = FullMerge(*merge, nullptr, {left.begin(), left.begin() + split}).value;
    const Merged merged =
        FullMerge(*merge, split > 0 ? &base : nullptr, {left.begin() + split, left.end()});
    ASSERT_TRUE(merged.ok);
    ASSERT_EQ(Flattened(merged.value), expected) << "round " << round;
  }
}

TEST(AppendOperatorTest, ABaseOfAnotherLayoutIsNamed) {
  TestDb db(TestDb::DefaultOptions(Layout::kFixed64), Layout::kFixed64);
  ASSERT_OK(db.db()->Put({}, "key", Blob({"a"})));  // compact
  db.Append("key", {"b"});
  PinnedBlob list;
  const rocksdb::Status s = db.store().Get({}, "key", &list);
  EXPECT_TRUE(s.IsCorruption());
  EXPECT_THAT(s.ToString(), HasSubstr("input 0 of 4 bytes: fixed64 blob: header at offset 0"));
}

TEST(AppendOperatorTest, APartialMergeLeavesWhatDoesNotDecodeAlone) {
  const auto merge = NewAppendOperator();
  std::string folded;
  EXPECT_FALSE(PartialMerge(*merge, {Blob({"a"}), "bad"}, &folded));
  EXPECT_EQ(folded, "");
}

TEST(AppendOperatorTest, OneBadKeyNeverStopsTheDb) {
  TestDb db;
  ASSERT_OK(db.db()->Put({}, "plain", "put by other software"));
  db.Append("plain", {"a"});
  db.Append("good", {"a"});
  ASSERT_OK(db.db()->Merge({}, "operand", "not a blob"));
  db.Append("operand", {"b"});
  db.Compact();
  db.Append("plain", {"c"});
  db.Append("good", {"b"});
  db.Compact();
  EXPECT_EQ(db.Get("good"), List({"a", "b"}));
  PinnedBlob list;
  const rocksdb::Status plain = db.store().Get({}, "plain", &list);
  EXPECT_TRUE(plain.IsCorruption());
  EXPECT_THAT(plain.ToString(), HasSubstr("bundle of 3 raw inputs"));
  EXPECT_THAT(plain.ToString(), HasSubstr("input 0 of 21 bytes"));
  const rocksdb::Status operand = db.store().Get({}, "operand", &list);
  EXPECT_THAT(operand.ToString(), HasSubstr("bundle of 2 raw inputs"));
  // Nothing is lost: the raw bytes are there, in order.
  std::string raw;
  ASSERT_OK(db.db()->Get({}, "plain", &raw));
  EXPECT_THAT(raw, HasSubstr("put by other software"));
  EXPECT_THAT(raw, HasSubstr(Blob({"a"}) + Blob({"c"})));
  db.Append("good", {"c"});  // still writable
  EXPECT_EQ(db.Get("good"), List({"a", "b", "c"}));
}

class AppendOptionsTest : public ::testing::Test {
 protected:
  AppendOptionsTest() { RegisterPlugin(); }
  rocksdb::Status Create(const std::string& text) {
    rocksdb::ConfigOptions config;
    config.ignore_unknown_options = false;
    return MergeOperator::CreateFromString(config, text, &merge_);
  }
  std::shared_ptr<MergeOperator> merge_;
};

TEST_F(AppendOptionsTest, TheNameAloneMeansTheDefaults) {
  ASSERT_OK(Create("sheaf.append"));
  EXPECT_STREQ(merge_->Name(), "sheaf.append");
  EXPECT_EQ(FullMerge(*merge_, nullptr, {Blob({"a"}), Blob({"b"})}).value, Blob({"a", "b"}));
}

TEST_F(AppendOptionsTest, TheLayoutIsSetByName) {
  ASSERT_OK(Create("{id=sheaf.append;layout=fixed64}"));
  EXPECT_EQ(FullMerge(*merge_, nullptr, {Blob({"a"})}).value, Blob({"a"}, Layout::kFixed64));
}

TEST_F(AppendOptionsTest, AnUnknownOptionOrLayoutIsRefused) {
  const rocksdb::Status option = Create("{id=sheaf.append;max_speed=1}");
  EXPECT_FALSE(option.ok());
  EXPECT_THAT(option.ToString(), HasSubstr("max_speed"));
  const rocksdb::Status layout = Create("{id=sheaf.append;layout=fixed32}");
  EXPECT_TRUE(layout.IsInvalidArgument()) << layout.ToString();
  EXPECT_THAT(layout.ToString(), HasSubstr("layout"));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
