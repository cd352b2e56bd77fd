// Interrupts: SIGINT and SIGTERM set a flag. Long work checks it, ends, and cleans up.
//
// Ownership: one InterruptScope at a time; its destructor restores the former handlers.
// Thread safety: the free functions from any thread.
//
//   InterruptScope scope;
//   while (work) {
//     if (absl::Status s = CheckInterrupt(); !s.ok()) return s;     // Cancelled
//   }

#ifndef SHEAF_TOOLS_COMMON_INTERRUPT_H_
#define SHEAF_TOOLS_COMMON_INTERRUPT_H_

#include "absl/status/status.h"

namespace sheaf {
namespace load {

class InterruptScope {
 public:
  InterruptScope();
  ~InterruptScope();
  InterruptScope(const InterruptScope&) = delete;
  InterruptScope& operator=(const InterruptScope&) = delete;
};

// The signal that arrived in the current InterruptScope, or 0.
int InterruptSignal();

// Returns Cancelled, naming the signal, if one arrived. Cheap.
absl::Status CheckInterrupt();

// A file descriptor that becomes readable when a signal arrives, for poll(); -1 without a scope.
int InterruptFd();

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_INTERRUPT_H_
