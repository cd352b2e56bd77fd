// RowChunk: whole rows of one input, as they were read. A thread parses one chunk at a time.
//
// Ownership: owns its buffer. The next chunk that is read into it uses the buffer again.
// Lifetime: rows() is valid until then. kPadding bytes behind it may be read, as simdjson does;
// they mean nothing. Thread safety: none.
//
//   RowChunk chunk;
//   absl::StatusOr<bool> more = reader.Next(&chunk, may_use);
//   if (more.ok() && *more) use(chunk.rows());

#ifndef SHEAF_TOOLS_LOAD_INPUT_ROW_CHUNK_H_
#define SHEAF_TOOLS_LOAD_INPUT_ROW_CHUNK_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#include "tools/common/row_format.h"
#include "tools/load/input/csv.h"

namespace sheaf {
namespace load {

class RowChunk {
 public:
  static constexpr size_t kPadding = 64;

  RowChunk() = default;
  ~RowChunk() { std::free(buffer_); }
  RowChunk(const RowChunk&) = delete;
  RowChunk& operator=(const RowChunk&) = delete;

  std::string_view rows() const { return {buffer_, size_}; }
  // Chunks of all inputs are numbered from 0, in the order of the input.
  uint64_t number() const { return number_; }
  // Where the chunk begins, in bytes after decompression: offset() in its input, position() in all
  // inputs, one behind the other. Positions grow with numbers. A row has the same position
  // whenever the same inputs are read.
  uint64_t offset() const { return offset_; }
  uint64_t position() const { return position_; }
  // The index of its input.
  size_t input() const { return input_; }
  RowFormat format() const { return format_; }
  // Its columns, if the format is csv.
  const CsvColumns* csv() const { return csv_.get(); }
  // An earlier load has its rows. Only the rejects among them are wanted.
  bool again() const { return again_; }
  // The name of its input, for messages.
  const std::string& name() const { return name_; }

 private:
  friend class ChunkReader;

  // Makes room for `bytes` and the padding, and keeps what is there. Returns false if the system
  // has no memory.
  bool Grow(size_t bytes) {
    if (bytes <= capacity_) return true;
    bytes = std::max(bytes, 2 * capacity_);  // so that a long row is moved few times
    void* const grown = std::realloc(buffer_, bytes + kPadding);
    if (grown == nullptr) return false;
    buffer_ = static_cast<char*>(grown);
    capacity_ = bytes;
    return true;
  }
  // Gives memory back that only a long row needed.
  void Shrink(size_t bytes) {
    if (capacity_ <= bytes) return;
    std::free(buffer_);
    buffer_ = nullptr;
    capacity_ = 0;
    size_ = 0;
  }

  char* buffer_ = nullptr;
  size_t capacity_ = 0;  // without padding
  size_t size_ = 0;
  uint64_t number_ = 0;
  uint64_t offset_ = 0;
  uint64_t position_ = 0;
  size_t input_ = 0;
  bool again_ = false;
  RowFormat format_ = RowFormat::kTsv;
  std::shared_ptr<const CsvColumns> csv_;
  std::string name_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_ROW_CHUNK_H_
