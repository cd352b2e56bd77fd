// The formats of rows: what `sheaf load` reads and `sheaf export` writes.

#ifndef SHEAF_TOOLS_COMMON_ROW_FORMAT_H_
#define SHEAF_TOOLS_COMMON_ROW_FORMAT_H_

#include <string_view>

namespace sheaf {
namespace load {

enum class RowFormat {
  // `key TAB value` a line, with the escapes of tools/common/escapes.h.
  kTsv,
  // A JSON object a line: {"key": K, "value": V} or {"key": K, "values": [V, ...]}, where K and V
  // are strings or, for bytes that are not UTF-8, {"base64": "..."}.
  kJsonl,
  // u32 key size, u32 value size, key, value; repeated. Little-endian.
  kFramed,
  // Rows of fields as RFC 4180 has them: `key,value` a line, or columns that the user chooses.
  kCsv,
};

// The format that the end of a file's name says: .tsv, .jsonl, .ndjson, .framed or .csv, also with
// .gz, .zst or .lz4 behind it. Any other name is of a tsv file.
inline RowFormat FormatOfFile(std::string_view path) {
  const auto ends_with = [&path](std::string_view end) {
    return path.size() >= end.size() && path.substr(path.size() - end.size()) == end;
  };
  for (const std::string_view archive : {".gz", ".zst", ".lz4"}) {
    if (!ends_with(archive)) continue;
    path.remove_suffix(archive.size());
    break;
  }
  if (ends_with(".jsonl") || ends_with(".ndjson")) return RowFormat::kJsonl;
  if (ends_with(".framed")) return RowFormat::kFramed;
  if (ends_with(".csv")) return RowFormat::kCsv;
  return RowFormat::kTsv;
}

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_ROW_FORMAT_H_
