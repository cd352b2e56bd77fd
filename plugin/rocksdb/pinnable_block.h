// PinnableBlock: a block whose bytes are those of a PinnableSlice.

#ifndef SHEAF_PLUGIN_ROCKSDB_PINNABLE_BLOCK_H_
#define SHEAF_PLUGIN_ROCKSDB_PINNABLE_BLOCK_H_

#include <string_view>
#include <utility>

#include "plugin/codec/blob_view_access.h"
#include "rocksdb/slice.h"
#include "sheaf/blob_view.h"
#include "sheaf/block.h"
#include "sheaf/pinned_blob.h"

namespace sheaf {
namespace internal {

// `KeepAlive`: what a pin needs to outlive the DB; destroyed after the pin.
template <typename KeepAlive>
class PinnableBlock final : public Block {
 public:
  // Takes over `value`. `share_pin`: keep RocksDB's pin; else copy what is pinned.
  PinnableBlock(rocksdb::PinnableSlice&& value, bool share_pin, KeepAlive keep_alive)
      : keep_alive_(std::move(keep_alive)) {
    if (share_pin) {
      value_ = std::move(value);
    } else if (value.IsPinned()) {
      value_.PinSelf(value);
    } else {
      // Its buffer may be a string of the caller's: take the bytes, not the buffer.
      *value_.GetSelf() = std::move(*value.GetSelf());
      value_.PinSelf();
    }
    value.Reset();
  }

  const char* data() const { return value_.data(); }

 private:
  ~PinnableBlock() override = default;

  KeepAlive keep_alive_;
  rocksdb::PinnableSlice value_;
};

// Whether RocksDB's pin of `value` can be shared: it is one, and something is released with it. A
// pin without a release is memory that nobody counts.
inline bool HoldsPin(rocksdb::PinnableSlice& value) {
  return value.IsPinned() && value.HasCleanups();
}

// Moves `value`, in which `view` lies, into a block.
template <typename KeepAlive>
PinnedBlob TakeOver(rocksdb::PinnableSlice&& value, const BlobView& view, bool share_pin,
                    KeepAlive keep_alive) {
  auto* const block =
      new PinnableBlock<KeepAlive>(std::move(value), share_pin, std::move(keep_alive));
  return PinnedBlob(BlobViewAccess::Relocate(view, block->data()), block, share_pin);
}

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_PINNABLE_BLOCK_H_
