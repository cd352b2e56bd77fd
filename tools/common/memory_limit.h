// The memory that this process may have: limits of its address space (ulimit -v, -d).
//
// Thread safety: free functions.

#ifndef SHEAF_TOOLS_COMMON_MEMORY_LIMIT_H_
#define SHEAF_TOOLS_COMMON_MEMORY_LIMIT_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"

namespace sheaf {
namespace load {

// The minimum memory of the loader; below it, overhead would take all of it.
constexpr uint64_t kMinMemory = uint64_t{16} << 20;
// The maximum: addresses of a process have 47 bits, and the loader reserves two arrays.
constexpr uint64_t kMaxMemory = uint64_t{1} << 45;

// Bytes of address space that this process can still have; UINT64_MAX if there is no limit.
uint64_t AddressSpaceLeft();

// Lowers `*memory`, for a load with `threads`, to what fits into `left` bytes of address space, and
// calls `note` with a message if it did. Errors: InvalidArgument beyond kMaxMemory;
// ResourceExhausted, naming the limit and what is needed, if kMinMemory does not fit.
absl::Status FitMemory(uint64_t left, int threads,
                       const std::function<void(const std::string&)>& note, uint64_t* memory);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_MEMORY_LIMIT_H_
