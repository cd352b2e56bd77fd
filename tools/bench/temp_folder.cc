#include "tools/bench/temp_folder.h"

#include <stdlib.h>  // mkdtemp

#include <cstdio>

#include "absl/strings/str_cat.h"

namespace sheaf {
namespace bench {

std::string NewTempFolder(const char* name) {
  const char* const base = std::getenv("TEST_TMPDIR");
  std::string folder = absl::StrCat(base != nullptr ? base : "/tmp", "/", name, ".XXXXXX");
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror(folder.c_str());
    std::abort();
  }
  return folder;
}

}  // namespace bench
}  // namespace sheaf
