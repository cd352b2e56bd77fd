#include "tools/load/input/csv.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/common/text.h"

namespace sheaf {
namespace load {
namespace {

constexpr char kNotClosed[] = "expected a quote that ends the field, found the end of the input";
constexpr char kBehindQuote[] =
    "expected a comma or a line end behind a quoted field, found another byte; write a quote "
    "inside "
    "a quoted field twice";
constexpr char kInside[] =
    "expected a field without quotes, or one that begins and ends with a quote, found a quote "
    "inside a field";

// No row has more columns that are of use.
constexpr size_t kMaxColumn = size_t{1} << 16;

const char* Find(char c, const char* begin, const char* end) {
  return static_cast<const char*>(std::memchr(begin, c, static_cast<size_t>(end - begin)));
}

// The comma or LF at which a field without quotes ends, or `end`.
const char* FieldEnd(const char* at, const char* end) {
  while (at != end && *at != ',' && *at != '\n') ++at;
  return at;
}

absl::StatusOr<size_t> ColumnOfNumber(const char* option, const std::string& text) {
  size_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && stop == end && number >= 1 && number <= kMaxColumn) return number - 1;
  return absl::InvalidArgumentError(
      absl::StrCat(option, ": expected the number of a column from 1 to ", kMaxColumn,
                   ", or --header and the name of a column, found ", Quoted(text)));
}

absl::StatusOr<size_t> ColumnOfName(const char* option, const std::string& name,
                                    const std::vector<std::string>& header) {
  const auto found = std::find(header.begin(), header.end(), name);
  if (found == header.end()) {
    return absl::InvalidArgumentError(absl::StrCat(option, " ", Quoted(name),
                                                   ": the header has no such column; it has ",
                                                   absl::StrJoin(header, ", ")));
  }
  if (std::find(found + 1, header.end(), name) != header.end()) {
    return absl::InvalidArgumentError(
        absl::StrCat(option, " ", Quoted(name), ": the header has two columns of this name"));
  }
  return static_cast<size_t>(found - header.begin());
}

// `header`: null if there is none.
absl::StatusOr<CsvColumns> Find(const CsvOptions& options, const std::vector<std::string>* header) {
  const auto column = [header](const char* option, const std::string& text) {
    return header == nullptr ? ColumnOfNumber(option, text) : ColumnOfName(option, text, *header);
  };
  CsvColumns columns;
  columns.header = options.header;
  columns.width = header != nullptr ? header->size() : options.values.empty() ? 2 : 0;
  if (!options.key.empty()) {
    const absl::StatusOr<size_t> key = column("--key-column", options.key);
    if (!key.ok()) return key.status();
    columns.key = *key;
  }
  columns.values.clear();
  for (const std::string& text : options.values) {
    const absl::StatusOr<size_t> value = column("--value-column", text);
    if (!value.ok()) return value.status();
    const bool again =
        *value == columns.key ||
        std::find(columns.values.begin(), columns.values.end(), *value) != columns.values.end();
    if (again) {
      return absl::InvalidArgumentError(absl::StrCat("--value-column ", Quoted(text),
                                                     ": the same column is named before, as a "
                                                     "value or as the key"));
    }
    columns.values.push_back(*value);
  }
  if (options.values.empty()) {
    if (header != nullptr && header->size() != 2) {
      return absl::InvalidArgumentError(
          absl::StrCat("expected --value-column, or two columns, found a header of ",
                       Plural(header->size(), "column"), ": ", absl::StrJoin(*header, ", ")));
    }
    if (columns.key > 1) {
      return absl::InvalidArgumentError(
          absl::StrCat("--key-column ", Quoted(options.key),
                       ": expected --value-column beside it; without it, rows have two fields"));
    }
    columns.values.push_back(1 - columns.key);
  }
  columns.needed =
      1 + std::max(columns.key, *std::max_element(columns.values.begin(), columns.values.end()));
  return columns;
}

}  // namespace

absl::StatusOr<CsvColumns> FindCsvColumns(const CsvOptions& options) {
  return Find(options, nullptr);
}

absl::StatusOr<CsvColumns> FindCsvColumns(const CsvOptions& options, std::string_view header) {
  CsvRow row;
  row.Keep(kMaxColumn);
  if (!header.empty()) row.Split(header.data(), header.data() + header.size());
  if (row.fault() != nullptr) return absl::InvalidArgumentError(row.fault());
  if (row.size() > kMaxColumn) {
    return absl::InvalidArgumentError(
        absl::StrCat("expected a header of ", kMaxColumn, " columns at most, found ", row.size()));
  }
  std::vector<std::string> names;
  std::string buffer;
  for (size_t i = 0; i < row.size(); ++i) {
    names.emplace_back(row.Field(i, &buffer));
  }
  return Find(options, &names);
}

const char* CsvRow::Split(const char* at, const char* end) {
  size_ = 0;
  fault_ = nullptr;
  for (;; ++at) {
    Part part;
    const bool is_quoted = at != end && *at == '"';
    if (is_quoted) {
      const char* const text = ++at;
      while ((at = Find('"', at, end)) != nullptr && at + 1 != end && at[1] == '"') {
        part.has_quotes = true;
        at += 2;
      }
      if (at == nullptr) {
        fault_ = kNotClosed;
        ++size_;
        is_blank_ = false;
        return end;
      }
      part.text = {text, static_cast<size_t>(at - text)};
      ++at;
    }
    const char* const rest = at;
    at = FieldEnd(at, end);
    std::string_view bytes(rest, static_cast<size_t>(at - rest));
    if ((at == end || *at == '\n') && !bytes.empty() && bytes.back() == '\r') {
      bytes.remove_suffix(1);
    }
    if (is_quoted) {
      if (!bytes.empty() && fault_ == nullptr) fault_ = kBehindQuote;
    } else {
      if (Find('"', bytes.data(), bytes.data() + bytes.size()) != nullptr && fault_ == nullptr) {
        fault_ = kInside;
      }
      part.text = bytes;
    }
    if (size_ < fields_.size()) fields_[size_] = part;
    ++size_;
    if (at != end && *at == ',') continue;
    is_blank_ = size_ == 1 && !is_quoted && bytes.empty();
    return at == end ? end : at + 1;
  }
}

std::string_view CsvRow::Field(size_t i, std::string* buffer) const {
  const Part& part = fields_[i];
  if (!part.has_quotes) return part.text;
  buffer->clear();
  for (std::string_view text = part.text; !text.empty();) {
    const size_t quote = std::min(text.find('"'), text.size() - 1);
    buffer->append(text.substr(0, quote + 1));
    text.remove_prefix(std::min(text.size(), text[quote] == '"' ? quote + 2 : quote + 1));
  }
  return *buffer;
}

void CsvCutter::Look(const char* data, size_t size) {
  while (at_ < size) {
    const char* const found = Find('"', data + at_, data + size);
    const size_t quote = found == nullptr ? size : static_cast<size_t>(found - data);
    if (in_quotes_) {
      // Whether it is one of two, the next byte tells.
      if (quote + 1 >= size) {
        at_ = quote;
        return;
      }
      in_quotes_ = data[quote + 1] == '"';
      at_ = quote + (in_quotes_ ? 2 : 1);
      continue;
    }
    if (first_end_ == 0) {
      if (const char* const line = Find('\n', data + at_, data + quote)) {
        first_end_ = static_cast<size_t>(line - data) + 1;
      }
    }
    if (const void* const line = memrchr(data + at_, '\n', quote - at_)) {
      last_end_ = static_cast<size_t>(static_cast<const char*>(line) - data) + 1;
    }
    if (quote == size) {
      at_ = size;
      return;
    }
    in_quotes_ = quote == begin_ || data[quote - 1] == ',' || data[quote - 1] == '\n';
    at_ = quote + 1;
  }
}

}  // namespace load
}  // namespace sheaf
