#include "plugin/rocksdb/histogram.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "plugin/codec/blob_view_access.h"
#include "plugin/codec/little_endian.h"

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

// A chunk is counted in several passes, and stays in the first-level cache between them.
// Invariant: kChunk / 16 additions of one do not overflow a byte.
constexpr size_t kChunk = 2048;

// Sixteen bytes of sizes, for the instructions that every machine with vectors has.
template <typename Size>
struct Vector {
  using Type __attribute__((vector_size(16))) = Size;
  static constexpr size_t kLanes = sizeof(Type) / sizeof(Size);
};

template <typename Size>
void MinMax(const char* sizes, size_t count, uint64_t* min, uint64_t* max) {
  using V = typename Vector<Size>::Type;
  constexpr size_t kLanes = Vector<Size>::kLanes;
  size_t i = 0;
  if (count >= kLanes) {
    auto low = Load<V>(sizes);
    V high = low;
    for (i = kLanes; i + kLanes <= count; i += kLanes) {
      const auto v = Load<V>(sizes + i * sizeof(Size));
      low = v < low ? v : low;
      high = v > high ? v : high;
    }
    for (size_t lane = 0; lane < kLanes; ++lane) {
      *min = std::min<uint64_t>(*min, low[lane]);
      *max = std::max<uint64_t>(*max, high[lane]);
    }
  }
  for (; i < count; ++i) {
    const uint64_t size = Load<Size>(sizes + i * sizeof(Size));
    *min = std::min(*min, size);
    *max = std::max(*max, size);
  }
}

// How many are `bound` or more. REQUIRES: count <= kChunk.
template <typename Size>
uint64_t CountFrom(const char* sizes, size_t count, Size bound) {
  using V = typename Vector<Size>::Type;
  constexpr size_t kLanes = Vector<Size>::kLanes;
  const V bounds = V{} + bound;
  V found = {};
  size_t i = 0;
  // What holds is -1 in its lane.
  for (; i + kLanes <= count; i += kLanes) {
    found -= (V)(Load<V>(sizes + i * sizeof(Size)) >= bounds);
  }
  uint64_t sum = 0;
  for (size_t lane = 0; lane < kLanes; ++lane) sum += found[lane];
  for (; i < count; ++i) sum += Load<Size>(sizes + i * sizeof(Size)) >= bound;
  return sum;
}

// One pass for each bound between two buckets that the sizes lie on both sides of: few, as a list
// has values of much the same size, or there are no more bounds, as the sizes are narrow.
template <typename Size>
void AddChunk(const char* sizes, size_t count, Histogram* histogram) {
  uint64_t min = std::numeric_limits<uint64_t>::max();
  uint64_t max = 0;
  MinMax<Size>(sizes, count, &min, &max);
  const size_t first = Histogram::BucketOf(min);
  const size_t last = Histogram::BucketOf(max);
  uint64_t left = count;
  // Each bucket is told by one of its numbers; the first and the last by the ends of the range.
  for (size_t bucket = first; bucket < last; ++bucket) {
    const uint64_t above =
        CountFrom<Size>(sizes, count, static_cast<Size>(Histogram::From(bucket + 1)));
    histogram->Add(bucket == first ? min : Histogram::From(bucket), left - above);
    left = above;
  }
  if (first == last) {
    histogram->Add(min);
    --left;
  }
  histogram->Add(max, left);
}

// Sizes of more than two bytes, of which most still fit two.
template <typename Size>
void AddWideChunk(const char* sizes, size_t count, Histogram* histogram) {
  uint16_t narrow[kChunk];
  Size bits = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto size = Load<Size>(sizes + i * sizeof(Size));
    bits |= size;
    narrow[i] = static_cast<uint16_t>(size);
  }
  if (bits >> 16 == 0) {
    return AddChunk<uint16_t>(reinterpret_cast<const char*>(narrow), count, histogram);
  }
  for (size_t i = 0; i < count; ++i) histogram->Add(Load<Size>(sizes + i * sizeof(Size)));
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
  constexpr size_t kFew = 16;  // for which passes do not pay
  if (list.size() < kFew) {
    list.ForEach([this](std::string_view value) { Add(value.size()); });
    return;
  }
  const unsigned width = BlobViewAccess::width(list);
  const char* sizes = BlobViewAccess::sizes(list);
  for (size_t left = list.size(); left != 0;) {
    const size_t count = std::min(left, kChunk);
    switch (width) {
      case 1:
        AddChunk<uint8_t>(sizes, count, this);
        break;
      case 2:
        AddChunk<uint16_t>(sizes, count, this);
        break;
      case 4:
        AddWideChunk<uint32_t>(sizes, count, this);
        break;
      default:
        AddWideChunk<uint64_t>(sizes, count, this);
    }
    sizes += count * width;
    left -= count;
  }
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
