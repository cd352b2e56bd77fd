#include "sheaf/blob_view.h"

#include <algorithm>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "plugin/codec/blob_parser.h"
#include "plugin/codec/size_sums.h"
#include "plugin/codec/value_iterator.h"

namespace sheaf {
namespace {

// The span that value `i` is in.
size_t SpanOf(size_t count, size_t i, size_t spans) {
  return spans == 1 ? 0 : std::min(i / (count / spans), spans - 1);
}

}  // namespace

absl::StatusOr<BlobView> BlobView::Parse(std::string_view encoded, Layout layout) {
  BlobView view;
  absl::Status status = BlobParser::ParseInto(encoded, layout, BlobParser::Extent::kWhole, &view);
  if (!status.ok()) return status;
  return view;
}

absl::StatusOr<BlobView> BlobView::ParsePrefix(std::string_view* input, Layout layout) {
  BlobView view;
  absl::Status status = BlobParser::ParseInto(*input, layout, BlobParser::Extent::kPrefix, &view);
  if (!status.ok()) return status;
  input->remove_prefix(view.encoded().size());
  return view;
}

absl::StatusOr<std::string_view> BlobView::At(size_t i) const {
  if (i < size()) return (*this)[i];
  return absl::OutOfRangeError(
      absl::StrCat("value ", i, " of a list of ", size(), size() == 1 ? " value" : " values"));
}

uint64_t BlobView::OffsetOf(size_t i) const {
  if (layout_ == Layout::kFixed64) {
    // From whichever is nearer: the begin of the span that it is in, or of the next one.
    const size_t spans = SpansOf(count_, contents_size_);
    const size_t span = SpanOf(count_, i, spans);
    const size_t begin = SpanBegin(count_, span, spans);
    const size_t end = SpanBegin(count_, span + 1, spans);
    if (i - begin <= end - i) {
      return (span == 0 ? 0 : marks_[span - 1]) +
             internal::Fixed64Offset(sizes_ + begin * width_, i - begin);
    }
    return (span + 1 == spans ? contents_size_ : marks_[span]) -
           internal::Fixed64Offset(sizes_ + i * width_, end - i);
  }
  return internal::CompactOffset(sizes_, width_, sizes_ + count_ * width_, i);
}

BlobIterator& BlobIterator::Jump(difference_type n) {
  const auto values = static_cast<size_t>(n < 0 ? -n : n);
  if (width_ == disk::kFixed64SizeBytes || values < disk::kGroupValues) {
    const char* const to = size_ + n * width_;
    const char* const first = n < 0 ? to : size_;
    const uint64_t bytes = width_ == disk::kFixed64SizeBytes
                               ? internal::Fixed64Offset(first, values)
                               : internal::SumSizes(first, values, width_);
    content_ += n < 0 ? -static_cast<difference_type>(bytes) : static_cast<difference_type>(bytes);
    size_ = to;
    remaining_ -= static_cast<size_t>(n);
    return *this;
  }
  const size_t count = count_;
  const size_t index = count - remaining_;
  const size_t to = index + static_cast<size_t>(n);
  const size_t value = std::min(to, count - 1);  // the end has no checkpoint of its own
  const char* const sizes = size_ - index * width_;
  const char* const checkpoints = sizes + count * width_;
  const char* const contents =
      checkpoints + (count - 1) / disk::kGroupValues * disk::kCheckpointBytes;
  content_ = contents + internal::CompactOffset(sizes, width_, checkpoints, value);
  size_ = sizes + value * width_;
  remaining_ = count - value;
  return value == to ? *this : ++*this;
}

absl::Status BlobView::CheckValueSizes(size_t bytes) const {
  if (stride_ == 0 && front().size() == bytes) return absl::OkStatus();
  size_t i = 0;
  for (const std::string_view value : *this) {
    if (value.size() != bytes) {
      return absl::InvalidArgumentError(
          absl::StrCat("value ", i, " of the list has ", value.size(), " bytes, expected ", bytes));
    }
    ++i;
  }
  return absl::OkStatus();
}

std::vector<std::string_view> BlobView::Views() const {
  return internal::VectorOf(
      *this, [](const char* content, size_t size) { return std::string_view(content, size); });
}

}  // namespace sheaf
