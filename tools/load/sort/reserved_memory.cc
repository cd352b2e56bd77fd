#include "tools/load/sort/reserved_memory.h"

#include <sys/mman.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "tools/common/text.h"

namespace sheaf {
namespace load {

ReservedMemory::~ReservedMemory() {
  if (data_ != nullptr) munmap(data_, bytes_);
}

void ReservedMemory::Release(uint64_t begin) {
  constexpr uint64_t kPage = 4096;
  begin = (begin + kPage - 1) / kPage * kPage;
  if (data_ != nullptr && begin < bytes_) madvise(data_ + begin, bytes_ - begin, MADV_DONTNEED);
}

absl::Status ReservedMemory::Reserve(uint64_t bytes) {
  void* const at = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) {
    return absl::UnavailableError(absl::StrCat("cannot reserve ", Bytes(bytes),
                                               " of address space: ", ErrnoText(errno),
                                               "; lower --memory"));
  }
  data_ = static_cast<char*>(at);
  bytes_ = bytes;
  // Far fewer page faults; a refusal costs nothing but those.
  madvise(at, bytes, MADV_HUGEPAGE);
  return absl::OkStatus();
}

}  // namespace load
}  // namespace sheaf
