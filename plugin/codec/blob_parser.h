// BlobParser: checks encoded bytes and makes a BlobView of them.
//
// Like BlobView::Parse, but it can fill an existing BlobView, and it also reads bundles.
//
// Lifetime: the view borrows the bytes. Thread safety: free functions.

#ifndef SHEAF_PLUGIN_CODEC_BLOB_PARSER_H_
#define SHEAF_PLUGIN_CODEC_BLOB_PARSER_H_

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "sheaf/blob_view.h"
#include "sheaf/layout.h"

namespace sheaf {

struct BlobParser {
  // Whether bytes may follow the blob.
  enum class Extent { kWhole, kPrefix };

  // Like BlobView::Parse, but sets `*view` in place. (A copy of the view would have to load fields
  // that were just stored, and wait for the stores.) On failure, a default-constructed view is
  // still empty, and any other view must not be used.
  static absl::Status ParseInto(std::string_view encoded, Layout layout, Extent extent,
                                BlobView* view);

  // Like BlobView::Parse in layout `kCompact`, but expects `tag`: disk::kCompactTag or
  // disk::kBundleTag. Both have the same form.
  static absl::StatusOr<BlobView> ParseTagged(std::string_view encoded, uint8_t tag,
                                              Extent extent = Extent::kWhole);

 private:
  static absl::Status ParseCompact(std::string_view input, Extent extent, uint8_t tag,
                                   BlobView* view);
  static absl::Status ParseFixed64(std::string_view input, Extent extent, BlobView* view);
};

}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_BLOB_PARSER_H_
