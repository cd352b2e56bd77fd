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
// what does not fit is noticed again when more is appended. Half of the room is for lists that are
// not only looked at by chance. What is noticed of a list while it is
// looked at has it looked at once more.
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
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "rocksdb/merge_operator.h"
#include "rocksdb/slice.h"

namespace sheaf {
namespace internal {

class OpenPages {
 public:
  static constexpr size_t kMaxWaiting = 1 << 16;

  // Registers for what `merge_operator` meets; see Meet(). `serves`: whether somebody calls Pop(),
  // so that writers can be told to wait.
  OpenPages(uint64_t page_bytes, bool serves, const rocksdb::MergeOperator* merge_operator);
  ~OpenPages();
  OpenPages(const OpenPages&) = delete;
  OpenPages& operator=(const OpenPages&) = delete;

  enum class Size { kSmall, kLarge, kFarTooLarge };

  // Counts `bytes` that were appended to `key`. If its page may be past page_bytes, the list waits
  // from now on. kFarTooLarge: about twice page_bytes, so that its writers should wait, too.
  // kWhenever: they are in a batch or a transaction; so the list is looked at some times more, as
  // nobody tells when they are written.
  enum class Written { kNow, kWhenever };
  Size Appended(uint64_t hash, std::string_view key, uint64_t bytes,
                Written written = Written::kNow);

  // The open page of `key` was found to be past page_bytes, or to have many operands pending: it
  // waits from now on.
  void FoundLarge(std::string_view key) { Wait(key, Written::kNow); }
  void FoundMany(std::string_view key) { Wait(key, Written::kNow); }

  // What is counted; 0 if the table does not have the list.
  uint64_t Counted(uint64_t hash) const;
  // Sets what is counted: it is exact.
  void Set(uint64_t hash, uint64_t bytes);
  // Of what is counted, `before` is `after` in truth. What was appended since stays counted.
  void Correct(uint64_t hash, uint64_t before, uint64_t after);

  // The merge operator made, of the merge operands or for a file, an open page that is past
  // page_bytes. `stored_key` is its key. Does not throw.
  static void Meet(const rocksdb::MergeOperator* merge_operator,
                   const rocksdb::Slice& stored_key) noexcept;

  // Waits for a list to wait, and hands it out. False after Stop(). One thread calls it.
  bool Pop(std::string* key);
  // `key`, which was handed out, was looked at. If it `failed`, it waits again, but for `pause`
  // first.
  void Done(const std::string& key, bool failed, std::chrono::milliseconds pause);
  // `key` need not wait any more: it was sealed by hand.
  void Forget(const std::string& key);
  // Returns as soon as `key` was looked at, does not wait any more, or after `max`. Does not wait
  // if its last seal failed. Whether it waited.
  bool Await(const std::string& key, std::chrono::milliseconds max);
  // Ends Pop() and Await().
  void Stop();

  // Lists that wait.
  uint64_t waiting() const { return waiting_.load(std::memory_order_relaxed); }

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

  // A list that waits. It is in one place: in queue_, in later_, or handed out. If nobody serves,
  // in none.
  enum class Place : uint8_t { kNone, kQueue, kLater, kHandedOut };
  using Later = std::multimap<Clock::time_point, const std::string*>;
  struct Entry {
    Place place = Place::kNone;
    bool is_counted = false;    // in waiting_
    bool has_failed = false;    // its last seal
    bool again = false;         // noticed since it was handed out
    uint8_t looks = 0;          // how often it is looked at once more, as batches may be written
    uint64_t times_looked = 0;  // for Await()
    Later::iterator later;      // if it is there
  };
  using Entries = std::unordered_map<std::string, Entry>;

  std::atomic<uint64_t>* Find(uint64_t hash, uint64_t* found) const;
  void Wait(std::string_view key, Written written, size_t max_waiting = kMaxWaiting);
  // All with mutex_ held.
  void Count(Entry* entry, bool is_counted);
  bool DropLook();
  void Queue(Entries::value_type* entry);
  void PutOff(Entries::value_type* entry, std::chrono::milliseconds pause);

  const uint64_t page_bytes_;
  const bool serves_;
  const rocksdb::MergeOperator* const merge_operator_;
  const std::unique_ptr<Table> table_;

  std::atomic<uint64_t> waiting_{0};  // not under mutex_, which a fork may have found locked
  std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_.
  Entries entries_;
  std::deque<const std::string*> queue_;  // keys of entries_
  Later later_;
  bool stopped_ = false;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_OPEN_PAGES_H_
