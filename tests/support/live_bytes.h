// The memory that malloc has handed out and that was not freed, of the whole process.
//
//   const uint64_t before = LiveBytes();
//   Fill(&cache);
//   EXPECT_LT(LiveBytes() - before, cache.max_bytes());

#ifndef SHEAF_TESTS_SUPPORT_LIVE_BYTES_H_
#define SHEAF_TESTS_SUPPORT_LIVE_BYTES_H_

#include <malloc.h>

#include <cstdint>
#include <cstdlib>
#include <memory>

namespace sheaf {
namespace test {

inline uint64_t LiveBytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// False where something else stands in for malloc: a sanitizer, valgrind.
inline bool CountsLiveBytes() {
  constexpr uint64_t kBytes = 1 << 20;
  const uint64_t before = LiveBytes();
  const std::unique_ptr<void, void (*)(void*)> memory(std::malloc(kBytes), std::free);
  return LiveBytes() - before >= kBytes && LiveBytes() - before < 2 * kBytes;
}

}  // namespace test
}  // namespace sheaf

#endif  // SHEAF_TESTS_SUPPORT_LIVE_BYTES_H_
