#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/common/text.h"
#include "tools/load/input/content_kind.h"
#include "tools/load/input/csv.h"
#include "tools/load/input/row_parser.h"

namespace sheaf {
namespace load {
namespace {

constexpr char kNotTwo[] =
    "expected a key and a value, found another number of fields; --key-column and --value-column "
    "choose columns";
constexpr char kNotAsHeader[] = "expected as many fields as the header has, found another number";
constexpr char kTooFew[] = "expected the columns of --key-column and --value-column, found fewer";

class CsvParser final : public RowParser {
 public:
  using RowParser::RowParser;

  absl::Status Parse(const RowChunk& chunk, RowSink& sink, ChunkReport* report) override {
    const CsvColumns& columns = *chunk.csv();
    const std::string_view rows = chunk.rows();
    const bool is_front = chunk.offset() == 0;
    const char* at = rows.data() + (is_front ? ByteOrderMark(rows, chunk.format()) : 0);
    const char* const end = rows.data() + rows.size();
    row_.Keep(columns.needed);
    buffers_.resize(1 + columns.values.size());
    bool is_header = columns.header && is_front;
    while (at < end) {
      const char* const begin = at;
      at = row_.Split(begin, end);
      const uint64_t line = report->lines;
      // Line ends in quotes are lines too.
      report->lines += static_cast<uint64_t>(std::count(begin, at, '\n')) + (at[-1] != '\n');
      if (std::exchange(is_header, false) || row_.is_blank()) continue;
      detail_.clear();
      absl::Status status;
      const char* fault = FaultOf(columns);
      if (fault == nullptr) {
        const std::string_view key = row_.Field(columns.key, &buffers_[0]);
        fault = KeyFault(key);
        if (fault == nullptr) status = Add(columns, key, sink);
      }
      if (!status.ok()) return status;
      if (fault == nullptr) continue;
      if (is_front && line == 0) {
        const std::string hint = FormatHint(rows.substr(0, kFrontBytes), chunk.format());
        if (!hint.empty()) absl::StrAppend(&detail_, detail_.empty() ? "" : "; ", hint);
      }
      std::string_view raw(begin, static_cast<size_t>(at - begin));
      if (raw.back() == '\n') raw.remove_suffix(1);
      if (!AddReject({line, fault, detail_, raw}, report)) break;
    }
    return absl::OkStatus();
  }

 private:
  // What is wrong with the row, as Reject::kind. Sets detail_.
  const char* FaultOf(const CsvColumns& columns) {
    if (row_.fault() != nullptr) return row_.fault();
    if (columns.width == 0 ? row_.size() >= columns.needed : row_.size() == columns.width) {
      return nullptr;
    }
    detail_ = absl::StrCat("expected ", columns.width == 0 ? columns.needed : columns.width,
                           ", found ", row_.size());
    return columns.header ? kNotAsHeader : columns.width == 0 ? kTooFew : kNotTwo;
  }

  absl::Status Add(const CsvColumns& columns, std::string_view key, RowSink& sink) {
    values_.clear();
    for (size_t i = 0; i < columns.values.size(); ++i) {
      values_.push_back(row_.Field(columns.values[i], &buffers_[1 + i]));
    }
    return sink.Add(key, values_);
  }

  CsvRow row_;
  std::vector<std::string> buffers_;  // for fields with quotes: the key, then the values
  std::vector<std::string_view> values_;
  std::string detail_;
};

}  // namespace

std::unique_ptr<RowParser> NewCsvParser(OnError on_error) {
  return std::make_unique<CsvParser>(on_error);
}

}  // namespace load
}  // namespace sheaf
