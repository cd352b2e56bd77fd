// What was acknowledged is there after a power cut: crash_writer appends, and edits, with
// WriteOptions::sync from several threads, by itself, in batches and in transactions that are
// prepared first, while flushes and compactions go on. All that it does to the disk is recorded;
// for moments of it the disk is made as a cut right there leaves it (tests/support/power_cut.h),
// and the DB on it is opened and compared with what the writer had told by then. Then the next
// writer goes on from the last of them. Long lists are sealed and trimmed meanwhile, without sync
// and with it; most moments are in the middle of that, and positions are as before.
//
// The folder of the DB exists before, as RocksDB makes it without syncing the folder that it is in.
//
// SHEAF_TEST_SCALE=20 is 20 times as many DBs.

#include "tests/support/power_cut.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/codec/lists.h"
#include "tests/rocksdb/crash_history.h"
#include "tests/rocksdb/crash_workload.h"
#include "tests/rocksdb/crash_writer_process.h"
#include "tests/rocksdb/test_db.h"
#include "tests/support/failures_of.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

constexpr int kWritersADb = 2;
constexpr int kCutsAWriter = 10;

// One disk with a DB, and all that is known of what was sent to it.
class Disk {
 public:
  Disk(unsigned variant, std::mt19937* random) : random_(*random), history_(db_, variant) {
    fs::create_directories(db_);
  }

  // Syncs of these are not done.
  void Lose(PowerCut::Loses loses) { loses_ = std::move(loses); }

  // Runs a writer for a while, and cuts the power at moments of its life. The disk is then as
  // after the last of them.
  void WriteAndCut(int cuts) {
    PowerCut disk(root_, loses_);
    const std::vector<DiskEvent> events = Write();
    const std::vector<size_t> moments = Moments(events, static_cast<size_t>(cuts));
    size_t at = 0;
    for (size_t i = 0; i < moments.size() && !::testing::Test::HasFailure(); ++i) {
      for (; at < moments[i]; ++at) {
        disk.Apply(events[at]);
        if (events[at].kind == DiskEvent::Kind::kOutput) Note(events[at].data, &history_);
      }
      const Cut cut =
          loses_ == nullptr ? Cut::Random(&random_) : Cut::LostSyncs(/*last_write=*/false);
      SCOPED_TRACE("cut after call " + std::to_string(at) + " of " + std::to_string(events.size()) +
                   "; " + cut.ToString());
      disk.WriteTo(root_, cut);
      ++cuts_;
      history_.NoteEnd();
      if (i + 1 == moments.size()) return history_.Check(random_() % 2 == 0);
      CrashHistory(history_).Check(random_() % 2 == 0);
    }
  }

  uint64_t cuts() const { return cuts_; }
  const CrashHistory::Figures& figures() const { return history_.figures(); }

 private:
  std::vector<DiskEvent> Write() {
    const std::string log = dir_.path() + "/log";
    fs::remove(log);
    {
      const DiskRecording recording(root_, log);
      CrashWriter writer(history_.Arguments());
      CrashEvent event;
      // Counted in what the writer tells, two events for each append, whatever time that takes. One
      // in five ends right after it has opened the DB; those that lose syncs have to flush as well.
      const uint64_t tells = loses_ != nullptr    ? 1000
                             : random_() % 5 == 0 ? 1
                                                  : random_() % 8000 + 1;
      int flushes = loses_ == nullptr ? 0 : 2;
      for (uint64_t told = 0; (told < tells || flushes > 0) && writer.Next(&event); ++told) {
        flushes -= event.kind == CrashEvent::kFlushed ? 1 : 0;
      }
      EXPECT_TRUE(writer.Kill()) << "the writer ended by itself";
    }
    return ReadDiskLog(log);
  }

  static void Note(const std::string& output, CrashHistory* history) {
    CrashEvent event;
    ASSERT_EQ(output.size(), sizeof event) << output;
    std::memcpy(&event, output.data(), sizeof event);
    history->Note(event);
  }

