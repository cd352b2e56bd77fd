// A new folder for the data of a benchmark, which removes it when it is done.

#ifndef SHEAF_TOOLS_BENCH_TEMP_FOLDER_H_
#define SHEAF_TOOLS_BENCH_TEMP_FOLDER_H_

#include <string>

namespace sheaf {
namespace bench {

// Below `base`; without one, below $TEST_TMPDIR, $TMPDIR or /tmp, the first that there is. Its name
// begins with `name`. Aborts with a message if it cannot be made.
std::string NewTempFolder(const char* name, const std::string& base = "");

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_TEMP_FOLDER_H_
