// Output: writes buffered bytes to a file descriptor, and keeps errors until Finish().
//
// Like std::ofstream, but an error has a reason, and a reader that went away (`| head`) is not an
// error like a full disk.
//
// Thread safety: none; WriteBehind() has a thread of its own inside.
//
//   Output out(STDOUT_FILENO, "stdout");
//   while (more && out.ok()) out.Write(text);
//   return ExitOf("scan", out.Finish());

#ifndef SHEAF_TOOLS_SHEAF_OUTPUT_H_
#define SHEAF_TOOLS_SHEAF_OUTPUT_H_

#include <algorithm>
#include <atomic>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace sheaf {
namespace tool {

class Output {
 public:
  // `name` is for messages. Does not close `fd`. SIGPIPE must be ignored.
  Output(int fd, std::string name);
  ~Output();  // what was not finished is lost
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // For much output: from now on, a thread writes while the caller fills the next buffer. The
  // kernel starts to write to the disk early, so that a sync at the end has little left to do.
  // REQUIRES: nothing was written yet.
  void WriteBehind();

  void Write(std::string_view bytes) {
    while (bytes.size() > kBufferBytes - used_) WritePart(&bytes);
    std::memcpy(buffer_.get() + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
  }
  void Write(char c) { Write(std::string_view(&c, 1)); }

  // The same in two steps, for a caller that joins several small pieces. Room() returns space for
  // `size` bytes, valid until the next call. Advance() says how many of them were filled.
  // REQUIRES: size <= kMaxRoom
  static constexpr size_t kMaxRoom = size_t{16} << 10;
  char* Room(size_t size) {
    assert(size <= kMaxRoom);
    if (size > kBufferBytes - used_) Flush();
    return buffer_.get() + used_;
  }
  void Advance(size_t size) { used_ += size; }

  // False once a write failed or the reader went away: further writes do nothing.
  bool ok() const { return ok_.load(std::memory_order_relaxed); }

  // Writes what is buffered, and waits for it. A reader that went away is not an error. Errors:
  // Internal, naming the output and the reason, if any write failed.
  absl::Status Finish();

 private:
  class Writer;
  static constexpr size_t kBufferBytes = size_t{1} << 18;

  void WritePart(std::string_view* bytes);
  void Flush();
  void WriteNow(std::string_view bytes);
  void BeginWithDisk(size_t written);

  const int fd_;
  const std::string name_;
  std::unique_ptr<char[]> buffer_;
  size_t used_ = 0;

  std::atomic<bool> ok_{true};
  // Of the thread, while there is one.
  absl::Status status_;
  uint64_t not_begun_ = 0;
  bool to_disk_ = false;

  std::unique_ptr<Writer> writer_;  // destroyed first: its thread uses the others
};

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_OUTPUT_H_
