#include "sheaf/pinned_slice.h"

#include <algorithm>
#include <cstring>
#include <ostream>

#include "plugin/codec/bytes_block.h"

namespace sheaf {

PinnedSlice PinnedSlice::Subslice(size_t pos, size_t n) const& {
  return PinnedSlice(*this).Subslice(pos, n);
}

PinnedSlice PinnedSlice::Subslice(size_t pos, size_t n) && {
  SHEAF_CHECK_RANGE(pos <= size_, "byte", pos, size_);
  data_ += pos;
  size_ = std::min(n, size_ - pos);
  return std::move(*this);
}

PinnedSlice PinnedSlice::Split(size_t index) {
  PinnedSlice tail = Subslice(index);
  size_ = index;
  return tail;
}

PinnedSlice PinnedSlice::Detach() const {
  if (empty()) return PinnedSlice();
  internal::BytesBlock* const block = internal::BytesBlock::New(size_);
  std::memcpy(block->bytes(), data_, size_);
  return PinnedSlice({block->bytes(), size_}, block);
}

absl::Cord PinnedSlice::ToCord() const {
  constexpr size_t kCordKeepsInItself = 15;
  if (size_ <= kCordKeepsInItself || block_ == nullptr) {
    return absl::Cord(absl::string_view(data_, size_));
  }
  return absl::MakeCordFromExternal(absl::string_view(data_, size_), [slice = *this] {});
}

std::ostream& operator<<(std::ostream& out, const PinnedSlice& slice) {
  return out.write(slice.data(), static_cast<std::streamsize>(slice.size()));
}

}  // namespace sheaf
