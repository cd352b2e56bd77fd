// The process that crash_test kills: opens the DB in argv[1] and appends from kCrashThreads threads
// with WriteOptions::sync until it is killed. argv[2] is the variant of the options, argv[3] and on
// each thread's first operation. Events go to stdout. Where lists are long, keepers seal and trim
// them meanwhile.

#include <sys/prctl.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "rocksdb/db.h"
#include "rocksdb/utilities/transaction_db.h"
#include "rocksdb/write_batch.h"
#include "sheaf/long_store.h"
#include "sheaf/store.h"
#include "tests/rocksdb/crash_workload.h"

namespace sheaf {
namespace testing {
namespace {

void Require(const rocksdb::Status& status, const char* what) {
  if (status.ok()) return;
  std::fprintf(stderr, "crash_writer: %s: %s\n", what, status.ToString().c_str());
  std::_Exit(1);
}

// One write of fewer than PIPE_BUF bytes: events do not mix.
void Tell(CrashEvent::Kind kind, int thread = 0, uint64_t number = 0, int list = 0,
          uint64_t position = 0) {
  const CrashEvent event = {kind, thread, number, static_cast<uint64_t>(list), position};
  if (write(STDOUT_FILENO, &event, sizeof event) != static_cast<ssize_t>(sizeof event)) {
    std::_Exit(1);
  }
}

rocksdb::WriteOptions Sync() {
  rocksdb::WriteOptions sync;
  sync.sync = true;
  return sync;
}

// What the operations are done with. One of them is null.
struct Stores {
  std::unique_ptr<Store> store;
  std::unique_ptr<LongStore> long_store;
};

// The operation on its key `key`. `target`: WriteOptions, a batch or a transaction.
template <typename Target>
rocksdb::Status Do(const CrashOp& op, const std::string& key, Stores* stores, Target&& target) {
  const std::string_view value = op.value;
  if (stores->long_store != nullptr) return stores->long_store->Append(target, key, {value});
  Store* const store = stores->store.get();
  switch (op.kind) {
    case CrashOp::Kind::kKeepFirst:
      return store->Trim(target, key, op.count, Keep::kFirst);
    case CrashOp::Kind::kKeepLast:
      return store->Trim(target, key, op.count);
    case CrashOp::Kind::kRemove:
      return store->Remove(target, key, value);
    case CrashOp::Kind::kClear:
      return store->Clear(target, key);
    default:
      return store->Append(target, key, {value});
  }
}

rocksdb::Status Do(const CrashOp& op, rocksdb::DB* db, Stores* stores) {
  if (op.kind == CrashOp::Kind::kDelete) return stores->long_store->Delete(Sync(), op.keys[0]);
  if (op.kind == CrashOp::Kind::kTrimBefore) {
    return stores->long_store->TrimBefore(Sync(), op.keys[0], op.count);
  }
  if (op.keys.size() == 1) return Do(op, op.keys[0], stores, Sync());
  rocksdb::WriteBatch batch;
  for (const std::string& key : op.keys) Require(Do(op, key, stores, &batch), "append");
  return db->Write(Sync(), &batch);
}

rocksdb::Status DoInTransaction(const CrashOp& op, rocksdb::TransactionDB* db, Stores* stores,
                                int thread, uint64_t number, bool prepare) {
  const std::unique_ptr<rocksdb::Transaction> transaction(db->BeginTransaction(Sync()));
  Require(transaction->SetName(CrashTransactionName(thread, number)), "name");
  for (const std::string& key : op.keys) {
    Require(Do(op, key, stores, transaction.get()), "write into a transaction");
  }
  if (prepare) {
    Require(transaction->Prepare(), "prepare");
    Tell(CrashEvent::kPrepared, thread, number);
  }
  return transaction->Commit();
}

// `transactions` is `db`, or null.
void Write(unsigned variant, rocksdb::DB* db, rocksdb::TransactionDB* transactions, Stores* stores,
           int thread, uint64_t number) {
  const bool mixed = CrashHasLongLists(variant);
  for (;; ++number) {
    const CrashOp op = CrashOpOf(variant, thread, number);
    Tell(CrashEvent::kSent, thread, number);
    const bool directly =
        transactions == nullptr || op.CutsLongList() || (mixed && number % 4 == 0);
    Require(directly ? Do(op, db, stores)
                     : DoInTransaction(op, transactions, stores, thread, number,
                                       /*prepare=*/!mixed || number % 4 != 1),
            "write");
    Tell(CrashEvent::kAcked, thread, number);
  }
}

void TellOf(const std::vector<PinnedSlice>& values, int keeper, uint64_t position) {
  for (const PinnedSlice& slice : values) {
    const std::string value(slice.view());
    Tell(CrashEvent::kFound, value[0] - '0', std::strtoull(value.c_str() + 2, nullptr, 10), keeper,
         position++);
  }
}

// Nobody else trims the list with its number, so what it finds there stays there.
void Keep(LongStore* store, int keeper) {
  const std::string shared = CrashSharedKey(keeper);
  std::mt19937 random(std::random_device{}());
  for (;;) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 2000));
    const unsigned what = random() % 8;
    if (what < 5) {
      const std::string key = what < 2 ? CrashSharedKey(static_cast<int>(random() % kCrashKeepers))
                                       : CrashOwnKey(static_cast<int>(random() % kCrashThreads));
      Tell(CrashEvent::kSealing, keeper);
      Require(store->Seal(key), "seal");
      Tell(CrashEvent::kSealed, keeper, store->stats().pages_sealed);
      continue;
    }
    uint64_t first = 0;
    uint64_t end = 0;
    const rocksdb::Status s = store->Bounds(rocksdb::ReadOptions(), shared, &first, &end);
    if (s.IsNotFound()) continue;
    Require(s, "bounds");
    const uint64_t position = first + random() % (end - first + 1);
    if (what == 5) {
      Tell(CrashEvent::kTrimming, 0, 0, keeper, position);
      Require(store->TrimBefore(Sync(), shared, position), "trim");
      Tell(CrashEvent::kTrimmed, 0, 0, keeper, position);
    } else {
      std::vector<PinnedSlice> values;
      Require(store->GetRange(rocksdb::ReadOptions(), shared, position, 4, &values), "range");
      TellOf(values, keeper, position);
    }
  }
}

