// Salvage: makes a list of a value that is not one, if it is known how the value came about.
//
// What is mended, and what each becomes:
//
//   part delimiter part ...    operands that another merge operator joined. The first part may be
//                              the list to which they were appended. Parts delimit themselves, so
//                              a delimiter within a value does not separate parts.
//   an edit alone              the result of the edit on no list
//   a bundle                   its inputs, each mended as in this table, then merged
//   any other bytes            one value (if `adopt`), with the parts after it appended
//
// `sheaf.append` itself merges the parts, with its limits. Parts before a clear need not decode.
// Bytes that begin like a list or an operand, or that contain a part or a list, are not adopted:
// they are more likely a damaged list than a plain value.
//
// Thread safety: as a rocksdb::MergeOperator: immutable.
//
//   const Salvager salvager(NewAppendOperator(), Layout::kCompact, {});
//   absl::StatusOr<Salvaged> mended = salvager.Mend(value);
//   if (mended.ok()) db->Put(write, key, mended->list);

#ifndef SHEAF_TOOLS_SHEAF_SALVAGE_H_
#define SHEAF_TOOLS_SHEAF_SALVAGE_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "rocksdb/merge_operator.h"
#include "sheaf/layout.h"

namespace sheaf {
namespace tool {

struct Salvaged {
  std::string list;  // encoded
  // For people: `3 parts joined with ":"; 5 values`.
  std::string how;
};

struct SalvageOptions {
  // What the other merge operator put between operands.
  std::string delimiter = ":";
  // True if a value that was never a list becomes a list of one value.
  bool adopt = true;
};

class Salvager {
 public:
  // `append` is sheaf.append, of layout `layout`.
  Salvager(std::shared_ptr<const rocksdb::MergeOperator> append, Layout layout,
           SalvageOptions options);

  // REQUIRES: `value` is not a list. Errors: DataLoss, with the reason why it cannot be mended.
  absl::StatusOr<Salvaged> Mend(std::string_view value) const;

 private:
  const std::shared_ptr<const rocksdb::MergeOperator> append_;
  const Layout layout_;
  const SalvageOptions options_;
};

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_SALVAGE_H_
