#include "tools/bench/visit.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace sheaf {
namespace bench {

void SameValues::Expect(const List& list) {
  expected_.insert(expected_.end(), list.values().begin(), list.values().end());
}

void SameValues::operator()(std::string_view value) {
  const bool same = found_ < expected_.size() && expected_[found_] == value;
  if (!same && first_wrong_ == kNone) first_wrong_ = found_;
  ++found_;
}

bool SameValues::Verify(benchmark::State& state) const {
  if (found_ == expected_.size() && first_wrong_ == kNone) return true;
  std::string error = absl::StrCat("read ", found_, " values, expected ", expected_.size());
  if (first_wrong_ < expected_.size()) {
    absl::StrAppend(&error, "; value ", first_wrong_, " is not the one that was written");
  }
  state.SkipWithError(error.c_str());
  return false;
}

bool Ok(benchmark::State& state, const rocksdb::Status& status) {
  if (!status.ok()) state.SkipWithError(status.ToString().c_str());
  return status.ok();
}

}  // namespace bench
}  // namespace sheaf
