#include "tools/common/text.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tools/common/escapes.h"

namespace sheaf {
namespace load {

std::string Quoted(std::string_view bytes) {
  constexpr size_t kMaxBytes = 64;
  std::string text = "\"";
  AppendEscaped(bytes.substr(0, kMaxBytes), &text);
  text += bytes.size() > kMaxBytes ? "...\"" : "\"";
  return text;
}

std::string Grouped(uint64_t number) {
  std::string digits = std::to_string(number);
  for (size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string Bytes(uint64_t bytes) {
  constexpr const char* kUnits[] = {"KB", "MB", "GB", "TB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  auto amount = static_cast<double>(bytes) / 1024;
  size_t unit = 0;
  for (; amount >= 1024 && unit + 1 < sizeof kUnits / sizeof kUnits[0]; ++unit) amount /= 1024;
  char text[32];
  std::snprintf(text, sizeof text, "%.1f %s", amount, kUnits[unit]);
  return text;
}

std::string Plural(uint64_t count, const char* noun) {
  return Grouped(count) + " " + noun + (count == 1 ? "" : "s");
}

std::string ErrnoText(int error) { return std::strerror(error); }

bool ParseByteSize(std::string_view text, uint64_t* bytes) {
  const std::string copy(text);
  if (copy.empty() || copy[0] < '0' || copy[0] > '9') return false;
  char* end = nullptr;
  const double amount = std::strtod(copy.c_str(), &end);
  double unit = 1;
  switch (*end) {
    case 'k':
    case 'K':
      unit = 1024.0;
      break;
    case 'm':
    case 'M':
      unit = 1024.0 * 1024;
      break;
    case 'g':
    case 'G':
      unit = 1024.0 * 1024 * 1024;
      break;
    case 't':
    case 'T':
      unit = 1024.0 * 1024 * 1024 * 1024;
      break;
    case '\0':
      break;
    default:
      return false;
  }
  // strtod also reads hexadecimal and exponents; those are not sizes.
  if (copy.find_first_not_of("0123456789.") != static_cast<size_t>(end - copy.c_str()) &&
      *end != '\0') {
    return false;
  }
  if (*end != '\0' && end[1] != '\0') return false;
  if (copy.find_first_of("eExXpP") != std::string::npos) return false;
  const double size = amount * unit;
  if (!(size >= 1) || size > std::ldexp(1.0, 60)) return false;
  *bytes = static_cast<uint64_t>(size);
  return true;
}

}  // namespace load
}  // namespace sheaf
