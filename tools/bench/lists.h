// The lists that are measured: how many values of what sizes, and what is in them.

#ifndef SHEAF_TOOLS_BENCH_LISTS_H_
#define SHEAF_TOOLS_BENCH_LISTS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sheaf {
namespace bench {

// Named COUNTxSIZE, as in a benchmark's name.
struct Shape {
  enum class Sizes {
    kEqual,   // all of `size`
    kMixed,   // uniform in 25..75
    kAround,  // uniform from half of `size` to one and a half
    kZipf,    // 0..4000, size s with a weight of 1 / (s + 1)
  };
  const char* name;
  size_t count;
  Sizes sizes;
  size_t size;  // for kEqual and kAround
};

constexpr Shape k10000x50 = {"10000x50", 10000, Shape::Sizes::kEqual, 50};
constexpr Shape k10000xMix = {"10000xmix", 10000, Shape::Sizes::kMixed, 0};
constexpr Shape k100xMix = {"100xmix", 100, Shape::Sizes::kMixed, 0};
constexpr Shape k1x100 = {"1x100", 1, Shape::Sizes::kEqual, 100};
constexpr Shape k10000xZipf = {"10000xzipf", 10000, Shape::Sizes::kZipf, 0};
constexpr Shape k64x4096 = {"64x4096", 64, Shape::Sizes::kEqual, 4096};
constexpr Shape k1000000x8 = {"1000000x8", 1000000, Shape::Sizes::kEqual, 8};
constexpr Shape k1000000xMix = {"1000000xmix", 1000000, Shape::Sizes::kMixed, 0};

// The one byte that no value contains: a value that did could not be joined to others and told
// apart again (Join.Split). What else there is holds any byte.
constexpr char kDelimiter = '\0';

// A list in memory, the model that every system is compared with. The views are valid while the
// List is, wherever it is moved.
class List {
 public:
  // The same for the same `shape` and `seed` on every machine. Bytes are uniformly random, but
  // for kDelimiter, so values differ and nothing compresses them.
  List(const Shape& shape, uint64_t seed);
  List(List&&) = default;

  const std::vector<std::string_view>& values() const { return values_; }

 private:
  std::vector<char> bytes_;
  std::vector<std::string_view> values_;
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_LISTS_H_
