// Counts what a thread allocates, and lets it fail: linking this library replaces the program's
// operator new.
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

// Lets allocations of the current thread fail, with std::bad_alloc, while it lives. Does not nest.
class FailingNew {
 public:
  // `count` allocations, after `from` that do not fail.
  FailingNew(uint64_t from, uint64_t count);
  // All of `bytes` or more.
  struct LargeOnes {
    size_t bytes;
  };
  explicit FailingNew(LargeOnes large);
  ~FailingNew();
  FailingNew(const FailingNew&) = delete;
  FailingNew& operator=(const FailingNew&) = delete;

  // How many did.
  uint64_t failed() const;
};

}  // namespace test
}  // namespace sheaf

#endif  // SHEAF_TESTS_SUPPORT_COUNTING_NEW_H_
