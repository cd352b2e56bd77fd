#include "tools/bench/allocations.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace sheaf {
namespace bench {
namespace {

thread_local uint64_t allocations = 0;

void* Allocate(size_t size) {
  ++allocations;
  void* const memory = std::malloc(size != 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

void* AllocateAligned(size_t size, std::align_val_t alignment) {
  ++allocations;
  const auto step = static_cast<size_t>(alignment);
  void* const memory = std::aligned_alloc(step, (size + step - 1) / step * step);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace

uint64_t AllocationsOfThisThread() { return allocations; }

}  // namespace bench
}  // namespace sheaf

// The array and nothrow forms of the standard library call these.
void* operator new(size_t size) { return sheaf::bench::Allocate(size); }
void* operator new(size_t size, std::align_val_t alignment) {
  return sheaf::bench::AllocateAligned(size, alignment);
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, size_t, std::align_val_t) noexcept { std::free(memory); }
