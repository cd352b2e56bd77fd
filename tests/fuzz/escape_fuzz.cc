// Any bytes at all: what is escaped is UTF-8 without TAB and LF and stands for them; and any text:
// an escape is read as docs say, or named.

#include <string>
#include <string_view>

#include "simdjson.h"
#include "tests/fuzz/fuzz.h"
#include "tools/common/escapes.h"

namespace sheaf {
namespace load {
namespace {

using fuzz::Check;

// False at a bad escape, which begins at `*at`.
bool Model(std::string_view text, std::string* out, size_t* at) {
  const std::string_view kHex = "0123456789abcdefABCDEF";
  for (*at = 0; *at < text.size();) {
    const std::string_view rest = text.substr(*at);
    if (rest[0] != '\\') {
      out->push_back(rest[0]);
      ++*at;
    } else if (rest.size() > 1 && std::string_view("tn\\").find(rest[1]) != kHex.npos) {
      out->push_back(rest[1] == 't' ? '\t' : rest[1] == 'n' ? '\n' : '\\');
      *at += 2;
    } else if (rest.size() > 3 && rest[1] == 'x' && kHex.find(rest[2]) != kHex.npos &&
               kHex.find(rest[3]) != kHex.npos) {
      out->push_back(static_cast<char>(std::stoi(std::string(rest.substr(2, 2)), nullptr, 16)));
      *at += 4;
    } else {
      return false;
    }
  }
  return true;
}

void CheckEscaped(std::string_view bytes) {
  std::string text = "before";
  AppendEscaped(bytes, &text);
  Check(text.substr(0, 6) == "before", "what was there stays", text);
  text.erase(0, 6);
  Check(text.find_first_of("\t\n\r") == std::string::npos, "no TAB and no line end", text);
  Check(simdjson::validate_utf8(text.data(), text.size()), "text is UTF-8", text);
  std::string back, bad, pieces;
  Check(Unescape(text, &back, &bad) && back == bytes, "escaped bytes come back", text);
  EscapeInPieces(bytes, [&pieces](std::string_view piece) { pieces += piece; });
  Check(pieces == text, "pieces are as the whole", pieces);
}

void CheckUnescaped(std::string_view text) {
  std::string expected, got, bad;
  size_t at = 0;
  const bool good = Model(text, &expected, &at);
  Check(Unescape(text, &got, &bad) == good, "the escapes that are documented, and no others", bad);
  if (good) {
    Check(got == expected, "an escape stands for its byte", got);
  } else {
    Check(!bad.empty() && bad == text.substr(at, bad.size()), "the bad escape is named", bad);
  }
}

}  // namespace
}  // namespace load
}  // namespace sheaf

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  sheaf::load::CheckEscaped(bytes);
  sheaf::load::CheckUnescaped(bytes);
  return 0;
}
