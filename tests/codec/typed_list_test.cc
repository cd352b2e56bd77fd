// TypedList and AsValues, against a std::vector of the same values.

#include "sheaf/typed_list.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "sheaf/blob_builder.h"
#include "tests/codec/counted_release.h"
#include "tests/codec/lists.h"

namespace sheaf {
namespace {

// A struct without a default constructor, of an odd size.
#pragma pack(push, 1)
struct Point {
  Point(uint32_t x, int16_t y, char tag) : x(x), y(y), tag(tag) {}
  uint32_t x;
  int16_t y;
  char tag;
};
#pragma pack(pop)
bool operator==(const Point& a, const Point& b) {
  return a.x == b.x && a.y == b.y && a.tag == b.tag;
}
static_assert(sizeof(Point) == 7);

template <typename T>
T Random(std::mt19937_64& random) {
  return static_cast<T>(random());
}
template <>
Point Random<Point>(std::mt19937_64& random) {
  return Point(static_cast<uint32_t>(random()), static_cast<int16_t>(random()), 'p');
}
template <>
double Random<double>(std::mt19937_64& random) {
  return static_cast<double>(random()) / 3;
}

template <typename T>
std::vector<T> RandomModel(size_t count) {
  std::mt19937_64 random(count);
  std::vector<T> model;
  for (size_t i = 0; i < count; ++i) model.push_back(Random<T>(random));
  return model;
}

// The encoded list of `model`, written by the reference from bytes that memcpy gives.
template <typename T>
std::string Encoded(const std::vector<T>& model, Layout layout) {
  reference::Values values;
  for (const T& value : model) {
    std::string bytes(sizeof(T), '\0');
    std::memcpy(bytes.data(), &value, sizeof(T));
    values.push_back(bytes);
  }
  return reference::Encode(
      values, layout == Layout::kFixed64 ? reference::Form::kFixed64 : reference::Form::kCompact);
}

template <typename T>
void ExpectIs(const TypedList<T>& list, const std::vector<T>& model) {
  ASSERT_EQ(list.size(), model.size());
  EXPECT_EQ(list.empty(), model.empty());
  EXPECT_TRUE(list.ToVector() == model);
  std::vector<T> copy = RandomModel<T>(model.size() + 1);
  const T behind = copy.back();
  list.CopyTo(absl::MakeSpan(copy));
  EXPECT_TRUE(copy.back() == behind);
  copy.pop_back();
  EXPECT_TRUE(copy == model);
  EXPECT_TRUE(std::equal(list.rbegin(), list.rend(), model.rbegin(), model.rend()));
  for (size_t i = 0; i < model.size(); ++i) {
    ASSERT_TRUE(list[i] == model[i]) << i;
    ASSERT_TRUE(list.At(i).value() == model[i]) << i;
  }
  EXPECT_EQ(
      list.At(model.size()).status(),
      absl::OutOfRangeError(absl::StrCat("value ", model.size(), " of a list of ", model.size(),
                                         model.size() == 1 ? " value" : " values")));
  if (model.empty()) return;
  EXPECT_TRUE(list.front() == model.front());
  EXPECT_TRUE(list.back() == model.back());
}

template <typename T>
class TypedListTest : public ::testing::Test {};
using Types = ::testing::Types<uint8_t, int16_t, uint32_t, int64_t, double, Point>;
TYPED_TEST_SUITE(TypedListTest, Types);

TYPED_TEST(TypedListTest, ReadsWhatAVectorHolds) {
  for (const Layout layout : {Layout::kCompact, Layout::kFixed64}) {
    for (const size_t count : {0, 1, 2, 3, 64, 65, 1000}) {
      SCOPED_TRACE(absl::StrCat(count, " values, ", LayoutName(layout)));
      const std::vector<TypeParam> model = RandomModel<TypeParam>(count);
      const std::string encoded = Encoded(model, layout);
      const auto view = BlobView::Parse(encoded, layout).value();
      ExpectIs(TypedList<TypeParam>::FromView(view).value(), model);
      const PinnedBlob blob = PinnedBlob::FromString(encoded, layout).value();
      ExpectIs(TypedList<TypeParam>::FromBlob(blob).value(), model);
      EXPECT_EQ(Encode(AsValues(model), layout).value(), encoded);
    }
  }
}

TYPED_TEST(TypedListTest, ReadsAtAnyAlignment) {
  const std::vector<TypeParam> model = RandomModel<TypeParam>(5);
  const std::string encoded = Encoded(model, Layout::kCompact);
  for (size_t shift = 0; shift < 8; ++shift) {
    const std::string moved = std::string(shift, 'x') + encoded;
    const auto view = BlobView::Parse(std::string_view(moved).substr(shift)).value();
    ExpectIs(TypedList<TypeParam>::FromView(view).value(), model);
  }
}

using Numbers = TypedList<uint64_t>;

TEST(TypedListIteratorTest, IsARandomAccessIterator) {
  static_assert(std::is_same_v<std::iterator_traits<Numbers::const_iterator>::iterator_category,
                               std::random_access_iterator_tag>);
#if __cplusplus >= 202002L
  static_assert(std::ranges::random_access_range<const Numbers>);
  static_assert(std::random_access_iterator<Numbers::const_reverse_iterator>);
#endif
  EXPECT_EQ(Numbers::const_iterator(), Numbers::const_iterator());
  const std::vector<uint64_t> model = {3, 5, 5, 8, 13, 21};
  const std::string encoded = Encoded(model, Layout::kCompact);
  const Numbers list = Numbers::FromView(BlobView::Parse(encoded).value()).value();
  for (ptrdiff_t from = 0; from <= 6; ++from) {
    for (ptrdiff_t to = 0; to <= 6; ++to) {
      SCOPED_TRACE(absl::StrCat("from ", from, " to ", to));
      const auto start = list.begin() + from;
      auto it = start;
      it += to - from;
      ASSERT_EQ(it - start, to - from);
      ASSERT_EQ((to - from) + start, it);
      ASSERT_EQ(start - (from - to), it);
      ASSERT_EQ(start < it, from < to);
      ASSERT_EQ(start > it, from > to);
      ASSERT_EQ(start <= it, from <= to);
      ASSERT_EQ(start >= it, from >= to);
      ASSERT_EQ(start == it, from == to);
      if (to < 6) {
        ASSERT_EQ(start[to - from], model[to]);
        ASSERT_EQ(*it++, model[to]);
        ASSERT_EQ(*--it, model[to]);
        ASSERT_EQ(*it--, model[to]);
        ASSERT_EQ(++it - list.begin(), to);
      }
    }
  }
  for (uint64_t wanted = 0; wanted < 25; ++wanted) {
    EXPECT_EQ(std::lower_bound(list.begin(), list.end(), wanted) - list.begin(),
              std::lower_bound(model.begin(), model.end(), wanted) - model.begin());
  }
}

TEST(TypedListIteratorTest, GivesTheMembersOfAStruct) {
  const std::vector<Point> model = {Point(1, -2, 'a'), Point(3, -4, 'b')};
  const std::string encoded = Encoded(model, Layout::kCompact);
  const auto list = TypedList<Point>::FromView(BlobView::Parse(encoded).value()).value();
  auto it = list.begin();
  EXPECT_EQ(it->y, -2);
  EXPECT_EQ((++it)->tag, 'b');
}

class OtherSizesTest : public ::testing::TestWithParam<Layout> {
 protected:
  absl::Status Read(const reference::Values& values) {
    const std::vector<std::string_view> views(values.begin(), values.end());
    const PinnedBlob blob =
        PinnedBlob::FromString(Encode(views, GetParam()).value(), GetParam()).value();
    const absl::Status status = Numbers::FromBlob(blob).status();
    EXPECT_EQ(Numbers::FromView(blob.view()).status(), status);
    return status;
  }
  static absl::Status Error(std::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat(std::string(what), ", expected 8"));
  }
};

INSTANTIATE_TEST_SUITE_P(Layouts, OtherSizesTest,
                         ::testing::Values(Layout::kFixed64, Layout::kCompact),
                         test::LayoutTestName());

TEST_P(OtherSizesTest, AreNamedWithTheirIndex) {
  const std::string eight(8, 'x');
  EXPECT_EQ(Read({eight, eight, eight, "12345"}), Error("value 3 of the list has 5 bytes"));
  EXPECT_EQ(Read({"123456789", eight}), Error("value 0 of the list has 9 bytes"));
  EXPECT_EQ(Read({eight, ""}), Error("value 1 of the list has 0 bytes"));
  EXPECT_EQ(Read({"1234", "1234"}), Error("value 0 of the list has 4 bytes"));  // equal sizes
  EXPECT_EQ(Read({"1234"}), Error("value 0 of the list has 4 bytes"));
  EXPECT_EQ(Read({""}), Error("value 0 of the list has 0 bytes"));
  // As many bytes as so many integers have.
  EXPECT_EQ(Read({"1234567", "123456789"}), Error("value 0 of the list has 7 bytes"));
}

TEST(TypedListLifetimeTest, HoldsTheBlockOfABlob) {
  const std::vector<uint64_t> model = {1, 2, 3};
  const std::string encoded = Encoded(model, Layout::kCompact);
  int released = 0;
  {
    std::optional<Numbers> list;
    {
      const PinnedBlob blob =
          PinnedBlob::FromExternal(encoded, [&released] { ++released; }).value();
      list = Numbers::FromBlob(blob).value();
    }
    const Numbers copy = *list;
    list.reset();
    EXPECT_EQ(released, 0);
    EXPECT_EQ(copy.ToVector(), model);
  }
  EXPECT_EQ(released, 1);
}

TEST(TypedListLifetimeTest, HoldsNothingOfAView) {
  const std::vector<uint64_t> model = {1, 2, 3};
  const std::string encoded = Encoded(model, Layout::kCompact);
  int released = 0;
  PinnedBlob blob = PinnedBlob::FromExternal(encoded, [&released] { ++released; }).value();
  const Numbers list = Numbers::FromView(blob.view()).value();
  blob.Reset();
  EXPECT_EQ(released, 1);
  EXPECT_EQ(list.ToVector(), model);  // `encoded` is still there
}

TEST(TypedListLifetimeTest, EmptyOnesNeedNoBlock) {
  EXPECT_TRUE(Numbers().empty());
  EXPECT_TRUE(Numbers::FromBlob(PinnedBlob()).value().empty());
  EXPECT_TRUE(Numbers::FromView(BlobView()).value().ToVector().empty());
  Numbers().CopyTo({});
}

TEST(AsValuesTest, TakesEachKindOfArray) {
  const std::string expected = Encoded<uint32_t>({7, 9}, Layout::kCompact);
  const std::vector<uint32_t> vector = {7, 9};
  std::array<uint32_t, 2> array = {7, 9};
  const uint32_t plain[] = {7, 9};
  EXPECT_EQ(Encode(AsValues(vector)).value(), expected);
  EXPECT_EQ(Encode(AsValues(array)).value(), expected);
  EXPECT_EQ(Encode(AsValues(plain)).value(), expected);
  EXPECT_EQ(Encode(AsValues(absl::MakeSpan(array))).value(), expected);
  EXPECT_EQ(Encode(AsValues(absl::MakeConstSpan(vector))).value(), expected);
  EXPECT_EQ(Encode(AsValues<uint32_t>({7, 9})).value(), expected);
  EXPECT_EQ(Encode(AsValues({uint32_t{7}, uint32_t{9}})).value(), expected);
  EXPECT_TRUE(AsValues(std::vector<uint32_t>()).empty());
}

static_assert(!internal::kIsStorable<std::string_view>, "its bytes are an address");
static_assert(!internal::kIsStorable<absl::string_view>, "its bytes are an address");
static_assert(!internal::kIsStorable<const char*>, "its bytes are an address");
static_assert(!internal::kIsStorable<std::string>, "it is not trivially copyable");

}  // namespace
}  // namespace sheaf
