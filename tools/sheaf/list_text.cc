#include "tools/sheaf/list_text.h"

#include "absl/strings/str_cat.h"
#include "tools/common/escapes.h"
#include "tools/sheaf/json.h"

namespace sheaf {
namespace tool {

template <typename F>
void ListText::ForEach(const BlobView& values, F&& f) const {
  if (index.has_value()) return f(values[*index]);
  uint64_t left_out = last.has_value() && *last < values.size() ? values.size() - *last : 0;
  values.ForEach([&](std::string_view value) {
    if (left_out == 0) return f(value);
    --left_out;
  });
}

void ListText::Write(std::string_view key, const BlobView& values, Output& out) {
  if (format == ListFormat::kJson) return WriteJson(key, values, out);
  std::string prefix;
  if (format == ListFormat::kText && with_key) {
    load::AppendEscaped(key, &prefix);
    if (values.empty()) out.Write(prefix + "\n");
    prefix.push_back('\t');
  }
  const auto write = [&](std::string_view value) {
    if (format == ListFormat::kRaw) return out.Write(value);
    buffer_.assign(prefix);
    load::AppendEscaped(value, &buffer_);
    buffer_.push_back('\n');
    out.Write(buffer_);
  };
  ForEach(values, write);
}

void ListText::WriteJson(std::string_view key, const BlobView& values, Output& out) {
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
  out.Write(buffer_);
}

}  // namespace tool
}  // namespace sheaf
