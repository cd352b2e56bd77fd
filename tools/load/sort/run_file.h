// Runs: sorted rows on disk, for merging.
//
// A run is written once and then read, by the same program: its bytes are no format that anybody
// else relies on. Every block has a checksum, so that a run that was damaged is refused. The rows
// of a run are checked like any other input, unless this process has written it.
//
//   header   "SHEAFRUN" u32 version
//   block*   u32 bytes, u32 bytes of rows if they are compressed (LZ4), else 0, u64 XXH3 of the
//            bytes; rows
//   footer   positions of chunks of input, samples of keys, counts; a block as well
//   trailer  u64 offset of the footer, u32 its size, u32 version
//
// A row is varint key size (0: the key of the row before), key, varint chunk of input, varint body
// size, body. A row is in one block, and a long one alone.
//
// Blocks are compressed where that takes less time than it saves: a writer tries now and then how
// long a block takes and how small it becomes, and compares with how long writing takes. So it does
// on a disk that is slow, or busy, and does not where pages are only copied.
//
// Ownership: the file stays when a writer that did not Finish() goes away.
// Thread safety: a RunWriter none; a Run may be read by a thread for each Read().

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
  // Reads the footer. Any bytes may be in the file. Errors: NotFound; DataLoss if it is no whole
  // run; FailedPrecondition if it is no regular file of this user with one name; Internal if it
  // cannot be opened.
  static absl::StatusOr<std::unique_ptr<Run>> Open(const std::string& path);
  ~Run() override;

  // Reads the blocks that Read(range) reads and checks them. Errors: as Open(); Cancelled if
  // interrupted.
  absl::Status Verify(const RowRange& range) const;

  // Gives back the space of rows of `range` that no other range needs. They cannot be read after.
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
  // Ranges are cut by this order. REQUIRES: set before Read().
  void set_order(const KeyOrder* order) { order_ = order; }
  // Where checksums are right, rows are what they were: they are not looked through first.
  void set_written_here() { written_here_ = true; }

 private:
  class Reader;

  Run(std::string path, int fd) : path_(std::move(path)), fd_(fd) {}
  absl::Status ReadFooter();
  bool ParseFooter(std::string_view footer);
  // `*last`: the last key of the block before; becomes that of `rows`.
  bool AreRows(std::string_view rows, std::string* last) const;
  // ReadBlock() of one that has rows, which are checked.
  absl::Status ReadRows(uint64_t* offset, std::string* block, std::string* last) const;
  // A header, which means nothing, and the rows. `*offset` becomes that of the next.
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
