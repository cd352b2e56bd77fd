// RowTable: rows in memory, sorted by key; a sink of readers and a source of lists.
//
// Ownership: copies rows into memory of its own, which is reserved up to a limit and never moved.
// Thread safety: none; the sources that Lists() returns may be used by a thread each.
//
//   RowTable rows(limits);
//   absl::Status status = reader->Read(*input, malformed, rows);
//   status = rows.Sort(comparator, /*threads=*/2);
//   for (std::unique_ptr<ListSource>& lists : rows.Lists(2)) ...   // disjoint, in key order

#ifndef SHEAF_TOOLS_LOAD_ROW_TABLE_H_
#define SHEAF_TOOLS_LOAD_ROW_TABLE_H_

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "rocksdb/comparator.h"
#include "tools/load/list_source.h"
#include "tools/load/reserved_memory.h"
#include "tools/load/row_sink.h"
#include "tools/load/row_sort.h"

namespace sheaf {
namespace load {

class RowTable final : public RowSink {
 public:
  struct Limits {
    // Bytes of memory for rows, their index, and lists that are being written.
    uint64_t memory = 0;
    // The most bytes that the values of a list have. Default: what RocksDB takes as one value; the
    // writer knows what sizes add.
    uint64_t list_bytes = 0xFFFFFFFF;
  };

  explicit RowTable(const Limits& limits) : limits_(limits) {}

  // Errors: ResourceExhausted before the row that would exceed Limits::memory.
  absl::Status Add(std::string_view key, absl::Span<const std::string_view> values) override;

  // Sorts by `comparator`, rows of one key in the order in which they were added.
  absl::Status Sort(const rocksdb::Comparator* comparator, int threads);

  // The lists in up to `parts` sources, each before the next in key order. They borrow this table.
  // REQUIRES: Sort() succeeded.
  std::vector<std::unique_ptr<ListSource>> Lists(size_t parts);

  // Sets aside `bytes` of Limits::memory for others, instead of what was set aside before. False,
  // and nothing changes, if rows need it.
  bool SetAside(uint64_t bytes);

  uint64_t rows() const { return rows_; }
  uint64_t values() const { return values_; }
  // What is set aside included.
  uint64_t memory_used() const { return arena_used_ + rows_ * sizeof(IndexEntry) + aside_; }

 private:
  class Source;

  IndexEntry* index() const { return reinterpret_cast<IndexEntry*>(index_.data()); }

  const Limits limits_;
  ReservedMemory arena_;
  ReservedMemory index_;
  uint64_t arena_used_ = 0;
  uint64_t aside_ = 0;
  uint64_t rows_ = 0;
  uint64_t values_ = 0;
  size_t shared_ = 0;      // bytes that all keys begin with
  std::mutex large_list_;  // one list that needs much memory is written at a time
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_ROW_TABLE_H_
