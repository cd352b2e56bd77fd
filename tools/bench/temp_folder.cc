#include "tools/bench/temp_folder.h"

#include <stdlib.h>  // mkdtemp

#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace sheaf {
namespace bench {
namespace {

std::string DefaultBase() {
  for (const char* const name : {"TEST_TMPDIR", "TMPDIR"}) {
    const char* const base = std::getenv(name);
    if (base != nullptr && *base != '\0') return base;
  }
  return "/tmp";
}

}  // namespace

std::string NewTempFolder(const char* name, const std::string& base) {
  std::string folder = absl::StrCat(base.empty() ? DefaultBase() : base, "/", name, ".XXXXXX");
  if (mkdtemp(folder.data()) == nullptr) {
    std::perror(folder.c_str());
    std::abort();
  }
  return folder;
}

}  // namespace bench
}  // namespace sheaf
