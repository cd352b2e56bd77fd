// InputFile: a file, pipe or stdin, read in large chunks.
//
// Like std::istream, but who reads works on the buffer itself: rows are parsed where they were
// read. The buffer grows when one row does not fit, by what has arrived and not by what a size
// field claims.
//
// Lifetime: data() is valid until Fill(), and Consume() moves its beginning. Behind its end there
// are kPadding bytes that may be read (their content means nothing): simdjson wants that.
// Thread safety: none.
//
//   auto input = InputFile::Open("rows.tsv", [](uint64_t bytes) { return bytes < (64 << 20); });
//   for (bool more = true; more;) {
//     (*input)->Consume(ParseWholeRows((*input)->data()));
//     absl::StatusOr<bool> filled = (*input)->Fill();
//     if (!filled.ok()) return filled.status();
//     more = *filled;
//   }

#ifndef SHEAF_TOOLS_LOAD_INPUT_FILE_H_
#define SHEAF_TOOLS_LOAD_INPUT_FILE_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sheaf {
namespace load {

class InputFile {
 public:
  static constexpr size_t kPadding = 64;

  // Asked before the buffer grows past kChunkBytes whether so many bytes may be used, and told
  // afterwards how many are; 0 at the end.
  using MayUse = std::function<bool(uint64_t bytes)>;

  // Large enough that system calls do not show, small enough to stay in the second-level cache
  // while its rows are parsed.
  static constexpr size_t kChunkBytes = size_t{1} << 18;

  // `path`: "-" is stdin.
  // Errors: NotFound, InvalidArgument (a directory) or Internal, naming the file and the reason.
  static absl::StatusOr<std::unique_ptr<InputFile>> Open(const std::string& path, MayUse may_use);

  // The same checks without opening, which would disturb a FIFO; adds the size, if it is known, to
  // `*bytes`. For "-" always OK.
  static absl::Status Check(const std::string& path, uint64_t* bytes);

  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  // For messages: the path, or "stdin".
  const std::string& name() const { return name_; }

  // Bytes that were read and not consumed, and where they begin in the file.
  std::string_view data() const { return {buffer_.get() + begin_, end_ - begin_}; }
  uint64_t offset() const { return offset_; }

  // REQUIRES: n <= data().size().
  void Consume(size_t n) {
    begin_ += n;
    offset_ += n;
  }

  // Reads more behind data(). False at the end of the file.
  // Errors: Internal if the read fails; ResourceExhausted if the buffer would exceed what it may
  // use; Cancelled if interrupted.
  absl::StatusOr<bool> Fill();

 private:
  InputFile(std::string name, int fd, bool regular, MayUse may_use);
  absl::Status MakeRoom();

  const std::string name_;
  const int fd_;
  const bool regular_;
  const MayUse may_use_;
  std::unique_ptr<char[]> buffer_;
  size_t capacity_;  // without padding
  size_t begin_ = 0;
  size_t end_ = 0;
  uint64_t offset_ = 0;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_FILE_H_
