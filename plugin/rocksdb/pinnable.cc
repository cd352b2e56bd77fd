#include "sheaf/pinnable.h"

#include <utility>

#include "plugin/codec/blob_parser.h"
#include "plugin/codec/blob_view_access.h"
#include "plugin/rocksdb/pin_policy.h"
#include "plugin/rocksdb/pinnable_block.h"

namespace sheaf {

absl::StatusOr<PinnedBlob> FromPinnable(rocksdb::PinnableSlice&& value, Layout layout,
                                        std::shared_ptr<const void> keep_alive) {
  PinnedBlob list;
  absl::Status status = BlobParser::ParseInto(
      value.ToStringView(), layout, BlobParser::Extent::kWhole, BlobViewAccess::view(&list));
  if (!status.ok()) return status;
  const bool share_pin = internal::HoldsPin(value);
  using KeptBlock = internal::PinnableBlock<std::shared_ptr<const void>>;
  auto block = std::make_unique<KeptBlock>();
  block->MoveFrom(std::move(value));
  KeptBlock::Seal(std::move(block), share_pin, std::move(keep_alive), &list);
  return list;
}

std::shared_ptr<const void> KeepAlive(rocksdb::DB* db, rocksdb::ColumnFamilyHandle* cf) {
  if (cf == nullptr) cf = db->DefaultColumnFamily();
  return std::make_shared<const internal::PinPolicy>(internal::PinPolicy::Of(db->GetOptions(cf)));
}

}  // namespace sheaf
