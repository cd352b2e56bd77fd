// PowerCutRuns: runs commands of the tool, cuts the power at moments of theirs, and asks what is
// there then.
//
//   PowerCutRuns runs(folder);                        // makes runs.disk(), a folder to work in
//   runs.Record({"append", "--db", runs.disk() + "/db", "k", "v"});
//   runs.ForCuts(20, [&](bool complete) { EXPECT_EQ(Export(), complete ? after : before); });
//
// Thread safety: none.

#ifndef SHEAF_TESTS_TOOL_POWER_CUT_RUNS_H_
#define SHEAF_TESTS_TOOL_POWER_CUT_RUNS_H_

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/support/failures_of.h"
#include "tests/support/power_cut.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {

class PowerCutRuns {
 public:
  // Is told whether the command had ended.
  using Check = std::function<void(bool complete)>;

  // The disk is `folder`/disk, empty.
  PowerCutRuns(const std::string& folder, uint32_t seed)
      : PowerCutRuns(folder, seed, folder + "/disk") {
    std::filesystem::remove_all(disk_);
    std::filesystem::create_directory(disk_);
  }
  // The disk is what it is.
  PowerCutRuns(const std::string& folder, uint32_t seed, std::string disk)
      : disk_(std::move(disk)), log_(folder + "/log"), random_(seed) {}

  const std::string& disk() const { return disk_; }
  std::mt19937& random() { return random_; }
  uint64_t cuts() const { return cuts_; }
  // Syncs of these are not done.
  void Lose(PowerCut::Loses loses) { loses_ = std::move(loses); }

  // Runs the command, which is not cut. Its syncs are not done, as that takes most of the time.
  Result Run(const std::vector<std::string>& command) const {
    const DiskRecording recording(disk_, "/dev/null");
    return RunSheaf(command);
  }

  // Runs the command; what is on the disk before has reached it.
  Result Record(const std::vector<std::string>& command) {
    std::filesystem::remove(log_);
    PowerCut whole(disk_);
    before_ = std::make_unique<PowerCut>(disk_, loses_);
    Result result;
    {
      const DiskRecording recording(disk_, log_);
      result = RunSheaf(command);
    }
    events_ = ReadDiskLog(log_);
    for (const DiskEvent& event : events_) whole.Apply(event);
    EXPECT_TRUE(whole.Now() == Snapshot(disk_)) << "the recorder has missed something";
    return result;
  }

  // Cuts the power at `count` moments, the last of them when the command had ended, each with
  // another part of what was not synced. `check` finds the disk as it is then, and may use it up.
  void ForCuts(int count, const Check& check) {
    std::vector<size_t> moments(static_cast<size_t>(count));
    for (size_t& moment : moments) moment = random_() % (events_.size() + 1);
    moments.back() = events_.size();
    std::sort(moments.begin(), moments.end());
    size_t at = 0;
    for (size_t i = 0; i < moments.size() && !::testing::Test::HasFailure(); ++i) {
      for (; at < moments[i]; ++at) before_->Apply(events_[at]);
      // What was acknowledged needs no luck.
      const bool last = i + 1 == moments.size();
      const Cut cut = last ? Cut::Strict() : Cut::Random(&random_);
      SCOPED_TRACE("cut after call " + std::to_string(at) + " of " +
                   std::to_string(events_.size()) + "; " + cut.ToString());
      before_->WriteTo(disk_, cut);
      ++cuts_;
      check(at == events_.size());
    }
  }

  // Whether `check` fails on a disk that lacks nothing but the lost syncs. Tries each moment after
  // a sync or a rename, and the end: whether it fails is no matter of luck.
  bool FailsWithoutLostSyncs(const Check& check) {
    for (size_t at = 0; at < events_.size(); ++at) {
      before_->Apply(events_[at]);
      const DiskEvent::Kind kind = events_[at].kind;
      const bool ended = at + 1 == events_.size();
      if (!ended && kind != DiskEvent::Kind::kSync && kind != DiskEvent::Kind::kRename) continue;
      if (!before_->LacksSync()) continue;
      for (const bool last_write : {false, true}) {
        before_->WriteTo(disk_, Cut::LostSyncs(last_write));
        ++cuts_;
        if (FailuresOf([&] { check(ended); }) != 0) return true;
      }
    }
    return false;
  }

 private:
  const std::string disk_;
  const std::string log_;
  std::mt19937 random_;
  PowerCut::Loses loses_;
  std::unique_ptr<PowerCut> before_;
  std::vector<DiskEvent> events_;
  uint64_t cuts_ = 0;
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_TOOL_POWER_CUT_RUNS_H_
