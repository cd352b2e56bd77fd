// BytesBlock: a block whose bytes lie behind its count, in the same allocation.

#ifndef SHEAF_PLUGIN_CODEC_BYTES_BLOCK_H_
#define SHEAF_PLUGIN_CODEC_BYTES_BLOCK_H_

#include <cstddef>
#include <new>

#include "sheaf/block.h"

namespace sheaf {
namespace internal {

class BytesBlock final : public Block {
 public:
  // With room for `size` bytes, not initialized.
  static BytesBlock* New(size_t size) {
    return new (::operator new(sizeof(BytesBlock) + size)) BytesBlock;
  }
  char* bytes() { return reinterpret_cast<char*>(this + 1); }

  // The allocation is larger than the object, so no sized deallocation.
  static void operator delete(void* block) { ::operator delete(block); }
  static void* operator new(size_t, void* at) { return at; }

 private:
  BytesBlock() = default;
  ~BytesBlock() override = default;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_BYTES_BLOCK_H_
