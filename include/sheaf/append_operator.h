// The merge operator `sheaf.append`: DB::Merge appends values to a list without reading it.
//
// Like RocksDB's StringAppendOperator, but values may hold any byte and a list may be empty, and
// cost is linear in the bytes whatever the number of operands.
//
// An operand is a compact blob: its values are appended in order. Anything else, and a base value
// that is not a blob of `layout`, is kept: the raw inputs are bundled (docs/format.md, "bundles"),
// so that flush and compaction go on, reading that one key says Corruption, and nothing is lost.
//
// LIMIT: a list past RocksDB's 4 GiB - 1 bytes cannot be kept, bundled or not. Reading it is
// Corruption, nothing of it is lost, but a compaction that has to write it fails, which stops
// RocksDB's background work. Keep lists far smaller.
//
//   rocksdb::Options options;
//   options.merge_operator = sheaf::NewAppendOperator();
//   // or, after sheaf::RegisterPlugin(), by name, as an OPTIONS file does:
//   //   merge_operator={id=sheaf.append;layout=compact}
//
// Thread safety: immutable, used by any number of threads and DBs.

#ifndef SHEAF_APPEND_OPERATOR_H_
#define SHEAF_APPEND_OPERATOR_H_

#include <memory>

#include "rocksdb/merge_operator.h"
#include "sheaf/layout.h"

namespace sheaf {

constexpr char kAppendOperatorName[] = "sheaf.append";

struct AppendOptions {
  // Layout of base values and of merged values. Operands are compact whatever it is.
  // In an options string: `layout=compact` or `layout=fixed64`.
  // Default: kCompact
  Layout layout = Layout::kCompact;
};

std::shared_ptr<rocksdb::MergeOperator> NewAppendOperator(const AppendOptions& options = {});

}  // namespace sheaf

#endif  // SHEAF_APPEND_OPERATOR_H_
