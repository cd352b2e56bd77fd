#include "tools/sheaf/repeated_messages.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "tools/common/text.h"

namespace sheaf {
namespace tool {
namespace {

constexpr size_t kMaxKinds = 100;

// `message` with '#' in the place of each word that has a digit.
std::string KindOf(std::string_view message) {
  std::string kind;
  for (size_t at = 0; at < message.size();) {
    size_t end = at;
    while (end < message.size() && absl::ascii_isalnum(message[end])) ++end;
    const std::string_view word = message.substr(at, end - at);
    if (std::any_of(word.begin(), word.end(), absl::ascii_isdigit)) {
      kind.push_back('#');
    } else {
      kind.append(word);
    }
    if (end < message.size()) kind.push_back(message[end++]);
    at = end;
  }
  return kind;
}

}  // namespace

bool RepeatedMessages::Shows(std::string_view message) {
  std::string name = KindOf(message);
  if (kinds_.size() >= kMaxKinds && kinds_.count(name) == 0) name.clear();
  Kind& kind = kinds_[name];
  if (kind.count == 0) kind.first = std::string(message);
  return ++kind.count <= kShown;
}

std::vector<std::string> RepeatedMessages::Rest() const {
  std::vector<std::string> lines;
  for (const auto& [name, kind] : kinds_) {
    if (kind.count <= kShown) continue;
    lines.push_back(absl::StrCat(load::Grouped(kind.count - kShown), " more: ", kind.first));
  }
  return lines;
}

}  // namespace tool
}  // namespace sheaf