// Makes kills hit flushes and compactions too.
void FlushAndCompact(rocksdb::DB* db) {
  std::mt19937 random(std::random_device{}());
  for (;;) {
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 30000));
    if (random() % 3 != 0) {
      Require(db->Flush(rocksdb::FlushOptions()), "flush");
      Tell(CrashEvent::kFlushed);
    } else {
      rocksdb::CompactRangeOptions options;
      options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
      Require(db->CompactRange(options, nullptr, nullptr), "compact");
      Tell(CrashEvent::kCompacted);
    }
  }
}

int Main(int argc, char** argv) {
  // The test may be killed as well, by a timeout.
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (argc != 3 + kCrashThreads) return 2;
  const auto variant = static_cast<unsigned>(std::strtoul(argv[2], nullptr, 10));
  rocksdb::DB* db = nullptr;
  rocksdb::TransactionDB* transactions = nullptr;
  if (CrashInTransactions(variant)) {
    Require(rocksdb::TransactionDB::Open(CrashOptions(variant), CrashTransactionOptions(), argv[1],
                                         &transactions),
            "open");
    db = transactions;
  } else {
    Require(rocksdb::DB::Open(CrashOptions(variant), argv[1], &db), "open");
  }
  Stores stores;
  if (CrashHasLongLists(variant)) {
    Require(LongStore::Open(db, nullptr, CrashLongStoreOptions(variant), &stores.long_store),
            "open");
  } else {
    StoreOptions options;
    options.layout = CrashLayout(variant);
    Require(Store::Open(db, nullptr, options, &stores.store), "open");
  }
  Tell(CrashEvent::kOpened);
  for (int t = 0; t < kCrashThreads; ++t) {
    const uint64_t first = std::strtoull(argv[3 + t], nullptr, 10);
    std::thread(Write, variant, db, transactions, &stores, t, first).detach();
  }
  for (int k = 0; k < kCrashKeepers && stores.long_store != nullptr; ++k) {
    std::thread(Keep, stores.long_store.get(), k).detach();
  }
  FlushAndCompact(db);
  return 0;
}

}  // namespace
}  // namespace testing
}  // namespace sheaf

int main(int argc, char** argv) { return sheaf::testing::Main(argc, argv); }
