// GuardedBytes: memory between two inaccessible pages. Reading one byte too many ends the test,
// however it is built.
//
// Ownership: owns the mapping. A view that it returns is valid until the next call.
// Thread safety: none.
//
//   GuardedBytes guarded(blob.size());
//   Decode(guarded.AtEnd(blob));      // the byte after the last faults
//   Decode(guarded.AtStart(blob));    // the byte before the first faults

#ifndef SHEAF_TESTS_SUPPORT_GUARDED_BYTES_H_
#define SHEAF_TESTS_SUPPORT_GUARDED_BYTES_H_

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace sheaf {
namespace test {

class GuardedBytes {
 public:
  // For up to `capacity` bytes at a time.
  explicit GuardedBytes(size_t capacity) : page_(static_cast<size_t>(sysconf(_SC_PAGESIZE))) {
    room_ = (capacity / page_ + 1) * page_;
    void* const map = mmap(nullptr, room_ + 2 * page_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                           /*offset=*/0);
    if (map == MAP_FAILED) Fail("mmap");
    map_ = static_cast<char*>(map);
    if (mprotect(map_ + page_, room_, PROT_READ | PROT_WRITE) != 0) Fail("mprotect");
  }
  GuardedBytes(const GuardedBytes&) = delete;
  GuardedBytes& operator=(const GuardedBytes&) = delete;
  ~GuardedBytes() { munmap(map_, room_ + 2 * page_); }

  // A copy of `bytes` that ends where the page after it cannot be read.
  std::string_view AtEnd(std::string_view bytes) {
    return CopyTo(map_ + page_ + room_ - bytes.size(), bytes);
  }

  // A copy of `bytes` that begins where the page before it cannot be read.
  std::string_view AtStart(std::string_view bytes) { return CopyTo(map_ + page_, bytes); }

 private:
  [[noreturn]] static void Fail(const char* call) {
    std::perror(call);
    std::abort();
  }

  std::string_view CopyTo(char* at, std::string_view bytes) {
    if (bytes.size() > room_) Fail("GuardedBytes: more bytes than its capacity");
    if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
    return {at, bytes.size()};
  }

  const size_t page_;
  size_t room_;
  char* map_;
};

}  // namespace test
}  // namespace sheaf

#endif  // SHEAF_TESTS_SUPPORT_GUARDED_BYTES_H_
