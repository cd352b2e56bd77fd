// JSON text: what the tool prints, without spaces, and what `sheaf load --format jsonl` reads.

#ifndef SHEAF_TOOLS_SHEAF_JSON_H_
#define SHEAF_TOOLS_SHEAF_JSON_H_

#include <string>
#include <string_view>

#include "sheaf/blob_view.h"

namespace sheaf {
namespace tool {

// Appends `bytes` as a JSON string, or as {"base64":"..."} if they are not UTF-8.
void AppendJsonText(std::string_view bytes, std::string* out);

// Appends `bytes` as a JSON string of base64.
void AppendJsonBase64(std::string_view bytes, std::string* out);

// Appends the values as an array of what AppendJsonText writes.
void AppendJsonValues(const BlobView& values, std::string* out);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_JSON_H_
