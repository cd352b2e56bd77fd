#include "tools/bench/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sheaf {
namespace bench {

absl::StatusOr<MappedFile> MappedFile::Open(const std::string& path) {
  const auto cannot = [&path] {
    return absl::InternalError(absl::StrCat("cannot read ", path, ": ", std::strerror(errno)));
  };
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot();
  struct stat stat = {};
  void* mapped = nullptr;
  bool ok = fstat(fd, &stat) == 0;
  const auto size = static_cast<size_t>(stat.st_size);
  if (ok && size != 0) {
    mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
    ok = mapped != MAP_FAILED;
  }
  const absl::Status status = ok ? absl::OkStatus() : cannot();
  close(fd);
  if (!status.ok()) return status;
  return MappedFile({static_cast<const char*>(mapped), size});
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

}  // namespace bench
}  // namespace sheaf
