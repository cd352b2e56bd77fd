// RowReader: reads the rows of one input in one format.
//
// Thread safety: none; a reader keeps buffers from input to input.
//
//   std::unique_ptr<RowReader> reader = NewRowReader(RowFormat::kTsv);
//   absl::Status status = reader->Read(*input, malformed, sink);

#ifndef SHEAF_TOOLS_LOAD_ROW_READER_H_
#define SHEAF_TOOLS_LOAD_ROW_READER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "tools/load/input_file.h"
#include "tools/load/malformed_rows.h"
#include "tools/load/row_format.h"
#include "tools/load/row_sink.h"

namespace sheaf {
namespace load {

class RowReader {
 public:
  virtual ~RowReader() = default;

  // Reads `input` to its end.
  // Errors: InvalidArgument for a malformed row that stops; those of `input` and `sink`.
  virtual absl::Status Read(InputFile& input, MalformedRows& malformed, RowSink& sink) = 0;

  // Called after each chunk, with the bytes consumed of this input so far.
  std::function<void(uint64_t bytes)> on_chunk = [](uint64_t) {};
  // Called with what the user should know and is no error.
  std::function<void(const std::string& text)> on_note = [](const std::string&) {};
};

std::unique_ptr<RowReader> NewRowReader(RowFormat format);

// One for each format.
std::unique_ptr<RowReader> NewTsvReader();
std::unique_ptr<RowReader> NewJsonlReader();
std::unique_ptr<RowReader> NewFramedReader();

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_ROW_READER_H_
