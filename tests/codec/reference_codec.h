// The reference codec: a second implementation of both layouts, written from their description
// alone, to judge the library by. Simple and slow: every byte is looked at by itself, every value
// is a std::string. It shares no code and no constants with the library.
//
// Thread safety: free functions without state.

#ifndef SHEAF_TESTS_CODEC_REFERENCE_CODEC_H_
#define SHEAF_TESTS_CODEC_REFERENCE_CODEC_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sheaf {
namespace reference {

// A form of blob. A bundle is a compact blob under another tag.
enum class Form { kFixed64, kCompact, kBundle };

using Values = std::vector<std::string>;

struct Prefix {
  Values values;
  size_t bytes;  // of the blob: where the next one may begin
};

// The one encoding that an encoder may write. REQUIRES: the list is within the form's limits.
std::string Encode(const Values& values, Form form);

// The values of a blob that is all of `bytes`, or nothing if it must be refused.
std::optional<Values> Decode(std::string_view bytes, Form form);

// The same for a blob that `bytes` begin with.
std::optional<Prefix> DecodePrefix(std::string_view bytes, Form form);

}  // namespace reference
}  // namespace sheaf

#endif  // SHEAF_TESTS_CODEC_REFERENCE_CODEC_H_
