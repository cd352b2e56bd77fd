// What crash_writer appends and crash_test expects: operations that follow from a thread and a
// number alone, the options of their DB, and what the writer tells through its pipe.
//
// Lists are those of a Store, or long lists, as the variant says. Those who write long lists have
// keepers beside them: threads that seal all lists at random, trim a shared list each, and tell
// where they find values.

#ifndef SHEAF_TESTS_ROCKSDB_CRASH_WORKLOAD_H_
#define SHEAF_TESTS_ROCKSDB_CRASH_WORKLOAD_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "rocksdb/options.h"
#include "rocksdb/utilities/transaction_db.h"
#include "sheaf/append_operator.h"
#include "sheaf/long_store.h"

namespace sheaf {
namespace testing {

constexpr int kCrashThreads = 4;
constexpr int kCrashKeepers = 2;

// One write of a thread: `value` is appended to the list of each of `keys`, in one batch; or the
// list of the one key is edited.
struct CrashOp {
  enum class Kind {
    kAppend,
    // Of a Store.
    kKeepFirst,
    kKeepLast,
    kRemove,
    kClear,
    // Of a LongStore.
    kTrimBefore,
    kDelete,
  };
  Kind kind = Kind::kAppend;
  std::vector<std::string> keys;
  std::string value;   // of kAppend, kRemove
  uint64_t count = 0;  // of kKeepFirst, kKeepLast; the position of kTrimBefore

