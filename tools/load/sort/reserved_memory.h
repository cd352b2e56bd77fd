// ReservedMemory: an array that grows in place, up to a size known at the start.
//
// Like std::vector after reserve(), but it reserves address space: memory is in use when it is
// written. Growing never copies, and never doubles what is in use.
//
// Ownership: owns the memory. Lifetime: addresses are stable until destruction. Thread safety: as
// an array.
//
//   ReservedMemory memory;
//   absl::Status status = memory.Reserve(uint64_t{1} << 40);
//   if (status.ok()) memory.data()[0] = 'x';

#ifndef SHEAF_TOOLS_LOAD_SORT_RESERVED_MEMORY_H_
#define SHEAF_TOOLS_LOAD_SORT_RESERVED_MEMORY_H_

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"

namespace sheaf {
namespace load {

class ReservedMemory {
 public:
  ReservedMemory() = default;
  ~ReservedMemory();
  ReservedMemory(const ReservedMemory&) = delete;
  ReservedMemory& operator=(const ReservedMemory&) = delete;

  // Errors: Unavailable if the system does not give the address space.
  absl::Status Reserve(uint64_t bytes);

  // Gives the memory from byte `begin` on back to the system, and keeps the addresses. What was
  // written there is lost.
  void Release(uint64_t begin);

  char* data() const { return data_; }

 private:
  char* data_ = nullptr;
  uint64_t bytes_ = 0;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_RESERVED_MEMORY_H_
