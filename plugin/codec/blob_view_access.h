// BlobViewAccess: private parts of BlobView and PinnedBlob, for the rest of Sheaf.
//
// Lifetime: borrows, as the BlobView does. Thread safety: free functions.

#ifndef SHEAF_PLUGIN_CODEC_BLOB_VIEW_ACCESS_H_
#define SHEAF_PLUGIN_CODEC_BLOB_VIEW_ACCESS_H_

#include "sheaf/blob_view.h"
#include "sheaf/block.h"
#include "sheaf/pinned_blob.h"

namespace sheaf {

struct BlobViewAccess {
  // To fill a list that is being read. Whoever sets the view must also set its block.
  static BlobView* view(PinnedBlob* list) { return &list->view_; }
  static void SetBlock(PinnedBlob* list, Block* block, bool zero_copy) {
    list->block_ = block;
    list->zero_copy_ = zero_copy;
  }

  // The sizes of a non-empty list, and the width of a size in bytes. A uniform list has one size,
  // which stands for all.
  static const char* sizes(const BlobView& view) { return view.sizes_; }
  static unsigned width(const BlobView& view) { return view.width_; }
  static bool uniform(const BlobView& view) { return view.stride_ == 0; }

  // The view of the same list after its encoded bytes were moved to `encoded`.
  static BlobView Relocate(BlobView view, const char* encoded) {
    const char* const from = view.encoded_;
    view.encoded_ = encoded;
    view.sizes_ = encoded + (view.sizes_ - from);
    view.contents_ = encoded + (view.contents_ - from);
    return view;
  }
};

}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_BLOB_VIEW_ACCESS_H_
