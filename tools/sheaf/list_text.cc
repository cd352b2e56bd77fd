#include "tools/sheaf/list_text.h"

#include "absl/strings/str_cat.h"
#include "sheaf/blob_builder.h"
#include "tools/common/escapes.h"
#include "tools/sheaf/json.h"

namespace sheaf {
namespace tool {
namespace {

std::optional<load::RowFormat> RowsOf(ListFormat format) {
  switch (format) {
    case ListFormat::kTsv:
      return load::RowFormat::kTsv;
    case ListFormat::kJsonl:
      return load::RowFormat::kJsonl;
    case ListFormat::kFramed:
      return load::RowFormat::kFramed;
    case ListFormat::kCsv:
      return load::RowFormat::kCsv;
    default:
      return std::nullopt;
  }
}

}  // namespace

ListText::ListText(const ListFormatArguments& arguments, Output& out)
    : format_(arguments.format), out_(out) {
  const std::optional<load::RowFormat> rows = RowsOf(format_);
  if (rows.has_value()) rows_.emplace(*rows, out);
  if (arguments.header) rows_->WriteHeader();
}

bool ListText::CheckAllWritten(std::string_view command) const {
  if (!rows_.has_value() || rows_->left_out() == 0) return true;
  Complain(command, rows_->LeftOutText());
  return false;
}

template <typename F>
void ListText::ForEach(const BlobView& values, F&& f) const {
  if (index.has_value()) return f(values[*index]);
  uint64_t left_out = last.has_value() && *last < values.size() ? values.size() - *last : 0;
  values.ForEach([&](std::string_view value) {
    if (left_out == 0) return f(value);
    --left_out;
  });
}

void ListText::Write(std::string_view key, const BlobView& values) {
  if (rows_.has_value()) return WriteRows(key, values);
  if (format_ == ListFormat::kJson) return WriteJson(key, values);
  std::string prefix;
  if (format_ == ListFormat::kText && with_key) {
    load::AppendEscaped(key, &prefix);
    if (values.empty()) out_.Write(prefix + "\n");
    prefix.push_back('\t');
  }
  const auto write = [&](std::string_view value) {
    if (format_ == ListFormat::kRaw) return out_.Write(value);
    buffer_.assign(prefix);
    load::AppendEscaped(value, &buffer_);
    buffer_.push_back('\n');
    out_.Write(buffer_);
  };
  ForEach(values, write);
}

void ListText::WriteRows(std::string_view key, const BlobView& values) {
  if (!index.has_value() && !last.has_value()) return rows_->Write(key, values);
  BlobBuilder builder(values.layout());
  ForEach(values, [&](std::string_view value) { builder.Add(value); });
  // A part of a list is a list, and no larger.
  if (!builder.Finish(&buffer_).ok()) return;
  rows_->Write(key, BlobView::Parse(buffer_, values.layout()).value());
}

void ListText::WriteJson(std::string_view key, const BlobView& values) {
  buffer_.assign("{\"key\":");
  AppendJsonText(key, &buffer_);
  absl::StrAppend(&buffer_, ",\"layout\":\"", LayoutName(values.layout()),
                  "\",\"count\":", values.size());
  if (zero_copy.has_value()) {
    absl::StrAppend(&buffer_, ",\"zero_copy\":", *zero_copy ? "true" : "false");
  }
  buffer_.append(",\"values\":");
  const char* separator = "[";
  ForEach(values, [&](std::string_view value) {
    buffer_.append(separator);
    AppendJsonText(value, &buffer_);
    separator = ",";
  });
  buffer_.append(*separator == '[' ? "[]}\n" : "]}\n");
  out_.Write(buffer_);
}

}  // namespace tool
}  // namespace sheaf
