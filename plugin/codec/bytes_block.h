// BytesBlock: a Block with its bytes behind it, in one allocation.
//
// Lifetime and thread safety: as Block. The bytes are freed with it.

#ifndef SHEAF_PLUGIN_CODEC_BYTES_BLOCK_H_
#define SHEAF_PLUGIN_CODEC_BYTES_BLOCK_H_

#include <cstddef>
#include <new>

#include "sheaf/block.h"

namespace sheaf {
namespace internal {

class BytesBlock final : public Block {
 public:
  // Room for `size` bytes, which are not initialized. The caller holds the one reference.
  static BytesBlock* New(size_t size) {
    return new (::operator new(sizeof(BytesBlock) + size)) BytesBlock;
  }
  char* bytes() { return reinterpret_cast<char*>(this + 1); }

  // Not the sized one: the allocation is larger than the object.
  static void operator delete(void* block) { ::operator delete(block); }
  static void* operator new(size_t, void* at) { return at; }

 private:
  BytesBlock() = default;
  ~BytesBlock() override = default;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_BYTES_BLOCK_H_
