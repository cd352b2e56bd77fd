// MergeWatch: tells a read which of its keys the merge operator wrote.
//
// RocksDB does not say why a value was copied; the merge operator runs on the reading thread, so
// it can.

#ifndef SHEAF_PLUGIN_ROCKSDB_MERGE_WATCH_H_
#define SHEAF_PLUGIN_ROCKSDB_MERGE_WATCH_H_

#include <cstddef>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"

namespace sheaf {
namespace internal {

// Watches the calling thread from construction to destruction; does not nest.
class MergeWatch {
 public:
  MergeWatch() { current_ = this; }
  ~MergeWatch() { current_ = nullptr; }
  MergeWatch(const MergeWatch&) = delete;
  MergeWatch& operator=(const MergeWatch&) = delete;

  // Whether a list of `key` was merged since the watch began. By hash: for statistics.
  bool merged(std::string_view key) const {
    return !keys_.empty() && keys_.contains(absl::HashOf(Bytes(key)));
  }

  // Called by the merge operator.
  static void Note(std::string_view key) {
    if (current_ != nullptr) current_->keys_.insert(absl::HashOf(Bytes(key)));
  }

 private:
  static absl::string_view Bytes(std::string_view key) { return {key.data(), key.size()}; }

  // Not thread_local, whose every use from another file asks whether it is initialized.
  static __thread MergeWatch* current_;
  absl::flat_hash_set<size_t> keys_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_MERGE_WATCH_H_
