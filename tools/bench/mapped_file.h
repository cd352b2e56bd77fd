// MappedFile: the bytes of a file, read into the page cache and mapped. Unlike a string, it leaves
// nothing of its size in this process when it goes.
//
// Lifetime: bytes() is valid as long as the MappedFile, wherever it is moved.
// Thread safety: reading, from any number of threads.
//
//   absl::StatusOr<MappedFile> file = MappedFile::Open(path);
//   Use(file->bytes());

#ifndef SHEAF_TOOLS_BENCH_MAPPED_FILE_H_
#define SHEAF_TOOLS_BENCH_MAPPED_FILE_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"

namespace sheaf {
namespace bench {

class MappedFile {
 public:
  // Reads all of it. Errors: Internal, naming the file.
  static absl::StatusOr<MappedFile> Open(const std::string& path);
  ~MappedFile();
  MappedFile(MappedFile&& from) noexcept : bytes_(std::exchange(from.bytes_, {})) {}
  MappedFile& operator=(MappedFile&&) = delete;

  std::string_view bytes() const { return bytes_; }

 private:
  explicit MappedFile(std::string_view bytes) : bytes_(bytes) {}

  std::string_view bytes_;
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_MAPPED_FILE_H_
