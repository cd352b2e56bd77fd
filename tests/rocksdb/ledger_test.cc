// The high-water mark of what is pinned, with threads that take turns as the test says.

#include "plugin/rocksdb/ledger.h"

#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace sheaf {
namespace internal {
namespace {

constexpr uint64_t kBytes = 1000;

// A thread that does what it is told, and waits for more.
class Worker {
 public:
  Worker() : thread_([this] { Work(); }) {}
  ~Worker() {
    Run(nullptr);
    thread_.join();
  }
  // Returns when it is done.
  void Run(std::function<void()> task) {
    std::promise<void> done;
    done_ = &done;
    const std::future<void> finished = done.get_future();
    task_.set_value(std::move(task));
    finished.wait();
  }

 private:
  void Work() {
    for (bool more = true; more;) {
      const std::function<void()> task = task_.get_future().get();
      task_ = std::promise<std::function<void()>>();
      more = task != nullptr;
      if (more) task();
      done_->set_value();
    }
  }
  std::promise<std::function<void()>> task_;
  std::promise<void>* done_ = nullptr;
  std::thread thread_;  // uses what is above
};

class LedgerTest : public ::testing::Test {
 protected:
  LedgerTest() : ledger_(Ledger::New(std::make_shared<const PinPolicy>())) {}

  std::vector<Ledger::Pin> Take(size_t n) {
    std::vector<Ledger::Pin> pins;
    for (size_t i = 0; i < n; ++i) pins.push_back(ledger_->CountFound(kBytes));
    return pins;
  }
  void TakeAndDrop(int reads) {
    for (int i = 0; i < reads; ++i) Take(1);
  }
  uint64_t Peak() { return ledger_->Snapshot().blocks_pinned_peak; }

  const Ledger::Ptr ledger_;
};

// Neither thread is above its own earlier peak when the sum is: only the looks by turns find it.
TEST_F(LedgerTest, ASumOfPartsBelowTheirOwnPeaksIsFound) {
  Worker a, b;
  std::vector<Ledger::Pin> of_a, of_b;
  for (Worker* worker : {&a, &b}) worker->Run([this] { Take(100); });
  a.Run([&] { of_a = Take(75); });
  b.Run([&] { of_b = Take(75); });
  for (int i = 0; i < 4; ++i) {
    for (Worker* worker : {&a, &b}) worker->Run([this] { TakeAndDrop(64 * 3); });
  }
  a.Run([&] { of_a.clear(); });
  b.Run([&] { of_b.clear(); });
  EXPECT_GE(Peak(), 149u);  // one 64th less than 151, at which they both are for a moment
  EXPECT_LE(Peak(), 151u);
}

TEST_F(LedgerTest, AThreadWithoutAShardOfItsOwnIsSeenToo) {
  std::vector<std::unique_ptr<Worker>> others;
  for (size_t i = 0; i < ThreadSlot::kOwned; ++i) {
    others.push_back(std::make_unique<Worker>());
    others.back()->Run([this] { TakeAndDrop(1); });
  }
  Worker last;
  size_t slot = 0;
  last.Run([&] {
    slot = ThreadSlot::Mine();
    Take(63);
  });
  ASSERT_EQ(slot, ThreadSlot::kNone);
  EXPECT_EQ(Peak(), 63u);
  EXPECT_EQ(ledger_->Snapshot().bytes_pinned_peak, 63 * kBytes);
  EXPECT_EQ(ledger_->Snapshot().blocks_pinned, 0u);
}

TEST_F(LedgerTest, WhatIsPinnedIsNeverMoreThanThePeakOrTheTruth) {
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int t = 0; t < 2; ++t) {
    readers.emplace_back([&] {
      while (!done) TakeAndDrop(100);
    });
  }
  for (int i = 0; i < 20000; ++i) {
    const StoreStats stats = ledger_->Snapshot();
    ASSERT_LE(stats.blocks_pinned, stats.blocks_pinned_peak);
    ASSERT_LE(stats.bytes_pinned, stats.bytes_pinned_peak);
    ASSERT_LE(stats.blocks_pinned_peak, 2u);
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
}

// Many more threads than there are at a time: each gets the slot of one that ended.
TEST_F(LedgerTest, ThreadsThatCameAndWentDoNotBlurThePeak) {
  for (int i = 0; i < 100; ++i) std::thread([this] { TakeAndDrop(3); }).join();
  EXPECT_EQ(Peak(), 1u);
  std::thread([this] { Take(5); }).join();
  EXPECT_EQ(Peak(), 5u);
}

}  // namespace
}  // namespace internal
}  // namespace sheaf
