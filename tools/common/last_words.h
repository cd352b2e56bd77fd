// Last words: what a process says that RocksDB ends.
//
// Where memory or threads run out in a thread of RocksDB's, or while it starts several, it cannot
// give an error: the C++ library ends the process. What was written until then is as after a kill:
// a DB is as before or complete. Instead of an abort the user then gets a message that says which
// limits there are, and exit status 1.
//
// Thread safety: SetLastWords() from one thread at a time.

#ifndef SHEAF_TOOLS_COMMON_LAST_WORDS_H_
#define SHEAF_TOOLS_COMMON_LAST_WORDS_H_

#include <string>

namespace sheaf {
namespace load {

// For the whole process; for programs alone, not for libraries. `who` begins the message.
void InstallLastWords(const std::string& who);

// What is said after the reason; cut after 4 KB. Empty for nothing.
void SetLastWords(const std::string& words);

// "; the limit of open files (ulimit -n) is 16: raise it", if `error` is one that a limit of this
// process makes; else empty.
std::string LimitAdvice(const std::string& error);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_LAST_WORDS_H_
