// Sorting of rows in memory: an index of 16 bytes a row, by key, rows of one key in input order.
//
// The index is sorted by a window of the key, eight bytes that are compared as one number, so that
// almost no comparison touches a row. Rows whose windows are equal are sorted by the next window,
// which is read from each row once and in the order of the memory.
//
// Thread safety: SortRows uses threads of its own and returns when they are done.

#ifndef SHEAF_TOOLS_LOAD_ROW_SORT_H_
#define SHEAF_TOOLS_LOAD_ROW_SORT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "rocksdb/comparator.h"

namespace sheaf {
namespace load {

struct IndexEntry {
  // Before and while sorting a window; afterwards 1 at the first row of a key and 0 at others.
  uint64_t window;
  // Of the record (tools/load/row_record.h) in the arena; grows with the input, so that comparing
  // it keeps the order of the input.
  uint64_t offset;
};

// The window of `key` that begins at `depth`: seven bytes, big-endian, and in the lowest byte how
// many bytes there were, 8 for more than seven. Equal windows that say at most 7 are equal keys.
// REQUIRES: depth <= key.size().
uint64_t KeyWindow(std::string_view key, size_t depth);

// Sorts `entries[0..count)`, whose windows begin at `depth`: the length of a prefix that all keys
// share. `comparator`: the column family's; windows are only used if it is bytewise.
// Errors: Cancelled if interrupted; the order is then unspecified.
absl::Status SortRows(IndexEntry* entries, size_t count, const char* arena, size_t depth,
                      const rocksdb::Comparator* comparator, int threads);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_ROW_SORT_H_
