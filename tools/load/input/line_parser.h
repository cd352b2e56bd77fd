// LineParser: a RowParser for a format in which each line is a row.
//
// Thread safety: none.

#ifndef SHEAF_TOOLS_LOAD_INPUT_LINE_PARSER_H_
#define SHEAF_TOOLS_LOAD_INPUT_LINE_PARSER_H_

#include <cstring>
#include <string>
#include <string_view>

#include "tools/load/input/content_kind.h"
#include "tools/load/input/row_parser.h"

namespace sheaf {
namespace load {

class LineParser : public RowParser {
 public:
  using RowParser::RowParser;

  absl::Status Parse(const RowChunk& chunk, RowSink& sink, ChunkReport* report) final {
    const std::string_view rows = chunk.rows();
    // At the front of an input a byte order mark is no part of the row.
    const char* at = rows.data() + (chunk.offset() == 0 ? ByteOrderMark(rows, chunk.format()) : 0);
    const char* const end = rows.data() + rows.size();
    Begin(rows);
    while (at < end) {
      const void* const found = std::memchr(at, '\n', static_cast<size_t>(end - at));
      const char* const line_end = found == nullptr ? end : static_cast<const char*>(found);
      const std::string_view line(at, static_cast<size_t>(line_end - at));
      if (!line.empty() && line.back() == '\r' && report->lines == 0) report->crlf = true;
      kind_ = nullptr;
      detail_.clear();
      absl::Status status = Line(line, sink);
      if (!status.ok()) return status;
      if (kind_ != nullptr && report->lines == 0 && chunk.offset() == 0) {
        // A whole file of another format begins so.
        const std::string hint = FormatHint(rows.substr(0, kFrontBytes), chunk.format());
        if (!hint.empty()) detail_ += detail_.empty() ? hint : "; " + hint;
      }
      if (kind_ != nullptr && !AddReject({report->lines, kind_, detail_, line}, report)) break;
      ++report->lines;
      at = line_end + 1;
    }
    return absl::OkStatus();
  }

 protected:
  // Called before Line() is called for each line of `rows`.
  virtual void Begin(std::string_view /*rows*/) {}
  // Parses a line, which is without its LF and borrowed for the call. RowChunk::kPadding bytes
  // behind it may be read. Returns errors of `sink`. Returns Rejected() for a line that is no row.
  virtual absl::Status Line(std::string_view line, RowSink& sink) = 0;

  // For Line() to return. `kind`: as Reject::kind.
  absl::Status Rejected(const char* kind, std::string detail = "") {
    kind_ = kind;
    detail_ = std::move(detail);
    return absl::OkStatus();
  }

 private:
  const char* kind_ = nullptr;
  std::string detail_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_LINE_PARSER_H_
