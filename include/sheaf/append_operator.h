// The merge operator `sheaf.append`: DB::Merge appends values to a list without reading it.
//
// Like RocksDB's StringAppendOperator, but values may hold any byte, a list may be empty, and the
// cost is linear in the bytes whatever the number of operands.
//
// An operand is a compact blob, whose values are appended in order, or an edit of the list: clear,
// keep or drop the first values, keep the last ones, remove a value, or a batch of those
// (docs/format.md, "operands"). sheaf::Store writes them. Any grouping of merges gives the same
// list.
//
// Inputs that do not decode are kept as they are, in a bundle (docs/format.md, "bundles"). Nothing
// is lost, and flush and compaction go on. A read of that key returns Corruption. A clear or a Put
// makes the key good again; `sheaf repair` mends what can be mended.
//
// LIMIT: RocksDB holds no list past 4 GiB - 1 bytes, bundled or not. A read of such a list returns
// Corruption, which says so. Nothing of it is lost. From RocksDB 7.10 on, a compaction keeps its
// operands apart. An older RocksDB fails the compaction, which stops its background work. So keep
// lists far smaller, if need be with `max_bytes`. The same holds if there is not enough memory to
// merge a list, but then a read returns MemoryLimit.
//
//   rocksdb::Options options;
//   options.merge_operator = sheaf::NewAppendOperator();
//   // or, after sheaf::RegisterPlugin(), by name, as an OPTIONS file does:
//   //   merge_operator={id=sheaf.append;layout=compact;max_values=1000}
//
// Thread safety: immutable, used by any number of threads and DBs.

#ifndef SHEAF_APPEND_OPERATOR_H_
#define SHEAF_APPEND_OPERATOR_H_

#include <cstdint>
#include <memory>

#include "rocksdb/merge_operator.h"
#include "sheaf/layout.h"

namespace sheaf {

// The name of the operator in OPTIONS.
constexpr char kAppendOperatorName[] = "sheaf.append";

// Which end of a list stays when it is cut.
enum class Keep : uint8_t { kLast, kFirst };

// As an options string: `{id=sheaf.append;layout=fixed64;max_values=1000;max_bytes=1000000;
// keep=last;page_bytes=0}`. RocksDB writes it into the OPTIONS file. When the DB is opened again,
// all options but `layout` may change; `page_bytes` not from or to 0.
struct AppendOptions {
  // Layout of base values and of merged values. Operands are always compact.
  // In an options string: `compact` or `fixed64`, which keeps 64-bit sizes of values of any size.
  // Default: kCompact
  Layout layout = Layout::kCompact;

  // Limits of a list that is appended to: the number of its values, and the sum of their bytes. 0
  // is no limit. A read or a compaction drops values beyond a limit when it merges the list. A list
  // that was put stays as it is until something is merged into it. A value that is larger than
  // `max_bytes` by itself is dropped.
  // Default: 0
  uint64_t max_values = 0;
  uint64_t max_bytes = 0;

  // kLast drops the oldest values. kFirst drops each value that would go past a limit; a smaller
  // one after it may still fit.
  // In an options string: `last` or `first`.
  // Default: kLast
  Keep keep = Keep::kLast;

  // That the column family holds long lists (sheaf/long_store.h): the number of bytes from which on
  // the open page of a list is sealed. 0: plain lists, which Store reads and writes.
  // Default: 0
  uint64_t page_bytes = 0;
};

// The operator, for ColumnFamilyOptions::merge_operator.
[[nodiscard]] std::shared_ptr<rocksdb::MergeOperator> NewAppendOperator(
    const AppendOptions& options = {});

}  // namespace sheaf

#endif  // SHEAF_APPEND_OPERATOR_H_
