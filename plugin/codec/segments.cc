#include "sheaf/segments.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sheaf {

Segments::Segments(std::vector<PinnedBlob> blobs) : blobs_(std::move(blobs)) {
  ends_.reserve(blobs_.size());
  size_t end = 0;
  for (const PinnedBlob& blob : blobs_) ends_.push_back(end += blob.size());
}

size_t Segments::BlobOf(size_t i) const {
  assert(i < size());
  return static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), i) - ends_.begin());
}

absl::StatusOr<std::string_view> Segments::At(size_t i) const {
  if (i < size()) return (*this)[i];
  return absl::OutOfRangeError(
      absl::StrCat("value ", i, " of segments of ", size(), size() == 1 ? " value" : " values"));
}

std::vector<PinnedSlice> Segments::Slices() const {
  std::vector<PinnedSlice> slices;
  slices.reserve(size());
  for (const PinnedBlob& blob : blobs_) {
    std::vector<PinnedSlice> some = blob.Slices(0);
    std::move(some.begin(), some.end(), std::back_inserter(slices));
  }
  return slices;
}

}  // namespace sheaf
