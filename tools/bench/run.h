// main() of a benchmark binary.

#ifndef SHEAF_TOOLS_BENCH_RUN_H_
#define SHEAF_TOOLS_BENCH_RUN_H_

#include <cstddef>
#include <string>
#include <vector>

namespace sheaf {
namespace bench {

// Registers benchmarks by `add_all`, runs those that the command line selects, and closes every
// ReadDb. `defaults` are arguments that can be overridden on the command line. Returns the exit
// status: 2 for bad usage, 1 if no benchmark was selected.
int RunBenchmarks(int argc, char** argv, std::vector<std::string> defaults, void (*add_all)());

// What sizes are divided by: SHEAF_BENCH_SCALE in the environment, or 1. Exits with status 2 and a
// message if it is not a number from 1 on.
size_t Scale();

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_RUN_H_
