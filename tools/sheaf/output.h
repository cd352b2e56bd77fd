// Output: buffered bytes to a file descriptor, with every error kept until Finish().
//
// Like std::ofstream, but an error says what it was, and a reader that went away (`| head`) is told
// apart from a disk that is full.
//
// Thread safety: none.
//
//   Output out(STDOUT_FILENO, "stdout");
//   while (more && out.ok()) out.Write(text);
//   return ExitOf(out.Finish());

#ifndef SHEAF_TOOLS_SHEAF_OUTPUT_H_
#define SHEAF_TOOLS_SHEAF_OUTPUT_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

namespace sheaf {
namespace tool {

class Output {
 public:
  // `name` is for messages. Does not close `fd`. SIGPIPE must be ignored.
  Output(int fd, std::string name) : fd_(fd), name_(std::move(name)) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void Write(std::string_view bytes) {
    buffer_.append(bytes);
    if (buffer_.size() >= kBufferBytes) Flush();
  }
  void Write(char c) { Write(std::string_view(&c, 1)); }

  // False once a write failed or the reader went away: going on is in vain.
  bool ok() const { return status_.ok() && !closed_; }

  // Writes what is buffered. Internal, naming the output and the reason, if any write failed. A
  // reader that went away is no error.
  absl::Status Finish();

 private:
  static constexpr size_t kBufferBytes = size_t{1} << 17;

  void Flush();

  const int fd_;
  const std::string name_;
  std::string buffer_;
  absl::Status status_;
  bool closed_ = false;
};

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_OUTPUT_H_
