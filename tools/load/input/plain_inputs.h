// PlainInputs: inputs that can be read from any line on: files of lines that are not compressed.
//
// Positions are those of RowChunk: bytes of all inputs, one behind the other.
//
// Thread safety: immutable after Open().
//
//   const std::optional<PlainInputs> plain = PlainInputs::Open(inputs, format);
//   for (uint64_t position : plain->Cut(0, plain->bytes(), 4)) ...   // a line begins there
//   reading.read_before = plain->Except(begin, end);                 // to read what is between

#ifndef SHEAF_TOOLS_LOAD_INPUT_PLAIN_INPUTS_H_
#define SHEAF_TOOLS_LOAD_INPUT_PLAIN_INPUTS_H_

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <vector>

#include "tools/common/row_format.h"
#include "tools/load/input/chunk_reader.h"

namespace sheaf {
namespace load {

class PlainInputs {
 public:
  // Returns nothing if one of the inputs is no such file. `format`: as in ChunkReader::Options.
  static std::optional<PlainInputs> Open(const std::vector<std::string>& inputs,
                                         std::optional<RowFormat> format);

  // Bytes of all inputs.
  uint64_t bytes() const { return files_.empty() ? 0 : files_.back().end; }

  // Positions between `begin` and `end` at which lines begin. They cut the input into about `parts`
  // equal parts; into fewer if lines are very long.
  std::vector<uint64_t> Cut(uint64_t begin, uint64_t end, uint64_t parts) const;

  // What a ChunkReader passes over (Options::read_before) so that it reads from `begin` to `end`.
  std::vector<PositionRange> Except(uint64_t begin, uint64_t end) const;

  // True if a file has changed since Open(): positions then mean nothing.
  bool Changed() const;

 private:
  struct File {
    std::string path;
    uint64_t begin;  // positions
    uint64_t end;
    struct timespec modified;
  };

  // The position of the first line that begins at `position` or behind it. Nothing if that is too
  // far away.
  std::optional<uint64_t> LineAt(uint64_t position) const;

  std::vector<File> files_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_PLAIN_INPUTS_H_
