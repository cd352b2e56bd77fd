#include "tools/sheaf/list_text.h"

#include <cstddef>

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

// Calls `f(value)` for values [from, to) of `page`.
template <typename F>
void ForEach(const BlobView& page, uint64_t from, uint64_t to, F&& f) {
  const auto end = page.begin() + static_cast<ptrdiff_t>(to);
  for (auto at = page.begin() + static_cast<ptrdiff_t>(from); at != end; ++at) f(*at);
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

void ListText::Write(std::string_view key, const BlobView& values) {
  Begin(key, {values.layout(), std::nullopt, values.size()});
  Add(values, 0, values.size());
  End();
}

void ListText::Begin(std::string_view key, const Whole& whole) {
  is_left_out_ =
      whole.count != 0 && !whole.any_wanted && rows_.has_value() && format_ != ListFormat::kJsonl;
  if (rows_.has_value()) {
    if (!is_left_out_) rows_->Begin(key);
    return;
  }
  prefix_.clear();
  if (format_ == ListFormat::kText && with_key) {
    load::AppendEscaped(key, &prefix_);
    if (whole.count == 0) out_.Write(prefix_ + "\n");
    prefix_.push_back('\t');
  }
  if (format_ != ListFormat::kJson) return;
  buffer_.assign("{\"key\":");
  AppendJsonText(key, &buffer_);
  absl::StrAppend(&buffer_, ",\"layout\":\"", LayoutName(whole.layout), "\"");
  if (whole.first.has_value()) absl::StrAppend(&buffer_, ",\"first\":", *whole.first);
  absl::StrAppend(&buffer_, ",\"count\":", whole.count);
  if (zero_copy.has_value()) {
    absl::StrAppend(&buffer_, ",\"zero_copy\":", *zero_copy ? "true" : "false");
  }
  buffer_.append(",\"values\":");
  out_.Write(buffer_);
  separator_ = "[";
}

void ListText::Add(const BlobView& page, uint64_t from, uint64_t to) {
  if (rows_.has_value()) return AddRows(page, from, to);
  ForEach(page, from, to, [&](std::string_view value) {
    if (format_ == ListFormat::kRaw) return out_.Write(value);
    if (format_ == ListFormat::kJson) {
      buffer_.assign(separator_);
      AppendJsonText(value, &buffer_);
      separator_ = ",";
    } else {
      buffer_.assign(prefix_);
      load::AppendEscaped(value, &buffer_);
      buffer_.push_back('\n');
    }
    out_.Write(buffer_);
  });
}

void ListText::AddRows(const BlobView& page, uint64_t from, uint64_t to) {
  if (is_left_out_) return;
  if (from == 0 && to >= page.size()) return rows_->Add(page);
  BlobBuilder builder(page.layout());
  ForEach(page, from, to, [&](std::string_view value) { builder.Add(value); });
  // A part of a list is a list, and no larger.
  if (!builder.Finish(&buffer_).ok()) return;
  rows_->Add(BlobView::Parse(buffer_, page.layout()).value());
}

void ListText::End() {
  if (rows_.has_value()) {
    if (!is_left_out_) rows_->End();
  } else if (format_ == ListFormat::kJson) {
    out_.Write(*separator_ == '[' ? "[]}\n" : "]}\n");
  }
}

}  // namespace tool
}  // namespace sheaf
