#include "tools/sheaf/histogram_text.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/common/text.h"

namespace sheaf {
namespace tool {
namespace {

using internal::Histogram;

constexpr size_t kColumns = 79;  // a line of 80 makes some terminals go on to the next
constexpr size_t kLongestBar = 40;
constexpr size_t kShortestBar = 8;

std::string Number(uint64_t number, Unit unit) {
  return unit == Unit::kBytes ? load::Bytes(number) : load::Grouped(number);
}

// A power of two as a number below 1,024 and its unit.
std::string Power(uint64_t bytes, const char** unit) {
  constexpr const char* kUnits[] = {"B", "KB", "MB", "GB", "TB", "PB", "EB"};
  size_t i = 0;
  for (; bytes >= 1024; bytes /= 1024) ++i;
  *unit = kUnits[i];
  return load::Grouped(bytes);
}

std::string Range(size_t bucket, Unit unit) {
  const uint64_t from = Histogram::From(bucket);
  const uint64_t to = Histogram::To(bucket);
  const char* const end = unit == Unit::kBytes ? " B" : "";
  if (from == to) return absl::StrCat(load::Grouped(from), end);
  if (unit == Unit::kCount || from < 1024 || to == UINT64_MAX) {
    return absl::StrCat(load::Grouped(from), " to ", load::Grouped(to), end);
  }
  // Nobody wants to read "1,048,576 to 2,097,151 B".
  const char* from_unit;
  const char* to_unit;
  const std::string first = Power(from, &from_unit);
  const std::string last = Power(to + 1, &to_unit);
  if (from_unit == to_unit) return absl::StrCat(first, " to ", last, " ", to_unit);
  return absl::StrCat(first, " ", from_unit, " to ", last, " ", to_unit);
}

// 100 % is all of them, and 0.0 % none.
std::string Percent(uint64_t part, uint64_t all) {
  const double percent = 100.0 * static_cast<double>(part) / static_cast<double>(all);
  if (part == all) return "100%";
  if (percent < 0.1) return "<0.1%";
  return absl::StrFormat("%.1f%%", std::min(percent, 99.9));
}

std::string Quantiles(const Histogram& histogram, Unit unit) {
  std::string text = absl::StrCat("min ", Number(histogram.min(), unit));
  if (histogram.min() == histogram.max()) return absl::StrCat("all ", text.substr(4));
  for (const auto& [name, part] : {std::pair("median", 0.5), std::pair("p99", 0.99)}) {
    absl::StrAppend(&text, ", ", name, " ~", Number(histogram.Quantile(part), unit));
  }
  return absl::StrCat(text, ", max ", Number(histogram.max(), unit));
}

}  // namespace

void AppendBars(const char* title, const char* counted, const Histogram& histogram, Unit unit,
                std::string* out) {
  if (histogram.empty()) return;
  absl::StrAppend(out, "\n", title, ": ", Quantiles(histogram, unit), "\n");
  const auto& counts = histogram.counts();
  const uint64_t all = histogram.total();
  const uint64_t largest = *std::max_element(counts.begin(), counts.end());
  // Buckets without a count are shown between others: a gap is to be seen.
  const size_t first = Histogram::BucketOf(histogram.min());
  const size_t last = Histogram::BucketOf(histogram.max());
  size_t range_width = 0;
  size_t count_width = std::strlen(counted);
  for (size_t i = first; i <= last; ++i) {
    range_width = std::max(range_width, Range(i, unit).size());
    count_width = std::max(count_width, load::Grouped(counts[i]).size());
  }
  const size_t before_bar = 2 + range_width + 2 + count_width + 2 + 5 + 2 + 5 + 2;
  const size_t longest = before_bar + kShortestBar < kColumns
                             ? std::min(kLongestBar, kColumns - before_bar)
                             : kShortestBar;
  absl::StrAppendFormat(out, "  %*s  %*s  share  up to\n", range_width, "", count_width, counted);
  uint64_t up_to = 0;
  for (size_t i = first; i <= last; ++i) {
    up_to += counts[i];
    const auto length = static_cast<size_t>(
        std::lround(static_cast<double>(counts[i]) / static_cast<double>(largest) *
                    static_cast<double>(longest)));
    absl::StrAppendFormat(out, "  %*s  %*s  %5s  %5s", range_width, Range(i, unit), count_width,
                          load::Grouped(counts[i]), counts[i] == 0 ? "" : Percent(counts[i], all),
                          Percent(up_to, all));
    if (counts[i] != 0) absl::StrAppend(out, "  ", std::string(std::max<size_t>(1, length), '#'));
    out->push_back('\n');
  }
}

}  // namespace tool
}  // namespace sheaf
