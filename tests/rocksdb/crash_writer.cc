// The process that crash_test kills: opens the DB in argv[1] and appends from kCrashThreads threads
// with WriteOptions::sync until it is killed. argv[2] is the variant of the options, argv[3] and on
// each thread's first operation. Events go to stdout.

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string_view>
#include <thread>

#include "rocksdb/db.h"
#include "rocksdb/utilities/transaction_db.h"
#include "rocksdb/write_batch.h"
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
void Tell(CrashEvent::Kind kind, int thread = 0, uint64_t number = 0) {
  const CrashEvent event = {kind, thread, number};
  if (write(STDOUT_FILENO, &event, sizeof event) != static_cast<ssize_t>(sizeof event)) {
    std::_Exit(1);
  }
}

rocksdb::WriteOptions Sync() {
  rocksdb::WriteOptions sync;
  sync.sync = true;
  return sync;
}

// The operation on its key `key`. `target`: WriteOptions, a batch or a transaction.
template <typename Target>
rocksdb::Status Do(const CrashOp& op, const std::string& key, Store* store, Target&& target) {
  const std::string_view value = op.value;
  switch (op.kind) {
    case CrashOp::Kind::kKeepFirst:
      return store->Trim(target, key, op.count, Keep::kFirst);
    case CrashOp::Kind::kKeepLast:
      return store->Trim(target, key, op.count);
    case CrashOp::Kind::kRemove:
      return store->Remove(target, key, value);
    case CrashOp::Kind::kClear:
      return store->Clear(target, key);
    case CrashOp::Kind::kAppend:
      break;
  }
  return store->Append(target, key, {value});
}

rocksdb::Status Do(const CrashOp& op, rocksdb::DB* db, Store* store) {
  if (op.keys.size() == 1) return Do(op, op.keys[0], store, Sync());
  rocksdb::WriteBatch batch;
  for (const std::string& key : op.keys) Require(Do(op, key, store, &batch), "append");
  return db->Write(Sync(), &batch);
}

rocksdb::Status DoPrepared(const CrashOp& op, rocksdb::TransactionDB* db, Store* store, int thread,
                           uint64_t number) {
  const std::unique_ptr<rocksdb::Transaction> transaction(db->BeginTransaction(Sync()));
  Require(transaction->SetName(CrashTransactionName(thread, number)), "name");
  for (const std::string& key : op.keys) {
    Require(Do(op, key, store, transaction.get()), "write into a transaction");
  }
  Require(transaction->Prepare(), "prepare");
  Tell(CrashEvent::kPrepared, thread, number);
  return transaction->Commit();
}

// `transactions` is `db`, or null.
void Write(rocksdb::DB* db, rocksdb::TransactionDB* transactions, Store* store, int thread,
           uint64_t number) {
  for (;; ++number) {
    const CrashOp op = CrashOpOf(thread, number);
    Tell(CrashEvent::kSent, thread, number);
    Require(transactions == nullptr ? Do(op, db, store)
                                    : DoPrepared(op, transactions, store, thread, number),
            "write");
    Tell(CrashEvent::kAcked, thread, number);
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
  std::unique_ptr<Store> store;
  StoreOptions options;
  options.layout = CrashLayout(variant);
  Require(Store::Open(db, nullptr, options, &store), "open");
  Tell(CrashEvent::kOpened);
  for (int t = 0; t < kCrashThreads; ++t) {
    const uint64_t first = std::strtoull(argv[3 + t], nullptr, 10);
    std::thread(Write, db, transactions, store.get(), t, first).detach();
  }
  FlushAndCompact(db);
  return 0;
}

}  // namespace
}  // namespace testing
}  // namespace sheaf

int main(int argc, char** argv) { return sheaf::testing::Main(argc, argv); }
