// Process limits: prepared and checked before the tool works, so that a limit ends it with a
// message.
//
// Thread safety: before there are threads.

#ifndef SHEAF_TOOLS_SHEAF_PROCESS_LIMITS_H_
#define SHEAF_TOOLS_SHEAF_PROCESS_LIMITS_H_

#include <string>

namespace sheaf {
namespace tool {

// Turns a write past a limit into an error instead of a signal. Raises the limit of open files as
// far as the system allows. Makes the stacks of threads fit into the address space. Installs the
// message for the case that RocksDB ends the process (tools/common/last_words.h); `who` begins it.
void PrepareProcess(const std::string& who);

// Returns an empty string if the process may have the threads and the stack that RocksDB needs;
// else what is missing, and what to do.
std::string ProcessLimitFault();

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_PROCESS_LIMITS_H_
