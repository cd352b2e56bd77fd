// Run: sorted rows on disk. RunWriter (tools/load/sort/run_writer.h) writes them, and a merge reads
// them.
//
// Only this program reads a run, so nobody else relies on its bytes. Every block has a checksum: a
// damaged run is refused. The rows of a run are checked like any other input, unless this process
// has written it.
//
//   header   "SHEAFRUN", u32 version
//   block*   u32 size of what follows the block's header; u32 size of the rows if they are
//            compressed (LZ4), else 0; u64 XXH3 of what follows; rows
//   footer   a block too; instead of rows it has counts, the first and the last key, positions of
//            chunks of input, samples of keys
//   trailer  u64 offset of the footer, u32 its size, u32 version
//
// A row is varint key size (0: the key of the row before), key, varint index of its chunk of input
// in the footer's positions, varint body size, body (tools/load/sort/row_record.h). A row is in one
// block. A long row has a block of its own, which is not compressed.
//
// Ownership: the file stays.
// Thread safety: none until it is opened and set up. Then several threads may call its const
// functions, and each use what it got from Read().
//
//   absl::StatusOr<std::unique_ptr<Run>> run = Run::Open(path);
//   if (!run.ok()) return run.status();
//   (*run)->set_order(&order);
//   const std::unique_ptr<SortedRows> rows = (*run)->Read(RowRange());

#ifndef SHEAF_TOOLS_LOAD_SORT_RUN_FILE_H_
#define SHEAF_TOOLS_LOAD_SORT_RUN_FILE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/load/sort/sorted_rows.h"

namespace sheaf {
namespace load {

class Run final : public RowStore {
 public:
  // Opens a file with any bytes, and reads the footer. Errors: NotFound; DataLoss if it is no whole
  // run; FailedPrecondition if it is no regular file of this user with one name; Internal if it
  // cannot be opened.
  static absl::StatusOr<std::unique_ptr<Run>> Open(const std::string& path);
  ~Run() override;

  // Checks the blocks that Read(range) reads. Errors: DataLoss; Cancelled if interrupted.
  absl::Status Verify(const RowRange& range) const;

  // Gives back the space of rows of `range` that no other range needs. They can then not be read.
  void Discard(const RowRange& range) const;

  std::unique_ptr<SortedRows> Read(const RowRange& range) const override;
  std::vector<KeySample> Samples() const override;
  uint64_t reading_bytes() const override { return largest_block_ + 4096; }
  uint64_t bytes() const override { return footer_offset_; }
  std::string_view first_key() const override { return first_key_; }
  std::string_view last_key() const override { return last_key_; }

  const std::string& path() const { return path_; }
  uint64_t rows() const { return rows_; }
  const std::vector<uint64_t>& positions() const { return positions_; }
  // The order of the rows; borrowed. REQUIRES: set before Verify(), Discard() and Read().
  void set_order(const KeyOrder* order) { order_ = order; }
  // This process has written the run: rows are what they were if checksums are right, so that they
  // are not checked further.
  void set_written_here() { written_here_ = true; }

 private:
  class Reader;

  Run(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  absl::Status ReadFooter();
  bool ParseFooter(std::string_view footer);
  // Checks rows, which are then read without a look at where they end. `*last`: the last key of the
  // block before; set to that of `rows`.
  bool AreRows(std::string_view rows, std::string* last) const;
  // ReadBlock(), and AreRows() unless this process has written the run.
  absl::Status ReadRows(uint64_t* offset, std::string* block, std::string* last) const;
  // Sets `*block` to a header, which means nothing, and the rows. Sets `*offset` to that of the
  // next block.
  absl::Status ReadBlock(uint64_t* offset, std::string* block) const;
  uint64_t BeginOf(const RowRange& range) const;
  uint64_t EndOf(const RowRange& range) const;

  const std::string path_;
  const int fd_;
  const KeyOrder* order_ = nullptr;
  bool written_here_ = false;
  uint64_t footer_offset_ = 0;
  uint64_t rows_ = 0;
  uint64_t largest_block_ = 0;
  std::string first_key_;
  std::string last_key_;
  std::vector<uint64_t> positions_;
  std::vector<std::pair<std::string, uint64_t>> samples_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_RUN_FILE_H_
