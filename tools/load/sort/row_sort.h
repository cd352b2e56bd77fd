// Sorting of rows in memory: an index of 16 bytes a row, by key, rows of one key in input order.
//
// The index is sorted by a window of the key, eight bytes that are one number, so that almost
// nothing touches a row: a radix sort of its bytes, from the lowest on (Knuth, The Art of Computer
// Programming, volume 3, 5.2.5), which keeps the order of the input by itself. Rows whose windows
// are equal are sorted by the next window, which is read from each row once and in the order of the
// memory; keys that are equal for many windows are compared. docs/benchmarks.md has what other ways
// gave.
//
// Thread safety: free functions.

#ifndef SHEAF_TOOLS_LOAD_SORT_ROW_SORT_H_
#define SHEAF_TOOLS_LOAD_SORT_ROW_SORT_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "tools/load/sort/sorted_rows.h"

namespace sheaf {
namespace load {

struct IndexEntry {
  // A table has no more of both: 1 TB of memory, 16 million chunks.
  static constexpr int kRecordBits = 40;
  static constexpr uint64_t kMaxBytes = uint64_t{1} << kRecordBits;
  static constexpr uint64_t kMaxChunks = uint64_t{1} << (64 - kRecordBits);

  IndexEntry() = default;
  IndexEntry(uint64_t key_window, uint64_t chunk, uint64_t record)
      : window(key_window), place(chunk << kRecordBits | record) {}

  uint64_t chunk() const { return place >> kRecordBits; }
  // Offset of the record (tools/load/sort/row_record.h) in the arena.
  uint64_t record() const { return place & (kMaxBytes - 1); }

  // For sorting; what it is afterwards means nothing.
  uint64_t window;
  // Grows with the input, so that comparing it keeps the order of the input.
  uint64_t place;
};

// Eight bytes of `key` from `depth` on, or zeros behind its end, so that a smaller number is a
// smaller key; equal ones tell nothing. REQUIRES: depth <= key.size().
uint64_t EightBytes(std::string_view key, size_t depth);

// The window of `key` that begins at `depth`: seven bytes, big-endian, and in the lowest byte how
// many bytes there were, 8 for more than seven. Equal windows that say at most 7 are equal keys.
// REQUIRES: depth <= key.size().
uint64_t KeyWindow(std::string_view key, size_t depth);

// Sorts `entries[0..count)`, which are in the order of the input, and whose windows begin at
// `depth`: the length of a prefix that all keys share. Windows are only used if the order is
// bytewise. `scratch`: room for `count` entries. `*reads` grows by how many times a key is read:
// some times for each row, and twice for each comparison of whole keys.
// Errors: Cancelled if interrupted; the order is then unspecified.
absl::Status SortRows(IndexEntry* entries, uint64_t count, IndexEntry* scratch, const char* arena,
                      size_t depth, const KeyOrder& order, uint64_t* reads);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_ROW_SORT_H_
