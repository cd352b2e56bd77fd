// What was acknowledged is there after the process was killed: crash_writer appends, and edits,
// with WriteOptions::sync from several threads, gets SIGKILL at a random moment, and the DB is
// opened again and compared with what it had told; several times over on each DB.
//
// SIGKILL takes the process and leaves the machine: this finds what RocksDB or Sheaf had in the
// process's memory only, not what a disk lost that had said it was written.
//
// SHEAF_TEST_SCALE=20 is 200 kills instead of 10.

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "sheaf/store.h"
#include "tests/codec/lists.h"
#include "tests/rocksdb/crash_workload.h"
#include "tests/rocksdb/crash_writer_process.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using std::chrono::microseconds;

constexpr int kKillsADb = 5;

// Moments in the order of the pipe, counted over all writers of a DB. Where one operation was
// acknowledged before another was sent, its value comes before the other's.
constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
struct Known {
  uint64_t sent = 0;
  uint64_t acked = kNever;
};

struct Figures {
  uint64_t kills = 0;
  uint64_t before_open = 0;
  uint64_t acked = 0;
  uint64_t in_flight = 0;        // sent, not acknowledged
  uint64_t in_flight_there = 0;  // of these, found
  uint64_t flushes = 0;
  uint64_t compactions = 0;
};

// One DB, and all that is known of what was sent to it.
class Life {
 public:
  Life(unsigned variant, std::mt19937_64& random, Figures& figures)
      : variant_(variant), random_(random), figures_(figures) {}

  // Runs a writer, and kills it: one time in five while it starts and opens the DB, or afterwards.
  void Kill() {
    std::vector<std::string> arguments = {dir_.path() + "/db", std::to_string(variant_)};
    for (const auto& ops : known_) arguments.push_back(std::to_string(ops.size()));
    CrashWriter writer(arguments);
    const bool early = random_() % 5 == 0;
    bool opened = false;
    CrashEvent event;
    auto kill_at = early ? CrashWriter::Clock::now() + microseconds(random_() % 40000)
                         : CrashWriter::Clock::time_point::max();  // until it has opened the DB
    while (CrashWriter::Clock::now() < kill_at && writer.Next(kill_at, &event)) {
      Note(event);
      if (event.kind != CrashEvent::kOpened) continue;
      opened = true;
      if (!early) kill_at = CrashWriter::Clock::now() + microseconds(random_() % 500000);
    }
    EXPECT_TRUE(writer.Kill()) << "the writer ended by itself";
    while (writer.Next(&event)) {  // what it had told
      Note(event);
      opened = opened || event.kind == CrashEvent::kOpened;
    }
    EXPECT_TRUE(early || opened) << "the writer did not open the DB";
    ++figures_.kills;
    figures_.before_open += opened ? 0 : 1;
  }

