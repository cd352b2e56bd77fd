// ListLock: what those who change one long list agree on, in the whole process.
//
// Sealing, trimming and deleting change which pages a list has. They exclude each other:
// `structure`. Appending excludes none of them, but for the one write with which a sealer replaces
// the open page: `appends`.
//
// A sealer reads the open page and takes what it read off it. If nothing was appended meanwhile, or
// if it knows what, it puts a fresh base there, and later reads need not merge what is gone:
//
//     sealer     Begin ---- reads ----------------------.-- Alone: writes page and base
//     appender          Append(b)                       |
//                           '--> Watch: "b" -----------> base = ["b"]
//
// What goes into a batch or a transaction is written whenever its owner wants, so after that a
// sealer cannot know. It then drops as many values as it read off the front (edit drop_first). So
// it is in all of a TransactionDB: whoever commits a transaction that RocksDB recovered tells
// nobody, and an append there may wait for a transaction, which must not make others wait.
//
// In a TransactionDB, an append may wait for the lock of a transaction, for as long as that is
// open. A sealer does not wait for such an append: it gives up knowing, and drops values as above.
//
// There is a fixed number of locks. Lists share one if their hashes say so, also those of different
// DBs, and stores that are opened on one column family twice share it, too.
//
// Lifetime: locks are never destroyed. Thread safety: all of it.

#ifndef SHEAF_PLUGIN_ROCKSDB_LIST_LOCK_H_
#define SHEAF_PLUGIN_ROCKSDB_LIST_LOCK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "rocksdb/status.h"

namespace sheaf {
namespace internal {

// Like std::shared_mutex, but whoever locks it alone does not starve, as glibc's lets one reader
// after the other in; and gives up after a while.
class FairSharedMutex {
 public:
  void lock_shared() {
    if (is_waited_for_.load(std::memory_order_acquire)) {
      const std::lock_guard<std::mutex> after(turn_);
      return mutex_.lock_shared();
    }
    mutex_.lock_shared();
  }
  void unlock_shared() { mutex_.unlock_shared(); }

  // False if others keep it for longer than that takes them who do not wait themselves. Then it is
  // not locked.
  bool try_lock();
  void unlock() {
    mutex_.unlock();
    is_waited_for_.store(false, std::memory_order_release);
    turn_.unlock();
  }

 private:
  std::shared_mutex mutex_;
  std::mutex turn_;
  std::atomic<bool> is_waited_for_{false};
};

// A list, for comparison: its DB, its column family and its key.
struct ListId {
  const void* db = nullptr;
  uint32_t column_family = 0;
  std::string_view key;

  bool operator==(const ListId& other) const {
    return db == other.db && column_family == other.column_family && key == other.key;
  }
};

class AppendGate {
 public:
  // What is appended to a list from Begin() on.
  class Watch {
   public:
    // `max_bytes`: of operands; if there are more, they are not known.
    Watch(const ListId& list, size_t max_bytes)
        : key_(list.key), list_{list.db, list.column_family, key_}, max_bytes_(max_bytes) {}
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    // In order. REQUIRES: known(), and Alone().
    const std::vector<std::string>& operands() const { return operands_; }
    size_t bytes() const { return bytes_; }
    bool known() const { return known_; }

   private:
    friend class AppendGate;
    void Add(std::string_view operand);
    void Lose();

    const std::string key_;
    const ListId list_;
    const size_t max_bytes_;
    bool is_begun_ = false;  // the sealer's own
    std::mutex order_;       // held while an operand is written, so that the order is RocksDB's
    bool known_ = true;
    size_t bytes_ = 0;
    std::vector<std::string> operands_;
  };

  // Calls `write`, which appends `operand` to `list`, and returns its status.
  template <typename Write>
  rocksdb::Status Append(const ListId& list, std::string_view operand, Write write) {
    const std::shared_lock<FairSharedMutex> lock(mutex_);
    if (watch_ == nullptr || !(watch_->list_ == list)) return write();
    Watch& watch = *watch_;
    const std::lock_guard<std::mutex> order(watch.order_);
    rocksdb::Status s = write();
    // A write that failed may have been done all the same.
    s.ok() ? watch.Add(operand) : watch.Lose();
    return s;
  }

  // An append was put where its owner writes it, now or later.
  void AppendUnseen() {
    if (unseen_.load(std::memory_order_relaxed)) return;
    const std::shared_lock<FairSharedMutex> lock(mutex_);
    unseen_.store(true, std::memory_order_relaxed);
  }

  bool unseen() const { return unseen_.load(std::memory_order_relaxed); }

  // Begins to watch, and calls `f`, while nobody appends. If somebody who appends waits for a
  // transaction, only calls `f`: what is appended is not known then. REQUIRES: ListLock::structure
  // is held, up to End().
  template <typename F>
  void Begin(const std::shared_ptr<Watch>& watch, F f) {
    const std::unique_lock<FairSharedMutex> alone(mutex_, std::try_to_lock);
    watch->is_begun_ = alone.owns_lock();
    if (watch->is_begun_) watch_ = watch;
    f();
  }
  // Calls `f(known)`. `known`: all that was appended since Begin() is in the Watch, and nobody
  // appends meanwhile.
  template <typename F>
  rocksdb::Status Alone(const Watch& watch, F f) {
    if (!watch.is_begun_) return f(false);
    const std::unique_lock<FairSharedMutex> alone(mutex_, std::try_to_lock);
    return f(alone.owns_lock() && watch.known() && !unseen_.load(std::memory_order_relaxed));
  }
  // Ends to watch. If somebody who appends waits for a transaction, the next Begin() does.
  void End(const Watch& watch) {
    if (!watch.is_begun_) return;
    const std::unique_lock<FairSharedMutex> alone(mutex_, std::try_to_lock);
    if (alone.owns_lock()) watch_ = nullptr;
  }

 private:
  FairSharedMutex mutex_;
  std::shared_ptr<Watch> watch_;
  std::atomic<bool> unseen_{false};  // for ever: nobody says when such an append is written
};

class ListLock {
 public:
  // The lock of a list with this hash.
  static ListLock& Of(uint64_t hash);

  // Held by who changes which pages a list has, and where they begin.
  std::mutex structure;
  AppendGate appends;

  // How often that was changed; odd while it is under way. What was read between two equal, even
  // versions is of one structure.
  uint64_t version() const { return version_.load(std::memory_order_acquire); }
  // The same, after all that was read before.
  uint64_t VersionAfterReads() const {
    std::atomic_thread_fence(std::memory_order_acquire);
    return version();
  }
  static bool IsSettled(uint64_t version) { return version % 2 == 0; }

  // Makes the version odd while it exists. REQUIRES: `structure` is held.
  class Change {
   public:
    explicit Change(ListLock* lock) : lock_(lock) { lock_->version_.fetch_add(1); }
    ~Change() { lock_->version_.fetch_add(1); }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

   private:
    ListLock* const lock_;
  };

 private:
  std::atomic<uint64_t> version_{0};
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_LIST_LOCK_H_
