// ChunkReader: reads all inputs, one behind the other, in chunks of whole rows.
//
// One thread reads at a time. It only looks for the end of the last row: threads parse their chunks
// at the same time (tools/load/input/chunk_parser.h).
//
// Thread safety: Next() and file_bytes() from any thread.
//
//   ChunkReader reader(options);
//   RowChunk chunk;
//   for (;;) {
//     absl::StatusOr<bool> more = reader.Next(&chunk, may_use);
//     if (!more.ok()) return more.status();
//     if (!*more) break;
//     bytes += chunk.rows().size();
//   }

#ifndef SHEAF_TOOLS_LOAD_INPUT_CHUNK_READER_H_
#define SHEAF_TOOLS_LOAD_INPUT_CHUNK_READER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/common/row_format.h"
#include "tools/load/input/byte_source.h"
#include "tools/load/input/csv.h"
#include "tools/load/input/row_chunk.h"

namespace sheaf {
namespace load {

// A chunk of input that was parsed, or several in a row of one input.
struct ChunkRead {
  uint64_t begin;  // positions
  uint64_t end;
  uint64_t lines;
  bool rejects;  // some of its rows were rejected
};

// Whole chunks of one input that an earlier load read.
struct PositionRange {
  uint64_t begin;
  uint64_t end;
  // The reader gives it out once more, as one chunk (RowChunk::again()). Else it passes over it.
  bool again;
};

class ChunkReader {
 public:
  struct Options {
    std::vector<std::string> inputs;
    // Default: FormatOfFile() of each input.
    std::optional<RowFormat> format;
    // Columns of inputs of the format csv.
    CsvOptions csv;
    // Size of a chunk. A longer row is a chunk by itself: short rows beside it would take many
    // times as much memory when they are parsed.
    size_t chunk_bytes = size_t{1} << 19;
    // In the order of the input.
    std::vector<PositionRange> read_before;
  };

  // Called before a chunk takes more than Options::chunk_bytes, with a little more each time.
  // False: it may not.
  using MayUse = std::function<bool(uint64_t bytes)>;

  explicit ChunkReader(Options options) : options_(std::move(options)) {}

  // Reads the next chunk. Returns false at the end of the last input, and after another thread got
  // an error. Errors: those of ByteSource; InvalidArgument for a frame that is cut off, or for a
  // file that holds no rows; ResourceExhausted for a row that `may_use` refused; Unavailable if the
  // system gives no memory; Cancelled if interrupted. They name the input and the place. DataLoss
  // if Options::read_before does not fit these inputs.
  absl::StatusOr<bool> Next(RowChunk* chunk, const MayUse& may_use);

  size_t chunk_bytes() const { return options_.chunk_bytes; }
  // Bytes of the files that were read, before decompression: for progress.
  uint64_t file_bytes() const { return file_bytes_.load(std::memory_order_relaxed); }
  // Bytes that were given out or passed over, after decompression. REQUIRES: no Next() runs.
  uint64_t position() const { return position_; }

 private:
  absl::StatusOr<bool> NextLocked(RowChunk* chunk, const MayUse& may_use);
  absl::Status PassOver();
  std::string Hint(RowFormat format) const;
  absl::Status CheckContent(RowFormat format) const;
  // Sets csv_. Reads the header, if there is one, into rest_, without passing over it.
  absl::Status FindColumns();
  absl::Status CheckReadBefore(bool at_end) const;
  // Of source_.
  RowFormat format() const {
    return options_.format.value_or(FormatOfFile(options_.inputs[input_ - 1]));
  }
  // Bytes at the front of `data` that are whole rows, with `one` the first; at the end of an input
  // a line needs no LF. `searched`: bytes in which the first does not end. `csv`
  // finds where rows of csv end; new for each chunk.
  static size_t WholeRows(RowFormat format, const char* data, size_t size, bool at_end, bool one,
                          size_t searched, CsvCutter* csv);
  absl::Status CutOff(const RowChunk& chunk, const char* data, size_t size) const;

  const Options options_;
  std::mutex mutex_;
  bool failed_ = false;
  size_t input_ = 0;  // the next to open, or the one behind source_
  size_t read_before_ = 0;
  std::unique_ptr<ByteSource> source_;
  bool at_end_ = false;  // of source_
  // Read of source_ and not given out: Options::chunk_bytes at most, or the front with a header.
  std::string rest_;
  std::shared_ptr<const CsvColumns> csv_;  // of source_
  uint64_t offset_ = 0;
  uint64_t position_ = 0;
  uint64_t number_ = 0;
  uint64_t closed_bytes_ = 0;  // of the files before source_
  std::atomic<uint64_t> file_bytes_{0};
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_CHUNK_READER_H_
