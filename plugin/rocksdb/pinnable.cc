#include "sheaf/pinnable.h"

#include <utility>

#include "plugin/rocksdb/caches.h"
#include "plugin/rocksdb/pinnable_block.h"

namespace sheaf {

absl::StatusOr<PinnedBlob> FromPinnable(rocksdb::PinnableSlice&& value, Layout layout,
                                        std::shared_ptr<const void> keep_alive) {
  const absl::StatusOr<BlobView> view =
      BlobView::Parse(std::string_view(value.data(), value.size()), layout);
  if (!view.ok()) return view.status();
  const bool share_pin = internal::HoldsPin(value);
  using KeptBlock = internal::PinnableBlock<std::shared_ptr<const void>>;
  auto block = std::make_unique<KeptBlock>();
  block->MoveFrom(std::move(value));
  return KeptBlock::Seal(std::move(block), *view, share_pin, std::move(keep_alive));
}

std::shared_ptr<const void> KeepAlive(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf) {
  if (cf == nullptr) cf = db->DefaultColumnFamily();
  return std::make_shared<const internal::Caches>(internal::Caches::Of(db->GetOptions(cf)));
}

}  // namespace sheaf
