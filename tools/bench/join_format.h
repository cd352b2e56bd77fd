// Values joined by a delimiter, which none of them may contain (lists.h).

#ifndef SHEAF_TOOLS_BENCH_JOIN_FORMAT_H_
#define SHEAF_TOOLS_BENCH_JOIN_FORMAT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "tools/bench/encoding.h"
#include "tools/bench/lists.h"

namespace sheaf {
namespace bench {

struct JoinFormat : Unmerged {
  static constexpr const char* kName = "join";
  static std::string Encode(const Values& values) {
    std::string joined;
    for (const std::string_view value : values) joined.append(value).push_back(kDelimiter);
    if (!joined.empty()) joined.pop_back();
    return joined;
  }
  template <typename Visit>
  bool ForEach(std::string_view bytes, Visit&& visit) {
    const std::vector<absl::string_view> values =
        absl::StrSplit(absl::string_view(bytes.data(), bytes.size()), kDelimiter);
    for (const absl::string_view value : values) {
      visit(std::string_view(value.data(), value.size()));
    }
    return true;
  }
};

}  // namespace bench
}  // namespace sheaf

#endif  // SHEAF_TOOLS_BENCH_JOIN_FORMAT_H_
