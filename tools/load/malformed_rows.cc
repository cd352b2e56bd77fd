#include "tools/load/malformed_rows.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/load/text.h"

namespace sheaf {
namespace load {

absl::Status MalformedRows::Report(const std::string& place, const std::string& kind,
                                   const std::string& detail) {
  ++count_;
  if (on_error_ == OnError::kStop) {
    return absl::InvalidArgumentError(
        absl::StrCat(place, ": ", kind, detail.empty() ? "" : ": ", detail));
  }
  Kind& account = kinds_[kind];
  if (++account.count == 1) account.detail = detail;
  if (account.places.size() < kPlaces) account.places.push_back(place);
  return absl::OkStatus();
}

std::vector<std::string> MalformedRows::Account() const {
  std::vector<std::string> lines;
  for (const auto& [kind, account] : kinds_) {
    lines.push_back(absl::StrCat(
        Plural(account.count, "row"), " skipped: ", kind,
        account.detail.empty() ? "" : absl::StrCat(" (first: ", account.detail, ")"), ": ",
        absl::StrJoin(account.places, ", "), account.count > account.places.size() ? ", ..." : ""));
  }
  return lines;
}

}  // namespace load
}  // namespace sheaf
