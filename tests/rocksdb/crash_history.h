// CrashHistory: what crash_writer has told of a DB so far, and whether the DB has it.
//
//   CrashHistory history(path, variant);
//   CrashWriter writer(history.Arguments());
//   while (...) history.Note(event);
//   history.Check(/*read_only=*/true);
//
// Copies share nothing, so that each of several images of a disk has one of its own. Thread safety:
// none.

#ifndef SHEAF_TESTS_ROCKSDB_CRASH_HISTORY_H_
#define SHEAF_TESTS_ROCKSDB_CRASH_HISTORY_H_

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rocksdb/db.h"
#include "tests/rocksdb/crash_kept_list.h"
#include "tests/rocksdb/crash_lists.h"
#include "tests/rocksdb/crash_workload.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {

class CrashHistory {
 public:
  struct Figures {
    uint64_t acked = 0;
    uint64_t in_flight = 0;        // sent, not acknowledged
    uint64_t in_flight_there = 0;  // of these, found
    uint64_t prepared = 0;         // transactions that were prepared and not committed
    uint64_t flushes = 0;
    uint64_t compactions = 0;
    // Of long lists.
    uint64_t seals = 0;          // by keepers
    uint64_t pages = 0;          // sealed, as far as told
    uint64_t trims = 0;          // and deletions
    uint64_t found = 0;          // values whose position was told
    uint64_t ends_in_seals = 0;  // kills and cuts in the middle of a seal
    uint64_t ends_in_trims = 0;

    Figures& operator+=(const Figures& other);
    std::string ToString() const;
  };

  CrashHistory(std::string path, unsigned variant)
      : path_(std::move(path)), variant_(variant), of_long_lists_(CrashHasLongLists(variant)) {}

  // Of the writer that goes on from here.
  std::vector<std::string> Arguments() const;

  void Note(const CrashEvent& event);

  // Whether to kill or to cut now, to meet what the test is about. Long lists: in the middle of a
  // seal, or, if `aim` is odd, of a trim or a deletion.
  bool IsGoodMoment(unsigned aim) const {
    return !of_long_lists_ || (aim % 2 == 0 ? IsSealing() : IsTrimming());
  }
  // There was a kill or a cut.
  void NoteEnd();

  // Fails the test if the DB is not what it has to be. Read-only: the log stays as it was left, for
  // the next writer, which may be killed while it recovers it. (Not of a TransactionDB.)
  void Check(bool read_only);

  const Figures& figures() const { return figures_; }

 private:
  // Moments in the order of the pipe, counted over all writers of a DB. Where one operation was
  // acknowledged before another was sent, its value comes before the other's.
  static constexpr uint64_t kNever = std::numeric_limits<uint64_t>::max();
  struct Known {
    uint64_t sent = 0;
    uint64_t acked = kNever;
    bool prepared = false;
  };
  using OfThreads = std::array<List, kCrashThreads>;

  bool IsSealing() const;
  bool IsTrimming() const;
  void NoteOp(const CrashEvent& event);
  void NoteLongList(const CrashEvent& event);
  CrashLists ReadAll(bool read_only);
  rocksdb::Status Open(bool read_only, std::unique_ptr<rocksdb::DB>* db);
  void CommitPrepared(rocksdb::TransactionDB* db);
  bool IsThere(int t, const CrashLists& lists) const;
  void SettleInFlight(const CrashLists& lists);
  void CheckShared(const std::string& key, const CrashList& list,
                   const OfThreads& of_threads) const;

  const std::string path_;
  const unsigned variant_;
  const bool of_long_lists_;
  Figures figures_;
  uint64_t now_ = 0;
  std::array<std::vector<Known>, kCrashThreads> known_;
  std::array<CrashKeptList, kCrashKeepers> kept_;
  std::array<bool, kCrashKeepers> sealing_ = {};
  uint64_t pages_ = 0;  // that the writer has told
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_CRASH_HISTORY_H_
