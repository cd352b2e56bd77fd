// What a thread keeps of the memory of blocks that are gone.

#include "plugin/rocksdb/block_memory.h"

#include <set>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/counting_new.h"
#include "tests/support/sanitizers.h"

namespace sheaf {
namespace internal {
namespace {

using test::AllocationCount;

// AddressSanitizer is to see each block that is gone, so nothing is kept there.
constexpr bool kKeeps = !test::kAddressSanitizer;

std::vector<void*> TakeMany(size_t n) {
  std::vector<void*> taken(n);
  for (void*& memory : taken) memory = BlockMemory::Take();
  return taken;
}

TEST(BlockMemoryTest, WhatIsGivenBackIsTakenAgain) {
  if (!kKeeps || !test::CountsAllocations()) GTEST_SKIP();
  for (void* memory : TakeMany(BlockMemory::kKept)) BlockMemory::Give(memory);
  std::vector<void*> again;
  again.reserve(BlockMemory::kKept);
  const AllocationCount count;
  for (size_t i = 0; i < BlockMemory::kKept; ++i) again.push_back(BlockMemory::Take());
  EXPECT_EQ(count.so_far(), 0u);
  EXPECT_EQ(std::set<void*>(again.begin(), again.end()).size(), BlockMemory::kKept);
  for (void* memory : again) BlockMemory::Give(memory);
}

TEST(BlockMemoryTest, NoMoreIsKeptThanItSays) {
  if (!kKeeps || !test::CountsAllocations()) GTEST_SKIP();
  for (void* memory : TakeMany(3 * BlockMemory::kKept)) BlockMemory::Give(memory);
  std::vector<void*> again(3 * BlockMemory::kKept);
  const AllocationCount count;
  for (void*& memory : again) memory = BlockMemory::Take();
  EXPECT_EQ(count.so_far(), 2 * BlockMemory::kKept);
  for (void* memory : again) BlockMemory::Give(memory);
}

// LeakSanitizer and valgrind see to it that what the thread kept is freed with it.
TEST(BlockMemoryTest, MemoryMayBeGivenBackByAnotherThread) {
  std::vector<void*> taken = TakeMany(3);
  std::thread([&taken] {
    for (void* memory : taken) BlockMemory::Give(memory);
    std::vector<void*> mine = TakeMany(2);
    if (kKeeps) {
      EXPECT_EQ(mine[0], taken[2]);
    }
    for (void* memory : mine) BlockMemory::Give(memory);
  }).join();
}

// A thread-local that is destroyed after the memory's own: constructed before it is.
struct Late {
  ~Late() {
    if (memory != nullptr) BlockMemory::Give(memory);
    BlockMemory::Give(BlockMemory::Take());
  }
  void* memory = nullptr;
};

TEST(BlockMemoryTest, AThreadThatIsEndingKeepsNothing) {
  std::thread([] {
    static thread_local Late late;
    late.memory = BlockMemory::Take();
    BlockMemory::Give(BlockMemory::Take());
  }).join();
}

}  // namespace
}  // namespace internal
}  // namespace sheaf
