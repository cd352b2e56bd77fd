#include "tests/rocksdb/crash_history.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "gtest/gtest.h"
#include "rocksdb/utilities/transaction_db.h"

namespace sheaf {
namespace testing {
namespace {

bool IsShared(const std::string& key) { return key[0] == 's'; }
int ThreadOf(const std::string& value) { return value[0] - '0'; }
uint64_t NumberOf(const std::string& value) {
  return std::strtoull(value.c_str() + 2, nullptr, 10);
}

}  // namespace

CrashHistory::Figures& CrashHistory::Figures::operator+=(const Figures& other) {
  acked += other.acked;
  in_flight += other.in_flight;
  in_flight_there += other.in_flight_there;
  prepared += other.prepared;
  flushes += other.flushes;
  compactions += other.compactions;
  seals += other.seals;
  pages += other.pages;
  trims += other.trims;
  found += other.found;
  ends_in_seals += other.ends_in_seals;
  ends_in_trims += other.ends_in_trims;
  return *this;
}

std::string CrashHistory::Figures::ToString() const {
  std::string text = std::to_string(acked) + " appends and edits acknowledged, none lost; " +
                     std::to_string(in_flight) + " in flight, " + std::to_string(in_flight_there) +
                     " of them there; " + std::to_string(prepared) +
                     " transactions prepared and not committed; " + std::to_string(flushes) +
                     " flushes, " + std::to_string(compactions) + " compactions of all keys";
  if (seals == 0) return text;
  return text + "; " + std::to_string(seals) + " seals by hand, " + std::to_string(pages) +
         " pages sealed in all, " + std::to_string(trims) + " trims and deletions, " +
         std::to_string(found) + " positions told; in the middle of a seal " +
         std::to_string(ends_in_seals) + " times, of a trim " + std::to_string(ends_in_trims) +
         " times";
}

std::vector<std::string> CrashHistory::Arguments() const {
  std::vector<std::string> arguments = {path_, std::to_string(variant_)};
  for (const auto& ops : known_) arguments.push_back(std::to_string(ops.size()));
  return arguments;
}

bool CrashHistory::IsSealing() const { return sealing_ != decltype(sealing_)(); }

bool CrashHistory::IsTrimming() const {
  for (const CrashKeptList& list : kept_) {
    if (list.is_trimming()) return true;
  }
  for (int t = 0; t < kCrashThreads; ++t) {
    const auto& ops = known_[static_cast<size_t>(t)];
    if (ops.empty() || ops.back().acked != kNever) continue;
    if (CrashOpOf(variant_, t, ops.size() - 1).CutsLongList()) return true;
  }
  return false;
}

void CrashHistory::Note(const CrashEvent& event) {
  ++now_;
  switch (event.kind) {
    case CrashEvent::kOpened:
      pages_ = 0;
      return;
    case CrashEvent::kSent:
    case CrashEvent::kAcked:
    case CrashEvent::kPrepared:
      return NoteOp(event);
    case CrashEvent::kFlushed:
      ++figures_.flushes;
      return;
    case CrashEvent::kCompacted:
      ++figures_.compactions;
      return;
    default:
      return NoteLongList(event);
  }
}

void CrashHistory::NoteOp(const CrashEvent& event) {
  auto& ops = known_[static_cast<size_t>(event.thread)];
  if (event.kind == CrashEvent::kSent) {
    ASSERT_EQ(event.number, ops.size());
    ops.push_back({now_, kNever});
    return;
  }
  ASSERT_EQ(event.number + 1, ops.size());
  if (event.kind == CrashEvent::kPrepared) {
    ops.back().prepared = true;
    return;
  }
  ops.back().acked = now_;
  ++figures_.acked;
  if (CrashOpOf(variant_, event.thread, event.number).CutsLongList()) ++figures_.trims;
}

void CrashHistory::NoteLongList(const CrashEvent& event) {
  const auto keeper = static_cast<size_t>(event.thread);
  if (event.kind == CrashEvent::kSealing) {
    sealing_[keeper] = true;
    return;
  }
  if (event.kind == CrashEvent::kSealed) {
    sealing_[keeper] = false;
    ++figures_.seals;
    // Keepers may tell in the other order.
    figures_.pages += std::max(event.number, pages_) - pages_;
    pages_ = std::max(event.number, pages_);
    return;
  }
  kept_[event.list].Note(event);
  figures_.trims += event.kind == CrashEvent::kTrimmed ? 1 : 0;
  figures_.found += event.kind == CrashEvent::kFound ? 1 : 0;
}

void CrashHistory::NoteEnd() {
  figures_.ends_in_seals += IsSealing() ? 1 : 0;
  figures_.ends_in_trims += IsTrimming() ? 1 : 0;
}

void CrashHistory::Check(bool read_only) {
  const CrashLists lists = ReadAll(read_only);
  if (::testing::Test::HasFailure()) return;
  SettleInFlight(lists);
  CrashLists expected_own;
  std::map<std::string, OfThreads> expected_shared;
  for (int t = 0; t < kCrashThreads; ++t) {
    for (uint64_t number = 0; number < known_[t].size(); ++number) {
      const CrashOp op = CrashOpOf(variant_, t, number);
      for (const std::string& key : op.keys) {
        if (IsShared(key)) {
          expected_shared[key][static_cast<size_t>(t)].push_back(op.value);
        } else {
          Do(op, key, &expected_own);
        }
      }
    }
  }
  ASSERT_EQ(lists.size(), expected_own.size() + expected_shared.size());
  for (const auto& [key, list] : expected_own) {
    ASSERT_EQ(lists.count(key), 1u) << key;
    ASSERT_EQ(lists.at(key).first, list.first) << key;
    ASSERT_EQ(lists.at(key).values, list.values) << key;
  }
  for (const auto& [key, of_threads] : expected_shared) {
    ASSERT_EQ(lists.count(key), 1u) << key;
    CheckShared(key, lists.at(key), of_threads);
  }
  std::array<uint64_t, kCrashThreads> operations;
  for (size_t t = 0; t < known_.size(); ++t) operations[t] = known_[t].size();
  for (int k = 0; k < kCrashKeepers && of_long_lists_; ++k) {
    const auto list = lists.find(CrashSharedKey(k));
    SCOPED_TRACE(CrashSharedKey(k));
    kept_[static_cast<size_t>(k)].Check(list == lists.end() ? CrashList() : list->second,
                                        operations);
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

CrashLists CrashHistory::ReadAll(bool read_only) {
  // A writer may have been killed before it made anything of a DB; the next one has to.
  if (access((path_ + "/CURRENT").c_str(), F_OK) != 0) return {};
  std::unique_ptr<rocksdb::DB> db;
  const rocksdb::Status status = Open(read_only, &db);
  EXPECT_OK(status);
  if (!status.ok()) return {};
  return ReadCrashLists(db.get(), variant_, read_only && !CrashInTransactions(variant_));
}

// Whether the last operation of thread `t` was done, by the list of its first key.
bool CrashHistory::IsThere(int t, const CrashLists& lists) const {
  const uint64_t last = known_[static_cast<size_t>(t)].size() - 1;
  const CrashOp op = CrashOpOf(variant_, t, last);
  const std::string& key = op.keys[0];
  CrashLists found;
  if (lists.count(key) != 0) found[key] = lists.at(key);
  if (op.kind == CrashOp::Kind::kAppend) {
    const List& values = found[key].values;
    return std::count(values.begin(), values.end(), op.value) != 0;
  }
  // An edit, of a list that is the thread's own. Of one that changes nothing, both answers are
  // right.
  CrashLists expected;
  for (uint64_t number = 0; number < last; ++number) {
    const CrashOp before = CrashOpOf(variant_, t, number);
    if (before.keys[0] == key) Do(before, key, &expected);
  }
  if (!(found == expected)) return true;
  Do(op, key, &expected);
  return found == expected;
}

// The last operation of a thread may be there or not if it was not acknowledged, and is done once
// more, as if it had never been sent, if it is not.
void CrashHistory::SettleInFlight(const CrashLists& lists) {
  sealing_.fill(false);
  std::vector<size_t> not_found;
  for (size_t t = 0; t < known_.size(); ++t) {
    if (known_[t].empty() || known_[t].back().acked != kNever) continue;
    ++figures_.in_flight;
    if (IsThere(static_cast<int>(t), lists)) {
      known_[t].back().acked = ++now_;
      ++figures_.in_flight_there;
    } else {
      not_found.push_back(t);
    }
  }
  // One may also have been done and trimmed. Which one does not matter: only how many were.
  std::map<std::string, uint64_t> done;
  for (int t = 0; t < kCrashThreads; ++t) {
    for (uint64_t number = 0; number < known_[t].size(); ++number) {
      const std::string key = CrashOpOf(variant_, t, number).keys.back();
      if (known_[t][number].acked != kNever) ++done[key];
    }
  }
  for (const size_t t : not_found) {
    const std::string key = CrashOpOf(variant_, static_cast<int>(t), known_[t].size() - 1).keys[0];
    if (IsShared(key) && lists.count(key) != 0 && done[key] < lists.at(key).end()) {
      known_[t].back().acked = ++now_;
      ++done[key];
      ++figures_.in_flight_there;
    } else {
      EXPECT_FALSE(known_[t].back().prepared) << "a prepared transaction is lost, of thread " << t;
      known_[t].pop_back();
    }
  }
}

// Values that were trimmed are the first of each thread's.
void CrashHistory::CheckShared(const std::string& key, const CrashList& list,
                               const OfThreads& of_threads) const {
  OfThreads found;
  uint64_t last_sent = 0;
  for (const std::string& value : list.values) {
    ASSERT_FALSE(value.empty()) << key;
    const auto t = static_cast<size_t>(ThreadOf(value));
    ASSERT_LT(t, found.size()) << key << ": " << value;
    found[t].push_back(value);
    const uint64_t number = NumberOf(value);
    ASSERT_LT(number, known_[t].size()) << key << ": was not sent: " << value;
    ASSERT_GT(known_[t][number].acked, last_sent)
        << key << ": comes after one that was sent when it had been acknowledged: " << value;
    last_sent = std::max(last_sent, known_[t][number].sent);
  }
  uint64_t trimmed = 0;
  for (size_t t = 0; t < found.size(); ++t) {
    const List& sent = of_threads[t];
    ASSERT_LE(found[t].size(), sent.size()) << key << ", thread " << t;
    const size_t missing = sent.size() - found[t].size();
    ASSERT_EQ(found[t], List(sent.begin() + static_cast<ptrdiff_t>(missing), sent.end()))
        << key << ", thread " << t;
    trimmed += missing;
  }
  ASSERT_EQ(trimmed, list.first) << key << ": values that are missing, and positions";
}

}  // namespace testing
}  // namespace sheaf
