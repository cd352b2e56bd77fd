#include "sheaf/blob_builder.h"

#include "plugin/codec/encoder.h"

namespace sheaf {

void BlobBuilder::Reserve(size_t values, size_t bytes) {
  sizes_.reserve(sizes_.size() + values);
  contents_.reserve(contents_.size() + bytes);
}

void BlobBuilder::Add(std::string_view value) {
  if (value.size() > disk::kMaxValueBytes) {
    if (oversized_ == 0) oversized_ = value.size();
    return;
  }
  sizes_.push_back(static_cast<uint32_t>(value.size()));
  contents_.append(value);
}

void BlobBuilder::AddAll(BlobView values) {
  values.ForEach(
      [this](std::string_view value) { sizes_.push_back(static_cast<uint32_t>(value.size())); });
  contents_.append(values.contents());
}

absl::Status BlobBuilder::Finish(std::string* out) {
  absl::Status status;
  if (oversized_ != 0) {
    out->clear();
    status = internal::ValueTooLarge(oversized_);
  } else {
    const internal::SizedContents pieces[] = {{sizes_, contents_}};
    status =
        internal::EncodeList(pieces, layout_, disk::kCompactTag, internal::Limit::kLayout, out);
  }
  sizes_.clear();
  contents_.clear();
  oversized_ = 0;
  return status;
}

absl::StatusOr<std::string> Encode(const ValueList& values, Layout layout) {
  std::string out;
  absl::Status status = internal::EncodeList(values.views(), layout, disk::kCompactTag,
                                             internal::Limit::kLayout, &out);
  if (!status.ok()) return status;
  return out;
}

}  // namespace sheaf
