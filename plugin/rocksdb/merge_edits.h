// MergeEdits: the merge of operands of any kind; where one is not a list, or the list has limits.
//
// Thread safety: free functions.

#ifndef SHEAF_PLUGIN_ROCKSDB_MERGE_EDITS_H_
#define SHEAF_PLUGIN_ROCKSDB_MERGE_EDITS_H_

#include <string>

#include "absl/status/status.h"
#include "plugin/rocksdb/read_context.h"
#include "rocksdb/merge_operator.h"
#include "sheaf/append_operator.h"

namespace sheaf {
namespace internal {

using MergeInput = rocksdb::MergeOperator::MergeOperationInput;

// Replaces `*out` with the list that `in` makes, or with the part of it that `context` wants, if
// that is not null; or with a bundle of the inputs, if one of them does not decode. May throw
// std::bad_alloc. Errors: as EditableList::Encode.
absl::Status MergeEdits(const MergeInput& in, const AppendOptions& options, ReadContext* context,
                        std::string* out);

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_MERGE_EDITS_H_
