// MergeWatch: tells a read which of its keys the merge operator wrote.
//
// RocksDB does not say why a value was copied; the merge operator runs on the reading thread, so
// it can.

#ifndef SHEAF_PLUGIN_ROCKSDB_MERGE_WATCH_H_
#define SHEAF_PLUGIN_ROCKSDB_MERGE_WATCH_H_

#include <string>
#include <string_view>
#include <vector>

namespace sheaf {
namespace internal {

// Watches the calling thread from construction to destruction; does not nest.
class MergeWatch {
 public:
  MergeWatch() { current_ = this; }
  ~MergeWatch() { current_ = nullptr; }
  MergeWatch(const MergeWatch&) = delete;
  MergeWatch& operator=(const MergeWatch&) = delete;

  bool any() const { return !keys_.empty(); }
  bool merged(std::string_view key) const {
    for (const std::string& merged_key : keys_) {
      if (merged_key == key) return true;
    }
    return false;
  }

  // Called by the merge operator.
  static void Note(std::string_view key) {
    if (current_ != nullptr) current_->keys_.emplace_back(key);
  }

 private:
  // Not thread_local, whose every use from another file asks whether it is initialized.
  static __thread MergeWatch* current_;
  std::vector<std::string> keys_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_MERGE_WATCH_H_
