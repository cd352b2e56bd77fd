// LongCore: what LongStore and its cursors share, and what seals.

#ifndef SHEAF_PLUGIN_ROCKSDB_LONG_CORE_H_
#define SHEAF_PLUGIN_ROCKSDB_LONG_CORE_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "plugin/codec/stored_key.h"
#include "plugin/codec/value_range.h"
#include "plugin/rocksdb/list_lock.h"
#include "plugin/rocksdb/open_pages.h"
#include "plugin/rocksdb/page_index.h"
#include "plugin/rocksdb/store_core.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "rocksdb/slice.h"
#include "rocksdb/status.h"
#include "sheaf/long_store.h"

namespace sheaf {
namespace internal {

// Replaces `*page` with a page of `values`. Errors: ResourceExhausted past what `layout` or RocksDB
// holds.
absl::Status EncodePage(const ValueRange& values, Layout layout, std::string* page);

// A list of a LongStore, as its calls need it.
struct LongList {
  LongList(const StoreCore& core, const rocksdb::Slice& user_key);

  ListId id;
  uint64_t hash;
  ListLock& lock;
  StoredKey stored;

  std::string_view key() const { return id.key; }
};

class LongCore {
 public:
  LongCore(std::unique_ptr<StoreCore> store_core, const LongStoreOptions& options,
           const rocksdb::Options& cf_options);
  ~LongCore();
  LongCore(const LongCore&) = delete;
  LongCore& operator=(const LongCore&) = delete;

  const std::unique_ptr<StoreCore> core;
  const std::shared_ptr<rocksdb::Logger> info_log;
  // Beneath a TransactionDB: what seals need not wait for locks, as it changes no list.
  rocksdb::DB* const root;
  const uint64_t page_bytes;
  const bool seals;  // in the background
  // Whether appends are seen by AppendGate: they are not in a TransactionDB (see list_lock.h).
  const bool watches;
  PageIndex index;
  OpenPages open_pages;

  rocksdb::Status Append(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                         const ValueList& values);
  template <typename Target>
  rocksdb::Status AppendTo(Target* target, const rocksdb::Slice& key, const ValueList& values);
  rocksdb::Status TrimBefore(const rocksdb::WriteOptions& options, const rocksdb::Slice& key,
                             uint64_t position);
  rocksdb::Status Delete(const rocksdb::WriteOptions& options, const rocksdb::Slice& key);

  // What a seal is to do. kMerge: seals nothing, but merges what is pending for the open page.
  enum class SealMode { kAlways, kIfLarge, kMerge };
  rocksdb::Status CountedSeal(const rocksdb::Slice& key, SealMode mode);

  // What reads tell: a read of the open page merged so many operands, or found it so large.
  void NoteOpenPage(const LongList& list, uint64_t operands, uint64_t bytes);

  // Ends the thread.
  void Stop();

  void AddTo(LongStoreStats* stats) const;

  // The status for a page that does not decode, or a list whose pages do not fit together.
  rocksdb::Status Corrupt(const LongList& list, uint64_t position, const std::string& why) const;

 private:
  struct SealWork;

  rocksdb::Status Seal(const rocksdb::Slice& key, SealMode mode);
  bool SeesAppends(const LongList& list) const { return watches && !list.lock.appends.unseen(); }

  rocksdb::Status MayWrite(const char* call) const;
  // A read that merges so many pending appends has them merged for the next ones.
  static constexpr uint64_t kManyOperands = 64;

  // One write for the pages of `work` that fit one batch, from page `*next` on. The last one also
  // begins the open page anew.
  rocksdb::Status WritePages(SealWork* work, size_t* next);
  rocksdb::Status WriteBase(SealWork* work);
  void Run();

  std::atomic<bool> without_wal_{false};  // appends are written so
  // By hash: a read has met many pending operands, which are to be merged.
  std::array<std::atomic<bool>, 1024> read_many_ = {};
  std::atomic<uint64_t> pages_sealed_{0};
  std::atomic<uint64_t> bytes_sealed_{0};
  std::atomic<uint64_t> seals_failed_{0};
  std::atomic<uint64_t> appends_delayed_{0};
  std::atomic<uint64_t> open_pages_merged_{0};
  std::mutex stopping_;
  std::thread sealer_;  // guarded by stopping_
};

// One read of one list. Until Pin(), each call reads what is there at its own moment; from then on,
// all are of one.
class LongRead {
 public:
  // Borrows all three. The options are those of a call.
  LongRead(LongCore& core, LongList* list, const rocksdb::ReadOptions& options);
  ~LongRead();
  LongRead(const LongRead&) = delete;
  LongRead& operator=(const LongRead&) = delete;

  // Why these options cannot be read with, or OK.
  static rocksdb::Status Check(const LongCore& core, const rocksdb::ReadOptions& options);

  // What is met of the open page is not noted: a sealer reads.
  void ForSealer() { notes_ = false; }

  // The caller's snapshot is used, if there is one.
  void Pin();
  bool has_snapshot() const { return options_.snapshot != nullptr; }

  // The page at `position`, exactly. NotFound if there is none.
  rocksdb::Status Page(uint64_t position, PinnedBlob* page);
  // The open page, or the part of it that `context` wants. NotFound if there is none.
  rocksdb::Status OpenPage(ReadContext* context, PinnedBlob* page);

  // The last sealed page that begins at `position` or before, or the first that begins at
  // `position` or behind. NotFound if there is none. `*count`, if not null, is the number of its
  // values.
  rocksdb::Status LastUpTo(uint64_t position, uint64_t* begin, uint64_t* count);
  rocksdb::Status FirstFrom(uint64_t position, uint64_t* begin);

  // What sealed pages hold: [0, 0) if there is none, and then `*any` is false. REQUIRES: Pin().
  // If the last page does not decode, where they end is not known: that is Corruption; or, with
  // `last_page`, it is told there, and `*sealed` ends where that page begins.
  rocksdb::Status Sealed(PageIndex::Range* sealed, bool* any, rocksdb::Status* last_page = nullptr);

 private:
  rocksdb::Status Seek(uint64_t lower, uint64_t upper, bool last, uint64_t* begin, uint64_t* count);

  LongCore& core_;
  LongList* const list_;
  rocksdb::ReadOptions options_;
  const rocksdb::Snapshot* own_ = nullptr;
  bool notes_ = true;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_LONG_CORE_H_
