// SegmentPins: counts what Store::GetSegments pinned to the DB, so that it is not closed meanwhile.
//
// Thread safety: all of it.

#ifndef SHEAF_PLUGIN_ROCKSDB_SEGMENT_PINS_H_
#define SHEAF_PLUGIN_ROCKSDB_SEGMENT_PINS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "plugin/rocksdb/ledger.h"

namespace sheaf {
namespace internal {

class SegmentPins {
 public:
  // Counts `n` pins more. False once closed: then there is none.
  bool Add(uint64_t n) {
    if ((state_.fetch_add(n, std::memory_order_acq_rel) & kClosed) == 0) return true;
    Drop(n);
    return false;
  }
  void Drop(uint64_t n) { state_.fetch_sub(n, std::memory_order_acq_rel); }

  // Lets no pin be added any more, if there is none. Returns how many there are.
  uint64_t Close() {
    uint64_t state = 0;
    state_.compare_exchange_strong(state, kClosed, std::memory_order_acq_rel);
    return CountOf(state);
  }
  uint64_t count() const { return CountOf(state_.load(std::memory_order_acquire)); }

 private:
  // Once closed, what is counted is about to be refused.
  static uint64_t CountOf(uint64_t state) { return (state & kClosed) == 0 ? state : 0; }

  static constexpr uint64_t kClosed = uint64_t{1} << 63;
  std::atomic<uint64_t> state_{0};
};

// What the segments of one read hold together: they are one block for the Store's statistics, as
// RocksDB lets go of all or none of them.
struct SegmentGroup {
  std::shared_ptr<SegmentPins> pins;  // null if RocksDB copied them
  Ledger::Pin entry;
};

// One segment's part in that: a pin, if there are any, until it is destroyed.
class SegmentHold {
 public:
  SegmentHold() = default;
  explicit SegmentHold(std::shared_ptr<SegmentGroup> group) : group_(std::move(group)) {
    if (group_->pins != nullptr) group_->pins->Add(1);
  }
  SegmentHold(SegmentHold&& other) noexcept = default;
  SegmentHold& operator=(SegmentHold&& other) noexcept {
    std::swap(group_, other.group_);
    return *this;
  }
  ~SegmentHold() {
    if (group_ != nullptr && group_->pins != nullptr) group_->pins->Drop(1);
  }

 private:
  std::shared_ptr<SegmentGroup> group_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_SEGMENT_PINS_H_
