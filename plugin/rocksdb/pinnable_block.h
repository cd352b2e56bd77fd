// PinnableBlock: a block whose bytes are those of a PinnableSlice.

#ifndef SHEAF_PLUGIN_ROCKSDB_PINNABLE_BLOCK_H_
#define SHEAF_PLUGIN_ROCKSDB_PINNABLE_BLOCK_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "plugin/codec/blob_view_access.h"
#include "plugin/rocksdb/block_memory.h"
#include "rocksdb/slice.h"
#include "sheaf/blob_view.h"
#include "sheaf/block.h"
#include "sheaf/pinned_blob.h"

namespace sheaf {
namespace internal {

// Whether RocksDB's pin of `value` can be shared: it is one, and something is released with it. A
// pin without a release is memory that nobody counts.
inline bool HoldsPin(rocksdb::PinnableSlice& value) {
  return value.IsPinned() && value.HasCleanups();
}

// `KeepAlive`: what a pin needs to outlive the DB; destroyed after the pin.
//
// RocksDB reads into value(), or what it read elsewhere is moved there; then Seal() makes a
// PinnedBlob of it.
template <typename KeepAlive>
class PinnableBlock final : public Block {
 public:
  PinnableBlock() = default;

  static void* operator new(size_t /*size*/) {
    static_assert(sizeof(PinnableBlock) <= BlockMemory::kBytes, "does not fit");
    return BlockMemory::Take();
  }
  static void operator delete(void* block) { BlockMemory::Give(block); }

  rocksdb::PinnableSlice& value() { return value_; }

  // Takes over the bytes of `other`, pinned or not, and leaves it empty.
  void MoveFrom(rocksdb::PinnableSlice&& other) {
    if (other.IsPinned()) {
      value_ = std::move(other);
    } else {
      // Its buffer may be a string of the caller's: take the bytes, not the buffer.
      *value_.GetSelf() = std::move(*other.GetSelf());
      value_.PinSelf();
    }
    other.Reset();  // NOLINT(bugprone-use-after-move): whatever moving has left there
  }

  // Moves the bytes into an allocation of their own, whether RocksDB pinned them or not.
  void Copy() {
    std::string copy;
    copy.reserve(std::max<size_t>(value_.size(), 64));  // never within the string itself
    copy.assign(value_.data(), value_.size());
    value_.Reset();
    *value_.GetSelf() = std::move(copy);
    value_.PinSelf();
  }

  // Gives `block` to `*list`, whose view lies in value(). `share_pin`: keep RocksDB's pin; else
  // copy what is pinned.
  static void Seal(std::unique_ptr<PinnableBlock> block, bool share_pin, KeepAlive keep_alive,
                   PinnedBlob* list) {
    if (!share_pin) block->Own(BlobViewAccess::view(list));
    block->keep_alive_ = std::move(keep_alive);
    BlobViewAccess::SetBlock(list, block.release(), share_pin);
  }

 private:
  friend struct std::default_delete<PinnableBlock>;  // a block that nobody shares yet
  ~PinnableBlock() override = default;

  // Copies what is pinned; `view` follows.
  void Own(BlobView* view) {
    if (value_.IsPinned()) {
      const rocksdb::PinnableSlice pinned = std::move(value_);
      value_.Reset();
      value_.PinSelf(pinned);
    }
    *view = BlobViewAccess::Relocate(*view, value_.data());
  }

  KeepAlive keep_alive_ = KeepAlive();
  rocksdb::PinnableSlice value_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_PINNABLE_BLOCK_H_
