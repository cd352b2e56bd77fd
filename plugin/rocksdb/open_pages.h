// OpenPages: which open pages of a LongStore are past page_bytes, and wait to be sealed.
//
// Bytes that are appended are counted by list, in a table of fixed size:
//
//     hash of the list --> set of 8 entries (one cache line) --> tag | bytes, exact or not
//
// A list that the table has room for is counted exactly. If its set is full, an append is looked at
// with a probability that grows with its bytes; a list that was looked at takes the place of a
// smaller one. So of those not in the table, one that grows by a page is overlooked once in
// e^16 = 9,000,000 times. Reads and merges that meet a large open page tell as well, whether
// anything was appended or not.
//
// Lists that are to be looked at wait in a queue, once each. The queue has room for kMaxWaiting;
// what does not fit is noticed again when more is appended.
//
// Thread safety: all of it.

#ifndef SHEAF_PLUGIN_ROCKSDB_OPEN_PAGES_H_
#define SHEAF_PLUGIN_ROCKSDB_OPEN_PAGES_H_

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_set>

#include "rocksdb/merge_operator.h"
#include "rocksdb/slice.h"

namespace sheaf {
namespace internal {

class OpenPages {
 public:
  static constexpr size_t kMaxWaiting = 1 << 16;

  // Registers for what `merge_operator` meets; see Meet(). `stalls`: whether writers can be told to
  // wait, as somebody seals.
  OpenPages(uint64_t page_bytes, bool stalls, const rocksdb::MergeOperator* merge_operator);
  ~OpenPages();
  OpenPages(const OpenPages&) = delete;
  OpenPages& operator=(const OpenPages&) = delete;

  enum class Size { kSmall, kLarge, kFarTooLarge };

  // Counts `bytes` that were appended to `key`. If its page may be past page_bytes, the list waits
  // from now on. kFarTooLarge: past twice page_bytes, so that its writers should wait, too.
  Size Appended(uint64_t hash, std::string_view key, uint64_t bytes);

  // The open page of `key` was found to be past page_bytes, or to have many operands pending: it
  // waits from now on.
  void FoundLarge(std::string_view key) { Wait(key); }
  void FoundMany(std::string_view key) { Wait(key); }

  // Sets what is counted.
  void Set(uint64_t hash, uint64_t bytes);

  // The merge operator made, of the merge operands or for a file, an open page that is past
  // page_bytes. `stored_key` is its key. Does not throw.
  static void Meet(const rocksdb::MergeOperator* merge_operator,
                   const rocksdb::Slice& stored_key) noexcept;

  // Waits for a list to wait, and hands it out. False after Stop().
  bool Pop(std::string* key);
  // `key`, which was handed out, was looked at. If `again`, it waits again, but for `pause` first.
  void Done(const std::string& key, bool again, std::chrono::milliseconds pause);
  // `key` need not wait any more: it was sealed by hand.
  void Forget(const std::string& key);
  // Returns as soon as `key` does not wait any more, its seal has failed, or after `max`.
  void Await(const std::string& key, std::chrono::milliseconds max);
  // Ends Pop() and Await().
  void Stop();

  // Lists that wait.
  uint64_t waiting() const;

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr size_t kWays = 8;
  static constexpr size_t kSets = 1 << 13;
  struct alignas(64) Set8 {
    std::atomic<uint64_t> entries[kWays];
  };
  struct Table {
    Set8 sets[kSets];
  };

  void Wait(std::string_view key);

  const uint64_t page_bytes_;
  const bool stalls_;
  const rocksdb::MergeOperator* const merge_operator_;
  const std::unique_ptr<Table> table_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  std::unordered_set<std::string> waiting_;  // queued, or handed out
  std::unordered_set<std::string> failed_;   // of those: their last seal failed
  std::deque<std::string> queue_;
  struct Later {
    Clock::time_point at;
    std::string key;
  };
  std::deque<Later> later_;  // in order of time
  bool stopped_ = false;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_OPEN_PAGES_H_