  // Numbers of events that happen before a cut, in order. Good ones, as a rule.
  std::vector<size_t> Moments(const std::vector<DiskEvent>& events, size_t cuts) {
    std::array<std::vector<size_t>, 2> good;
    CrashHistory history(history_);
    for (size_t at = 0; at < events.size(); ++at) {
      for (unsigned aim = 0; aim < good.size(); ++aim) {
        if (history.IsGoodMoment(aim)) good[aim].push_back(at);
      }
      if (events[at].kind == DiskEvent::Kind::kOutput) Note(events[at].data, &history);
    }
    std::vector<size_t> moments(cuts);
    for (size_t& moment : moments) {
      const auto& of = good[random_() % good.size()];
      moment = of.empty() || random_() % 5 == 0 ? random_() % (events.size() + 1)
                                                : of[random_() % of.size()];
    }
    if (loses_ != nullptr) moments.back() = events.size();
    std::sort(moments.begin(), moments.end());
    return moments;
  }

  TempDir dir_;
  const std::string root_ = dir_.path() + "/disk";
  const std::string db_ = root_ + "/db";
  std::mt19937& random_;
  PowerCut::Loses loses_;
  CrashHistory history_;
  uint64_t cuts_ = 0;
};

// `lists`: 0, or the bit of a variant with long lists.
void CutPower(unsigned lists) {
  using ::testing::Test;
  std::mt19937 random(std::random_device{}());
  const int disks = std::max(1, static_cast<int>(4 * test::Scale()));
  uint64_t cuts = 0;
  CrashHistory::Figures figures;
  for (int i = 0; i < disks; ++i) {
    const unsigned variant = CrashVariant(i) | lists;
    Disk disk(variant, &random);
    for (int writer = 0; writer < kWritersADb; ++writer) {
      SCOPED_TRACE("disk " + std::to_string(i) + ", variant " + std::to_string(variant));
      disk.WriteAndCut(kCutsAWriter);
      ASSERT_FALSE(Test::HasFailure());
    }
    cuts += disk.cuts();
    figures += disk.figures();
  }
  std::printf("%llu cuts; %s\n", static_cast<unsigned long long>(cuts), figures.ToString().c_str());
  if (disks >= 4) {  // all cuts of fewer may have come before there was anything to lose
    EXPECT_GT(figures.acked, 0u);
    EXPECT_TRUE(lists == 0 || figures.ends_in_seals + figures.ends_in_trims > 0);
  }
}

TEST(PowerCutTest, EverythingAcknowledgedIsThereInOrderExactlyOnce) { CutPower(0); }

TEST(PowerCutTest, EverythingAcknowledgedIsThereAtItsPositionInLongLists) {
  CutPower(kCrashLongLists);
}

// The test can fail: it does wherever one of the syncs of RocksDB is not done.
TEST(PowerCutTest, FailsWhereASyncIsNotDone) {
  const auto ends = [](const char* end) {
    return [end](const std::string& path) {
      const std::string_view name(path);
      return name.size() >= std::strlen(end) && name.substr(name.size() - std::strlen(end)) == end;
    };
  };
  const auto has = [](const char* part) {
    return [part](const std::string& path) { return path.find(part) != std::string::npos; };
  };
  const std::pair<const char*, PowerCut::Loses> kLosses[] = {
      {"the log", ends(".log")},         {"SSTs", ends(".sst")},
      {"the MANIFEST", has("MANIFEST")}, {"CURRENT, before it has its name", ends(".dbtmp")},
      {"the DB's folder", ends("db")},
  };
  std::mt19937 random(std::random_device{}());
  for (const auto& [name, loses] : kLosses) {
    Disk disk(0, &random);
    disk.Lose(loses);
    EXPECT_GT(FailuresOf([&] { disk.WriteAndCut(8); }), 0) << "without a sync of " << name;
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
