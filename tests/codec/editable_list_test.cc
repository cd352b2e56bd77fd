#include "plugin/codec/editable_list.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "sheaf/blob_builder.h"

namespace sheaf {
namespace internal {
namespace {

using List = std::vector<std::string>;

std::string Blob(const List& list) {
  return Encode(std::vector<std::string_view>(list.begin(), list.end())).value();
}

List Decoded(const EditableList& list) {
  std::string encoded;
  EXPECT_TRUE(list.Encode(Layout::kCompact, &encoded).ok());
  List values;
  const BlobView view = BlobView::Parse(encoded).value();
  for (const std::string_view value : view) values.emplace_back(value);
  return values;
}

// Many removes, so that the list is looked up by value; and values that go at either end meanwhile.
TEST(EditableListTest, IsWhatAVectorWouldBe) {
  for (unsigned seed = 0; seed < 300; ++seed) {
    std::mt19937 random(seed);
    std::vector<std::string> blobs(200);  // the list borrows them
    EditableList list;
    List model;
    for (std::string& blob : blobs) {
      switch (random() % 8) {
        case 0: {
          const size_t count = random() % 12;
          list.KeepFirst(count);
          if (model.size() > count) model.resize(count);
          break;
        }
        case 1: {
          const size_t count = random() % 12;
          list.KeepLast(count);
          if (model.size() > count) model.erase(model.begin(), model.end() - count);
          break;
        }
        case 2:
        case 3: {
          const std::string value(random() % 6 == 0 ? 0 : 1, static_cast<char>('a' + random() % 4));
          list.Remove(value);
          model.erase(std::remove(model.begin(), model.end(), value), model.end());
          break;
        }
        case 4:
          if (random() % 10 == 0) {
            list.Clear();
            model.clear();
          }
          break;
        default: {
          List values(random() % 5);
          for (std::string& value : values) {
            value.assign(random() % 6 == 0 ? 0 : 1, static_cast<char>('a' + random() % 4));
          }
          blob = Blob(values);
          list.Append(BlobView::Parse(blob).value());
          model.insert(model.end(), values.begin(), values.end());
        }
      }
      ASSERT_EQ(list.size(), model.size()) << "seed " << seed;
      ASSERT_EQ(Decoded(list), model) << "seed " << seed;
    }
  }
}

// What is linear does this in milliseconds; what looks at the whole list for each remove needs
// 10^10 steps.
TEST(EditableListTest, ManyRemovesOfALongListDoNotTakeTheirProduct) {
  constexpr int kValues = 100000;
  List values;
  for (int i = 0; i < kValues; ++i) values.push_back(std::to_string(i));
  const std::string blob = Blob(values);
  EditableList list;
  list.Append(BlobView::Parse(blob).value());
  for (int i = 0; i < kValues; ++i) {
    list.Remove(values[static_cast<size_t>(i)]);
    list.Append(BlobView());
  }
  EXPECT_TRUE(list.empty());
}

}  // namespace
}  // namespace internal
}  // namespace sheaf
