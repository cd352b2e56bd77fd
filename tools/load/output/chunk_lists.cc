#include "tools/load/output/chunk_lists.h"

#include "absl/status/statusor.h"
#include "sheaf/blob_view.h"

namespace sheaf {
namespace load {

absl::Status ChunkLists::Add(std::string_view key, absl::Span<const std::string_view> values) {
  if (lists_.empty() || key != last_key()) {
    if (!lists_.empty()) {
      if (key < last_key()) return absl::FailedPreconditionError("not in order");
      if (absl::Status status = Finish(); !status.ok()) return status;
    }
    lists_.push_back({keys_.size(), key.size(), 0, 0, 0, 0});
    keys_.append(key);
  }
  for (const std::string_view value : values) builder_.Add(value);
  ++lists_.back().rows;
  return absl::OkStatus();
}

absl::Status ChunkLists::Finish() {
  if (lists_.empty()) return absl::OkStatus();
  List& list = lists_.back();
  list.values = builder_.size();
  if (absl::Status status = builder_.Finish(&blob_); !status.ok()) return status;
  list.offset = blobs_.size();
  list.size = blob_.size();
  blobs_.append(blob_);
  return absl::OkStatus();
}

absl::Status ChunkLists::AppendTo(SstBuilder* builder, size_t begin, size_t end, uint64_t* rows,
                                  uint64_t* values) const {
  for (size_t i = begin; i < end; ++i) {
    const List& list = lists_[i];
    *rows += list.rows;
    *values += list.values;
    const std::string_view blob = std::string_view(blobs_).substr(list.offset, list.size);
    absl::Status status;
    if (i == 0 || i + 1 == lists_.size()) {
      const absl::StatusOr<BlobView> view = BlobView::Parse(blob, layout_);
      if (!view.ok()) return view.status();  // we wrote it
      status = builder->AddPart(Key(list), *view);
    } else {
      status = builder->AddList(Key(list), blob, list.values);
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace load
}  // namespace sheaf
