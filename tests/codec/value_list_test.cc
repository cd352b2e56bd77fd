// What values a call is given, for each way to write them; compiled as C++17 and as C++20.

#include "sheaf/value_list.h"

#include <array>
#include <deque>
#include <list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sheaf/blob_builder.h"
#include "sheaf/pinned_blob.h"

namespace sheaf {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

using List = std::vector<std::string>;

// As a call of Store takes them.
List Given(const ValueList& values) {
  EXPECT_EQ(values.size(), values.views().size());
  EXPECT_EQ(values.empty(), values.views().empty());
  return List(values.views().begin(), values.views().end());
}

// As rocksdb::Slice: neither converts to std::string_view.
struct Bytes {
  const char* data() const { return bytes.data(); }
  size_t size() const { return bytes.size(); }
  std::string bytes;
};

TEST(ValueListTest, InBraces) {
  EXPECT_THAT(Given({}), IsEmpty());
  EXPECT_THAT(Given({"a"}), ElementsAre("a"));
  EXPECT_THAT(Given({"a", "b"}), ElementsAre("a", "b"));
  // C++20 makes one std::string_view of two literals.
  EXPECT_THAT(Given({{"dd", "cc"}}), ElementsAre("dd", "cc"));
  EXPECT_THAT(Given({{"dd"}, {"cc"}}), ElementsAre("dd", "cc"));
  const std::string_view view = "view";
  EXPECT_THAT(Given({&view, 1}), ElementsAre("view"));
  EXPECT_THAT(Given({{view.data(), 2}, {view.data() + 2, 2}}), ElementsAre("vi", "ew"));
  const std::string string = "string";
  EXPECT_THAT(Given({string, std::string_view("view"), "literal", Bytes{"bytes"}}),
              ElementsAre("string", "view", "literal", "bytes"));
  EXPECT_THAT(Given({"1", "2", "3", "4", "5", "6", "7", "8", "9"}),
              ElementsAre("1", "2", "3", "4", "5", "6", "7", "8", "9"));
}

TEST(ValueListTest, OneString) {
  EXPECT_THAT(Given("abc"), ElementsAre("abc"));
  EXPECT_THAT(Given(std::string("abc")), ElementsAre("abc"));
  EXPECT_THAT(Given(std::string_view()), ElementsAre(""));
  EXPECT_THAT(Given(absl::string_view("abc")), ElementsAre("abc"));
  EXPECT_THAT(Given(Bytes{"abc"}), ElementsAre("abc"));
  EXPECT_THAT(Given(std::vector<char>{'a', 'b'}), ElementsAre("ab"));
  const char* const pointer = "pointer";
  EXPECT_THAT(Given(pointer), ElementsAre("pointer"));
}

TEST(ValueListTest, AnyRange) {
  const List strings = {"b", "", "a"};
  const std::vector<std::string_view> views(strings.begin(), strings.end());
  EXPECT_EQ(Given(strings), strings);
  EXPECT_EQ(Given(views), strings);
  EXPECT_EQ(Given(absl::MakeConstSpan(views)), strings);
  EXPECT_EQ(Given(std::deque<std::string>(strings.begin(), strings.end())), strings);
  EXPECT_EQ(Given(std::list<Bytes>{{"b"}, {""}, {"a"}}), strings);
  EXPECT_THAT(Given(std::set<std::string>(strings.begin(), strings.end())),
              ElementsAre("", "a", "b"));
  const char* const literals[] = {"b", "", "a"};
  EXPECT_EQ(Given(literals), strings);
  EXPECT_EQ(Given(std::array<std::string_view, 3>{"b", "", "a"}), strings);
  EXPECT_THAT(Given(List()), IsEmpty());
  EXPECT_EQ(Given(List(1000, "many")), List(1000, "many"));
}

TEST(ValueListTest, AListThatWasRead) {
  const List strings = {"b", "", "a"};
  const std::string encoded = Encode(strings).value();
  EXPECT_EQ(Given(BlobView::Parse(encoded).value()), strings);
  const PinnedBlob blob = PinnedBlob::FromString(encoded).value();
  EXPECT_EQ(Given(blob.Slices()), strings);
  EXPECT_EQ(Encode(blob).value(), encoded);
}

TEST(ValueListTest, RangesThatCanBeGoneOverOnce) {
  struct Views {
    const std::vector<std::string_view>* views;
    struct Iterator {
      const std::string_view* at;
      std::string_view operator*() const { return *at; }
      Iterator& operator++() {
        ++at;
        return *this;
      }
      bool operator!=(const Iterator& other) const { return at != other.at; }
    };
    Iterator begin() const { return {views->data()}; }
    Iterator end() const { return {views->data() + views->size()}; }
  };
  const std::vector<std::string_view> views(20, "v");
  EXPECT_EQ(Given(Views{&views}), List(20, "v"));
}

// Views in a row are taken where they are.
TEST(ValueListTest, ViewsAreNotCopied) {
  const std::vector<std::string_view> views = {"a", "b"};
  const ValueList list = views;
  EXPECT_EQ(list.views().data(), views.data());
}

template <typename T>
constexpr bool kTakes = std::is_convertible<T, const ValueList&>::value;
static_assert(kTakes<std::string> && kTakes<List&>, "");
static_assert(!kTakes<std::nullptr_t> && !kTakes<void*>, "");

}  // namespace
}  // namespace sheaf
