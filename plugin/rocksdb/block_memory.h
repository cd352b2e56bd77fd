// BlockMemory: the memory of blocks that are gone, kept by the thread for those to come.
//
// Like malloc's own cache of a thread, but inline, and with room for most blocks of a MultiGet,
// where glibc keeps 7 of a size. A thread that reads and drops lists does not allocate at all.
//
// What it saves of a block that is read and dropped, in nanoseconds:
//
//                       glibc    jemalloc    tcmalloc
//     one at a time         9           5           4
//     64 at a time         18          10           4
//
// That is little of a read, but a fifth of what Sheaf.Open takes more than DB::Get for a list of
// one value (docs/benchmarks.md): the goal there is 8 %, and 7 % are used.
//
// Lifetime: what a thread keeps, at most kKept * kBytes = 8 KB, is freed when it ends. Memory may
// be given back on another thread than took it. Under AddressSanitizer nothing is kept, so that it
// sees each use of a block that is gone.
//
// Thread safety: all of it; a thread sees only what it keeps itself.

#ifndef SHEAF_PLUGIN_ROCKSDB_BLOCK_MEMORY_H_
#define SHEAF_PLUGIN_ROCKSDB_BLOCK_MEMORY_H_

#include <cstddef>
#include <new>

#include "plugin/rocksdb/thread_local.h"

namespace sheaf {
namespace internal {

class BlockMemory {
 public:
  // Two lines of the cache: what a block with a PinnableSlice takes.
  static constexpr size_t kBytes = 128;
  static constexpr size_t kKept = 64;

  // kBytes bytes, not initialized.
  static void* Take() {
    Free* const memory = kept_;
    if (memory == nullptr) return ::operator new(kBytes);
    kept_ = memory->next;
    ++room_;
    return memory;
  }

  static void Give(void* memory) {
    if (room_ == 0 && !MakeRoom()) return ::operator delete(memory);
    --room_;
    kept_ = new (memory) Free{kept_};
  }

 private:
  struct Free {
    Free* next;
  };
  struct Returner;

  // The first time that a thread asks, there is.
  static bool MakeRoom();

  static SHEAF_THREAD_LOCAL Free* kept_;
  static SHEAF_THREAD_LOCAL size_t room_;
  static SHEAF_THREAD_LOCAL bool began_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_BLOCK_MEMORY_H_
