// Histogram: counts numbers in buckets that end at powers of two; also their min and max.
//
// It is stored as text in the properties of an SST. Histograms of several SSTs can be added.
//
// Thread safety: none.
//
//   Histogram bytes;
//   bytes.AddSizes(list);
//   properties["..."] = bytes.ToText();          // "25-75 5:70 6:6000 7:3930"

#ifndef SHEAF_PLUGIN_ROCKSDB_HISTOGRAM_H_
#define SHEAF_PLUGIN_ROCKSDB_HISTOGRAM_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "sheaf/blob_view.h"

namespace sheaf {
namespace internal {

class Histogram {
 public:
  // One for each number of bits: 0; 1; 2 to 3; 4 to 7; ...
  static constexpr size_t kBuckets = 65;
  static size_t BucketOf(uint64_t number) {
    return number == 0 ? 0 : 64 - static_cast<size_t>(__builtin_clzll(number));
  }
  static uint64_t From(size_t bucket) { return bucket == 0 ? 0 : uint64_t{1} << (bucket - 1); }
  static uint64_t To(size_t bucket) { return bucket == 0 ? 0 : From(bucket) - 1 + From(bucket); }

  void Add(uint64_t number, uint64_t times = 1) {
    if (times == 0) return;
    counts_[BucketOf(number)] += times;
    if (number < min_) min_ = number;
    if (number > max_) max_ = number;
  }
  void Add(const Histogram& other);

  // The bytes of each value of `list`, from its header alone.
  void AddSizes(const BlobView& list);

  const std::array<uint64_t, kBuckets>& counts() const { return counts_; }
  uint64_t total() const;
  bool empty() const { return min_ > max_; }
  // REQUIRES: not empty.
  uint64_t min() const { return min_; }
  uint64_t max() const { return max_; }

  // The quantile `part` (0 to 1), as if the numbers of a bucket were spread evenly over it. Exact
  // if all numbers are equal. REQUIRES: not empty.
  uint64_t Quantile(double part) const;

  // "MIN-MAX BITS:COUNT BITS:COUNT ...", decimal, without empty buckets; "" if nothing was counted.
  // For any other text, FromText returns false and changes nothing.
  std::string ToText() const;
  bool FromText(std::string_view text);

 private:
  std::array<uint64_t, kBuckets> counts_ = {};
  uint64_t min_ = std::numeric_limits<uint64_t>::max();
  uint64_t max_ = 0;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_HISTOGRAM_H_
