// Counts what a thread allocates: linking this library replaces the program's operator new.
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

// Calls of any operator new, and the bytes asked for, by the current thread since it began.
uint64_t AllocationsOfThread();
uint64_t AllocatedBytesOfThread();

// False under valgrind, which puts its own operator new in the place of every other; true with the
// sanitizers, which leave a program's alone. Tests that count skip themselves where it is false.
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

}  // namespace test
}  // namespace sheaf

#endif  // SHEAF_TESTS_SUPPORT_COUNTING_NEW_H_
