// RunWriter: writes a run (run_file.h).
//
// Ownership: the file stays when a writer that did not finish Write() goes away. Thread safety:
// none.

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

enum class RunCompression { kWhenFaster, kAlways, kNever };

// ResourceExhausted, naming the key, if a row with a body of so many bytes is too large for a
// block, which has 4 GiB - 1 bytes at most.
absl::Status FitsRun(std::string_view key, uint64_t body_bytes);

class RunWriter {
 public:
  // `order`: that of the rows; borrowed. Errors: Internal, naming the file and the reason.
  static absl::StatusOr<std::unique_ptr<RunWriter>> Create(
      const std::string& path, const KeyOrder& order,
      RunCompression compression = RunCompression::kWhenFaster);
  ~RunWriter();
  RunWriter(const RunWriter&) = delete;
  RunWriter& operator=(const RunWriter&) = delete;

  // Writes all of `rows`, whose positions are among `positions`, sorted.
  // Errors: those of `rows` and FitsRun(); Internal, naming the file and the reason; Cancelled if
  // interrupted.
  absl::Status Write(SortedRows& rows, const std::vector<uint64_t>& positions);

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
  // Seconds a byte; the part of its bytes that the last block that was compressed has kept.
  double write_seconds_ = 0;
  double compress_seconds_ = 0;
  double compressed_share_ = 1;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_SORT_RUN_WRITER_H_
