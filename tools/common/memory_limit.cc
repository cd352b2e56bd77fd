#include "tools/common/memory_limit.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>

#include "absl/strings/str_cat.h"
#include "tools/common/text.h"

namespace sheaf {
namespace load {
namespace {

constexpr uint64_t kNoLimit = std::numeric_limits<uint64_t>::max();
// RocksDB opens a DB's files by so many threads.
constexpr uint64_t kOpeningThreads = 16;
// Of RocksDB and of libraries, beside what --memory counts.
constexpr uint64_t kOverhead = uint64_t{24} << 20;
// Rows and their index are reserved apart, each as large as both may be; SSTs come on top.
constexpr uint64_t kReserved = 3;

uint64_t Left(int resource, uint64_t used) {
  struct rlimit limit;
  if (getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0 ||
      limit.rlim_cur == RLIM_INFINITY) {
    return kNoLimit;
  }
  return limit.rlim_cur - std::min<uint64_t>(limit.rlim_cur, used);
}

uint64_t StackBytes() {
  pthread_attr_t attributes;
  size_t bytes = size_t{8} << 20;
  if (pthread_getattr_default_np(&attributes) != 0) return bytes;
  pthread_attr_getstacksize(&attributes, &bytes);
  pthread_attr_destroy(&attributes);
  return bytes;
}

}  // namespace

uint64_t AddressSpaceLeft() {
  // Pages: all, resident, shared, text, 0, data and stack.
  uint64_t pages[6] = {};
  std::ifstream statm("/proc/self/statm");
  for (uint64_t& count : pages) statm >> count;
  const auto page = static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return std::min(Left(RLIMIT_AS, pages[0] * page), Left(RLIMIT_DATA, pages[5] * page));
}

absl::Status FitMemory(uint64_t left, int threads,
                       const std::function<void(const std::string&)>& note, uint64_t* memory) {
  if (*memory > kMaxMemory) {
    return absl::InvalidArgumentError(
        absl::StrCat("--memory: expected at most ", Bytes(kMaxMemory), ", found ", Bytes(*memory)));
  }
  if (left == kNoLimit) return absl::OkStatus();
  const uint64_t overhead =
      kOverhead + (static_cast<uint64_t>(threads) + kOpeningThreads) * StackBytes();
  const uint64_t fits = (left - std::min(left, overhead)) / kReserved;
  if (fits < kMinMemory) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the limit of this process's address space (ulimit -v or -d) leaves ", Bytes(left),
        "; a load with ", threads, " of --threads needs ", Bytes(overhead + kReserved * kMinMemory),
        " at least. Raise the limit, or lower --threads"));
  }
  if (fits >= *memory) return absl::OkStatus();
  note(absl::StrCat("the limit of address space (ulimit -v or -d) leaves room for ", Bytes(fits),
                    " of --memory, not ", Bytes(*memory), "; going on with that"));
  *memory = fits;
  return absl::OkStatus();
}

}  // namespace load
}  // namespace sheaf
