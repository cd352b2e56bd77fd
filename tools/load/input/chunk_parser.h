// ChunkParser: reads chunks of the input, parses their rows, and reports those that are none.
//
// Each thread has a ChunkParser. Those of one load share a ChunkReader and a RejectLog, so that
// reading takes turns and parsing does not.
//
// Ownership: borrows the reader and the log. Lifetime: chunk() is valid until the next Next().
// Thread safety: none.
//
//   ChunkParser parser(&reader, OnError::kStop, &log);
//   for (;;) {
//     absl::StatusOr<bool> more = parser.Next(may_use);
//     if (!more.ok()) return more.status();
//     if (!*more) break;
//     absl::StatusOr<ChunkRead> read = parser.Parse(sink);
//     if (!read.ok()) return read.status();
//   }

#ifndef SHEAF_TOOLS_LOAD_INPUT_CHUNK_PARSER_H_
#define SHEAF_TOOLS_LOAD_INPUT_CHUNK_PARSER_H_

#include <array>
#include <memory>

#include "absl/status/statusor.h"
#include "tools/load/input/chunk_reader.h"
#include "tools/load/input/reject_log.h"
#include "tools/load/input/row_chunk.h"
#include "tools/load/input/row_parser.h"
#include "tools/load/input/row_sink.h"

namespace sheaf {
namespace load {

class ChunkParser {
 public:
  // `log`: null if rejects are reported by somebody else.
  ChunkParser(ChunkReader* reader, OnError on_error, RejectLog* log)
      : reader_(*reader), on_error_(on_error), log_(log) {}

  // Reads the next chunk. Returns false at the end of the input. Errors: as ChunkReader::Next().
  absl::StatusOr<bool> Next(const ChunkReader::MayUse& may_use) {
    return reader_.Next(&chunk_, may_use);
  }

  // The chunk that Next() read.
  const RowChunk& chunk() const { return chunk_; }
  // True if the chunk is one row that is longer than a chunk should be.
  bool is_long() const { return chunk_.rows().size() > reader_.chunk_bytes(); }

  // Gives the rows of the chunk to `sink`, and its rejects to the log. With OnError::kStop it ends
  // at the first reject. Rows of a chunk that is again() are given to nobody.
  // Errors: those of `sink`; the log then gets nothing. REQUIRES: Next() returned true, and Parse()
  // was not called since.
  absl::StatusOr<ChunkRead> Parse(RowSink& sink);

 private:
  ChunkReader& reader_;
  const OnError on_error_;
  RejectLog* const log_;
  RowChunk chunk_;
  // By format.
  std::array<std::unique_ptr<RowParser>, 4> parsers_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_CHUNK_PARSER_H_
