// A new folder for the data of a benchmark, which removes it when it is done.

#ifndef SHEAF_TOOLS_BENCH_TEMP_FOLDER_H_
#define SHEAF_TOOLS_BENCH_TEMP_FOLDER_H_

#include <string>

namespace sheaf {
namespace bench {

// Below $TEST_TMPDIR or /tmp; its name begins with `name`. Aborts with a message if it cannot be
// made.
std::string NewTempFolder(const char* name);

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_TEMP_FOLDER_H_
