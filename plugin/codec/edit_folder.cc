#include "plugin/codec/edit_folder.h"

#include <algorithm>
#include <utility>

namespace sheaf {
namespace internal {

using Kind = Edit::Kind;

namespace {

bool IsRemove(Kind kind) { return kind == Kind::kRemove || kind == Kind::kRemovePrefix; }

std::string EncodeAnyRemove(const Edit& edit) {
  return edit.kind == Kind::kRemove ? EncodeRemove(edit.value) : EncodeRemovePrefix(edit.value);
}

// Of an edit that has a count.
std::string EncodeCounted(Kind kind, uint64_t count) {
  return kind == Kind::kKeepFirst  ? EncodeKeepFirst(count)
         : kind == Kind::kKeepLast ? EncodeKeepLast(count)
                                   : EncodeDropFirst(count);
}

}  // namespace

// True if the list before tail_ is empty, whatever it was.
bool EditFolder::StartsEmpty() const {
  if (steps_.empty()) return false;
  const Step& first = steps_[0];
  return first.kind == Kind::kClear ||
         ((first.kind == Kind::kKeepFirst || first.kind == Kind::kKeepLast) && first.count == 0);
}

void EditFolder::Push(const Edit& edit) {
  if (edit.kind == Kind::kAppend) {
    tail_.Append(edit.values);
  } else if (edit.kind == Kind::kClear) {
    steps_.clear();
    steps_.push_back({Kind::kClear, 0, EncodeClear()});
    tail_.Clear();
  } else if (limited_) {
    PushAsItIs(edit);
  } else if (IsRemove(edit.kind)) {
    tail_.Apply(edit);
    PushRemove(edit);
  } else if (edit.kind == Kind::kKeepLast) {
    const uint64_t appended = tail_.size();
    tail_.KeepLast(edit.count);
    if (edit.count <= appended) {
      Forget();
    } else {
      PushKeep(Kind::kKeepLast, edit.count - appended);
    }
  } else if (edit.kind == Kind::kDropFirst) {
    PushDropFirst(edit.count);
  } else {
    // How many of those appended stay depends on how many there were before; but never more.
    tail_.KeepFirst(edit.count);
    if (edit.count == 0) {
      Forget();
    } else {
      if (!StartsEmpty()) PushTail();
      PushKeep(Kind::kKeepFirst, edit.count);
    }
  }
}

// Nothing of the list before tail_ is left. A clear says more than that: not even what does not
// decode matters.
void EditFolder::Forget() {
  if (!steps_.empty() && steps_[0].kind == Kind::kClear) {
    steps_.resize(1);
  } else {
    steps_.clear();
    steps_.push_back({Kind::kKeepLast, 0, EncodeKeepLast(0)});
  }
}

void EditFolder::PushKeep(Kind kind, uint64_t count) {
  if (StartsEmpty()) return;
  if (!steps_.empty() && steps_.back().kind == kind) {
    count = std::min(count, steps_.back().count);
    steps_.pop_back();
  }
  steps_.push_back({kind, count, EncodeCounted(kind, count)});
}

// How many of those appended go depends on how many there were before, unless there were none.
void EditFolder::PushDropFirst(uint64_t count) {
  if (StartsEmpty()) return tail_.DropFirst(count);
  if (count == 0) return;  // an operand is written all the same
  PushTail();
  if (!steps_.empty() && steps_.back().kind == Kind::kDropFirst) {
    const uint64_t before = steps_.back().count;
    count = before + std::min(count, UINT64_MAX - before);
    steps_.pop_back();
  }
  steps_.push_back({Kind::kDropFirst, count, EncodeCounted(Kind::kDropFirst, count)});
}

void EditFolder::PushRemove(const Edit& edit) {
  if (StartsEmpty()) return;
  std::string operand = EncodeAnyRemove(edit);
  if (!steps_.empty() && steps_.back().operand == operand) return;
  steps_.push_back({edit.kind, 0, std::move(operand)});
}

void EditFolder::PushAsItIs(const Edit& edit) {
  PushTail();
  if (IsRemove(edit.kind)) {
    steps_.push_back({edit.kind, 0, EncodeAnyRemove(edit)});
  } else {
    steps_.push_back({edit.kind, edit.count, EncodeCounted(edit.kind, edit.count)});
  }
}

// Makes a step of what was appended.
void EditFolder::PushTail() {
  if (tail_.empty()) return;
  std::string operand;
  status_.Update(tail_.Encode(Layout::kCompact, &operand));
  steps_.push_back({Kind::kAppend, 0, std::move(operand)});
  tail_.Clear();
}

absl::Status EditFolder::Finish(std::string* out) {
  out->clear();
  if (steps_.empty()) {
    status_.Update(tail_.Encode(Layout::kCompact, out));
    return status_;
  }
  PushTail();
  if (!status_.ok()) return status_;
  if (steps_.size() == 1) {
    *out = std::move(steps_[0].operand);
    return absl::OkStatus();
  }
  std::vector<std::string_view> operands;
  operands.reserve(steps_.size());
  for (const Step& step : steps_) operands.emplace_back(step.operand);
  return EncodeBatch(operands, out);
}

}  // namespace internal
}  // namespace sheaf
