// Reads rows of TSV that have nothing escaped, as WriteRows() writes them and sort(1) sorts them.
//
//   absl::Status status = ForEachRow(file.bytes(), [](bool first, auto key, auto value) {...});

#ifndef SHEAF_TOOLS_BENCH_SORTED_ROWS_H_
#define SHEAF_TOOLS_BENCH_SORTED_ROWS_H_

#include <cstring>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace sheaf {
namespace bench {

// Calls `row` with each row's key and value; `first`: the key is not that of the row before. Both
// are parts of `text`. Errors: DataLoss, naming the offset, at a line that is no row.
template <typename Row>
absl::Status ForEachRow(std::string_view text, Row row) {
  std::string_view last;
  for (size_t at = 0; at < text.size();) {
    const char* const line = text.data() + at;
    const void* const end = std::memchr(line, '\n', text.size() - at);
    const size_t size =
        end == nullptr ? 0 : static_cast<size_t>(static_cast<const char*>(end) - line);
    const void* const tab = std::memchr(line, '\t', size);
    if (tab == nullptr) {
      return absl::DataLossError(
          absl::StrCat("offset ", at, ": a line without TAB or LF, expected a row"));
    }
    const auto key_size = static_cast<size_t>(static_cast<const char*>(tab) - line);
    const std::string_view key(line, key_size);
    row(key != last || at == 0, key, std::string_view(line + key_size + 1, size - key_size - 1));
    last = key;
    at += size + 1;
  }
  return absl::OkStatus();
}

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_SORTED_ROWS_H_
