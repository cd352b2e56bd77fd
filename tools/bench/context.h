// What a reader of a benchmark's output must know about where it ran.

#ifndef SHEAF_TOOLS_BENCH_CONTEXT_H_
#define SHEAF_TOOLS_BENCH_CONTEXT_H_

namespace sheaf {
namespace bench {

// Adds CPU, memory, compiler, build mode and library versions to the context of every report, and
// the arguments that the binary was run with.
void AddContext(int argc, char** argv);

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_CONTEXT_H_
