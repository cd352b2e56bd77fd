// What the rest of Sheaf may do to a BlobView or PinnedBlob that the public may not.

#ifndef SHEAF_PLUGIN_CODEC_BLOB_VIEW_ACCESS_H_
#define SHEAF_PLUGIN_CODEC_BLOB_VIEW_ACCESS_H_

#include "sheaf/blob_view.h"
#include "sheaf/block.h"
#include "sheaf/pinned_blob.h"

namespace sheaf {

struct BlobViewAccess {
  // The parts of a list that is being read. A list whose view is set must be given its block.
  static BlobView* view(PinnedBlob* list) { return &list->view_; }
  static void SetBlock(PinnedBlob* list, Block* block, bool zero_copy) {
    list->block_ = block;
    list->zero_copy_ = zero_copy;
  }

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
};

}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_BLOB_VIEW_ACCESS_H_
