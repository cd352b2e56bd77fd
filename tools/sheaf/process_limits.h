// What the tool asks of the system before it works, so that a limit ends it with a message.
//
// Thread safety: before there are threads.

#ifndef SHEAF_TOOLS_SHEAF_PROCESS_LIMITS_H_
#define SHEAF_TOOLS_SHEAF_PROCESS_LIMITS_H_

#include <string>

namespace sheaf {
namespace tool {

// A write past a limit is an error, not a signal; files that may be open are as many as the system
// allows; stacks of threads fit into the address space. Tells the C++ library to say what is wrong
// where RocksDB ends the process. `who` begins that message.
void PrepareProcess(const std::string& who);

// Empty if the process may have the threads and the stack that RocksDB takes; else what is missing,
// and what to do.
std::string ProcessLimitFault();

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_PROCESS_LIMITS_H_
