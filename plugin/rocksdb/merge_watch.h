// MergeWatch, MergedKeys: tell a read which of its keys the merge operator wrote, and from how many
// operands.
//
// RocksDB does not say why a value was copied; the merge operator runs on the reading thread, so
// it can: where one key is read, that the operator ran and with how many operands; where many are,
// for which.

#ifndef SHEAF_PLUGIN_ROCKSDB_MERGE_WATCH_H_
#define SHEAF_PLUGIN_ROCKSDB_MERGE_WATCH_H_

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "plugin/rocksdb/thread_local.h"

namespace sheaf {
namespace internal {

// Collects keys on the calling thread from construction to destruction; does not nest.
class MergedKeys {
 public:
  MergedKeys() { current_ = this; }
  ~MergedKeys() { current_ = nullptr; }
  MergedKeys(const MergedKeys&) = delete;
  MergedKeys& operator=(const MergedKeys&) = delete;

  // Of how many operands the list of `key` was merged; 0 if it was not. By hash: for statistics.
  uint64_t OperandsOf(std::string_view key) const {
    if (operands_.empty()) return 0;
    const auto found = operands_.find(HashOf(key));
    return found == operands_.end() ? 0 : found->second;
  }

 private:
  friend class MergeWatch;
  static size_t HashOf(std::string_view key) {
    return absl::HashOf(absl::string_view(key.data(), key.size()));
  }

  static SHEAF_THREAD_LOCAL MergedKeys* current_;
  absl::flat_hash_map<size_t, uint64_t> operands_;
};

// Watches the calling thread from construction on.
class MergeWatch {
 public:
  // How many operands the merge operator was given.
  uint64_t operands() const { return operands_ - before_; }
  bool merged() const { return operands() != 0; }

  // Bytes of a list that the merge operator refused on this thread as too large; 0 if none was.
  static uint64_t TakeTooLarge() { return std::exchange(too_large_, 0); }
  static void NoteTooLarge(uint64_t bytes) { too_large_ = bytes; }

  // What was merged on the calling thread so far: what one read merged is the difference.
  struct Operands {
    uint64_t count = 0;
    uint64_t bytes = 0;
  };
  static Operands merged_so_far() { return {operands_, bytes_}; }

  // Bytes are only counted on threads that ask for it: adding them up takes 1 % of a read.
  static void CountBytes() { counts_bytes_ = true; }
  static bool counts_bytes() { return counts_bytes_; }

  // Called by the merge operator, with `operands` > 0, of `bytes` in all if counts_bytes().
  static void Note(std::string_view key, uint64_t operands, uint64_t bytes) {
    operands_ += operands;
    bytes_ += bytes;
    MergedKeys* const keys = MergedKeys::current_;
    // Not added up: a key may be asked for twice, and is then merged twice.
    if (keys != nullptr) keys->operands_[MergedKeys::HashOf(key)] = operands;
  }

 private:
  static SHEAF_THREAD_LOCAL uint64_t operands_;
  static SHEAF_THREAD_LOCAL uint64_t bytes_;
  static SHEAF_THREAD_LOCAL bool counts_bytes_;
  static SHEAF_THREAD_LOCAL uint64_t too_large_;
  const uint64_t before_ = operands_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_MERGE_WATCH_H_
