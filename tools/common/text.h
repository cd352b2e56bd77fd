// Text for messages: what a person reads on stderr.
//
// Thread safety: free functions.

#ifndef SHEAF_TOOLS_COMMON_TEXT_H_
#define SHEAF_TOOLS_COMMON_TEXT_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/strings/string_view.h"

namespace sheaf {
namespace load {

// Converts for absl::StrCat: in Debian's abseil absl::string_view is a type of its own.
inline absl::string_view Abs(std::string_view text) { return {text.data(), text.size()}; }

// The reverse.
inline std::string_view Std(absl::string_view text) { return {text.data(), text.size()}; }

// `bytes` in quotes, escaped as in a tsv file, cut after 64 bytes: "user:7" or "\x00\x01...".
std::string Quoted(std::string_view bytes);

// 1234567 as "1,234,567".
std::string Grouped(uint64_t number);

// 1536 as "1.5 KB"; units of 1024.
std::string Bytes(uint64_t bytes);

// "1 row", "2 rows", "1,000 rows".
std::string Plural(uint64_t count, const char* noun);

// What errno says: "No such file or directory".
std::string ErrnoText(int error);

// Reads "64M", "1G", "4096" or "1.5g" as bytes. Returns false if `text` is no such size, or 0.
bool ParseByteSize(std::string_view text, uint64_t* bytes);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_TEXT_H_
