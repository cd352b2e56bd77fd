#include "tools/load/temp_folder.h"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "tools/load/text.h"

namespace sheaf {
namespace load {

absl::StatusOr<std::unique_ptr<TempFolder>> TempFolder::Make(const std::string& prefix) {
  std::string path = prefix + "XXXXXX";
  if (mkdtemp(path.data()) == nullptr) {
    const int error = errno;
    const std::string parent = std::filesystem::path(path).parent_path().string();
    return absl::InternalError(absl::StrCat("cannot make a temporary folder in ",
                                            parent.empty() ? "." : parent, ": ", ErrnoText(error)));
  }
  return std::unique_ptr<TempFolder>(new TempFolder(std::move(path)));
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace load
}  // namespace sheaf
