#include "tests/support/counting_new.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace {

thread_local uint64_t allocations = 0;
thread_local uint64_t allocated_bytes = 0;

// Allocations of the thread from the `fail_from`th on, before the `fail_until`th, of `fail_size`
// bytes at least, fail.
thread_local uint64_t fail_from = UINT64_MAX;
thread_local uint64_t fail_until = UINT64_MAX;
thread_local size_t fail_size = 0;
thread_local uint64_t failures = 0;

bool Fails(size_t size) {
  if (allocations < fail_from || allocations >= fail_until || size < fail_size) return false;
  ++allocations;
  ++failures;
  return true;
}

// malloc and its kin below are the sanitizer's where there is one: its checks stay.
void* Count(void* memory, size_t size) {
  ++allocations;
  allocated_bytes += size;
  return memory;
}

void* Allocate(size_t size) {
  return Fails(size) ? nullptr : Count(std::malloc(size == 0 ? 1 : size), size);
}

void* AllocateAligned(size_t size, std::align_val_t alignment) {
  if (Fails(size)) return nullptr;
  const auto a = static_cast<size_t>(alignment);
  return Count(std::aligned_alloc(a, (size + a - 1) / a * a), size);
}

void* OrThrow(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

// NOLINTBEGIN(misc-new-delete-overloads)
void* operator new(size_t n) { return OrThrow(Allocate(n)); }
void* operator new[](size_t n) { return OrThrow(Allocate(n)); }
void* operator new(size_t n, const std::nothrow_t&) noexcept { return Allocate(n); }
void* operator new[](size_t n, const std::nothrow_t&) noexcept { return Allocate(n); }
void* operator new(size_t n, std::align_val_t a) { return OrThrow(AllocateAligned(n, a)); }
void* operator new[](size_t n, std::align_val_t a) { return OrThrow(AllocateAligned(n, a)); }
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

FailingNew::FailingNew(uint64_t from, uint64_t count) {
  failures = 0;
  fail_size = 0;
  fail_until = count > UINT64_MAX - allocations - from ? UINT64_MAX : allocations + from + count;
  fail_from = allocations + from;
}

FailingNew::FailingNew(LargeOnes large) : FailingNew(0, UINT64_MAX) { fail_size = large.bytes; }

FailingNew::~FailingNew() { fail_from = fail_until = UINT64_MAX; }

uint64_t FailingNew::failed() const { return failures; }

bool CountsAllocations() {
  const char* const preloaded = std::getenv("LD_PRELOAD");
  return preloaded == nullptr || std::strstr(preloaded, "vgpreload") == nullptr;
}

}  // namespace test
}  // namespace sheaf
