// PlainInputs: inputs of which reading can begin at any line: files of lines, not compressed.
//
// Positions are those of RowChunk: bytes of all inputs, one behind the other.
//
// Thread safety: immutable after Open().
//
//   const std::optional<PlainInputs> plain = PlainInputs::Open(inputs, format);
//   for (uint64_t position : plain->Cut(0, plain->bytes(), 4)) ...   // lines begin there
//   reading.read_before = plain->Except(begin, end);                 // reads what is between

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
  // Nothing if one of them is no such file. `format`: as in ChunkReader::Options.
  static std::optional<PlainInputs> Open(const std::vector<std::string>& inputs,
                                         std::optional<RowFormat> format);

  // Of all inputs.
  uint64_t bytes() const { return files_.empty() ? 0 : files_.back().end; }

  // Positions between `begin` and `end` at which a line begins, so that about `parts` equal parts
  // are made; fewer where lines are very long.
  std::vector<uint64_t> Cut(uint64_t begin, uint64_t end, uint64_t parts) const;

  // What a ChunkReader has to pass over to read from `begin` on and before `end`.
  std::vector<PositionRange> Except(uint64_t begin, uint64_t end) const;

  // True if a file is not as it was when it was opened: positions mean nothing then.
  bool Changed() const;

 private:
  struct File {
    std::string path;
    uint64_t begin;  // positions
    uint64_t end;
    struct timespec modified;
  };

  // Of the first line at `position` or behind it; nothing if that is too far away.
  std::optional<uint64_t> LineAt(uint64_t position) const;

  std::vector<File> files_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_PLAIN_INPUTS_H_
