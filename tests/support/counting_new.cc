#include "tests/support/counting_new.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace {

thread_local uint64_t allocations = 0;
thread_local uint64_t allocated_bytes = 0;

// malloc and its kin below are the sanitizer's where there is one: its checks stay.
void* Count(void* memory, size_t size) {
  ++allocations;
  allocated_bytes += size;
  return memory;
}

void* Allocate(size_t size) { return Count(std::malloc(size == 0 ? 1 : size), size); }

void* AllocateAligned(size_t size, std::align_val_t alignment) {
  const auto a = static_cast<size_t>(alignment);
  return Count(std::aligned_alloc(a, (size + a - 1) / a * a), size);
}

void* OrAbort(void* memory) {
  if (memory == nullptr) std::abort();
  return memory;
}

}  // namespace

// NOLINTBEGIN(misc-new-delete-overloads)
void* operator new(size_t n) { return OrAbort(Allocate(n)); }
void* operator new[](size_t n) { return OrAbort(Allocate(n)); }
void* operator new(size_t n, const std::nothrow_t&) noexcept { return Allocate(n); }
void* operator new[](size_t n, const std::nothrow_t&) noexcept { return Allocate(n); }
void* operator new(size_t n, std::align_val_t a) { return OrAbort(AllocateAligned(n, a)); }
void* operator new[](size_t n, std::align_val_t a) { return OrAbort(AllocateAligned(n, a)); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete(void* p, size_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t) noexcept { std::free(p); }
void operator delete(void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete[](void* p, const std::nothrow_t&) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, size_t, std::align_val_t) noexcept { std::free(p); }
// NOLINTEND(misc-new-delete-overloads)

namespace sheaf {
namespace test {

uint64_t AllocationsOfThread() { return allocations; }
uint64_t AllocatedBytesOfThread() { return allocated_bytes; }

bool CountsAllocations() {
  const char* const preloaded = std::getenv("LD_PRELOAD");
  return preloaded == nullptr || std::strstr(preloaded, "vgpreload") == nullptr;
}

}  // namespace test
}  // namespace sheaf
