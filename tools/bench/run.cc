#include "tools/bench/run.h"

#include <cstdio>
#include <cstdlib>

#include "absl/strings/numbers.h"
#include "benchmark/benchmark.h"
#include "tools/bench/context.h"
#include "tools/bench/read_db.h"

namespace sheaf {
namespace bench {

int RunBenchmarks(int argc, char** argv, std::vector<std::string> defaults, void (*add_all)()) {
  AddContext(argc, argv);
  // What comes later overrides.
  std::vector<char*> arguments = {argv[0]};
  for (std::string& argument : defaults) arguments.push_back(argument.data());
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  auto count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  add_all();
  const size_t run = benchmark::RunSpecifiedBenchmarks();
  ReadDb::CloseAll();
  if (run == 0) {
    std::fprintf(stderr, "no benchmark has a name that matches --benchmark_filter\n");
    return 1;
  }
  benchmark::Shutdown();
  return 0;
}

size_t Scale() {
  const char* const text = std::getenv("SHEAF_BENCH_SCALE");
  if (text == nullptr) return 1;
  size_t scale = 0;
  if (absl::SimpleAtoi(text, &scale) && scale != 0) return scale;
  std::fprintf(stderr, "SHEAF_BENCH_SCALE=%s: expected a number from 1 on\n", text);
  std::exit(2);
}

}  // namespace bench
}  // namespace sheaf
