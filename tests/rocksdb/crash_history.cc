#include "tests/rocksdb/crash_history.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "gtest/gtest.h"
#include "rocksdb/utilities/transaction_db.h"
#include "sheaf/store.h"

namespace sheaf {
namespace testing {
namespace {

bool IsShared(const std::string& key) { return key[0] == 's'; }
int ThreadOf(const std::string& value) { return value[0] - '0'; }

void Do(const CrashOp& op, List* list) {
  const auto count = static_cast<ptrdiff_t>(std::min<uint64_t>(op.count, list->size()));
  switch (op.kind) {
    case CrashOp::Kind::kAppend:
      list->push_back(op.value);
      break;
    case CrashOp::Kind::kKeepFirst:
      list->erase(list->begin() + count, list->end());
      break;
    case CrashOp::Kind::kKeepLast:
      list->erase(list->begin(), list->end() - count);
      break;
    case CrashOp::Kind::kRemove:
      list->erase(std::remove(list->begin(), list->end(), op.value), list->end());
      break;
    case CrashOp::Kind::kClear:
      list->clear();
      break;
  }
}

}  // namespace

CrashHistory::Figures& CrashHistory::Figures::operator+=(const Figures& other) {
  acked += other.acked;
  in_flight += other.in_flight;
  in_flight_there += other.in_flight_there;
  prepared += other.prepared;
  flushes += other.flushes;
  compactions += other.compactions;
  return *this;
}

std::string CrashHistory::Figures::ToString() const {
  return std::to_string(acked) + " appends and edits acknowledged, none lost; " +
         std::to_string(in_flight) + " in flight, " + std::to_string(in_flight_there) +
         " of them there; " + std::to_string(prepared) +
         " transactions prepared and not committed; " + std::to_string(flushes) + " flushes, " +
         std::to_string(compactions) + " compactions of all keys";
}

std::vector<std::string> CrashHistory::Arguments() const {
  std::vector<std::string> arguments = {path_, std::to_string(variant_)};
  for (const auto& ops : known_) arguments.push_back(std::to_string(ops.size()));
  return arguments;
}

void CrashHistory::Note(const CrashEvent& event) {
  ++now_;
  auto& ops = known_[static_cast<size_t>(event.thread)];
  if (event.kind == CrashEvent::kSent) {
    ASSERT_EQ(event.number, ops.size());
    ops.push_back({now_, kNever});
  } else if (event.kind == CrashEvent::kAcked) {
    ASSERT_EQ(event.number + 1, ops.size());
    ops.back().acked = now_;
    ++figures_.acked;
  } else if (event.kind == CrashEvent::kPrepared) {
    ASSERT_EQ(event.number + 1, ops.size());
    ops.back().prepared = true;
  } else if (event.kind == CrashEvent::kFlushed) {
    ++figures_.flushes;
  } else if (event.kind == CrashEvent::kCompacted) {
    ++figures_.compactions;
  }
}

void CrashHistory::Check(bool read_only) {
  const Lists lists = ReadAll(read_only);
  if (::testing::Test::HasFailure()) return;
  for (int t = 0; t < kCrashThreads; ++t) SettleInFlight(t, lists);
  std::map<std::string, List> expected_own;
  std::map<std::string, std::array<List, kCrashThreads>> expected_shared;
  for (int t = 0; t < kCrashThreads; ++t) {
    for (uint64_t number = 0; number < known_[t].size(); ++number) {
      const CrashOp op = CrashOpOf(t, number);
      for (const std::string& key : op.keys) {
        Do(op, IsShared(key) ? &expected_shared[key][static_cast<size_t>(t)] : &expected_own[key]);
      }
    }
  }
  ASSERT_EQ(lists.size(), expected_own.size() + expected_shared.size());
  for (const auto& [key, list] : expected_own) {
    ASSERT_EQ(lists.count(key), 1u) << key;
    ASSERT_EQ(lists.at(key), list) << key;
  }
  for (const auto& [key, of_threads] : expected_shared) {
    ASSERT_EQ(lists.count(key), 1u) << key;
    CheckShared(key, lists.at(key), of_threads);
  }
}

rocksdb::Status CrashHistory::Open(bool read_only, std::unique_ptr<rocksdb::DB>* db) {
  const rocksdb::Options options = CrashOptions(variant_);
  rocksdb::DB* opened = nullptr;
  rocksdb::Status status;
  if (CrashInTransactions(variant_)) {
    rocksdb::TransactionDB* transactions = nullptr;
    status = rocksdb::TransactionDB::Open(options, CrashTransactionOptions(), path_, &transactions);
    if (status.ok()) CommitPrepared(transactions);
    opened = transactions;
  } else {
    status = read_only ? rocksdb::DB::OpenForReadOnly(options, path_, &opened)
                       : rocksdb::DB::Open(options, path_, &opened);
  }
  db->reset(opened);
  return status;
}

// Those of operations that were not acknowledged, the last of their thread. Others are as good as
// committed.
void CrashHistory::CommitPrepared(rocksdb::TransactionDB* db) {
  std::vector<rocksdb::Transaction*> prepared;
  db->GetAllPreparedTransactions(&prepared);
  for (rocksdb::Transaction* const each : prepared) {
    const std::unique_ptr<rocksdb::Transaction> transaction(each);
    const auto t = static_cast<size_t>(ThreadOf(transaction->GetName()));
    ASSERT_LT(t, known_.size()) << transaction->GetName();
    ASSERT_FALSE(known_[t].empty()) << transaction->GetName();
    EXPECT_EQ(transaction->GetName(),
              CrashTransactionName(static_cast<int>(t), known_[t].size() - 1));
    EXPECT_EQ(known_[t].back().acked, kNever) << transaction->GetName() << " was committed";
    ++figures_.prepared;
    EXPECT_OK(transaction->Commit());
  }
}

CrashHistory::Lists CrashHistory::ReadAll(bool read_only) {
  Lists lists;
  // A writer may have been killed before it made anything of a DB; the next one has to.
  if (access((path_ + "/CURRENT").c_str(), F_OK) != 0) return lists;
  std::unique_ptr<rocksdb::DB> db;
  const rocksdb::Status status = Open(read_only, &db);
  EXPECT_OK(status);
  if (!status.ok()) return lists;
  std::unique_ptr<Store> store;
  StoreOptions store_options;
  store_options.layout = CrashLayout(variant_);
  EXPECT_OK(Store::Open(db.get(), nullptr, store_options, &store));
  const auto cursor = store->Scan(rocksdb::ReadOptions(), KeyRange::All());
  for (; cursor->Valid(); cursor->Next()) {
    lists[cursor->key().ToString()] = ToList(cursor->values());
  }
  EXPECT_OK(cursor->status());
  return lists;
}

// Whether the last operation of thread `t` was done, by the list of its first key.
bool CrashHistory::IsThere(int t, const Lists& lists) const {
  const uint64_t last = known_[static_cast<size_t>(t)].size() - 1;
  const CrashOp op = CrashOpOf(t, last);
  const auto found = lists.find(op.keys[0]);
  if (found == lists.end()) return false;
  if (op.kind == CrashOp::Kind::kAppend) {
    return std::count(found->second.begin(), found->second.end(), op.value) != 0;
  }
  // An edit, of a list that is the thread's own. Of one that changes nothing, both answers are
  // right.
  bool existed = false;
  List expected;
  for (uint64_t number = 0; number < last; ++number) {
    const CrashOp before = CrashOpOf(t, number);
    if (before.keys[0] != op.keys[0]) continue;
    existed = true;
    Do(before, &expected);
  }
  if (!existed || found->second != expected) return true;
  Do(op, &expected);
  return found->second == expected;
}

// The last operation of a thread may be there or not if it was not acknowledged, and is done once
// more, as if it had never been sent, if it is not.
void CrashHistory::SettleInFlight(int t, const Lists& lists) {
  auto& ops = known_[static_cast<size_t>(t)];
  if (ops.empty() || ops.back().acked != kNever) return;
  ++figures_.in_flight;
  if (IsThere(t, lists)) {
    ops.back().acked = ++now_;
    ++figures_.in_flight_there;
  } else {
    EXPECT_FALSE(ops.back().prepared) << "a prepared transaction is lost, of thread " << t;
    ops.pop_back();
  }
}

void CrashHistory::CheckShared(const std::string& key, const List& list,
                               const std::array<List, kCrashThreads>& of_threads) const {
  std::array<List, kCrashThreads> found;
  uint64_t last_sent = 0;
  for (const std::string& value : list) {
    ASSERT_FALSE(value.empty()) << key;
    const auto t = static_cast<size_t>(ThreadOf(value));
    ASSERT_LT(t, found.size()) << key << ": " << value;
    found[t].push_back(value);
    const uint64_t number = std::strtoull(value.c_str() + 2, nullptr, 10);
    ASSERT_LT(number, known_[t].size()) << key << ": was not sent: " << value;
    ASSERT_GT(known_[t][number].acked, last_sent)
        << key << ": comes after one that was sent when it had been acknowledged: " << value;
    last_sent = std::max(last_sent, known_[t][number].sent);
  }
  for (size_t t = 0; t < found.size(); ++t) {
    ASSERT_EQ(found[t], of_threads[t]) << key << ", thread " << t;
  }
}

}  // namespace testing
}  // namespace sheaf
