// Operands: what DB::Merge is given under `sheaf.append` (docs/format.md, "operands").
//
// An operand is a compact blob, whose values are appended, or an edit. All of them delimit
// themselves.

#ifndef SHEAF_PLUGIN_CODEC_OPERAND_H_
#define SHEAF_PLUGIN_CODEC_OPERAND_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "sheaf/blob_view.h"

namespace sheaf {
namespace internal {

// One step of a list's history. Borrows the operand that it was parsed from.
struct Edit {
  enum class Kind : uint8_t {
    kAppend,
    kClear,
    kKeepFirst,
    kKeepLast,
    kRemove,
    kDropFirst,
    kRemovePrefix
  };

  Kind kind = Kind::kAppend;
  BlobView values;         // of kAppend
  uint64_t count = 0;      // of kKeepFirst, kKeepLast, kDropFirst
  std::string_view value;  // of kRemove; the prefix, of kRemovePrefix
};

// Appends the edits of `operand`, all of it, to `*edits`: those of a batch one by one.
//
// Errors: DataLoss, naming the field, its offset, what was found and what was expected; `*edits` is
// then as it was.
absl::Status ParseOperand(std::string_view operand, std::vector<Edit>* edits);

// The same for an operand at the front of `*input`, which is advanced past it on success.
absl::Status ParseOperandPrefix(std::string_view* input, std::vector<Edit>* edits);

// Whether `operand` is a clear, by itself.
bool IsClear(std::string_view operand);

// Encoded edits; appends are blobs, which EncodeList() writes.
std::string EncodeClear();
std::string EncodeKeepFirst(uint64_t count);
std::string EncodeKeepLast(uint64_t count);
std::string EncodeRemove(std::string_view value);
std::string EncodeDropFirst(uint64_t count);
std::string EncodeRemovePrefix(std::string_view prefix);

// Replaces `*out` with a batch of `operands`, none of them a batch. Errors: ResourceExhausted past
// 4 GiB.
absl::Status EncodeBatch(absl::Span<const std::string_view> operands, std::string* out);

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_CODEC_OPERAND_H_
