// BlobParser: checks encoded bytes and sets a BlobView to the list in them.
//
// Like BlobView::Parse, but into a BlobView that is there already, and for bundles too.
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

  // Like BlobView::Parse, but sets `*view` in its place: the fields are stored once and need not be
  // loaded again to be copied, which would wait for the stores. On failure a default-constructed
  // view is still empty; do not use any other one.
  static absl::Status ParseInto(std::string_view encoded, Layout layout, Extent extent,
                                BlobView* view);

  // Like BlobView::Parse in layout `kCompact`, for a list under another tag of the same form:
  // `tag` is disk::kCompactTag or disk::kBundleTag.
  static absl::StatusOr<BlobView> ParseTagged(std::string_view encoded, uint8_t tag,
                                              Extent extent = Extent::kWhole);

 private:
  static absl::Status ParseCompact(std::string_view input, Extent extent, uint8_t tag,
                                   BlobView* view);
  static absl::Status ParseFixed64(std::string_view input, Extent extent, BlobView* view);
};

}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_BLOB_PARSER_H_
