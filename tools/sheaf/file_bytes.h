// FileBytes: the bytes of a whole file: mapped, or read if it cannot be mapped (a pipe, stdin).
//
// Lifetime: view() is valid while the FileBytes is. A file that shrinks meanwhile ends the program.
// Thread safety: immutable.

#ifndef SHEAF_TOOLS_SHEAF_FILE_BYTES_H_
#define SHEAF_TOOLS_SHEAF_FILE_BYTES_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace sheaf {
namespace tool {

class FileBytes {
 public:
  // "-" is stdin. Errors: Internal, naming the file and the reason.
  static absl::StatusOr<std::unique_ptr<FileBytes>> Read(const std::string& path);

  FileBytes() = default;
  ~FileBytes();
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

  std::string_view view() const { return view_; }

 private:
  std::string_view view_;
  bool mapped_ = false;
  std::string read_;
};

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_FILE_BYTES_H_
