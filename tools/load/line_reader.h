// LineReader: a RowReader of a format with a row a line.

#ifndef SHEAF_TOOLS_LOAD_LINE_READER_H_
#define SHEAF_TOOLS_LOAD_LINE_READER_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "tools/load/row_reader.h"

namespace sheaf {
namespace load {

class LineReader : public RowReader {
 public:
  absl::Status Read(InputFile& input, MalformedRows& malformed, RowSink& sink) final;

 protected:
  // Where a line is.
  struct Place {
    const InputFile* input;
    uint64_t line;  // from 1
    std::string ToString() const;
  };

  // `line` has no LF at its end; the last of a file may have had none. Borrowed for the call;
  // InputFile::kPadding bytes behind it may be read.
  virtual absl::Status Line(std::string_view line, const Place& place, MalformedRows& malformed,
                            RowSink& sink) = 0;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_LINE_READER_H_
