// ReadContext: what one read of a Store and the merge operator tell each other.
//
// RocksDB runs the merge operator on the reading thread, but tells neither who reads nor why a
// value was copied. So the read leaves a ReadContext on its stack, where the operator finds it:
// what the read wants and allows, and what the operator did for it. Nothing outlives the read.
//
//     Store::Get -- ReadContext --> DB::Get --> AppendOperator::FullMergeV2
//         ^                                         | ReadContext::Current()
//         '-- operands(), failure() <---------------'
//
// A merge without a context is not a read of ours: a compaction, a transaction's check for
// conflicts, the application's own DB::Get.
//
// Thread safety: used on one thread, from construction to destruction. Contexts nest; the innermost
// is the current one.
//
//   ReadContext context;
//   rocksdb::Status s = db->Get(options, cf, key, &value);
//   if (context.operands() != 0) ...                  // the operator wrote `value`

#ifndef SHEAF_PLUGIN_ROCKSDB_READ_CONTEXT_H_
#define SHEAF_PLUGIN_ROCKSDB_READ_CONTEXT_H_

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plugin/codec/editable_list.h"
#include "plugin/codec/operand.h"
#include "plugin/rocksdb/thread_local.h"
#include "rocksdb/slice.h"

namespace sheaf {
namespace internal {

// Why the merge operator did not merge.
struct MergeFailure {
  enum class Kind : uint8_t { kNone, kTooLarge, kNoMemory };
  Kind kind = Kind::kNone;
  uint64_t bytes = 0;  // of the base and the operands
};

class ReadContext {
 public:
  // What the operator did for one key.
  struct Merged {
    uint64_t operands = 0;  // how many it was given
    MergeFailure failure;
  };
  // By hash of the key: two keys of one read that collide are told of each other.
  // Not abseil's map, which does not survive a failed allocation.
  using MergedKeys = std::unordered_map<size_t, Merged>;

  ReadContext() : previous_(current_) { current_ = this; }
  ~ReadContext() { current_ = previous_; }
  ReadContext(const ReadContext&) = delete;
  ReadContext& operator=(const ReadContext&) = delete;

  // Null on a thread that is in no read of ours.
  static ReadContext* Current() { return current_; }

  // --- What the read says, before it begins.

  // The read may end at a clear, before it has seen older operands. REQUIRES: it passes RocksDB a
  // value to write to, and no cache keeps what it has seen.
  void AllowStop() { may_stop_ = true; }
  // Only the last `wanted` values of the list are needed. `may_stop`: with AllowStop(), the read
  // may end as soon as it has seen them.
  void WantLast(uint64_t wanted, bool may_stop) {
    wants_ = Part::kLast;
    tail_may_stop_ = may_stop;
    wanted_ = remaining_ = wanted;
  }
  // Only values [first, first + count) of the list are needed, and how many there are in all.
  void WantRange(uint64_t first, uint64_t count) {
    wants_ = Part::kRange;
    first_ = first;
    wanted_ = count;
  }
  // bytes() and base_bytes() count. It is not done for every read, as it takes 1 % of one.
  void CountBytes() { counts_bytes_ = true; }
  // The read is of many keys: enter what is done for each into `keys`.
  void TellKeysApart(MergedKeys* keys) { keys_ = keys; }

  // The same read begins again. REQUIRES: AllowStop() was not called.
  void Restart() {
    remaining_ = wanted_;
    operands_ = bytes_ = base_bytes_ = 0;
    is_cut_ = is_edited_ = false;
    failure_ = MergeFailure();
  }

  // --- What the operator asks and notes.

  bool wants_part() const { return wants_ != Part::kAll; }
  // Leaves only the part of `*list` that is needed. REQUIRES: wants_part().
  void Cut(EditableList* list);

  // An edit that drops values is among the operands.
  void NoteEdited() { is_edited_ = true; }

  // Called with each operand of a key from the newest on: whether older ones do not matter.
  bool Covers(std::string_view operand) {
    if (!may_stop_) return false;
    // A batch may begin with a clear as well. To look for that costs each operand of each read
    // more than it saves: 5 % of a Get with 50,000 operands.
    return tail_may_stop_ ? CoversTail(operand) : operand.size() == 1 && IsClear(operand);
  }

  // A merge of `operands`, at least one, begins. May throw std::bad_alloc.
  void Note(std::string_view key, const rocksdb::Slice* base,
            const std::vector<rocksdb::Slice>& operands);
  // It failed. Does not allocate.
  void NoteFailure(std::string_view key, const MergeFailure& failure);

  // --- What the read learns.

  // Operands of all merges, and their bytes.
  uint64_t operands() const { return operands_; }
  uint64_t bytes() const { return bytes_; }
  // Of the bases that they were merged into.
  uint64_t base_bytes() const { return base_bytes_; }
  // Whether edits may have dropped some of them.
  bool is_edited() const { return is_edited_; }
  // The list that was read is only what was needed of one of `whole_size()` values. Else it is all
  // of it.
  bool is_cut() const { return is_cut_; }
  uint64_t whole_size() const { return whole_size_; }
  // Of the last merge that failed, and the first kKeyBytes bytes of its key.
  const MergeFailure& failure() const { return failure_; }
  std::string_view failed_key() const { return {failed_key_, failed_key_bytes_}; }
  // False if the last merge that failed was of another key than `key`. Looks at as many bytes of it
  // as failed_key() has.
  bool MayHaveFailed(std::string_view key) const {
    return key.substr(0, kKeyBytes) == failed_key();
  }
  // What was done for `key`, of those in `keys`.
  Merged Of(std::string_view key) const;

 private:
  enum class Part : uint8_t { kAll, kLast, kRange };

  static constexpr size_t kKeyBytes = 65;  // one more than messages show

  static size_t HashOf(std::string_view key);
  bool CoversTail(std::string_view operand);

  static SHEAF_THREAD_LOCAL ReadContext* current_;

  ReadContext* const previous_;
  bool may_stop_ = false;
  Part wants_ = Part::kAll;
  bool tail_may_stop_ = false;
  bool counts_bytes_ = false;
  uint64_t wanted_ = std::numeric_limits<uint64_t>::max();
  uint64_t first_ = 0;
  bool is_cut_ = false;
  bool is_edited_ = false;
  uint64_t whole_size_ = 0;
  uint64_t remaining_ = 0;  // of the list before the operands that Covers() was asked of
  MergedKeys* keys_ = nullptr;
  uint64_t operands_ = 0;
  uint64_t bytes_ = 0;
  uint64_t base_bytes_ = 0;
  MergeFailure failure_;
  size_t failed_key_bytes_ = 0;
  char failed_key_[kKeyBytes];  // the first failed_key_bytes_
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_READ_CONTEXT_H_
