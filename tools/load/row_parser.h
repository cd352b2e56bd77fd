// RowParser: the rows of a block in one format.
//
// Thread safety: none; a parser keeps buffers from block to block, so that each thread has its own.
//
//   std::unique_ptr<RowParser> parser = NewRowParser(RowFormat::kTsv);
//   BlockReport report(on_error);
//   absl::Status status = parser->Parse(block, sink, &report);

#ifndef SHEAF_TOOLS_LOAD_ROW_PARSER_H_
#define SHEAF_TOOLS_LOAD_ROW_PARSER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "tools/load/row_block.h"
#include "tools/load/row_format.h"
#include "tools/load/row_sink.h"

namespace sheaf {
namespace load {

// What happens at a row that cannot be read.
enum class OnError { kStop, kSkip };

// A row that was not taken.
struct Reject {
  // Line in its block, from 0; for frames the offset in its block.
  uint64_t at;
  // What was expected and what was found; rows are counted by it.
  std::string kind;
  // What differs from row to row, appended to the message.
  std::string detail;
  // The row as it was read, without its LF.
  std::string raw;
};

// What parsing a block came to.
struct BlockReport {
  uint64_t lines = 0;
  std::vector<Reject> rejects;
  // The first line of the block ends with CR LF.
  bool crlf = false;
};

class RowParser {
 public:
  explicit RowParser(OnError on_error) : on_error_(on_error) {}
  virtual ~RowParser() = default;

  // Gives all rows of `block` to `sink`; with OnError::kStop up to the first reject.
  // Errors: those of `sink`.
  virtual absl::Status Parse(const RowBlock& block, RowSink& sink, BlockReport* report) = 0;

 protected:
  // False if parsing ends here.
  bool AddReject(uint64_t at, std::string kind, std::string detail, std::string_view raw,
                 BlockReport* report) const {
    report->rejects.push_back({at, std::move(kind), std::move(detail), std::string(raw)});
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

// RocksDB recommends at most 8 MB; past it each block of an index has megabytes.
constexpr size_t kMaxKeyBytes = size_t{8} << 20;

// What a key must not be, or null: for Reject::kind.
inline const char* KeyFault(std::string_view key) {
  if (key.empty()) return "expected a key of one byte at least, found an empty key";
  if (key.size() > kMaxKeyBytes) return "expected a key of 8 MB at most, found a larger one";
  return nullptr;
}

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_ROW_PARSER_H_
