// PinnedSlice: one value, or a part of one, that holds a reference to the block it lies in.
//
// Like absl::Cord's Subcord, but 24 bytes, contiguous, and made without an allocation; like
// std::string_view, but it may outlive everything else, the rocksdb::DB included.
//
//     block:   | header | value 0 | value 1 | value 2 |          refs = 3
//                       ^---a---^ ^---b---^ ^---c---^
//     PinnedSlice = { data, size, block }
//
// Sharing: a copy is one atomic add, a move none. The bytes are never copied except by Detach(),
// ToString() and ToCord() of a few bytes.
//
// WARNING: a slice of ten bytes keeps its whole block, which can be megabytes of block cache that
// cannot be evicted. Detach() a slice that outlives its neighbours by long.
//
// Thread safety: the count is atomic; different PinnedSlices of one block may be used, copied and
// dropped from any thread. One PinnedSlice object is as thread-safe as an int.
//
//   sheaf::PinnedSlice name = blob.Slice(0);                      // "user:7"
//   const size_t colon = name.view().find(':');
//   if (colon == sheaf::PinnedSlice::npos) return error;
//   sheaf::PinnedSlice id = name.Split(colon);                    // name is "user", id ":7"

#ifndef SHEAF_PINNED_SLICE_H_
#define SHEAF_PINNED_SLICE_H_

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/strings/cord.h"
#include "absl/strings/string_view.h"
#include "sheaf/block.h"
#include "sheaf/hardened.h"
#include "sheaf/layout.h"

namespace sheaf {

class PinnedSlice {
 public:
  // As std::string_view::npos: the rest of the bytes.
  static constexpr size_t npos = std::string_view::npos;

  // Empty, and holds no block.
  PinnedSlice() = default;

  // Takes over one reference to `block`, which keeps `bytes` alive. For a source of blocks of your
  // own. REQUIRES: `bytes` stay as they are until the block is destroyed.
  PinnedSlice(std::string_view bytes, Block* block)
      : data_(bytes.data()), size_(bytes.size()), block_(block) {}

  PinnedSlice(const PinnedSlice& other)
      : data_(other.data_), size_(other.size_), block_(other.block_) {
    if (block_ != nullptr) block_->Ref();
  }
  PinnedSlice(PinnedSlice&& other) noexcept
      : data_(std::exchange(other.data_, "")),
        size_(std::exchange(other.size_, 0)),
        block_(std::exchange(other.block_, nullptr)) {}
  PinnedSlice& operator=(PinnedSlice other) noexcept {
    swap(*this, other);
    return *this;
  }
  ~PinnedSlice() {
    if (block_ != nullptr) block_->Unref();
  }

  // Exchanges two slices, without an atomic operation.
  friend void swap(PinnedSlice& a, PinnedSlice& b) noexcept {
    std::swap(a.data_, b.data_);
    std::swap(a.size_, b.size_);
    std::swap(a.block_, b.block_);
  }

  // The bytes; valid while this or any other slice or blob of the same block exists.
  [[nodiscard]] std::string_view view() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return {data_, size_};
  }
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator std::string_view() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return view(); }
  [[nodiscard]] const char* data() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return data_; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  // At most `n` bytes from `pos` on, in the same block. REQUIRES: pos <= size().
  [[nodiscard]] PinnedSlice Subslice(size_t pos, size_t n = npos) const&;
  [[nodiscard]] PinnedSlice Subslice(size_t pos, size_t n = npos) &&;  // no atomic operation

  // *this keeps [0, index); the result is [index, size()). REQUIRES: index <= size().
  PinnedSlice Split(size_t index);

  // REQUIRES: n <= size().
  void RemovePrefix(size_t n) {
    SHEAF_CHECK_RANGE(n <= size_, "byte", n, size_);
    data_ += n;
    size_ -= n;
  }
  void RemoveSuffix(size_t n) {
    SHEAF_CHECK_RANGE(n <= size_, "byte", n, size_);
    size_ -= n;
  }

  // A copy of the bytes in a block of their size: a small survivor then does not keep a large
  // block. One allocation and one copy; none for an empty slice.
  [[nodiscard]] PinnedSlice Detach() const;

  // A Cord that shares the block and may outlive this. Up to 15 bytes are copied, as a Cord keeps
  // those in itself.
  [[nodiscard]] absl::Cord ToCord() const;

  // A copy of the bytes.
  [[nodiscard]] std::string ToString() const { return std::string(view()); }

  // Compare the bytes, as std::string_view does.
  friend bool operator==(const PinnedSlice& a, const PinnedSlice& b) {
    return a.view() == b.view();
  }
  friend bool operator==(const PinnedSlice& a, std::string_view b) { return a.view() == b; }
  friend bool operator==(std::string_view a, const PinnedSlice& b) { return a == b.view(); }
  friend bool operator!=(const PinnedSlice& a, const PinnedSlice& b) { return !(a == b); }
  friend bool operator!=(const PinnedSlice& a, std::string_view b) { return !(a == b); }
  friend bool operator!=(std::string_view a, const PinnedSlice& b) { return !(a == b); }
  friend bool operator<(const PinnedSlice& a, const PinnedSlice& b) { return a.view() < b.view(); }
  friend bool operator<(const PinnedSlice& a, std::string_view b) { return a.view() < b; }
  friend bool operator<(std::string_view a, const PinnedSlice& b) { return a < b.view(); }

  // Equal to the hash of a string with the same bytes, so that tables can be asked with either.
  template <typename H>
  friend H AbslHashValue(H state, const PinnedSlice& slice) {
    return H::combine(std::move(state), absl::string_view(slice.data_, slice.size_));
  }

  // Writes the bytes, unformatted.
  friend std::ostream& operator<<(std::ostream& out, const PinnedSlice& slice);

 private:
  const char* data_ = "";
  size_t size_ = 0;
  Block* block_ = nullptr;
};

static_assert(sizeof(PinnedSlice) == 24, "a slice is a pointer, a size and a block");

}  // namespace sheaf

#endif  // SHEAF_PINNED_SLICE_H_