  bool CutsLongList() const { return kind == Kind::kTrimBefore || kind == Kind::kDelete; }
};

inline std::string CrashValueOf(int thread, uint64_t number) {
  // Of 0 to 610 bytes more, so that a memtable is full now and then.
  const uint64_t mixed = (number * 4 + static_cast<uint64_t>(thread)) * 0x9E3779B97F4A7C15;
  return std::to_string(thread) + ":" + std::to_string(number) + ":" +
         std::string((mixed >> 32) % 611, static_cast<char>(mixed >> 56));
}

// Appends to lists of some hundred values, as a list that grew for ever would make of this a test
// of long lists: two of three to one of the thread's own, the others to one that all threads
// share, some to both. The last thread edits its own lists now and then.
inline CrashOp CrashOpOfStore(int thread, uint64_t number) {
  const std::string part = std::to_string(number / 256);
  const std::string own = "own/" + std::to_string(thread) + "/" + part;
  const std::string shared = "shared/" + part;
  CrashOp op;
  if (number % 3 != 0) op.keys.push_back(own);
  if (number % 3 == 0 || number % 8 == 0) op.keys.push_back(shared);
  op.value = CrashValueOf(thread, number);
  if (thread != kCrashThreads - 1 || number % 7 != 0 || op.keys != std::vector{own}) return op;
  using Kind = CrashOp::Kind;
  constexpr Kind kKinds[] = {Kind::kRemove, Kind::kKeepLast, Kind::kRemove, Kind::kKeepFirst,
                             Kind::kRemove, Kind::kKeepLast, Kind::kRemove, Kind::kClear};
  op.kind = kKinds[number / 7 % 8];
  op.value = CrashValueOf(thread, number - 5);
  op.count = 10 + number % 11;
  return op;
}

// Keys of long lists: of one thread, and shared.
inline std::string CrashOwnKey(int thread) { return "own/" + std::to_string(thread); }
inline std::string CrashSharedKey(int keeper) { return "shared/" + std::to_string(keeper); }

// Appends to long lists as above, but to the same lists for ever. Each thread trims its own list,
// sometimes past its end, and deletes it after some hundred operations.
inline CrashOp CrashOpOfLongStore(int thread, uint64_t number) {
  const std::string own = CrashOwnKey(thread);
  CrashOp op;
  if (number % 3 != 0) op.keys.push_back(own);
  if (number % 3 == 0 || number % 8 == 0) {
    op.keys.push_back(CrashSharedKey(static_cast<int>(number / 3 % kCrashKeepers)));
  }
  op.value = CrashValueOf(thread, number);
  if (number % 7 != 0 || op.keys != std::vector{own}) return op;
  const uint64_t age = number % 448;
  op.kind = age == 427 ? CrashOp::Kind::kDelete : CrashOp::Kind::kTrimBefore;
  // Since it was deleted, 13 + age * 5 / 8 values were appended, more or less.
  op.count = age % 4 == 0 ? age * 5 / 8 + number % 26 : age / 3;
  return op;
}

// Bits of `variant`: 0 layout fixed64, 1 max_successive_merges, 2 a pipelined write path, 3 log
// files that are used again, 4 a TransactionDB: each operation is a transaction that is prepared
// and then committed; 5 long lists, where only some operations are transactions, and only some of
// these are prepared.
//
// The variant of the DB with this number: every second one with transactions, 32 in all.
inline unsigned CrashVariant(int db) { return static_cast<unsigned>(db) * 17 % 32; }

constexpr unsigned kCrashLongLists = 32;
inline bool CrashHasLongLists(unsigned variant) { return (variant & kCrashLongLists) != 0; }
inline bool CrashInTransactions(unsigned variant) { return (variant & 16) != 0; }
inline Layout CrashLayout(unsigned variant) {
  return (variant & 1) != 0 ? Layout::kFixed64 : Layout::kCompact;
}

inline rocksdb::Options CrashOptions(unsigned variant) {
  rocksdb::Options options;
  options.create_if_missing = true;
  AppendOptions append;
  append.layout = CrashLayout(variant);
  constexpr uint64_t kPageBytes[] = {300, 2000, 900};
  if (CrashHasLongLists(variant)) append.page_bytes = kPageBytes[variant % 32 % 3];
  options.merge_operator = NewAppendOperator(append);
  options.write_buffer_size = size_t{128} << 10;
  options.level0_file_num_compaction_trigger = 2;
  options.max_bytes_for_level_base = uint64_t{512} << 10;
  options.target_file_size_base = uint64_t{128} << 10;
  if ((variant & 2) != 0) options.max_successive_merges = 4;
  // Where transactions are prepared, RocksDB 7.8.3 fails an assertion in a pipelined Commit().
  options.enable_pipelined_write = (variant & 4) != 0 && !CrashInTransactions(variant);
  if ((variant & 8) != 0) options.recycle_log_file_num = 2;
  return options;
}

inline LongStoreOptions CrashLongStoreOptions(unsigned variant) {
  LongStoreOptions options;
  options.layout = CrashLayout(variant);
  options.seal_in_background = variant % 32 % 5 != 4;
  return options;
}

inline CrashOp CrashOpOf(unsigned variant, int thread, uint64_t number) {
  return CrashHasLongLists(variant) ? CrashOpOfLongStore(thread, number)
                                    : CrashOpOfStore(thread, number);
}

inline rocksdb::TransactionDBOptions CrashTransactionOptions() {
  rocksdb::TransactionDBOptions options;
  options.transaction_lock_timeout = -1;  // on a busy machine another thread may take long
  options.default_lock_timeout = -1;
  return options;
}

// Of the transaction of an operation.
inline std::string CrashTransactionName(int thread, uint64_t number) {
  return std::to_string(thread) + "/" + std::to_string(number);
}

struct CrashEvent {
  enum Kind : uint32_t {
    kOpened,     // the DB is open
    kSent,       // `thread` is about to do operation `number`
    kAcked,      // and RocksDB has returned OK from it
    kPrepared,   // RocksDB has returned OK from Prepare() of its transaction
    kFlushed,    // a flush has ended
    kCompacted,  // a compaction of all keys has ended
    kSealing,    // keeper `thread` is about to seal a list
    kSealed,     // and it is sealed; the LongStore has sealed `number` pages so far
    kTrimming,   // keeper `list` is about to trim its list before `position`
    kTrimmed,    // and LongStore has returned OK from it
    kFound,      // the value of operation `number` of `thread` is at `position` of keeper `list`'s
  };
  Kind kind;
  int32_t thread;
  uint64_t number;
  uint64_t list;
  uint64_t position;
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_CRASH_WORKLOAD_H_
