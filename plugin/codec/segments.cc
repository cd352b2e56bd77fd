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
  SHEAF_CHECK_RANGE(i < size(), "value", i, size());
  return static_cast<size_t>(std::upper_bound(ends_.begin(), ends_.end(), i) - ends_.begin());
}

absl::StatusOr<std::string_view> Segments::At(size_t i) const {
  if (i < size()) return (*this)[i];
  return absl::OutOfRangeError(
      absl::StrCat("value ", i, " of segments of ", size(), size() == 1 ? " value" : " values"));
}

size_t Segments::const_iterator::Index() const {
  if (segments_ == nullptr) return 0;
  if (blob_ == Last()) return segments_->size();
  const auto blob = static_cast<size_t>(blob_ - segments_->blobs_.data());
  return segments_->BeginOf(blob) + static_cast<size_t>(value_ - blob_->begin());
}

Segments::const_iterator& Segments::const_iterator::operator+=(difference_type n) {
  if (n == 0) return *this;
  const size_t to = Index() + static_cast<size_t>(n);
  if (to == segments_->size()) return *this = segments_->end();
  const size_t blob = segments_->BlobOf(to);
  const PinnedBlob* const before = std::exchange(blob_, segments_->blobs_.data() + blob);
  if (blob_ == before) {
    value_ += n;
  } else {
    value_ = blob_->view().From(to - segments_->BeginOf(blob));
  }
  return *this;
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
