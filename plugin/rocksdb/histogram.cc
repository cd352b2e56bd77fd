#include "plugin/rocksdb/histogram.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "plugin/codec/blob_view_access.h"

namespace sheaf {
namespace internal {
namespace {

// Takes a decimal number and the byte `end` behind it, which something must follow. The text may
// also end behind the number, if `end` is ' '.
bool TakeNumber(std::string_view* text, char end, uint64_t* number) {
  const char* const last = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), last, *number);
  if (error != std::errc()) return false;
  if (stop == last) {
    text->remove_prefix(text->size());
    return end == ' ';
  }
  text->remove_prefix(static_cast<size_t>(stop - text->data()) + 1);
  return *stop == end && !text->empty();
}

// No count wraps: properties may say anything.
uint64_t Sum(uint64_t a, uint64_t b) {
  return b <= std::numeric_limits<uint64_t>::max() - a ? a + b
                                                       : std::numeric_limits<uint64_t>::max();
}

}  // namespace

void Histogram::Add(const Histogram& other) {
  for (size_t i = 0; i < kBuckets; ++i) counts_[i] = Sum(counts_[i], other.counts_[i]);
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

void Histogram::AddSizes(const BlobView& list) {
  if (list.empty()) return;
  if (BlobViewAccess::uniform(list)) return Add(list[0].size(), list.size());
  list.ForEach([this](std::string_view value) { Add(value.size()); });
}

uint64_t Histogram::total() const {
  uint64_t total = 0;
  for (const uint64_t count : counts_) total = Sum(total, count);
  return total;
}

uint64_t Histogram::Quantile(double part) const {
  const double wanted = part * static_cast<double>(total());
  double before = 0;
  for (size_t i = 0; i < kBuckets; ++i) {
    const auto count = static_cast<double>(counts_[i]);
    if (count == 0 || before + count < wanted) {
      before += count;
      continue;
    }
    const uint64_t from = std::max(min_, From(i));
    const uint64_t range = std::min(max_, To(i)) - from;
    const double above = std::round(static_cast<double>(range) * (wanted - before) / count);
    // Past 53 bits a double may be rounded up beyond the range.
    return above < static_cast<double>(range) ? from + static_cast<uint64_t>(above) : from + range;
  }
  return max_;
}

std::string Histogram::ToText() const {
  if (empty()) return "";
  std::string text = absl::StrCat(min_, "-", max_);
  for (size_t i = 0; i < kBuckets; ++i) {
    if (counts_[i] != 0) absl::StrAppend(&text, " ", i, ":", counts_[i]);
  }
  return text;
}

bool Histogram::FromText(std::string_view text) {
  Histogram read;
  if (!text.empty()) {
    if (!TakeNumber(&text, '-', &read.min_) || !TakeNumber(&text, ' ', &read.max_) ||
        read.min_ > read.max_) {
      return false;
    }
    const size_t first = BucketOf(read.min_);
    const size_t last = BucketOf(read.max_);
    for (size_t next = first; !text.empty() || next <= last;) {
      uint64_t bucket = 0;
      uint64_t count = 0;
      if (!TakeNumber(&text, ':', &bucket) || !TakeNumber(&text, ' ', &count)) return false;
      if (bucket < next || bucket > last || (next == first && bucket != first) || count == 0) {
        return false;
      }
      read.counts_[bucket] = count;
      next = bucket + 1;
    }
  }
  *this = read;
  return true;
}

}  // namespace internal
}  // namespace sheaf
