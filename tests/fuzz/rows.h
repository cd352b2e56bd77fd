// Rows for fuzz targets: read from bytes as `sheaf load` reads them, and written as `sheaf export`
// writes them.
//
// Thread safety: none.

#ifndef SHEAF_TESTS_FUZZ_ROWS_H_
#define SHEAF_TESTS_FUZZ_ROWS_H_

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tools/common/row_format.h"

namespace sheaf {
namespace fuzz {

using Lists = std::map<std::string, std::vector<std::string>>;

struct Rows {
  Lists lists;
  size_t count = 0;
  std::string rejects;  // a line each
  std::string error;    // why reading ended early; empty if it did not

  void Add(const std::string& key, std::string_view value) { lists[key].emplace_back(value); }
  // For messages.
  std::string ToText() const;
};

// Rows of a file with the content `file`, by chunks of `chunk_bytes`; those that are no rows are
// skipped.
Rows ReadRows(load::RowFormat format, std::string_view file, size_t chunk_bytes);

// Ends the run unless `lists`, written in `format`, are read back; empty ones may be left out.
void CheckWriteAndRead(load::RowFormat format, const Lists& lists);

}  // namespace fuzz
}  // namespace sheaf

#endif  // SHEAF_TESTS_FUZZ_ROWS_H_
