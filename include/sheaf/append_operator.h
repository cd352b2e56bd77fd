// The merge operator `sheaf.append`: DB::Merge appends values to a list without reading it.
//
// Like RocksDB's StringAppendOperator, but values may hold any byte and a list may be empty, and
// cost is linear in the bytes whatever the number of operands.
//
// An operand is a compact blob, whose values are appended in order, or an edit of the list: clear,
// keep the first or last values, remove a value, or a batch of those (docs/format.md, "operands").
// sheaf::Store writes them. Any grouping of merges gives the same list.
//
// What does not decode is kept: the raw inputs are bundled (docs/format.md, "bundles"), so that
// flush and compaction go on, reading that one key says Corruption, and nothing is lost. A clear
// after it, or a Put, makes the key good again; `sheaf repair` mends what can be mended.
//
// LIMIT: a list past RocksDB's 4 GiB - 1 bytes cannot be kept, bundled or not. Reading it is
// Corruption, which says so, and nothing of it is lost. A compaction keeps its operands apart; but
// before RocksDB 7.10 an operator cannot ask for that, and the compaction fails, which stops
// RocksDB's background work. Keep lists far smaller, if need be by `max_bytes`. The same holds
// where there is not enough memory to merge a list, but a read says MemoryLimit then.
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

constexpr char kAppendOperatorName[] = "sheaf.append";

// Which end of a list stays where it is cut.
enum class Keep : uint8_t { kLast, kFirst };

// In an options string each by its name: `{id=sheaf.append;layout=fixed64;max_values=1000;
// max_bytes=1000000;keep=last}`. RocksDB writes them into the OPTIONS file. All but `layout` may be
// others when the DB is opened again.
struct AppendOptions {
  // Layout of base values and of merged values. Operands are compact whatever it is.
  // In an options string: `compact` or `fixed64`.
  // Default: kCompact
  Layout layout = Layout::kCompact;

  // How long a list may become by appending: at most so many values, whose bytes add up to at most
  // `max_bytes`; 0 is no limit. Values beyond that are dropped by whatever merges them, a read or a
  // compaction; a list that was put stays as it is until something is merged into it. A value that
  // is larger than `max_bytes` alone is dropped.
  // Default: 0
  uint64_t max_values = 0;
  uint64_t max_bytes = 0;

  // kLast: the oldest values are dropped. kFirst: those that would go past a limit are, each by
  // itself; a smaller one after it may still fit.
  // In an options string: `last` or `first`.
  // Default: kLast
  Keep keep = Keep::kLast;
};

std::shared_ptr<rocksdb::MergeOperator> NewAppendOperator(const AppendOptions& options = {});

}  // namespace sheaf

#endif  // SHEAF_APPEND_OPERATOR_H_
