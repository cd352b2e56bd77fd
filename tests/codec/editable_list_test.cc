#include "plugin/codec/editable_list.h"

#include <algorithm>
#include <random>
#include <string>
#include <tuple>
#include <vector>

#include "gtest/gtest.h"
#include "sheaf/blob_builder.h"
#include "tests/codec/reference_codec.h"

namespace sheaf {
namespace internal {
namespace {

using List = std::vector<std::string>;

std::string Blob(const List& list, Layout layout) {
  return Encode(std::vector<std::string_view>(list.begin(), list.end()), layout).value();
}

List Decoded(EditableList& list, Layout layout) {
  std::string encoded;
  EXPECT_TRUE(list.Encode(layout, &encoded).ok());
  const auto form =
      layout == Layout::kCompact ? reference::Form::kCompact : reference::Form::kFixed64;
  return reference::Decode(encoded, form).value();
}

struct Limits {
  uint64_t max_values;
  uint64_t max_bytes;
  bool keep_first;
};

// What EditableList::Limits says, value by value.
void Append(const Limits& limits, const List& values, List* list) {
  for (const std::string& value : values) {
    if (value.size() > limits.max_bytes) continue;
    uint64_t bytes = value.size();
    for (const std::string& each : *list) bytes += each.size();
    if (limits.keep_first && (list->size() + 1 > limits.max_values || bytes > limits.max_bytes)) {
      continue;
    }
    list->push_back(value);
    while (list->size() > limits.max_values || bytes > limits.max_bytes) {
      bytes -= list->front().size();
      list->erase(list->begin());
    }
  }
}

// How long lists are, how often values are removed, and what layout they have: few removes leave a
// list in ranges, and many look it up by value.
using Shape = std::tuple<size_t, unsigned, Layout>;

class EditableListTest : public ::testing::TestWithParam<Shape> {
 protected:
  std::string Value() {
    switch (random_() % 8) {
      case 0:
        return "";
      case 1:
        return "a long value, longer than 8 bytes, " + std::to_string(random_() % 3);
      case 2:
        return std::string(300, 'l');
      default:
        return std::string(1 + random_() % 2, static_cast<char>('a' + random_() % 4));
    }
  }
  // Mixed sizes, or all of one size.
  List Values() {
    List values(random_() % (max_values_ + 1), Value());
    if (random_() % 3 != 0) {
      for (std::string& value : values) value = Value();
    }
    return values;
  }

  const size_t max_values_ = std::get<0>(GetParam());
  const unsigned removes_ = std::get<1>(GetParam());
  const Layout layout_ = std::get<2>(GetParam());
  std::mt19937 random_;
};

TEST_P(EditableListTest, IsWhatAVectorWouldBe) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    random_.seed(seed);
    Limits limits = {UINT64_MAX, UINT64_MAX, random_() % 2 == 0};
    if (random_() % 4 == 0) limits.max_values = random_() % (2 * max_values_);
    if (random_() % 4 == 0) limits.max_bytes = random_() % (10 * max_values_);
    EditableList list({limits.max_values, limits.max_bytes, limits.keep_first});
    List model;
    std::vector<std::string> bytes(120);  // the list borrows them
    for (std::string& borrowed : bytes) {
      const unsigned kind = random_() % (8 + removes_);
      if (kind == 0) {
        const size_t count = random_() % (max_values_ + 3);
        list.KeepFirst(count);
        if (model.size() > count) model.resize(count);
      } else if (kind == 1) {
        const size_t count = random_() % (max_values_ + 3);
        list.KeepLast(count);
        if (model.size() > count) model.erase(model.begin(), model.end() - count);
      } else if (kind == 2 && random_() % 2 == 0) {
        const uint64_t count = random_() % 16 == 0 ? UINT64_MAX : random_() % (max_values_ / 2 + 2);
        list.DropFirst(count);
        const uint64_t dropped = std::min<uint64_t>(count, model.size());
        model.erase(model.begin(), model.begin() + static_cast<ptrdiff_t>(dropped));
      } else if (kind == 2 && random_() % 10 == 0) {
        list.Clear();
        model.clear();
      } else if (kind < 8) {
        const List values = Values();
        const Layout layout = random_() % 2 == 0 ? Layout::kCompact : layout_;
        borrowed = Blob(values, layout);
        list.Append(BlobView::Parse(borrowed, layout).value());
        Append(limits, values, &model);
      } else if (kind % 3 == 0) {
        borrowed = Value().substr(0, random_() % 10);
        list.RemovePrefix(borrowed);
        model.erase(std::remove_if(model.begin(), model.end(),
                                   [&](const std::string& value) {
                                     return value.compare(0, borrowed.size(), borrowed) == 0;
                                   }),
                    model.end());
      } else {
        borrowed = Value();
        list.Remove(borrowed);
        model.erase(std::remove(model.begin(), model.end(), borrowed), model.end());
        if (random_() % 2 == 0) continue;  // removes are done together
      }
      ASSERT_EQ(list.size(), model.size()) << "seed " << seed;
      ASSERT_EQ(Decoded(list, layout_), model) << "seed " << seed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Shapes, EditableListTest,
                         ::testing::Combine(::testing::Values(5, 100), ::testing::Values(1, 12),
                                            ::testing::Values(Layout::kCompact, Layout::kFixed64)));

// What is linear does each of these in milliseconds; what looks at the whole list for each edit
// needs 10^10 steps.
class LongEditableListTest : public ::testing::Test {
 protected:
  static constexpr int kValues = 100000;

  LongEditableListTest() {
    for (int i = 0; i < kValues; ++i) values_.push_back(std::to_string(i));
    blob_ = Blob(values_, Layout::kCompact);
    list_.Append(BlobView::Parse(blob_).value());
  }

  List values_;
  std::string blob_;
  EditableList list_;
};

TEST_F(LongEditableListTest, ManyRemoves) {
  for (const std::string& value : values_) {
    list_.Remove(value);
    EXPECT_TRUE(list_.size() < values_.size());
  }
  EXPECT_TRUE(list_.empty());
}

TEST_F(LongEditableListTest, ManyRemovesTogether) {
  for (const std::string& value : values_) list_.Remove(value);
  EXPECT_TRUE(list_.empty());
}

TEST_F(LongEditableListTest, ManyRemovesOfPrefixes) {
  for (const std::string& value : values_) list_.RemovePrefix(value);
  EXPECT_TRUE(list_.empty());
}

TEST_F(LongEditableListTest, ManyKeeps) {
  for (uint64_t count = kValues; count > 1; count -= 2) {
    list_.KeepFirst(count - 1);
    list_.KeepLast(count - 2);
    EXPECT_EQ(list_.size(), count - 2);
  }
}

TEST_F(LongEditableListTest, ManyDrops) {
  for (uint64_t count = kValues; count > 0; count -= 5) {
    list_.DropFirst(5);
    EXPECT_EQ(list_.size(), count - 5);
  }
}

// Every second value goes: more holes than ranges are made for.
TEST_F(LongEditableListTest, ManyHoles) {
  List model;
  for (const std::string& value : values_) {
    if (value.back() % 2 == 0) {
      list_.Remove(value);
    } else {
      model.push_back(value);
    }
  }
  EXPECT_EQ(Decoded(list_, Layout::kCompact), model);
}

}  // namespace
}  // namespace internal
}  // namespace sheaf
