// What was acknowledged is there after the process was killed: crash_writer appends, and edits,
// with WriteOptions::sync from several threads, gets SIGKILL at a random moment, and the DB is
// opened again and compared with what it had told; several times over on each DB. Long lists are
// sealed and trimmed meanwhile, and SIGKILL comes in the middle of that; positions are as before.
//
// SIGKILL takes the process and leaves the machine: this finds what RocksDB or Sheaf had in the
// process's memory only, not what a disk lost that had said it was written.
//
// SHEAF_TEST_SCALE=20 is 200 kills instead of 10, and 600 of those who write long lists instead of
// 30.

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>
#include <string>
#include <thread>

#include "gtest/gtest.h"
#include "tests/codec/lists.h"
#include "tests/rocksdb/crash_history.h"
#include "tests/rocksdb/crash_workload.h"
#include "tests/rocksdb/crash_writer_process.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

constexpr int kKillsADb = 5;

// One DB, and all that is known of what was sent to it.
class Life {
 public:
  Life(unsigned variant, std::mt19937_64& random)
      : random_(random), history_(dir_.path() + "/db", variant) {}

  // Runs a writer, and kills it: one time in five while it starts and opens the DB, or after some
  // of what it tells, two events for each append, whatever time that takes, at a good moment.
  void Kill() {
    CrashWriter writer(history_.Arguments());
    const bool early = random_() % 5 == 0;
    bool opened = false;
    CrashEvent event;
    if (early) {
      std::this_thread::sleep_for(std::chrono::microseconds(random_() % 40000));
    } else {
      const auto aim = static_cast<unsigned>(random_());
      for (uint64_t tells = random_() % 3000 + 1;
           (tells > 0 || !history_.IsGoodMoment(aim)) && writer.Next(&event); tells -= tells > 0) {
        history_.Note(event);
        opened = opened || event.kind == CrashEvent::kOpened;
      }
      std::this_thread::sleep_for(std::chrono::microseconds(random_() % 2 * (random_() % 200)));
    }
    EXPECT_TRUE(writer.Kill()) << "the writer ended by itself";
    while (writer.Next(&event)) {  // what it had told
      history_.Note(event);
      opened = opened || event.kind == CrashEvent::kOpened;
    }
    history_.NoteEnd();
    EXPECT_TRUE(early || opened) << "the writer did not open the DB";
    before_open_ += opened ? 0 : 1;
  }

  void Check(bool read_only) { history_.Check(read_only); }

  uint64_t before_open() const { return before_open_; }
  const CrashHistory::Figures& figures() const { return history_.figures(); }

 private:
  std::mt19937_64& random_;
  TempDir dir_;
  CrashHistory history_;
  uint64_t before_open_ = 0;
};

// `lists`: 0, or the bit of a variant with long lists.
void KillWriters(unsigned lists, int kills) {
  using ::testing::Test;
  std::mt19937_64 random(std::random_device{}());
  kills = std::max(1, static_cast<int>(kills * test::Scale()));
  uint64_t before_open = 0;
  CrashHistory::Figures figures;
  for (int kill = 0; kill < kills;) {
    const unsigned variant = CrashVariant(kill / kKillsADb) | lists;
    Life life(variant, random);
    for (int i = 0; i < kKillsADb && kill < kills; ++i, ++kill) {
      SCOPED_TRACE("kill " + std::to_string(kill) + ", variant " + std::to_string(variant));
      life.Kill();
      if (!Test::HasFailure()) life.Check(/*read_only=*/random() % 2 == 0);
      ASSERT_FALSE(Test::HasFailure());
    }
    before_open += life.before_open();
    figures += life.figures();
  }
  std::printf("%d kills, %llu of them before the DB was open; %s\n", kills,
              static_cast<unsigned long long>(before_open), figures.ToString().c_str());
  if (kills >= 10) {  // all of fewer may have come before there was anything to lose
    EXPECT_GT(figures.acked, 0u);
    EXPECT_TRUE(lists == 0 || figures.ends_in_seals + figures.ends_in_trims > 0);
  }
}

TEST(CrashTest, EverythingAcknowledgedIsThereInOrderExactlyOnce) { KillWriters(0, 10); }

TEST(CrashTest, EverythingAcknowledgedIsThereAtItsPositionInLongLists) {
  KillWriters(kCrashLongLists, 30);
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
