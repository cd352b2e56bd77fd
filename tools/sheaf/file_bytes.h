// FileBytes: the bytes of a whole file. Maps the file, or reads it if it cannot be mapped (a pipe,
// stdin).
//
// Lifetime: view() is valid as long as the FileBytes. If the file shrinks meanwhile, reading it
// ends the program.
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
