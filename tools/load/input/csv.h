// Csv: rows of comma-separated fields, as RFC 4180 has them.
//
//   row      field *("," field) (LF / CR LF)     the last row may lack its line end
//   field    bytes without quotes, commas and line ends, or bytes in quotes, each quote twice
//
// A line end in quotes is part of the field. A quote begins a quoted field only as the field's
// first byte, also in a row that is malformed. So a stray quote within a field spoils its own row
// and no other. The reader, which cuts chunks, and the parser agree on this.
//
// Thread safety: none; CsvColumns is plain data.

#ifndef SHEAF_TOOLS_LOAD_INPUT_CSV_H_
#define SHEAF_TOOLS_LOAD_INPUT_CSV_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace sheaf {
namespace load {

// Which columns hold keys and values. With `header` the first row of each input names the columns,
// and `key` and `values` are such names; else they are numbers from 1 on. Default: the first column
// is the key, and the other one of two columns the value.
struct CsvOptions {
  bool header = false;
  std::string key;
  std::vector<std::string> values;

  bool is_default() const { return !header && key.empty() && values.empty(); }
};

// The same as indexes from 0 on.
struct CsvColumns {
  bool header = false;
  size_t key = 0;
  std::vector<size_t> values = {1};
  size_t width = 2;   // fields that each row has; 0 if that is not known
  size_t needed = 2;  // fields that each row has at least
};

// Errors: InvalidArgument, with what was expected. `header`: the first row of the input.
absl::StatusOr<CsvColumns> FindCsvColumns(const CsvOptions& options);
absl::StatusOr<CsvColumns> FindCsvColumns(const CsvOptions& options, std::string_view header);

// One row, split into fields.
//
//   CsvRow row;
//   row.Keep(2);
//   for (const char* at = begin; at != end;) {
//     at = row.Split(at, end);
//     if (row.fault() == nullptr && row.size() == 2) Use(row.Field(0, &buffer));
//   }
class CsvRow {
 public:
  // Fields from index `fields` on are only counted.
  void Keep(size_t fields) { fields_.resize(fields); }

  // Splits the row at `at`, and returns its end, which is behind its LF. REQUIRES: at < end.
  const char* Split(const char* at, const char* end);

  // The number of fields.
  size_t size() const { return size_; }
  // True if the row has no byte.
  bool is_blank() const { return is_blank_; }
  // What is wrong, as Reject::kind. Null if nothing is.
  const char* fault() const { return fault_; }
  // What field `i` says: bytes of the row, or of `*buffer` if the row has quotes twice.
  // REQUIRES: i < size(), and it is kept.
  std::string_view Field(size_t i, std::string* buffer) const;

 private:
  struct Part {
    std::string_view text;
    bool has_quotes = false;  // each twice
  };
  std::vector<Part> fields_;
  size_t size_ = 0;
  bool is_blank_ = false;
  const char* fault_ = nullptr;
};

// Finds where rows end in bytes that grow.
class CsvCutter {
 public:
  // The first row begins at `begin`.
  explicit CsvCutter(size_t begin = 0) : begin_(begin), at_(begin) {}

  // Looks at the bytes of `data` that were not looked at before. `data` may have moved.
  void Look(const char* data, size_t size);

  // Where the first row, and the last one that is whole, end; 0 if none does.
  size_t first_end() const { return first_end_; }
  size_t last_end() const { return last_end_; }

 private:
  size_t begin_;
  size_t at_;  // all before was looked at
  bool in_quotes_ = false;
  size_t first_end_ = 0;
  size_t last_end_ = 0;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_INPUT_CSV_H_
