#include "tools/sheaf/json.h"

#include "absl/strings/escaping.h"
#include "simdjson.h"
#include "tools/common/text.h"

namespace sheaf {
namespace tool {

void AppendJsonText(std::string_view bytes, std::string* out) {
  if (!simdjson::validate_utf8(bytes.data(), bytes.size())) {
    out->append("{\"base64\":");
    AppendJsonBase64(bytes, out);
    out->push_back('}');
    return;
  }
  constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  size_t plain = 0;  // start of the run that can be copied as it is
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) continue;
    out->append(bytes.substr(plain, i - plain));
    plain = i + 1;
    out->push_back('\\');
    switch (c) {
      case '"':
      case '\\':
        out->push_back(static_cast<char>(c));
        break;
      case '\n':
        out->push_back('n');
        break;
      case '\r':
        out->push_back('r');
        break;
      case '\t':
        out->push_back('t');
        break;
      default:
        out->append("u00");
        out->push_back(kHex[c >> 4]);
        out->push_back(kHex[c & 15]);
    }
  }
  out->append(bytes.substr(plain));
  out->push_back('"');
}

void AppendJsonBase64(std::string_view bytes, std::string* out) {
  std::string encoded;
  absl::Base64Escape(load::Abs(bytes), &encoded);
  out->push_back('"');
  out->append(encoded);
  out->push_back('"');
}

void AppendJsonValues(const BlobView& values, std::string* out) {
  out->push_back('[');
  bool first = true;
  values.ForEach([&](std::string_view value) {
    if (!first) out->push_back(',');
    first = false;
    AppendJsonText(value, out);
  });
  out->push_back(']');
}

}  // namespace tool
}  // namespace sheaf
