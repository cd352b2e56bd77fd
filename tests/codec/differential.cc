#include "tests/codec/differential.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "plugin/codec/encoder.h"
#include "sheaf/blob_builder.h"

namespace sheaf {
namespace test {
namespace {

std::string AtDifference(const reference::Values& values, const BlobView& view) {
  // fixed64 adds up all sizes before an index: a few hundred of a long list stand for all.
  const size_t stride = view.layout() == Layout::kFixed64 ? values.size() / 256 + 1 : 1;
  for (size_t i = 0; i < values.size(); i += stride) {
    if (view[i] != values[i]) return absl::StrCat("value ", i, " by operator[]");
    const absl::StatusOr<std::string_view> at = view.At(i);
    if (!at.ok() || *at != values[i]) return absl::StrCat("value ", i, " by At");
  }
  if (!values.empty()) {
    if (view[values.size() - 1] != values.back()) return "the last value by operator[]";
    if (view.front() != values.front()) return "front()";
    if (view.back() != values.back()) return "back()";
    if (view.back().data() != view[values.size() - 1].data()) return "where back() lies";
  }
  for (const size_t past : {values.size(), ~size_t{0}}) {
    if (!absl::IsOutOfRange(view.At(past).status())) return absl::StrCat("At(", past, ")");
  }
  return "";
}

std::string IterationDifference(const reference::Values& values, const BlobView& view) {
  size_t i = 0;
  for (auto at = view.begin(); at != view.end(); ++at, ++i) {
    if (i == values.size()) return "iteration goes past the end";
    if (*at != values[i] || at->size() != values[i].size()) {
      return absl::StrCat("value ", i, " by iteration");
    }
  }
  if (i != values.size()) return "iteration ends early";
  // From the middle, with a copy of an iterator that goes on.
  auto middle = std::next(view.begin(), static_cast<ptrdiff_t>(values.size() / 2));
  const auto from = middle;
  for (i = values.size() / 2; i < values.size(); ++i) {
    if (*middle++ != values[i]) return absl::StrCat("value ", i, " by iteration from the middle");
  }
  if (middle != view.end() || (from == view.end()) != values.empty()) {
    return "the end by iteration from the middle";
  }
  return "";
}

std::string ReverseDifference(const reference::Values& values, const BlobView& view) {
  size_t i = values.size();
  for (auto at = view.rbegin(); at != view.rend(); ++at) {
    if (i == 0) return "iteration goes past the begin";
    if (*at != values[--i]) return absl::StrCat("value ", i, " backwards");
  }
  return i == 0 ? "" : "iteration backwards ends early";
}

std::string JumpDifference(const reference::Values& values, const BlobView& view) {
  const auto count = static_cast<ptrdiff_t>(values.size());
  for (const ptrdiff_t from : {ptrdiff_t{0}, count / 3, count - 65, count}) {
    if (from < 0) continue;
    const BlobIterator at = view.begin() + from;
    for (const ptrdiff_t to : {ptrdiff_t{0}, from - 64, from - 1, from + 63, count / 2, count}) {
      if (to < 0 || to > count) continue;
      BlobIterator there = at + (to - from);
      const std::string jump = absl::StrCat("the jump from ", from, " to ", to);
      if (there - at != to - from || (there < at) != (to < from)) return jump;
      if (to != count && (*there != values[to] || at[to - from] != values[to])) return jump;
      // One step on shows whether its own place in the sizes is right.
      if (to != 0 && *--there != values[to - 1]) return absl::StrCat("the value before ", jump);
    }
  }
  return "";
}

}  // namespace

reference::Form FormOf(Layout layout) {
  return layout == Layout::kFixed64 ? reference::Form::kFixed64 : reference::Form::kCompact;
}

std::string DifferenceFrom(const reference::Values& values, const BlobView& view) {
  if (view.size() != values.size()) {
    return absl::StrCat("size() is ", view.size(), ", expected ", values.size());
  }
  if (view.empty() != values.empty()) return "empty()";
  const std::vector<std::string_view> views = view.Views();
  if (!std::equal(views.begin(), views.end(), values.begin(), values.end())) return "Views()";
  const char* next = view.contents().data();
  for (const std::string_view value : views) {
    if (value.data() != next) return "the values do not lie back to back";
    next += value.size();
  }
  if (next != view.contents().data() + view.contents().size()) return "contents()";
  if (next != view.encoded().data() + view.encoded().size()) return "encoded()";
  std::vector<std::string_view> each;
  view.ForEach([&each](std::string_view value) { each.push_back(value); });
  if (each != views) return "ForEach()";
  std::string difference = AtDifference(values, view);
  if (difference.empty()) difference = IterationDifference(values, view);
  if (difference.empty()) difference = ReverseDifference(values, view);
  if (difference.empty()) difference = JumpDifference(values, view);
  return difference;
}

std::string DecodeDifference(std::string_view bytes, Layout layout) {
  const std::optional<reference::Values> whole = reference::Decode(bytes, FormOf(layout));
  const absl::StatusOr<BlobView> view = BlobView::Parse(bytes, layout);
  if (view.ok() != whole.has_value()) {
    return absl::StrCat("Parse says ", view.status().ToString(), ", the reference ",
                        whole.has_value() ? "accepts" : "refuses");
  }
  if (!view.ok() && !absl::IsDataLoss(view.status())) return view.status().ToString();
  if (view.ok()) {
    if (view->layout() != layout) return "layout()";
    if (view->encoded().data() != bytes.data() || view->encoded().size() != bytes.size()) {
      return "encoded() is not the input";
    }
    const std::string difference = DifferenceFrom(*whole, *view);
    if (!difference.empty()) return difference;
  }

  const std::optional<reference::Prefix> expected = reference::DecodePrefix(bytes, FormOf(layout));
  std::string_view rest = bytes;
  const absl::StatusOr<BlobView> prefix = BlobView::ParsePrefix(&rest, layout);
  if (prefix.ok() != expected.has_value()) {
    return absl::StrCat("ParsePrefix says ", prefix.status().ToString(), ", the reference ",
                        expected.has_value() ? "accepts" : "refuses");
  }
  const size_t consumed = prefix.ok() ? expected->bytes : 0;
  if (rest.data() != bytes.data() + consumed || rest.size() != bytes.size() - consumed) {
    return absl::StrCat("ParsePrefix leaves ", rest.size(), " bytes");
  }
  if (!prefix.ok()) return absl::IsDataLoss(prefix.status()) ? "" : prefix.status().ToString();
  const std::string difference = DifferenceFrom(expected->values, *prefix);
  return difference.empty() ? "" : absl::StrCat("ParsePrefix: ", difference);
}

std::string EncodeDifference(const reference::Values& values, Layout layout) {
  const std::string expected = reference::Encode(values, FormOf(layout));
  const std::vector<std::string_view> views(values.begin(), values.end());
  const absl::StatusOr<std::string> encoded = Encode(views, layout);
  if (!encoded.ok() || *encoded != expected) return "Encode";

  BlobBuilder builder(layout);
  for (const std::string_view value : views) builder.Add(value);
  std::string out = "left over";
  if (builder.size() != values.size()) return "BlobBuilder::size";
  if (!builder.Finish(&out).ok() || out != expected) return "BlobBuilder::Add";

  // In two halves of different layouts, which are then joined.
  const auto middle = views.begin() + static_cast<ptrdiff_t>(values.size() / 2);
  const absl::StatusOr<std::string> head =
      Encode(std::vector<std::string_view>(views.begin(), middle), Layout::kCompact);
  const absl::StatusOr<std::string> tail =
      Encode(std::vector<std::string_view>(middle, views.end()), Layout::kFixed64);
  if (!head.ok() || !tail.ok()) return "Encode of a half";
  const absl::StatusOr<BlobView> lists[] = {BlobView::Parse(*head),
                                            BlobView::Parse(*tail, Layout::kFixed64)};
  if (!lists[0].ok() || !lists[1].ok()) return "Parse of a half";
  for (const absl::StatusOr<BlobView>& list : lists) builder.AddAll(*list);
  if (!builder.Finish(&out).ok() || out != expected) return "BlobBuilder::AddAll";
  out = "left over";
  const BlobView both[] = {*lists[0], *lists[1]};
  if (!internal::EncodeList(both, layout, disk::kCompactTag, internal::Limit::kRocksDb, &out)
           .ok() ||
      out != expected) {
    return "EncodeList";
  }
  return "";
}

}  // namespace test
}  // namespace sheaf