  // Compares the DB with what is known. Read-only: the log stays as the kill left it, for the next
  // writer, which may be killed while it recovers it.
  void Check(bool read_only) {
    const std::map<std::string, List> lists = ReadAll(read_only);
    if (::testing::Test::HasFailure()) return;
    for (int t = 0; t < kCrashThreads; ++t) SettleInFlight(t, lists);
    std::map<std::string, List> expected_own;
    std::map<std::string, std::array<List, kCrashThreads>> expected_shared;
    for (int t = 0; t < kCrashThreads; ++t) {
      for (uint64_t number = 0; number < known_[t].size(); ++number) {
        const CrashOp op = CrashOpOf(t, number);
        for (const std::string& key : op.keys) {
          Do(op,
             IsShared(key) ? &expected_shared[key][static_cast<size_t>(t)] : &expected_own[key]);
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

 private:
  static bool IsShared(const std::string& key) { return key[0] == 's'; }
  static int ThreadOf(const std::string& value) { return value[0] - '0'; }

  static void Do(const CrashOp& op, List* list) {
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

  // Whether the last operation of thread `t` was done, by the list of its first key.
  bool IsThere(int t, const std::map<std::string, List>& lists) const {
    const uint64_t last = known_[static_cast<size_t>(t)].size() - 1;
    const CrashOp op = CrashOpOf(t, last);
    const auto found = lists.find(op.keys[0]);
    if (found == lists.end()) return false;
    if (op.kind == CrashOp::Kind::kAppend) {
      return std::count(found->second.begin(), found->second.end(), op.value) != 0;
    }
    // An edit, of a list that is the thread's own. One that changes nothing may be done twice.
    bool existed = false;
    List expected;
    for (uint64_t number = 0; number < last; ++number) {
      const CrashOp before = CrashOpOf(t, number);
      if (before.keys[0] != op.keys[0]) continue;
      existed = true;
      Do(before, &expected);
    }
    return !existed || found->second != expected;
  }

  void Note(const CrashEvent& event) {
    ++now_;
    auto& ops = known_[static_cast<size_t>(event.thread)];
    if (event.kind == CrashEvent::kSent) {
      ASSERT_EQ(event.number, ops.size());
      ops.push_back({now_, kNever});
    } else if (event.kind == CrashEvent::kAcked) {
      ASSERT_EQ(event.number + 1, ops.size());
      ops.back().acked = now_;
      ++figures_.acked;
    } else if (event.kind == CrashEvent::kFlushed) {
      ++figures_.flushes;
    } else if (event.kind == CrashEvent::kCompacted) {
      ++figures_.compactions;
    }
  }

  std::map<std::string, List> ReadAll(bool read_only) {
    const std::string path = dir_.path() + "/db";
    rocksdb::Options options = CrashOptions(variant_);
    std::map<std::string, List> lists;
    // A writer may have been killed before it made anything of a DB; the next one has to.
    if (access((path + "/CURRENT").c_str(), F_OK) != 0) return lists;
    rocksdb::DB* opened = nullptr;
    const rocksdb::Status status = read_only ? rocksdb::DB::OpenForReadOnly(options, path, &opened)
                                             : rocksdb::DB::Open(options, path, &opened);
    EXPECT_TRUE(status.ok()) << status.ToString();
    if (!status.ok()) return lists;
    const std::unique_ptr<rocksdb::DB> db(opened);
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

  // The last operation of a thread may be there or not if it was not acknowledged, and is done once
  // more, as if it had never been sent, if it is not.
  void SettleInFlight(int t, const std::map<std::string, List>& lists) {
    auto& ops = known_[static_cast<size_t>(t)];
    if (ops.empty() || ops.back().acked != kNever) return;
    ++figures_.in_flight;
    if (IsThere(t, lists)) {
      ops.back().acked = ++now_;
      ++figures_.in_flight_there;
    } else {
      ops.pop_back();
    }
  }

  void CheckShared(const std::string& key, const List& list,
                   const std::array<List, kCrashThreads>& of_threads) {
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

  const unsigned variant_;
  std::mt19937_64& random_;
  Figures& figures_;
  TempDir dir_;
  uint64_t now_ = 0;
  std::array<std::vector<Known>, kCrashThreads> known_;
};

TEST(CrashTest, EverythingAcknowledgedIsThereInOrderExactlyOnce) {
  std::mt19937_64 random(std::random_device{}());
  const int kills = std::max(1, static_cast<int>(10 * test::Scale()));
  Figures figures;
  for (int kill = 0; kill < kills;) {
    const auto variant = static_cast<unsigned>(kill / kKillsADb) % 16;
    Life life(variant, random, figures);
    for (int i = 0; i < kKillsADb && kill < kills; ++i, ++kill) {
      SCOPED_TRACE("kill " + std::to_string(kill) + ", variant " + std::to_string(variant));
      life.Kill();
      if (!HasFailure()) life.Check(/*read_only=*/random() % 2 == 0);
      ASSERT_FALSE(HasFailure());
    }
  }
  std::printf(
      "%llu kills, %llu of them before the DB was open; %llu appends and edits acknowledged, none "
      "lost; %llu "
      "in flight, %llu of them there; %llu flushes, %llu compactions of all keys\n",
      static_cast<unsigned long long>(figures.kills),
      static_cast<unsigned long long>(figures.before_open),
      static_cast<unsigned long long>(figures.acked),
      static_cast<unsigned long long>(figures.in_flight),
      static_cast<unsigned long long>(figures.in_flight_there),
      static_cast<unsigned long long>(figures.flushes),
      static_cast<unsigned long long>(figures.compactions));
  if (kills >= 10) {  // all of fewer may have come before there was anything to lose
    EXPECT_GT(figures.acked, 0u);
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
