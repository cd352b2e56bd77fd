// Salvage: makes a list of a value that is none, where it is known what it was made of.
//
// What is mended, and what each becomes:
//
//   part delimiter part ...       operands that another merge operator joined: the first part may
//   be
//                                 the list that they were appended to. Parts delimit themselves, so
//                                 a delimiter within a value is none
//   an edit alone                 what it makes of no list
//   bytes of any other kind       one value (if `adopt`), and parts after it are appended
//   a bundle                      its inputs, each of them mended as above, merged
//
// The parts are merged by `sheaf.append` itself, with its limits. What comes before a clear need
// not decode. Bytes that begin as a list or an operand does, or that hold a part or a list, are not
// adopted: they are a damaged list rather than a value.
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
  // Whether a value that was never a list becomes a list of one value.
  bool adopt = true;
};

class Salvager {
 public:
  // `append` is sheaf.append, of layout `layout`.
  Salvager(std::shared_ptr<const rocksdb::MergeOperator> append, Layout layout,
           SalvageOptions options);

  // REQUIRES: `value` is not a list. Errors: DataLoss, telling why it cannot be mended.
  absl::StatusOr<Salvaged> Mend(std::string_view value) const;

 private:
  const std::shared_ptr<const rocksdb::MergeOperator> append_;
  const Layout layout_;
  const SalvageOptions options_;
};

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_SALVAGE_H_
