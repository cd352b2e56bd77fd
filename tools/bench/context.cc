#include "tools/bench/context.h"

#include <fstream>
#include <string>

#include "absl/base/config.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "benchmark/benchmark.h"
#include "rocksdb/version.h"

namespace sheaf {
namespace bench {
namespace {

// What follows the colon in the first line of `path` that begins with `field`.
std::string FieldOf(const char* path, absl::string_view field) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    absl::string_view rest = line;
    if (!absl::ConsumePrefix(&rest, field)) continue;
    rest = absl::StripLeadingAsciiWhitespace(rest);
    if (absl::ConsumePrefix(&rest, ":")) {
      return std::string(absl::StripAsciiWhitespace(rest));
    }
  }
  return "unknown";
}

// "A" for an argument as it is, but for paths of files to write: only their last part.
std::string Arguments(int argc, char** argv) {
  std::string all;
  for (int i = 1; i < argc; ++i) {
    absl::string_view argument = argv[i];
    const size_t path = argument.find("=/");
    const size_t slash = argument.rfind('/');
    if (path != absl::string_view::npos) {
      absl::StrAppend(&all, i > 1 ? " " : "", argument.substr(0, path + 1),
                      argument.substr(slash + 1));
    } else {
      absl::StrAppend(&all, i > 1 ? " " : "", argument);
    }
  }
  return all;
}

}  // namespace

void AddContext(int argc, char** argv) {
  using benchmark::AddCustomContext;
  AddCustomContext("arguments", Arguments(argc, argv));
  AddCustomContext("cpu", FieldOf("/proc/cpuinfo", "model name"));
  AddCustomContext("memory", FieldOf("/proc/meminfo", "MemTotal"));
  AddCustomContext("compiler",
#if defined(__clang__)
                   "clang " __clang_version__
#else
                   "gcc " __VERSION__
#endif
  );
#if defined(NDEBUG) && defined(__OPTIMIZE__)
  AddCustomContext("build", "optimized, without assertions");
#else
  AddCustomContext("build", "NOT OPTIMIZED: run with -c opt");
#endif
  AddCustomContext("rocksdb", absl::StrCat(ROCKSDB_MAJOR, ".", ROCKSDB_MINOR, ".", ROCKSDB_PATCH));
#if defined(ABSL_LTS_RELEASE_VERSION)
  AddCustomContext("abseil",
                   absl::StrCat(ABSL_LTS_RELEASE_VERSION, ".", ABSL_LTS_RELEASE_PATCH_LEVEL));
#else
  AddCustomContext("abseil", "head");
#endif
}

}  // namespace bench
}  // namespace sheaf
