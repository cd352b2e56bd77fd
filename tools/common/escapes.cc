#include "tools/common/escapes.h"

#include <algorithm>
#include <cstring>

#include "simdjson.h"

namespace sheaf {
namespace load {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Printable ASCII that stands for itself.
bool IsPlain(unsigned char c) { return c >= 0x20 && c < 0x7F && c != '\\'; }

// `is_utf8()`: called if it matters, and once.
template <typename IsUtf8>
void Escape(std::string_view bytes, IsUtf8&& is_utf8, std::string* out) {
  constexpr char kHex[] = "0123456789ABCDEF";
  bool checked = false;
  bool utf8 = false;
  size_t plain = 0;  // start of the run that can be copied as it is
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto c = static_cast<unsigned char>(bytes[i]);
    if (IsPlain(c)) continue;
    if (c >= 0x80) {
      if (!checked) utf8 = is_utf8();
      checked = true;
      if (utf8) continue;
    }
    out->append(bytes.substr(plain, i - plain));
    plain = i + 1;
    out->push_back('\\');
    if (c == '\t') {
      out->push_back('t');
    } else if (c == '\n') {
      out->push_back('n');
    } else if (c == '\\') {
      out->push_back('\\');
    } else {
      out->push_back('x');
      out->push_back(kHex[c >> 4]);
      out->push_back(kHex[c & 15]);
    }
  }
  out->append(bytes.substr(plain));
}

}  // namespace

void AppendEscaped(std::string_view bytes, std::string* out) {
  Escape(
      bytes, [bytes] { return simdjson::validate_utf8(bytes.data(), bytes.size()); }, out);
}

void EscapeInPieces(std::string_view bytes, const std::function<void(std::string_view)>& write) {
  constexpr size_t kPiece = size_t{1} << 16;
  const bool utf8 = simdjson::validate_utf8(bytes.data(), bytes.size());
  std::string piece;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(kPiece, bytes.size()))) {
    piece.clear();
    Escape(
        bytes.substr(0, kPiece), [utf8] { return utf8; }, &piece);
    write(piece);
  }
}

bool Unescape(std::string_view text, std::string* out, std::string* bad) {
  out->clear();
  out->reserve(text.size());
  while (!text.empty()) {
    const void* const found = std::memchr(text.data(), '\\', text.size());
    const size_t plain =
        found == nullptr ? text.size() : static_cast<const char*>(found) - text.data();
    out->append(text.substr(0, plain));
    text.remove_prefix(plain);
    if (text.empty()) return true;
    const char kind = text.size() > 1 ? text[1] : '\0';
    size_t used = 2;
    if (kind == 't') {
      out->push_back('\t');
    } else if (kind == 'n') {
      out->push_back('\n');
    } else if (kind == '\\') {
      out->push_back('\\');
    } else {
      const int high = kind == 'x' && text.size() > 2 ? HexDigit(text[2]) : -1;
      const int low = high >= 0 && text.size() > 3 ? HexDigit(text[3]) : -1;
      if (low < 0) {
        bad->assign(text.substr(0, kind == 'x' ? 4 : 2));
        return false;
      }
      out->push_back(static_cast<char>(high << 4 | low));
      used = 4;
    }
    text.remove_prefix(used);
  }
  return true;
}

}  // namespace load
}  // namespace sheaf
