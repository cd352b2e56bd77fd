#include "sheaf/pinned_blob.h"

#include <algorithm>
#include <cstring>
#include <memory>

#include "plugin/codec/bytes_block.h"
#include "plugin/codec/value_iterator.h"

namespace sheaf {
namespace {

// Owns its bytes by owning a `Source`, which frees them when it is destroyed.
template <typename Source>
class OwningBlock final : public Block {
 public:
  explicit OwningBlock(Source source) : source_(std::move(source)) {}
  const Source& source() const { return source_; }

 private:
  ~OwningBlock() override = default;
  Source source_;
};

class ExternalBlock final : public Block {
 public:
  explicit ExternalBlock(std::function<void()> release) : release_(std::move(release)) {}

 private:
  ~ExternalBlock() override {
    if (release_) release_();
  }
  std::function<void()> release_;
};

struct Unref {
  void operator()(Block* block) const { block->Unref(); }
};
template <typename B>
using BlockPtr = std::unique_ptr<B, Unref>;

absl::StatusOr<PinnedBlob> ParseIn(BlockPtr<Block> block, std::string_view encoded, Layout layout) {
  absl::StatusOr<BlobView> view = BlobView::Parse(encoded, layout);
  if (!view.ok()) return view.status();
  return PinnedBlob(*view, block.release(), /*zero_copy=*/false);
}

}  // namespace

absl::StatusOr<PinnedBlob> PinnedBlob::FromString(std::string encoded, Layout layout) {
  BlockPtr<OwningBlock<std::string>> block(new OwningBlock<std::string>(std::move(encoded)));
  const std::string_view bytes = block->source();
  return ParseIn(BlockPtr<Block>(block.release()), bytes, layout);
}

absl::StatusOr<PinnedBlob> PinnedBlob::FromCord(const absl::Cord& encoded, Layout layout) {
  if (encoded.TryFlat().has_value()) {
    // A copy of a Cord shares its memory, but for a few bytes that the Cord keeps in itself: so the
    // bytes to look at are those of the block's copy.
    BlockPtr<OwningBlock<absl::Cord>> shared(new OwningBlock<absl::Cord>(encoded));
    const absl::string_view flat = *shared->source().TryFlat();
    return ParseIn(BlockPtr<Block>(shared.release()), {flat.data(), flat.size()}, layout);
  }
  BlockPtr<internal::BytesBlock> copy(internal::BytesBlock::New(encoded.size()));
  char* at = copy->bytes();
  for (const absl::string_view chunk : encoded.Chunks()) {
    std::memcpy(at, chunk.data(), chunk.size());
    at += chunk.size();
  }
  const std::string_view bytes(copy->bytes(), encoded.size());
  return ParseIn(BlockPtr<Block>(copy.release()), bytes, layout);
}

absl::StatusOr<PinnedBlob> PinnedBlob::FromExternal(std::string_view encoded,
                                                    std::function<void()> release, Layout layout) {
  return ParseIn(BlockPtr<Block>(new ExternalBlock(std::move(release))), encoded, layout);
}

std::vector<PinnedSlice> PinnedBlob::Slices() const {
  if (empty()) return {};
  std::vector<PinnedSlice> slices =
      internal::VectorOf(view_, [block = block_](const char* content, size_t size) {
        return PinnedSlice(std::string_view(content, size), block);
      });
  // This blob holds the block meanwhile.
  block_->Ref(slices.size());
  return slices;
}

std::vector<PinnedSlice> PinnedBlob::Slices(size_t first, size_t count) const {
  SHEAF_CHECK_RANGE(first <= size(), "value", first, size());
  std::vector<PinnedSlice> slices;
  count = std::min(count, size() - first);
  if (count == 0) return slices;
  slices.reserve(count);
  for (const_iterator value = view_.From(first); slices.size() != count; ++value) {
    // NOLINTNEXTLINE(modernize-use-emplace): the constructor is private
    slices.push_back(PinnedSlice(*value, block_));
  }
  block_->Ref(slices.size());
  return slices;
}

}  // namespace sheaf
