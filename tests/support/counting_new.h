// Counts the allocations of a thread, or makes them fail. Linking this library replaces the
// program's operator new.
//
// Thread safety: each thread counts for itself.
//
//   AllocationCount count;
//   Decode(blob);
//   EXPECT_EQ(count.so_far(), 0u);

#ifndef SHEAF_TESTS_SUPPORT_COUNTING_NEW_H_
#define SHEAF_TESTS_SUPPORT_COUNTING_NEW_H_

#include <cstddef>
#include <cstdint>

namespace sheaf {
namespace test {

// The calls of any operator new by the current thread since it began, and the bytes that they
// requested.
uint64_t AllocationsOfThread();
uint64_t AllocatedBytesOfThread();

// False under valgrind, which replaces every operator new with its own. True with the sanitizers,
// which keep the program's. If it is false, tests that count skip themselves.
bool CountsAllocations();

// What the current thread has allocated since this was made.
class AllocationCount {
 public:
  uint64_t so_far() const { return AllocationsOfThread() - allocations_; }
  uint64_t bytes_so_far() const { return AllocatedBytesOfThread() - bytes_; }

 private:
  const uint64_t allocations_ = AllocationsOfThread();
  const uint64_t bytes_ = AllocatedBytesOfThread();
};

// While it lives, makes allocations of the current thread fail with std::bad_alloc. Does not nest.
class FailingNew {
 public:
  // Fails `count` allocations, after `from` that succeed.
  FailingNew(uint64_t from, uint64_t count);
  // Fails all allocations of `bytes` or more.
  struct LargeOnes {
    size_t bytes;
  };
  explicit FailingNew(LargeOnes large);
  ~FailingNew();
  FailingNew(const FailingNew&) = delete;
  FailingNew& operator=(const FailingNew&) = delete;

  // How many allocations failed.
  uint64_t failed() const;
};

}  // namespace test
}  // namespace sheaf

#endif  // SHEAF_TESTS_SUPPORT_COUNTING_NEW_H_
