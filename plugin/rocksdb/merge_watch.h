// MergeWatch, MergedKeys: tell a read which of its keys the merge operator wrote.
//
// RocksDB does not say why a value was copied; the merge operator runs on the reading thread, so
// it can. Where one key is read it is enough that the operator ran; where many are, it says for
// which.

#ifndef SHEAF_PLUGIN_ROCKSDB_MERGE_WATCH_H_
#define SHEAF_PLUGIN_ROCKSDB_MERGE_WATCH_H_

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "absl/container/flat_hash_set.h"
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

  // Whether a list of `key` was merged. By hash: for statistics.
  bool contains(std::string_view key) const {
    return !hashes_.empty() && hashes_.contains(HashOf(key));
  }

 private:
  friend class MergeWatch;
  static size_t HashOf(std::string_view key) {
    return absl::HashOf(absl::string_view(key.data(), key.size()));
  }

  static SHEAF_THREAD_LOCAL MergedKeys* current_;
  absl::flat_hash_set<size_t> hashes_;
};

// Watches the calling thread from construction on.
class MergeWatch {
 public:
  bool merged() const { return merges_ != before_; }

  // Called by the merge operator.
  static void Note(std::string_view key) {
    ++merges_;
    MergedKeys* const keys = MergedKeys::current_;
    if (keys != nullptr) keys->hashes_.insert(MergedKeys::HashOf(key));
  }

 private:
  static SHEAF_THREAD_LOCAL uint64_t merges_;
  const uint64_t before_ = merges_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_MERGE_WATCH_H_
