// SortedRows: reads rows in the order of their keys, and rows of one key in the order of the input.
// They come from a table in memory, a run on disk, or a merge of these.
//
// A row is a key and a body (tools/load/sort/row_record.h).
//
// Lifetime: the views are valid until the next Next(). Thread safety: none; several threads may
// each have SortedRows of one table or run.
//
//   while (rows.Next()) use(rows.key(), rows.body());
//   if (!rows.status().ok()) return rows.status();

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

  // Goes to the next row. Returns false at the end, and if status() is not OK.
  virtual bool Next() = 0;

  std::string_view key() const { return key_; }
  std::string_view body() const { return body_; }
  // RowChunk::position() of the chunk that the row was in.
  uint64_t position() const { return position_; }
  const absl::Status& status() const { return status_; }

 protected:
  std::string_view key_;
  std::string_view body_;
  uint64_t position_ = 0;
  absl::Status status_;
};

// Keys from `begin` on and before `end`. Default: all.
struct RowRange {
  std::string begin;
  std::string end;
  bool has_begin = false;
  bool has_end = false;
};

// KeyOrder::Border() of a key, and the bytes of rows from it to the next sample.
struct KeySample {
  std::string key;
  uint64_t bytes;
};

// A table or a run: several threads can read ranges of its sorted rows at once.
class RowStore {
 public:
  virtual ~RowStore() = default;

  // Reads the rows of `range`. The result borrows the store.
  virtual std::unique_ptr<SortedRows> Read(const RowRange& range) const = 0;
  // Keys at about equal distances, for cutting ranges.
  virtual std::vector<KeySample> Samples() const = 0;
  // Bytes of memory that the result of a Read() takes.
  virtual uint64_t reading_bytes() const = 0;
  // About the bytes of all rows.
  virtual uint64_t bytes() const = 0;
  // The first and the last key, or KeyOrder::Border() of them. REQUIRES: not empty.
  virtual std::string_view first_key() const = 0;
  virtual std::string_view last_key() const = 0;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_SORTED_ROWS_H_
