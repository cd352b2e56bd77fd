// The edit drop_first, which no call of Store writes: merges, what folds, and reads of a part of a
// list. Operands and what they must make are those of tests/rocksdb/list_model.h.

#include <algorithm>
#include <cstdint>
#include <deque>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/merge_operator.h"
#include "sheaf/append_operator.h"
#include "sheaf/store.h"
#include "tests/rocksdb/list_model.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using model::Append;
using model::DropFirst;
using model::Encode;
using model::KeepFirst;
using model::KeepLast;
using model::Remove;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

const rocksdb::ReadOptions kRead;
const rocksdb::WriteOptions kWrite;

List ToList(const std::vector<PinnedSlice>& values) { return List(values.begin(), values.end()); }

class DropFirstTest : public ::testing::TestWithParam<Layout> {
 protected:
  DropFirstTest() : db_(TestDb::DefaultOptions(GetParam()), GetParam()) {}

  void Merge(const std::string& key, const std::string& operand) {
    ASSERT_OK(db_.db()->Merge(kWrite, key, operand));
  }
  void Merge(const std::string& key, const std::vector<model::Edit>& edits) {
    for (const model::Edit& edit : edits) Merge(key, Encode(edit));
  }
  rocksdb::Status GetLast(const std::string& key, size_t count, List* list) {
    std::vector<PinnedSlice> values;
    const rocksdb::Status s = db_.store().GetLast(kRead, key, count, &values);
    *list = ToList(values);
    return s;
  }
  List Last(const std::string& key, size_t count) {
    List list;
    EXPECT_OK(GetLast(key, count, &list));
    return list;
  }

  TestDb db_;
};

INSTANTIATE_TEST_SUITE_P(Layouts, DropFirstTest,
                         ::testing::Values(Layout::kCompact, Layout::kFixed64),
                         [](const auto& info) { return LayoutName(info.param); });

TEST_P(DropFirstTest, DropsOfWhatWasWrittenBeforeIt) {
  db_.Put("k", {"a", "b", "c"});
  Merge("k", {Append({"d"}), DropFirst(2), Append({"e"})});
  EXPECT_THAT(db_.Get("k"), ElementsAre("c", "d", "e"));
  db_.Compact();
  EXPECT_THAT(db_.Get("k"), ElementsAre("c", "d", "e"));
  Merge("k", {DropFirst(0)});
  EXPECT_THAT(db_.Get("k"), ElementsAre("c", "d", "e"));
  Merge("k", {DropFirst(4), Append({"f"})});
  EXPECT_THAT(db_.Get("k"), ElementsAre("f"));
  db_.Compact();
  Merge("k", {DropFirst(UINT64_MAX)});
  EXPECT_THAT(db_.Get("k"), IsEmpty());
}

TEST_P(DropFirstTest, OfNoListLeavesAnEmptyOne) {
  Merge("none", {DropFirst(0)});
  Merge("some", {DropFirst(3)});
  Merge("two", {DropFirst(0), DropFirst(0)});
  for (int round = 0; round < 2; ++round, db_.Compact()) {
    for (const char* const key : {"none", "some", "two"}) {
      EXPECT_THAT(db_.Get(key), IsEmpty()) << key;
      bool exists = false;
      EXPECT_OK(db_.store().Exists(kRead, key, &exists));
      EXPECT_TRUE(exists) << key;
    }
  }
}

TEST_P(DropFirstTest, IsNotAClearWhateverItDrops) {
  ASSERT_OK(db_.db()->Put(kWrite, "k", "put by other software"));
  Merge("k", {DropFirst(UINT64_MAX)});
  PinnedBlob list;
  EXPECT_TRUE(db_.store().Get(kRead, "k", &list).IsCorruption());
}

// Older operands are not read: one that does not decode is not found out.
TEST_P(DropFirstTest, TheNewestValuesNeedAsManyMoreAsItDrops) {
  const struct {
    std::vector<model::Edit> edits;
    size_t needs_no_older;  // so many of the newest values do not
    List list;
    bool is_whole;  // nor do any more
  } kCases[] = {
      {{Append({"a", "b", "c", "d"}), DropFirst(2)}, 2, {"c", "d"}, false},
      {{Append({"a", "b", "c"}), Append({"d"}), DropFirst(3)}, 1, {"d"}, false},
      {{Append({"a", "b", "c"}), DropFirst(1), DropFirst(1)}, 1, {"c"}, false},
      {{Append({"a", "b"}), DropFirst(1), Append({"c"})}, 2, {"b", "c"}, false},
      {{Append({"a"}), DropFirst(9), Append({"b", "c"})}, 2, {"b", "c"}, false},
      {{Append({"a", "b"}), DropFirst(UINT64_MAX), Append({"c"})}, 1, {"c"}, false},
      {{Append({"a", "b", "c"}), KeepLast(3), DropFirst(1)}, 2, {"b", "c"}, true},
      {{Append({"a", "b", "c"}), KeepLast(3), DropFirst(5)}, 0, {}, true},
      {{Append({"a", "b", "c"}), DropFirst(2), KeepLast(1)}, 1, {"c"}, true},
      {{Append({"a", "b", "c", "d"}), KeepLast(4), DropFirst(1), KeepLast(2)}, 2, {"c", "d"}, true},
  };
  int number = 0;
  for (const auto& c : kCases) {
    SCOPED_TRACE(number);
    const std::string key = std::to_string(number++);
    Merge(key, "not an operand");
    db_.Flush();
    Merge(key, c.edits);
    for (size_t count = 0; count <= c.needs_no_older; ++count) {
      EXPECT_EQ(Last(key, count), List(c.list.end() - static_cast<ptrdiff_t>(count), c.list.end()));
    }
    List more;
    const rocksdb::Status s = GetLast(key, c.needs_no_older + 1, &more);
    if (c.is_whole) {
      EXPECT_TRUE(s.ok()) << s.ToString();
      EXPECT_EQ(more, c.list);
    } else {
      EXPECT_TRUE(s.IsCorruption()) << s.ToString();
    }
  }
}

