#include "plugin/rocksdb/tail_watch.h"

#include <algorithm>
#include <vector>

#include "plugin/codec/operand.h"

namespace sheaf {
namespace internal {

SHEAF_THREAD_LOCAL TailWatch* TailWatch::current_ = nullptr;

bool TailWatch::Covers(std::string_view operand) {
  if (!may_stop_) return false;
  std::vector<Edit> edits;
  if (!ParseOperand(operand, &edits).ok()) {
    may_stop_ = false;
    return false;
  }
  for (auto edit = edits.rbegin(); edit != edits.rend() && remaining_ != 0; ++edit) {
    switch (edit->kind) {
      case Edit::Kind::kAppend:
        remaining_ -= std::min<uint64_t>(remaining_, edit->values.size());
        break;
      case Edit::Kind::kKeepLast:
        remaining_ = std::min(remaining_, edit->count);
        break;
      case Edit::Kind::kClear:
        remaining_ = 0;
        break;
      default:
        // What stays depends on all that was before.
        may_stop_ = false;
        return false;
    }
  }
  return remaining_ == 0;
}

}  // namespace internal
}  // namespace sheaf
