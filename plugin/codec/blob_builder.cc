#include "sheaf/blob_builder.h"

#include "absl/strings/str_cat.h"
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
  out->clear();
  internal::ListShape shape;
  for (const uint32_t size : sizes_) shape.Add(size);
  if (oversized_ != 0) shape.Add(oversized_);
  const absl::Status status = shape.Fits(layout_);
  if (status.ok()) {
    internal::HeaderWriter header(shape, layout_, out);
    for (const uint32_t size : sizes_) header.AddSize(size);
    header.Finish();
    out->append(contents_);
  }
  sizes_.clear();
  contents_.clear();
  oversized_ = 0;
  return status;
}

absl::StatusOr<std::string> Encode(absl::Span<const std::string_view> values, Layout layout) {
  internal::ListShape shape;
  for (const std::string_view value : values) shape.Add(value.size());
  if (absl::Status status = shape.Fits(layout); !status.ok()) return status;
  std::string out;
  internal::HeaderWriter header(shape, layout, &out);
  for (const std::string_view value : values) header.AddSize(value.size());
  header.Finish();
  for (const std::string_view value : values) out.append(value);
  return out;
}

}  // namespace sheaf
