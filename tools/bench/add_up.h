// AddUp: the sum of all bytes, which is what a benchmark does that touches a value.

#ifndef SHEAF_TOOLS_BENCH_ADD_UP_H_
#define SHEAF_TOOLS_BENCH_ADD_UP_H_

#include <cstdint>
#include <string_view>

namespace sheaf {
namespace bench {

inline uint64_t AddUp(std::string_view bytes) {
  uint64_t sum = 0;
  for (const char byte : bytes) sum += static_cast<unsigned char>(byte);
  return sum;
}

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_ADD_UP_H_
