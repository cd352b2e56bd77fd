// RowTable: rows in memory, which are sorted when all are there.
//
// Ownership: copies rows into memory of its own, which is reserved up to a limit and never moved.
// Thread safety: none while rows are added and sorted. Afterwards several threads may call Read(),
// and each use what it got.
//
//   RowTable table(memory);
//   table.BeginChunk(chunk.position());
//   absl::Status status = parser->Parse(chunk, table, &report);
//   if (status.ok()) status = table.Sort(order);
//   if (status.ok()) use(*table.Read(RowRange()));

#ifndef SHEAF_TOOLS_LOAD_SORT_ROW_TABLE_H_
#define SHEAF_TOOLS_LOAD_SORT_ROW_TABLE_H_

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tools/load/input/row_sink.h"
#include "tools/load/sort/reserved_memory.h"
#include "tools/load/sort/row_sort.h"
#include "tools/load/sort/sorted_rows.h"

namespace sheaf {
namespace load {

class RowTable final : public RowSink, public RowStore {
 public:
  // `memory`: bytes for rows and their index. It uses at most IndexEntry::kMaxBytes.
  explicit RowTable(uint64_t memory) : memory_(std::min(memory, IndexEntry::kMaxBytes)) {}

  // The rows that are added next are of the chunk at `position`. REQUIRES: positions grow;
  // has_room_for_chunk().
  void BeginChunk(uint64_t position) {
    // A chunk without rows has no number.
    if (positions_.empty() || rows_ != rows_before_chunk_) positions_.emplace_back();
    positions_.back() = position;
    rows_before_chunk_ = rows_;
  }
  // False if the table has as many chunks as an index can tell apart.
  bool has_room_for_chunk() const { return positions_.size() < IndexEntry::kMaxChunks; }

  // Reserves the address space, if that was not done. Errors: Unavailable.
  absl::Status Reserve();

  // Errors: ResourceExhausted if the row does not fit, which is then not added; those of Reserve().
  absl::Status Add(std::string_view key, absl::Span<const std::string_view> values) override;

  // Sorts the rows, if that was not done. Errors: Cancelled if interrupted; the order is then
  // unspecified.
  absl::Status Sort(const KeyOrder& order);

  // Gives back the memory that sorting took, and the table when it had more rows. For a table that
  // stays for a while.
  void ReleaseRest();

  // Empties the table. `release`: gives its memory back.
  void Clear(bool release);

  bool empty() const { return rows_ == 0; }
  uint64_t rows() const { return rows_; }
  uint64_t values() const { return values_; }
  uint64_t memory() const { return memory_; }
  // Bytes of the rows and their index. Before Sort() with the room that it takes.
  uint64_t memory_used() const { return arena_used_ + rows_ * entry_bytes_; }
  // How many times Sort() has read a key: what sorting took, on any machine.
  uint64_t key_reads() const { return key_reads_; }
  // Positions of the chunks of the rows, in order.
  const std::vector<uint64_t>& positions() const { return positions_; }

  // RowStore. REQUIRES: Sort() succeeded.
  std::unique_ptr<SortedRows> Read(const RowRange& range) const override;
  std::vector<KeySample> Samples() const override;
  uint64_t reading_bytes() const override { return 0; }
  uint64_t bytes() const override { return arena_used_; }
  std::string_view first_key() const override { return KeyAt(0); }
  std::string_view last_key() const override { return KeyAt(rows_ - 1); }

 private:
  class Reader;

  IndexEntry* index() const { return reinterpret_cast<IndexEntry*>(index_.data()); }
  std::string_view KeyAt(uint64_t i) const;
  uint64_t LowerBound(std::string_view key) const;
  void Shrink(std::string_view key);
  void LoadWindows();

  // Of the index and, until it is sorted, as much scratch behind it.
  static constexpr uint64_t kSortingBytes = 2 * sizeof(IndexEntry);

  const uint64_t memory_;
  uint64_t entry_bytes_ = kSortingBytes;
  ReservedMemory arena_;
  ReservedMemory index_;
  uint64_t arena_used_ = 0;
  uint64_t arena_touched_ = 0;
  uint64_t rows_touched_ = 0;
  uint64_t rows_ = 0;
  uint64_t rows_before_chunk_ = 0;  // before the last chunk
  uint64_t values_ = 0;
  std::vector<uint64_t> positions_;
  size_t depth_ = 0;             // where windows begin: bytes that all keys begin with
  bool windows_differ_ = false;  // some were taken at a larger depth
  bool in_order_ = true;         // rows came sorted, by bytes
  bool sorted_ = false;
  uint64_t key_reads_ = 0;
  const KeyOrder* order_ = nullptr;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_ROW_TABLE_H_