// Each history is read whole and in part, with every number of values.
TEST_P(DropFirstTest, ReadsOfAPartGiveThatPartOfTheModelsList) {
  std::mt19937 random(1);
  const auto edit = [&random]() -> model::Edit {
    switch (random() % 8) {
      case 0:
      case 1:
        return DropFirst(random() % 12 == 0 ? UINT64_MAX - random() % 2 : random() % 5);
      case 2:
        return KeepLast(random() % 6);
      case 3:
        return random() % 4 == 0   ? KeepFirst(random() % 6)
               : random() % 3 == 0 ? model::Clear()
                                   : DropFirst(random() % 3);
      default: {
        List values(random() % 4);
        for (std::string& value : values) value = std::to_string(random() % 1000);
        return Append(values);
      }
    }
  };
  model::Settings settings;
  if (GetParam() == Layout::kFixed64) settings.layout = reference::Form::kFixed64;
  for (int round = 0; round < 500 && !HasFailure(); ++round) {
    SCOPED_TRACE(round);
    const std::string key = std::to_string(round);
    model::Written written;
    if (random() % 2 == 0) {
      const List base = {"x", "y", "z", "z"};
      db_.Put(key, base);
      written.base = reference::Encode(base, settings.layout);
    }
    for (size_t i = 1 + random() % 8; i > 0; --i) {
      std::string operand = Encode(edit());
      if (random() % 4 == 0)
        operand = model::EncodeBatch({operand, Encode(edit()), Encode(edit())});
      Merge(key, operand);
      written.operands.push_back(operand);
    }
    if (random() % 4 == 0) db_.Flush();
    const List list = *model::Merge(settings, written).list;
    ASSERT_EQ(db_.Get(key), list);
    uint64_t size = 0;
    ASSERT_OK(db_.store().Count(kRead, key, &size));
    EXPECT_EQ(size, list.size());
    for (size_t count = 0; count < list.size() + 2; ++count) {
      const size_t some = std::min(count, list.size());
      EXPECT_EQ(Last(key, count), List(list.end() - static_cast<ptrdiff_t>(some), list.end()))
          << count;
      std::vector<PinnedSlice> range;
      ASSERT_OK(db_.store().GetRange(kRead, key, 1, count, &range));
      const List behind(list.begin() + (list.empty() ? 0 : 1), list.end());
      EXPECT_EQ(ToList(range),
                List(behind.begin(),
                     behind.begin() + static_cast<ptrdiff_t>(std::min(count, behind.size()))));
    }
  }
}

// The operand that `edits` fold into.
std::string Folded(const std::vector<model::Edit>& edits, const AppendOptions& options = {}) {
  std::vector<std::string> operands;
  for (const model::Edit& edit : edits) operands.push_back(Encode(edit));
  std::string folded;
  EXPECT_TRUE(NewAppendOperator(options)->PartialMergeMulti(
      "key", std::deque<rocksdb::Slice>(operands.begin(), operands.end()), &folded, nullptr));
  return folded;
}

std::string Batch(const std::vector<model::Edit>& edits) {
  std::vector<std::string> operands;
  for (const model::Edit& edit : edits) operands.push_back(Encode(edit));
  return model::EncodeBatch(operands);
}

TEST(DropFirstFoldTest, TwoWithNothingBetweenThemAreOneOfTheirSum) {
  EXPECT_EQ(Folded({DropFirst(3), DropFirst(4)}), Encode(DropFirst(7)));
  EXPECT_EQ(Folded({DropFirst(3), Append({}), DropFirst(0), DropFirst(4)}), Encode(DropFirst(7)));
  EXPECT_EQ(Folded({DropFirst(UINT64_MAX - 1), DropFirst(5)}), Encode(DropFirst(UINT64_MAX)));
  EXPECT_EQ(Folded({DropFirst(0), DropFirst(0)}), Encode(Append({})));
}

TEST(DropFirstFoldTest, OfKnownValuesDropsThem) {
  EXPECT_EQ(Folded({model::Clear(), Append({"a", "b", "c"}), DropFirst(2), Append({"d"})}),
            Batch({model::Clear(), Append({"c", "d"})}));
  EXPECT_EQ(Folded({KeepLast(0), Append({"a"}), DropFirst(2)}), Encode(KeepLast(0)));
  EXPECT_EQ(Folded({Append({"a", "b"}), DropFirst(1), Append({"c"}), KeepLast(1)}),
            Batch({KeepLast(0), Append({"c"})}));
}

TEST(DropFirstFoldTest, StaysBehindValuesThatItMayReach) {
  const std::vector<std::vector<model::Edit>> kept = {
      {Append({"a"}), DropFirst(1)},
      {Append({"a", "b"}), DropFirst(1), Append({"c"}), DropFirst(1), Append({"d"})},
      {DropFirst(1), KeepLast(2), DropFirst(1)},
      {KeepFirst(2), DropFirst(1), KeepFirst(1), Append({"a"})},
      {DropFirst(1), Remove("a"), DropFirst(1)},
  };
  for (const std::vector<model::Edit>& edits : kept) EXPECT_EQ(Folded(edits), Batch(edits));
}

TEST(DropFirstFoldTest, StaysWhereItIsIfTheListHasLimits) {
  AppendOptions limited;
  limited.max_values = 3;
  const std::vector<model::Edit> edits = {DropFirst(1), DropFirst(0), Append({"a"}), DropFirst(2)};
  EXPECT_EQ(Folded(edits, limited), Batch(edits));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
