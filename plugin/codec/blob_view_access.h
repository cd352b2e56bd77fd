// What the rest of the codec may do to a BlobView that the public may not.

#ifndef SHEAF_PLUGIN_CODEC_BLOB_VIEW_ACCESS_H_
#define SHEAF_PLUGIN_CODEC_BLOB_VIEW_ACCESS_H_

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"
#include "sheaf/blob_view.h"

namespace sheaf {

struct BlobViewAccess {
  // Like BlobView::Parse in layout `kCompact`, for a list under another tag of the same form:
  // `tag` is disk::kCompactTag or disk::kBundleTag.
  static absl::StatusOr<BlobView> ParseTagged(std::string_view encoded, uint8_t tag);

  // Where a non-empty list keeps its sizes, and how wide they are; one if all are equal.
  static const char* sizes(const BlobView& view) { return view.sizes_; }
  static unsigned width(const BlobView& view) { return view.width_; }
  static bool uniform(const BlobView& view) { return view.stride_ == 0; }

  // The same list after its encoded bytes moved to `encoded`.
  static BlobView Relocate(BlobView view, const char* encoded) {
    const char* const from = view.encoded_;
    view.encoded_ = encoded;
    view.sizes_ = encoded + (view.sizes_ - from);
    view.contents_ = encoded + (view.contents_ - from);
    return view;
  }

 private:
  friend class BlobView;
  enum class Extent { kWhole, kPrefix };
  static absl::StatusOr<BlobView> ParseCompact(std::string_view input, Extent extent, uint8_t tag);
  static absl::StatusOr<BlobView> ParseFixed64(std::string_view input, Extent extent);
};

}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_BLOB_VIEW_ACCESS_H_
