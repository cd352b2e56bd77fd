// ProcessLocal: a global of one process. A child of fork() has one of its own, as other threads may
// have held the locks in its parent's.
//
// Lifetime: never destroyed, as background threads of DBs and static destructors may use it.
// Thread safety: Get() may be called by any thread.
//
//   Registry& registry = ProcessLocal<Registry>::Get();

#ifndef SHEAF_PLUGIN_ROCKSDB_PROCESS_LOCAL_H_
#define SHEAF_PLUGIN_ROCKSDB_PROCESS_LOCAL_H_

#include <atomic>
#include <cstdint>

#include "plugin/rocksdb/fork_count.h"

namespace sheaf {
namespace internal {

template <typename T>
class ProcessLocal {
 public:
  static T& Get() {
    Made* made = made_.load(std::memory_order_acquire);
    while (made == nullptr || made->process != ForkCount::Now()) {
      Made* const fresh = new Made{ForkCount::Watch(), {}};
      if (made_.compare_exchange_strong(made, fresh, std::memory_order_acq_rel)) {
        return fresh->value;
      }
      delete fresh;
    }
    return made->value;
  }

 private:
  struct Made {
    const uint64_t process;
    T value;
  };
  static inline std::atomic<Made*> made_{nullptr};
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_PROCESS_LOCAL_H_
