#include "plugin/rocksdb/list_lock.h"

#include <array>
#include <chrono>
#include <thread>

#include "plugin/rocksdb/process_local.h"

namespace sheaf {
namespace internal {

bool FairSharedMutex::try_lock() {
  // A write takes less, as a rule.
  constexpr std::chrono::milliseconds kMax{20};
  constexpr std::chrono::microseconds kPause{50};
  constexpr int kSpins = 100;
  turn_.lock();
  is_waited_for_.store(true, std::memory_order_release);
  const auto end = std::chrono::steady_clock::now() + kMax;
  for (int i = 0;; ++i) {
    if (mutex_.try_lock()) return true;
    if (i < kSpins) {
      std::this_thread::yield();
    } else if (std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(kPause);
    } else {
      break;
    }
  }
  is_waited_for_.store(false, std::memory_order_release);
  turn_.unlock();
  return false;
}

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
