// Appends of one value each, which most are: merged, and encoded, in a way of their own.
//
// The size of such an operand tells the size of its value. So the header of the result is written
// without a look at the operands, which lie all over the memtable. Then each is looked at once: to
// check that it is what its size says, and to copy the value. EncodeList would look twice, which
// takes 10 to 70 % longer with 50,000 operands.

#ifndef SHEAF_PLUGIN_ROCKSDB_SINGLE_APPENDS_H_
#define SHEAF_PLUGIN_ROCKSDB_SINGLE_APPENDS_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "rocksdb/slice.h"
#include "sheaf/blob_view.h"
#include "sheaf/layout.h"

namespace sheaf {
namespace internal {

// Replaces `*out` with the values of `base`, then those of `operands`, as one blob. False, with
// `*out` empty, if an operand is anything but a list of one value as an encoder writes it, or
// RocksDB cannot hold the result: then it is for somebody else to merge. One allocation.
bool MergeSingleAppends(const BlobView& base, absl::Span<const rocksdb::Slice> operands,
                        Layout layout, std::string* out);

// A list of one value, as Encode() writes it. REQUIRES: the value fits in an operand.
std::string EncodeSingleAppend(std::string_view value);

// Replaces `*operand` with one that appends `values`. Errors: as Encode().
absl::Status EncodeAppend(absl::Span<const std::string_view> values, std::string* operand);

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_SINGLE_APPENDS_H_
