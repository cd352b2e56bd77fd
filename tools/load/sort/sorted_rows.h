// SortedRows: rows in the order of their keys, rows of one key in the order of the input: what a
// table in memory and a run on disk give, and a merge takes and gives.
//
// A row is a key and a body: varint number of values, then varint size and bytes of each.
//
// Lifetime: the views are valid until the next Next(). Thread safety: none; several SortedRows of
// one table or run may be used by a thread each.
//
//   while (rows.Next()) use(rows.key(), rows.body());
//   if (!rows.status().ok()) ...

#ifndef SHEAF_TOOLS_LOAD_SORT_SORTED_ROWS_H_
#define SHEAF_TOOLS_LOAD_SORT_SORTED_ROWS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tools/common/key_order.h"

namespace sheaf {
namespace load {

class SortedRows {
 public:
  virtual ~SortedRows() = default;

  // False at the end, and if status() is not OK.
  virtual bool Next() = 0;

  std::string_view key() const { return key_; }
  std::string_view body() const { return body_; }
  // Of the chunk in which the row was read (RowChunk::position()).
  uint64_t position() const { return position_; }
  const absl::Status& status() const { return status_; }

 protected:
  std::string_view key_;
  std::string_view body_;
  uint64_t position_ = 0;
  absl::Status status_;
};

// Keys from `begin` on and before `end`.
struct RowRange {
  std::string begin;
  std::string end;
  bool has_begin = false;
  bool has_end = false;
};

// The border of a key that stands for `bytes` of rows before the next sample.
struct KeySample {
  std::string key;
  uint64_t bytes;
};

// Sorted rows that can be read in several ranges at once: a table, or a run.
class RowStore {
 public:
  virtual ~RowStore() = default;

  // Rows of `range`. Borrows the store.
  virtual std::unique_ptr<SortedRows> Read(const RowRange& range) const = 0;
  // Keys at about equal distances, for cutting ranges.
  virtual std::vector<KeySample> Samples() const = 0;
  // Bytes of memory that a Read() takes.
  virtual uint64_t reading_bytes() const = 0;
  virtual uint64_t bytes() const = 0;
  // Of the first and the last row, or KeyOrder::Border() of them. REQUIRES: not empty.
  virtual std::string_view first_key() const = 0;
  virtual std::string_view last_key() const = 0;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_SORTED_ROWS_H_
