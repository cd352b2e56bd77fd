// Sorts rows in memory by key, and rows of one key in the order of the input. It sorts an index
// with 16 bytes for each row.
//
// An entry of the index has a window of the key: eight bytes that are one number. The index is
// sorted by this number, so almost nothing touches a row. That is a radix sort from the lowest byte
// on (Knuth, The Art of Computer Programming, volume 3, 5.2.5), which keeps the order of the input.
// Rows with equal windows are sorted by their next window, which is read from each row once and in
// the order of the memory. Keys that are equal for many windows are compared. docs/benchmarks.md
// says what other ways gave.
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
  // Limits of a table: 1 TB of memory, 16 million chunks.
  static constexpr int kRecordBits = 40;
  static constexpr uint64_t kMaxBytes = uint64_t{1} << kRecordBits;
  static constexpr uint64_t kMaxChunks = uint64_t{1} << (64 - kRecordBits);

  IndexEntry() = default;
  IndexEntry(uint64_t key_window, uint64_t chunk, uint64_t record)
      : window(key_window), place(chunk << kRecordBits | record) {}

  // The number of the row's chunk in the table.
  uint64_t chunk() const { return place >> kRecordBits; }
  // Offset of the record (tools/load/sort/row_record.h) in the arena.
  uint64_t record() const { return place & (kMaxBytes - 1); }

  // Means nothing after sorting.
  uint64_t window;
  // Grows with the input: comparing places keeps the order of the input.
  uint64_t place;
};

// Eight bytes of `key` from `depth` on, with zeros behind its end. A smaller number is a smaller
// key. Equal numbers say nothing. REQUIRES: depth <= key.size().
uint64_t EightBytes(std::string_view key, size_t depth);

// The window of `key` that begins at `depth`: seven bytes, big-endian, and in the lowest byte how
// many bytes the key has there, 8 for more than seven. Keys with equal windows are equal if that
// number is at most 7. REQUIRES: depth <= key.size().
uint64_t KeyWindow(std::string_view key, size_t depth);

// Sorts `entries[0..count)`. REQUIRES: they are in the order of the input, their windows begin at
// `depth`, and all keys share their first `depth` bytes. Windows are only used if the order is
// bytewise. `scratch`: room for `count` entries. Adds to `*reads` how many times a key was read:
// some times for each row, and twice for each comparison of whole keys.
// Errors: Cancelled if interrupted; the order is then unspecified.
absl::Status SortRows(IndexEntry* entries, uint64_t count, IndexEntry* scratch, const char* arena,
                      size_t depth, const KeyOrder& order, uint64_t* reads);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_ROW_SORT_H_
