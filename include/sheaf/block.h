// Block: memory with one owner and one reference count, which holds the bytes of a blob.
//
//     PinnedBlob --.
//     PinnedSlice -+--> Block { refs = 3 } --> the owner of the bytes: RocksDB's block cache,
//     PinnedSlice -'                           a std::string, a Cord, external memory
//
// Like std::shared_ptr's control block, but with one count of 8 bytes, and one atomic add takes
// many references (PinnedBlob::Slices). Most callers never name it: they hold a PinnedBlob or
// PinnedSlice.
//
// Lifetime: a Block starts with one reference, its creator's, and is destroyed by the Unref that
// drops the last. Thread safety: Ref and Unref may be called from any thread.

#ifndef SHEAF_BLOCK_H_
#define SHEAF_BLOCK_H_

#include <atomic>
#include <cstdint>

namespace sheaf {

class Block {
 public:
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;

  // Takes `n` references. REQUIRES: the caller holds one.
  void Ref(uint64_t n = 1) { refs_.fetch_add(n, std::memory_order_relaxed); }

  // Gives one back. The last one destroys the block, on the calling thread.
  void Unref() {
    if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
  }

  // The same, for a holder that is likely the only one. The only one needs no read-modify-write, as
  // nobody else can take a reference any more. For one of many, the look costs more than it saves.
  void UnrefLikelyLast() {
    if (refs_.load(std::memory_order_acquire) == 1) {
      delete this;
    } else {
      Unref();
    }
  }

 protected:
  Block() = default;
  virtual ~Block() = default;

 private:
  std::atomic<uint64_t> refs_{1};
};

}  // namespace sheaf

#endif  // SHEAF_BLOCK_H_
