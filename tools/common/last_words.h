// Last words: the message of a process that ends inside RocksDB.
//
// If memory or threads run out in one of RocksDB's threads, or while it starts threads, RocksDB
// cannot return an error: the C++ library ends the process. The DB is then as after a kill: as
// before, or complete. Instead of an abort, the user gets a message with the limits of the process,
// and exit status 1.
//
// Thread safety: SetLastWords() from one thread at a time.

#ifndef SHEAF_TOOLS_COMMON_LAST_WORDS_H_
#define SHEAF_TOOLS_COMMON_LAST_WORDS_H_

#include <string>

namespace sheaf {
namespace load {

// Applies to the whole process, so only programs call it, not libraries. `who` begins the message.
void InstallLastWords(const std::string& who);

// Sets the text after the reason; it is cut after 4 KB. Empty: no text.
void SetLastWords(const std::string& words);

// Returns "; the limit of open files (ulimit -n) is 16: raise it" if a limit of this process causes
// `error`; else an empty string.
std::string LimitAdvice(const std::string& error);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_LAST_WORDS_H_
