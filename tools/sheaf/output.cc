#include "tools/sheaf/output.h"

#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "tools/load/text.h"

namespace sheaf {
namespace tool {

void Output::Flush() {
  std::string_view rest = buffer_;
  while (!rest.empty() && ok()) {
    const ssize_t written = write(fd_, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EPIPE) {
      closed_ = true;
    } else if (errno != EINTR && errno != EAGAIN) {
      status_ = absl::InternalError(
          absl::StrCat("cannot write to ", name_, ": ", load::ErrnoText(errno)));
    }
  }
  buffer_.clear();
}

absl::Status Output::Finish() {
  Flush();
  return status_;
}

}  // namespace tool
}  // namespace sheaf
