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
// There is a fixed number of locks. Lists share one if their hashes say so, also those of different
// DBs, and stores that are opened on one column family twice share it, too.
//
// Lifetime: locks are never destroyed. Thread safety: all of it.

#ifndef SHEAF_PLUGIN_ROCKSDB_LIST_LOCK_H_
#define SHEAF_PLUGIN_ROCKSDB_LIST_LOCK_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

#include "rocksdb/status.h"

namespace sheaf {
namespace internal {

// Like std::shared_mutex, but whoever locks it alone does not starve: glibc's lets one reader after
// the other in.
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

  void lock() {
    turn_.lock();
    is_waited_for_.store(true, std::memory_order_release);
    mutex_.lock();
  }
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
    Watch(const ListId& list, size_t max_bytes) : list_(list), max_bytes_(max_bytes) {}

    // In order. REQUIRES: known(), and Alone().
    const std::vector<std::string>& operands() const { return operands_; }
    size_t bytes() const { return bytes_; }
    bool known() const { return known_; }

   private:
    friend class AppendGate;
    void Add(std::string_view operand);
    void Lose();

    const ListId list_;
    const size_t max_bytes_;
    std::mutex order_;  // held while an operand is written, so that the order is RocksDB's
    bool known_ = true;
    size_t bytes_ = 0;
    std::vector<std::string> operands_;
  };

  // Calls `write`, which appends `operand` to `list`, and returns its status.
  template <typename Write>
  rocksdb::Status Append(const ListId& list, std::string_view operand, Write write) {
    const std::shared_lock<FairSharedMutex> lock(mutex_);
    if (watch_ == nullptr || !(watch_->list_ == list)) return write();
    const std::lock_guard<std::mutex> order(watch_->order_);
    rocksdb::Status s = write();
    // A write that failed may have been done all the same.
    s.ok() ? watch_->Add(operand) : watch_->Lose();
    return s;
  }

  // An append was put where its owner writes it, now or later.
  void AppendUnseen() {
    if (unseen_.load(std::memory_order_relaxed)) return;
    const std::shared_lock<FairSharedMutex> lock(mutex_);
    unseen_.store(true, std::memory_order_relaxed);
  }

  bool unseen() const { return unseen_.load(std::memory_order_relaxed); }

  // Begins to watch, and calls `f`, while nobody appends. REQUIRES: ListLock::structure is held, up
  // to End().
  template <typename F>
  void Begin(Watch* watch, F f) {
    const std::lock_guard<FairSharedMutex> alone(mutex_);
    watch_ = watch;
    f();
  }
  // Calls `f(known)` while nobody appends. `known`: all that was appended since Begin() is in the
  // Watch.
  template <typename F>
  rocksdb::Status Alone(F f) {
    const std::lock_guard<FairSharedMutex> alone(mutex_);
    const bool known = watch_->known() && !unseen_.load(std::memory_order_relaxed);
    return f(known);
  }
  void End() {
    const std::lock_guard<FairSharedMutex> alone(mutex_);
    watch_ = nullptr;
  }

 private:
  FairSharedMutex mutex_;
  Watch* watch_ = nullptr;
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
