#include "plugin/rocksdb/block_memory.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SHEAF_KEEPS_NO_BLOCKS
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define SHEAF_KEEPS_NO_BLOCKS
#endif

namespace sheaf {
namespace internal {

SHEAF_THREAD_LOCAL BlockMemory::Free* BlockMemory::kept_ = nullptr;
SHEAF_THREAD_LOCAL size_t BlockMemory::room_ = 0;
SHEAF_THREAD_LOCAL bool BlockMemory::began_ = false;

struct BlockMemory::Returner {
  ~Returner() {
    room_ = 0;
    while (kept_ != nullptr) {
      Free* const memory = kept_;
      kept_ = memory->next;
      ::operator delete(memory);
    }
  }
};

bool BlockMemory::MakeRoom() {
#if defined(SHEAF_KEEPS_NO_BLOCKS)
  return false;
#endif
  if (began_) return false;  // all of it is taken, or the thread is ending
  began_ = true;
  static thread_local Returner returner;
  (void)&returner;  // constructed by being named
  room_ = kKept;
  return true;
}

}  // namespace internal
}  // namespace sheaf
