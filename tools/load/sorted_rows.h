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

#ifndef SHEAF_TOOLS_LOAD_SORTED_ROWS_H_
#define SHEAF_TOOLS_LOAD_SORTED_ROWS_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "rocksdb/comparator.h"

namespace sheaf {
namespace load {

class SortedRows {
 public:
  virtual ~SortedRows() = default;

  // False at the end, and if status() is not OK.
  virtual bool Next() = 0;

  std::string_view key() const { return key_; }
  std::string_view body() const { return body_; }
  // Of the block in which the row was read (RowBlock::position()).
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

// The order of keys: the column family's.
class KeyOrder {
 public:
  explicit KeyOrder(const rocksdb::Comparator* comparator)
      : comparator_(comparator), bytewise_(comparator == rocksdb::BytewiseComparator()) {}

  bool bytewise() const { return bytewise_; }
  const rocksdb::Comparator* comparator() const { return comparator_; }

  int Compare(std::string_view a, std::string_view b) const {
    if (bytewise_) return a.compare(b);
    return comparator_->Compare(rocksdb::Slice(a.data(), a.size()),
                                rocksdb::Slice(b.data(), b.size()));
  }
  // Stands for `key` where ranges are cut, so that long keys take no memory there: as cutting keys
  // off keeps their order by bytes, keys before `key` are not behind its border. Other orders may
  // compare a part of a key in any way; there it is the whole key.
  std::string_view Border(std::string_view key) const {
    constexpr size_t kMostBytes = 1024;
    return bytewise_ ? key.substr(0, kMostBytes) : key;
  }
  bool Equal(std::string_view a, std::string_view b) const {
    return bytewise_ ? a == b : Compare(a, b) == 0;
  }

 private:
  const rocksdb::Comparator* comparator_;
  bool bytewise_;
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

#endif  // SHEAF_TOOLS_LOAD_SORTED_ROWS_H_
