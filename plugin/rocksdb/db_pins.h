// DbPins: counts what a Store handed out that must be gone before the DB is closed: segments of
// Store::GetSegments that are pinned to the DB itself, and Cursors.
//
// Thread safety: all of it.

#ifndef SHEAF_PLUGIN_ROCKSDB_DB_PINS_H_
#define SHEAF_PLUGIN_ROCKSDB_DB_PINS_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "plugin/rocksdb/ledger.h"

namespace sheaf {
namespace internal {

class DbPins {
 public:
  struct Counts {
    uint64_t segments = 0;
    uint64_t cursors = 0;
    bool any() const { return segments != 0 || cursors != 0; }
  };

  // Count `n` segments more, or a Cursor. False once closed: then nothing is counted.
  bool AddSegments(uint64_t n) { return Add(n); }
  bool AddCursor() { return Add(kCursor); }
  void DropSegments(uint64_t n) { Drop(n); }
  void DropCursor() { Drop(kCursor); }

  // Refuses all that is added from now on, if nothing is counted. Returns what is counted.
  Counts Close() {
    uint64_t state = 0;
    state_.compare_exchange_strong(state, kClosed, std::memory_order_acq_rel);
    return CountsOf(state);
  }
  Counts counts() const { return CountsOf(state_.load(std::memory_order_acquire)); }

 private:
  // One word, so that Close() sees both at once: segments, Cursors, and whether it is closed.
  static constexpr uint64_t kCursor = uint64_t{1} << 40;
  static constexpr uint64_t kClosed = uint64_t{1} << 63;

  bool Add(uint64_t n) {
    if ((state_.fetch_add(n, std::memory_order_acq_rel) & kClosed) == 0) return true;
    Drop(n);
    return false;
  }
  void Drop(uint64_t n) { state_.fetch_sub(n, std::memory_order_acq_rel); }

  // Once closed, what is counted is about to be refused.
  static Counts CountsOf(uint64_t state) {
    if ((state & kClosed) != 0) return {};
    return {state % kCursor, state / kCursor};
  }

  std::atomic<uint64_t> state_{0};
};

// What the segments of one read hold together: they are one block for the Store's statistics, as
// RocksDB releases all or none of them.
struct SegmentGroup {
  std::shared_ptr<DbPins> pins;  // null if the segments were copied
  Ledger::Pin entry;
};

// One segment's share of a group. Counts as a pin, if the group has pins, until it is destroyed.
class SegmentHold {
 public:
  SegmentHold() = default;
  explicit SegmentHold(std::shared_ptr<SegmentGroup> group) : group_(std::move(group)) {
    if (group_->pins != nullptr) group_->pins->AddSegments(1);
  }
  SegmentHold(SegmentHold&& other) noexcept = default;
  SegmentHold& operator=(SegmentHold&& other) noexcept {
    std::swap(group_, other.group_);
    return *this;
  }
  ~SegmentHold() {
    if (group_ != nullptr && group_->pins != nullptr) group_->pins->DropSegments(1);
  }

 private:
  std::shared_ptr<SegmentGroup> group_;
};

// A Cursor that is counted until it is destroyed. Empty if `pins` are closed.
class CursorHold {
 public:
  explicit CursorHold(std::shared_ptr<DbPins> pins) : pins_(std::move(pins)) {
    if (!pins_->AddCursor()) pins_.reset();
  }
  CursorHold(CursorHold&& other) noexcept = default;
  CursorHold& operator=(CursorHold&& other) = delete;
  ~CursorHold() {
    if (pins_ != nullptr) pins_->DropCursor();
  }
  bool empty() const { return pins_ == nullptr; }

 private:
  std::shared_ptr<DbPins> pins_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_DB_PINS_H_
