// PinnedBlob: a BlobView and a reference to the block that it lies in.
//
// Like BlobView, but it keeps its bytes alive; like std::vector<std::string>, but with one
// allocation for a list of any length, and none of the bytes copied.
//
// Lifetime: the block lives while any PinnedBlob or PinnedSlice of it does. operator[], begin()
// and view() return borrowed views (no count, valid while some holder of the block exists);
// Slice() and Slices() return holders.
//
// Sharing: a copy is one atomic add, a move none. Thread safety: as PinnedSlice.
//
//   absl::StatusOr<sheaf::PinnedBlob> blob = sheaf::PinnedBlob::FromString(std::move(bytes));
//   if (!blob.ok()) return blob.status();
//   std::vector<sheaf::PinnedSlice> slices = blob->Slices();   // one atomic add for all
//
// WARNING: a view of a temporary is a view of bytes that are gone. Keep the blob in a variable:
//   std::string_view first = Load(key)[0];                          // WRONG, clang warns
//   for (std::string_view value : Load(key).view()) Use(value);     // WRONG, clang warns
//   for (std::string_view value : Load(key)) Use(value);            // right: the loop keeps it

#ifndef SHEAF_PINNED_BLOB_H_
#define SHEAF_PINNED_BLOB_H_

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/base/attributes.h"
#include "absl/status/statusor.h"
#include "absl/strings/cord.h"
#include "sheaf/blob_view.h"
#include "sheaf/block.h"
#include "sheaf/layout.h"
#include "sheaf/pinned_slice.h"

namespace sheaf {

class PinnedBlob {
 public:
  using value_type = std::string_view;
  using const_iterator = BlobView::const_iterator;
  using iterator = const_iterator;
  using const_reverse_iterator = BlobView::const_reverse_iterator;
  using reverse_iterator = const_reverse_iterator;

  // An empty list that holds no block.
  PinnedBlob() = default;

  // A blob in memory that is not RocksDB's. Errors: as BlobView::Parse; the source is then released
  // at once (a string and a Cord are dropped, `release` is called).
  [[nodiscard]] static absl::StatusOr<PinnedBlob> FromString(std::string encoded,
                                                             Layout layout = Layout::kCompact);
  // Shares the Cord's memory if it is flat (one piece), else flattens it into one copy.
  [[nodiscard]] static absl::StatusOr<PinnedBlob> FromCord(const absl::Cord& encoded,
                                                           Layout layout = Layout::kCompact);
  // `encoded` must stay as it is until `release` is called. That is exactly once, when the last
  // holder goes, on that holder's thread. `release` may be empty; it must not throw.
  [[nodiscard]] static absl::StatusOr<PinnedBlob> FromExternal(
      std::string_view encoded ABSL_ATTRIBUTE_LIFETIME_BOUND, std::function<void()> release,
      Layout layout = Layout::kCompact);
  // The same. (As BlobView::Parse: so that clang warns of a temporary string.)
  template <typename String, typename = std::enable_if_t<std::is_same<String, std::string>::value>>
  [[nodiscard]] static absl::StatusOr<PinnedBlob> FromExternal(
      const String& encoded ABSL_ATTRIBUTE_LIFETIME_BOUND, std::function<void()> release,
      Layout layout = Layout::kCompact) {
    return FromExternal(std::string_view(encoded), std::move(release), layout);
  }

  // Takes over one reference to `block`, in which `view` lies. For a source of blocks of your own.
  // `zero_copy` is what zero_copy() will return.
  PinnedBlob(BlobView view, Block* block, bool zero_copy)
      : view_(view), block_(block), zero_copy_(zero_copy) {}

  PinnedBlob(const PinnedBlob& other)
      : view_(other.view_), block_(other.block_), zero_copy_(other.zero_copy_) {
    if (block_ != nullptr) block_->Ref();
  }
  PinnedBlob(PinnedBlob&& other) noexcept
      : view_(std::exchange(other.view_, BlobView())),
        block_(std::exchange(other.block_, nullptr)),
        zero_copy_(std::exchange(other.zero_copy_, false)) {}
  PinnedBlob& operator=(const PinnedBlob& other) { return *this = PinnedBlob(other); }
  PinnedBlob& operator=(PinnedBlob&& other) noexcept {
    if (this == &other) return *this;
    Block* const before = block_;
    view_ = std::exchange(other.view_, BlobView());
    block_ = std::exchange(other.block_, nullptr);
    zero_copy_ = std::exchange(other.zero_copy_, false);
    if (before != nullptr) before->UnrefLikelyLast();
    return *this;
  }
  ~PinnedBlob() {
    if (block_ != nullptr) block_->UnrefLikelyLast();
  }

  // Borrowed: valid while a holder of the block exists.
  [[nodiscard]] const BlobView& view() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return view_; }
  // Number of values.
  [[nodiscard]] size_t size() const { return view_.size(); }
  [[nodiscard]] bool empty() const { return view_.empty(); }
  // REQUIRES: i < size().
  [[nodiscard]] std::string_view operator[](size_t i) const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return view_[i];
  }
  // The first and the last value. REQUIRES: !empty().
  [[nodiscard]] std::string_view front() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return view_.front();
  }
  [[nodiscard]] std::string_view back() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return view_.back(); }
  // As operator[], for an index that may be wrong. Errors: absl::StatusCode::kOutOfRange.
  [[nodiscard]] absl::StatusOr<std::string_view> At(size_t i) const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return view_.At(i);
  }
  // In order, and backwards. As those of BlobView.
  [[nodiscard]] const_iterator begin() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return view_.begin(); }
  [[nodiscard]] const_iterator end() const ABSL_ATTRIBUTE_LIFETIME_BOUND { return view_.end(); }
  [[nodiscard]] const_reverse_iterator rbegin() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return view_.rbegin();
  }
  [[nodiscard]] const_reverse_iterator rend() const ABSL_ATTRIBUTE_LIFETIME_BOUND {
    return view_.rend();
  }

  // Value `i` as a holder of the block: one atomic add. REQUIRES: i < size().
  [[nodiscard]] PinnedSlice Slice(size_t i) const {
    const std::string_view value = view_[i];
    block_->Ref();
    return PinnedSlice(value, block_);
  }

  // All values back to back, as a holder of the block: one atomic add.
  [[nodiscard]] PinnedSlice Contents() const {
    if (block_ != nullptr) block_->Ref();
    return PinnedSlice(view_.contents(), block_);
  }

  // Lets go of the block: an empty list, as if default-constructed.
  void Reset() {
    // Most reads are given a list that was just made.
    if (block_ != nullptr || !view_.encoded().empty() || zero_copy_) *this = PinnedBlob();
  }

  // All values as holders of the block: one atomic add and one allocation for all.
  [[nodiscard]] std::vector<PinnedSlice> Slices() const;
  // The same for at most `count` values from value `first` on. REQUIRES: first <= size().
  [[nodiscard]] std::vector<PinnedSlice> Slices(size_t first,
                                                size_t count = PinnedSlice::npos) const;

  // True if the bytes are RocksDB's own and were not copied: in a block, row or blob cache, or in a
  // buffer that RocksDB gave away. False for every other source; the blob works the same.
  [[nodiscard]] bool zero_copy() const { return zero_copy_; }

 private:
  friend struct BlobViewAccess;  // plugin/rocksdb: reads into a list

  BlobView view_;
  Block* block_ = nullptr;
  bool zero_copy_ = false;
};

}  // namespace sheaf

#endif  // SHEAF_PINNED_BLOB_H_
