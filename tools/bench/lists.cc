#include "tools/bench/lists.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace sheaf {
namespace bench {
namespace {

constexpr size_t kMaxZipfSize = 4000;

// Running sums of the weights 1 / (s + 1), in units of which the last is 2^32 or nearly so.
std::vector<uint64_t> ZipfSums() {
  double all = 0;
  for (size_t s = 0; s <= kMaxZipfSize; ++s) all += 1.0 / static_cast<double>(s + 1);
  std::vector<uint64_t> sums;
  double sum = 0;
  for (size_t s = 0; s <= kMaxZipfSize; ++s) {
    sum += 1.0 / static_cast<double>(s + 1);
    sums.push_back(static_cast<uint64_t>(sum / all * 4294967296.0));
  }
  return sums;
}

size_t SizeOf(const Shape& shape, std::mt19937_64& random) {
  switch (shape.sizes) {
    case Shape::Sizes::kEqual:
      return shape.size;
    case Shape::Sizes::kMixed:
      // Not std::uniform_int_distribution, which differs between standard libraries.
      return 25 + random() % 51;
    case Shape::Sizes::kAround:
      return shape.size / 2 + random() % (shape.size + 1);
    case Shape::Sizes::kZipf: {
      static const std::vector<uint64_t> sums = ZipfSums();
      const uint64_t at = random() >> 32;
      const size_t size =
          static_cast<size_t>(std::upper_bound(sums.begin(), sums.end(), at) - sums.begin());
      return std::min(size, kMaxZipfSize);
    }
  }
  return 0;
}

}  // namespace

List::List(const Shape& shape, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<size_t> sizes(shape.count);
  size_t total = 0;
  for (size_t& size : sizes) total += size = SizeOf(shape, random);

  bytes_.resize(total);
  for (size_t at = 0; at < total; at += sizeof(uint64_t)) {
    const uint64_t word = random();
    std::memcpy(bytes_.data() + at, &word, std::min(sizeof word, total - at));
  }
  std::replace(bytes_.begin(), bytes_.end(), kDelimiter, static_cast<char>(kDelimiter + 1));
  values_.reserve(shape.count);
  const char* at = bytes_.data();
  for (const size_t size : sizes) {
    values_.emplace_back(at, size);
    at += size;
  }
}

}  // namespace bench
}  // namespace sheaf
