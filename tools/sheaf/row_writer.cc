#include "tools/sheaf/row_writer.h"

#include <cstring>

#include "tools/load/escapes.h"
#include "tools/sheaf/json.h"

namespace sheaf {
namespace tool {

void RowWriter::Write(std::string_view key, const BlobView& values) {
  if (values.empty() && format_ != load::RowFormat::kJsonl) {
    if (left_out_++ == 0) first_left_out_ = std::string(key);
    return;
  }
  switch (format_) {
    case load::RowFormat::kTsv:
      return WriteTsv(key, values);
    case load::RowFormat::kJsonl:
      return WriteJsonl(key, values);
    case load::RowFormat::kFramed:
      return WriteFramed(key, values);
  }
}

void RowWriter::WriteTsv(std::string_view key, const BlobView& values) {
  std::string prefix;
  load::AppendEscaped(key, &prefix);
  prefix.push_back('\t');
  values.ForEach([&](std::string_view value) {
    buffer_.assign(prefix);
    load::AppendEscaped(value, &buffer_);
    buffer_.push_back('\n');
    out_.Write(buffer_);
  });
}

void RowWriter::WriteJsonl(std::string_view key, const BlobView& values) {
  buffer_.assign("{\"key\":");
  AppendJsonText(key, &buffer_);
  buffer_.append(",\"values\":");
  AppendJsonValues(values, &buffer_);
  buffer_.append("}\n");
  out_.Write(buffer_);
}

void RowWriter::WriteFramed(std::string_view key, const BlobView& values) {
  values.ForEach([&](std::string_view value) {
    // Little-endian, as all machines that Sheaf runs on.
    const uint32_t sizes[2] = {static_cast<uint32_t>(key.size()),
                               static_cast<uint32_t>(value.size())};
    out_.Write(std::string_view(reinterpret_cast<const char*>(sizes), sizeof sizes));
    out_.Write(key);
    out_.Write(value);
  });
}

}  // namespace tool
}  // namespace sheaf
