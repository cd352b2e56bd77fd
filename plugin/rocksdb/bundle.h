// Bundles: what the merge operator keeps when its inputs do not decode (docs/format.md, "bundles").

#ifndef SHEAF_PLUGIN_ROCKSDB_BUNDLE_H_
#define SHEAF_PLUGIN_ROCKSDB_BUNDLE_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "sheaf/blob_view.h"
#include "sheaf/layout.h"

namespace sheaf {
namespace internal {

// Replaces `*out` with a bundle of `inputs`, in order. Errors: ResourceExhausted past 4 GiB.
absl::Status EncodeBundle(absl::Span<const std::string_view> inputs, std::string* out);

// The raw inputs of a bundle, borrowed from `value`. Errors: as BlobView::Parse.
absl::StatusOr<BlobView> ParseBundle(std::string_view value);

// Why `value`, which BlobView::Parse refused with `status`, is not a list of `layout`: the same
// status, or for a bundle one that tells of the first of its inputs that does not decode.
absl::Status ExplainUndecodable(std::string_view value, Layout layout, absl::Status status);

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_BUNDLE_H_
