#include "plugin/rocksdb/list_lock.h"

#include <array>

#include "plugin/rocksdb/process_local.h"

namespace sheaf {
namespace internal {

void AppendGate::Watch::Add(std::string_view operand) {
  if (!known_) return;
  if (operand.size() > max_bytes_ - bytes_) return Lose();
  operands_.emplace_back(operand);
  bytes_ += operand.size();
}

void AppendGate::Watch::Lose() {
  known_ = false;
  operands_.clear();
  operands_.shrink_to_fit();
}

ListLock& ListLock::Of(uint64_t hash) {
  constexpr size_t kLocks = 1024;
  return ProcessLocal<std::array<ListLock, kLocks>>::Get()[hash % kLocks];
}

}  // namespace internal
}  // namespace sheaf
