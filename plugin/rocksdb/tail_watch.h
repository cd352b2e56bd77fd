// TailWatch: tells the merge operator that the read on this thread wants the end of a list alone.
//
// RocksDB hands operands to MergeOperator::ShouldMerge from the newest on, and stops where it says
// so: older ones, in files further down, are not read at all.

#ifndef SHEAF_PLUGIN_ROCKSDB_TAIL_WATCH_H_
#define SHEAF_PLUGIN_ROCKSDB_TAIL_WATCH_H_

#include <cstdint>
#include <string_view>

#include "plugin/rocksdb/thread_local.h"

namespace sheaf {
namespace internal {

// From construction to destruction, around one DB::Get on the calling thread. Does not nest.
class TailWatch {
 public:
  // `may_stop`: the read may end before all operands were seen.
  TailWatch(uint64_t wanted, bool may_stop)
      : wanted_(wanted), remaining_(wanted), may_stop_(may_stop) {
    current_ = this;
  }
  ~TailWatch() { current_ = nullptr; }
  TailWatch(const TailWatch&) = delete;
  TailWatch& operator=(const TailWatch&) = delete;

  // Null on a thread that wants whole lists.
  static TailWatch* Current() { return current_; }

  // How many values, at the end of the list, are wanted.
  uint64_t wanted() const { return wanted_; }

  // Called with each operand from the newest on: whether what is wanted is in those seen.
  bool Covers(std::string_view operand);

 private:
  static SHEAF_THREAD_LOCAL TailWatch* current_;

  const uint64_t wanted_;
  uint64_t remaining_;  // of the list before the operands seen
  bool may_stop_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_TAIL_WATCH_H_
