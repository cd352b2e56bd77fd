// MalformedRows: what happens at a row that cannot be read, and the account of such rows.
//
// Thread safety: none.
//
//   MalformedRows malformed(OnError::kSkip);
//   if (absl::Status s = malformed.Report("rows.tsv:17", "expected key TAB value, found no TAB");
//       !s.ok()) return s;       // with kStop; with kSkip the reader goes on at the next row

#ifndef SHEAF_TOOLS_LOAD_MALFORMED_ROWS_H_
#define SHEAF_TOOLS_LOAD_MALFORMED_ROWS_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace sheaf {
namespace load {

enum class OnError { kStop, kSkip };

class MalformedRows {
 public:
  // How many places are remembered for each kind.
  static constexpr size_t kPlaces = 5;

  struct Kind {
    uint64_t count = 0;
    std::vector<std::string> places;  // the first kPlaces
    std::string detail;               // of the first
  };

  explicit MalformedRows(OnError on_error) : on_error_(on_error) {}

  // `place`: "rows.tsv:17". `kind`: what was expected and what was found; rows are counted by it.
  // `detail`: what differs from row to row, appended to the message.
  // Returns InvalidArgument with kStop, OK with kSkip.
  absl::Status Report(const std::string& place, const std::string& kind,
                      const std::string& detail = "");

  uint64_t count() const { return count_; }
  const std::map<std::string, Kind>& kinds() const { return kinds_; }

  // A line a kind: "2 rows skipped: expected key TAB value, found no TAB: rows.tsv:17,
  // rows.tsv:20".
  std::vector<std::string> Account() const;

 private:
  const OnError on_error_;
  uint64_t count_ = 0;
  std::map<std::string, Kind> kinds_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_MALFORMED_ROWS_H_
