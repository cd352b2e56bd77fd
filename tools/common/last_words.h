// Last words: the message of a process that ends inside RocksDB.
//
// RocksDB cannot return an error if memory or threads run out in one of its threads, or while it
// starts them: the C++ library ends the process. That is like a kill for what was written: a DB is
// as before or complete. With last words the user gets a message that names the limits, and exit
// status 1, instead of an abort.
//
// Thread safety: SetLastWords() from one thread at a time.

#ifndef SHEAF_TOOLS_COMMON_LAST_WORDS_H_
#define SHEAF_TOOLS_COMMON_LAST_WORDS_H_

#include <string>

namespace sheaf {
namespace load {

// Installs them for the whole process: for programs, not for libraries. `who` begins the message.
void InstallLastWords(const std::string& who);

// Sets the text after the reason. It is cut after 4 KB; it may be empty.
void SetLastWords(const std::string& words);

// Returns "; the limit of open files (ulimit -n) is 16: raise it" if a limit of this process causes
// `error`, else an empty text.
std::string LimitAdvice(const std::string& error);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_LAST_WORDS_H_
