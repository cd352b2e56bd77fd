// RunWriter: writes a run (tools/load/sort/run_file.h).
//
// Blocks are compressed if that saves more time than it takes. The writer tries it now and then: it
// compares the time to compress a block with the time to write what compression saves. So blocks
// are compressed on a slow or busy disk, and not if writing only copies pages.
//
// Ownership: the file stays, also after an error. Thread safety: none.
//
//   absl::StatusOr<std::unique_ptr<RunWriter>> writer = RunWriter::Create(path, order);
//   if (!writer.ok()) return writer.status();
//   absl::Status status = (*writer)->Write(*table.Read(RowRange()), table.positions());

#ifndef SHEAF_TOOLS_LOAD_SORT_RUN_WRITER_H_
#define SHEAF_TOOLS_LOAD_SORT_RUN_WRITER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/common/key_order.h"
#include "tools/load/sort/sorted_rows.h"

namespace sheaf {
namespace load {

// Programs use kWhenFaster, which depends on the machine. Tests and benchmarks use the others.
enum class RunCompression { kWhenFaster, kAlways, kNever };

// Returns ResourceExhausted, naming the key, if a row with a body of so many bytes is too large for
// a block, which has at most 4 GiB - 1 bytes.
absl::Status FitsRun(std::string_view key, uint64_t body_bytes);

class RunWriter {
 public:
  // Makes the file. `order`: that of the rows; borrowed. Errors: Internal, naming the file and the
  // reason.
  static absl::StatusOr<std::unique_ptr<RunWriter>> Create(
      const std::string& path, const KeyOrder& order,
      RunCompression compression = RunCompression::kWhenFaster);
  ~RunWriter();
  RunWriter(const RunWriter&) = delete;
  RunWriter& operator=(const RunWriter&) = delete;

  // Writes all of `rows`, and finishes the run. REQUIRES: `positions` are sorted, and have those of
  // all rows.
  // Errors: those of `rows` and FitsRun(); Internal, naming the file and the reason; Cancelled if
  // interrupted.
  absl::Status Write(SortedRows& rows, const std::vector<uint64_t>& positions);

  // Bytes of the file so far.
  uint64_t bytes() const { return offset_; }

 private:
  RunWriter(std::string path, int fd, const KeyOrder& order, RunCompression compression)
      : path_(std::move(path)), fd_(fd), order_(order), compression_(compression) {}

  void Add(std::string_view key, uint64_t chunk, std::string_view body);
  absl::Status FlushBlock();
  absl::Status WriteAll(const char* data, size_t size);
  size_t Compress();
  absl::Status WriteFooter(const std::vector<uint64_t>& positions);

  const std::string path_;
  const int fd_;
  const KeyOrder& order_;
  const RunCompression compression_;
  std::string block_;
  std::string compressed_;  // block_, or empty
  std::string key_;         // of the row before
  std::string first_key_;   // its border
  uint64_t offset_ = 0;
  uint64_t rows_ = 0;
  uint64_t largest_block_ = 0;
  std::vector<std::pair<std::string, uint64_t>> samples_;  // border of a block's first key, offset
  uint64_t sample_bytes_ = 0;
  uint64_t sample_every_ = 1;
  uint64_t blocks_ = 0;
  // Seconds a byte. compressed_share_: of its bytes, what the last compressed block has kept.
  double write_seconds_ = 0;
  double compress_seconds_ = 0;
  double compressed_share_ = 1;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_RUN_WRITER_H_
