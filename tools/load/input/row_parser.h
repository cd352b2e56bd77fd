// RowParser: parses the rows of chunks of one format.
//
// Thread safety: none; a parser keeps buffers from chunk to chunk, so each thread has its own.
//
//   std::unique_ptr<RowParser> parser = NewRowParser(RowFormat::kTsv, OnError::kStop);
//   ChunkReport report = log.NewReport();
//   absl::Status status = parser->Parse(chunk, sink, &report);

#ifndef SHEAF_TOOLS_LOAD_INPUT_ROW_PARSER_H_
#define SHEAF_TOOLS_LOAD_INPUT_ROW_PARSER_H_

#include <cstddef>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "tools/common/row_format.h"
#include "tools/load/input/rejects.h"
#include "tools/load/input/row_chunk.h"
#include "tools/load/input/row_sink.h"

namespace sheaf {
namespace load {

class RowParser {
 public:
  explicit RowParser(OnError on_error) : on_error_(on_error) {}
  virtual ~RowParser() = default;

  // Gives all rows of `chunk` to `sink`, with OnError::kStop up to the first reject. Adds rejects
  // to `*report`. Errors: those of `sink`.
  virtual absl::Status Parse(const RowChunk& chunk, RowSink& sink, ChunkReport* report) = 0;

 protected:
  // Returns false if parsing ends at this reject.
  bool AddReject(const Reject& reject, ChunkReport* report) const {
    report->rejects.Add(
        {reject.at, reject.kind, reject.detail, report->keeps_rows ? reject.raw : ""});
    return on_error_ == OnError::kSkip;
  }

 private:
  const OnError on_error_;
};

std::unique_ptr<RowParser> NewRowParser(RowFormat format, OnError on_error);

// One for each format.
std::unique_ptr<RowParser> NewTsvParser(OnError on_error);
std::unique_ptr<RowParser> NewJsonlParser(OnError on_error);
std::unique_ptr<RowParser> NewFramedParser(OnError on_error);
std::unique_ptr<RowParser> NewCsvParser(OnError on_error);

// RocksDB recommends at most 8 MB; past it each block of an index has megabytes.
constexpr size_t kMaxKeyBytes = size_t{8} << 20;

// What is wrong with `key`, as a Reject::kind. Null if nothing is.
inline const char* KeyFault(std::string_view key) {
  if (key.empty()) return "expected a key of one byte at least, found an empty key";
  if (key.size() > kMaxKeyBytes) return "expected a key of 8 MB at most, found a larger one";
  return nullptr;
}

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_ROW_PARSER_H_
