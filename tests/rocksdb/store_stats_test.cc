// What a Store counts: reads, and what its blocks hold now and held at most.

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

class StoreStatsTest : public ::testing::TestWithParam<Layout> {
 protected:
  StoreStatsTest() : db_(TestDb::DefaultOptions(GetParam()), GetParam()) {}
  PinnedBlob Read(const std::string& key) {
    PinnedBlob list;
    EXPECT_OK(db_.store().Get({}, key, &list));
    return list;
  }
  TestDb db_;
};

INSTANTIATE_TEST_SUITE_P(Layouts, StoreStatsTest,
                         ::testing::Values(Layout::kFixed64, Layout::kCompact),
                         [](const auto& info) { return LayoutName(info.param); });

TEST_P(StoreStatsTest, MultiGetTellsMergedListsFromOthers) {
  const std::vector<rocksdb::Slice> keys = {"merged", "put", "also merged"};
  db_.Append("merged", {"a"});
  db_.Append("merged", {"b"});
  db_.Append("also merged", {"c"});
  db_.Append("also merged", {"d"});
  db_.Put("put", {"e"});
  std::vector<PinnedBlob> lists(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  db_.store().MultiGet({}, keys.size(), keys.data(), lists.data(), statuses.data());
  const StoreStats stats = db_.store().stats();
  EXPECT_EQ(stats.copied_reads_for(CopyReason::kMerge), 2u);
  EXPECT_EQ(stats.copied_reads_for(CopyReason::kMemtable), 1u);
}

TEST_P(StoreStatsTest, OperandsThatReadsMergeAreCounted) {
  db_.Put("put", {"a"});
  db_.Put("k", {"a"});
  for (int i = 0; i < 3; ++i) db_.Append("k", {"b"});
  for (int i = 0; i < 5; ++i) db_.Append("no base", {"c"});
  Read("put");
  EXPECT_EQ(db_.store().stats().operands_merged, 0u);
  Read("k");
  Read("k");
  StoreStats stats = db_.store().stats();
  EXPECT_EQ(stats.operands_merged, 6u);
  EXPECT_EQ(stats.operands_merged_peak, 3u);
  const std::vector<rocksdb::Slice> keys = {"k", "no base", "put", "none", "k"};
  std::vector<PinnedBlob> lists(keys.size());
  std::vector<rocksdb::Status> statuses(keys.size());
  db_.store().MultiGet({}, keys.size(), keys.data(), lists.data(), statuses.data());
  stats = db_.store().stats();
  EXPECT_EQ(stats.operands_merged, 6u + 3 + 5 + 3);
  EXPECT_EQ(stats.operands_merged_peak, 5u);
  std::vector<PinnedBlob> segments;
  ASSERT_OK(db_.store().GetSegments({}, "k", &segments));
  EXPECT_EQ(db_.store().stats().operands_merged, stats.operands_merged);
  db_.Compact();
  Read("k");
  Read("no base");
  EXPECT_EQ(db_.store().stats().operands_merged, stats.operands_merged);
}

// The newest values alone are merged of the operands that hold them.
TEST_P(StoreStatsTest, OperandsThatAreNotLookedAtAreNotCounted) {
  for (int i = 0; i < 10; ++i) db_.Append("k", {"a", "b"});
  std::vector<PinnedSlice> values;
  ASSERT_OK(db_.store().GetLast({}, "k", 3, &values));
  EXPECT_EQ(db_.store().stats().operands_merged, 2u);
}

TEST_P(StoreStatsTest, OperandsAreCountedInAllThreads) {
  for (int i = 0; i < 4; ++i) db_.Append("k", {"a"});
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 100; ++i) Read("k");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(db_.store().stats().operands_merged, 1200u);
  EXPECT_EQ(db_.store().stats().operands_merged_peak, 4u);
}

TEST_P(StoreStatsTest, StatsCanBeReadWhileOthersRead) {
  db_.Put("key", SomeValues(10));
  db_.Compact();
  std::atomic<bool> done{false};
  std::thread reader([&] {
    PinnedBlob list;
    for (int i = 0; i < 20000; ++i) ASSERT_OK(db_.store().Get({}, "key", &list));
    done = true;
  });
  uint64_t before = 0;
  while (!done) {
    const uint64_t reads = db_.store().stats().reads;
    ASSERT_GE(reads, before);
    before = reads;
  }
  reader.join();
  const StoreStats stats = db_.store().stats();
  EXPECT_EQ(stats.reads, 20000u);
  EXPECT_EQ(stats.blocks_pinned, 0u);
  EXPECT_EQ(stats.bytes_pinned, 0u);
}

TEST_P(StoreStatsTest, ReadsThatRocksDbFailsAreCounted) {
  db_.Put("key", SomeValues(10));
  db_.Compact();
  rocksdb::ReadOptions options;
  options.read_tier = rocksdb::kBlockCacheTier;  // and it is not there
  PinnedBlob list;
  EXPECT_TRUE(db_.store().Get(options, "key", &list).IsIncomplete());
  EXPECT_TRUE(db_.store().Get({}, "absent", &list).IsNotFound());
  const StoreStats stats = db_.store().stats();
  EXPECT_EQ(stats.failed, 1u);
  EXPECT_EQ(stats.not_found, 1u);
  EXPECT_EQ(stats.reads, 2u);
}

// Any reads and drops of one thread, against a count beside them.
TEST_P(StoreStatsTest, HighWaterMarkOfOneThreadIsExact) {
  constexpr size_t kKeys = 7;
  std::vector<uint64_t> bytes(kKeys);
  for (size_t i = 0; i < kKeys; ++i) {
    const std::string key = std::to_string(i);
    db_.Put(key, SomeValues(1 << i));
    bytes[i] = Read(key).view().encoded().size();
  }
  std::mt19937 random(7);
  std::vector<std::pair<PinnedBlob, uint64_t>> held;
  uint64_t now = 0;
  uint64_t most_bytes = bytes[kKeys - 1];
  uint64_t most_blocks = 1;
  for (int step = 0; step < 5000; ++step) {
    // Goes up to some hundred and down again, several times.
    const bool read = held.empty() || random() % 1000 < (step / 500 % 2 == 0 ? 700u : 350u);
    if (read) {
      const size_t i = random() % kKeys;
      held.emplace_back(Read(std::to_string(i)), bytes[i]);
      now += bytes[i];
    } else {
      const size_t at = random() % held.size();
      std::swap(held[at], held.back());
      now -= held.back().second;
      held.pop_back();
    }
    most_bytes = std::max(most_bytes, now);
    most_blocks = std::max<uint64_t>(most_blocks, held.size());
    if (step % 97 != 0) continue;  // looking is what finds the mark, so do not look at all times
    const StoreStats stats = db_.store().stats();
    ASSERT_EQ(stats.blocks_pinned, held.size());
    ASSERT_EQ(stats.bytes_pinned, now);
    ASSERT_EQ(stats.blocks_pinned_peak, most_blocks) << "step " << step;
    ASSERT_EQ(stats.bytes_pinned_peak, most_bytes) << "step " << step;
  }
  held.clear();
  const StoreStats stats = db_.store().stats();
  EXPECT_EQ(stats.blocks_pinned, 0u);
  EXPECT_EQ(stats.blocks_pinned_peak, most_blocks);
  EXPECT_EQ(stats.bytes_pinned_peak, most_bytes);
}

TEST_P(StoreStatsTest, HighWaterMarkIsOfAllThreadsTogether) {
  constexpr int kThreads = 4;
  constexpr int kHeld = 500;
  db_.Put("key", SomeValues(10));
  std::mutex mutex;
  std::condition_variable changed;
  int full = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      std::vector<PinnedBlob> held;
      for (int i = 0; i < kHeld; ++i) held.push_back(Read("key"));
      // All hold all that they will at the same time.
      std::unique_lock<std::mutex> lock(mutex);
      ++full;
      changed.notify_all();
      changed.wait(lock, [&full] { return full == kThreads; });
    });
  }
  for (std::thread& thread : threads) thread.join();
  const StoreStats stats = db_.store().stats();
  EXPECT_EQ(stats.blocks_pinned, 0u);
  EXPECT_LE(stats.blocks_pinned_peak, uint64_t{kThreads} * kHeld);
  // Short by 64 reads of each thread, and by 2 %.
  EXPECT_GE(stats.blocks_pinned_peak, uint64_t{kThreads} * (kHeld - 64) * 98 / 100);
}

// What one thread takes and another drops is not taken for a rise.
TEST_P(StoreStatsTest, HighWaterMarkDoesNotGrowWithWhatIsHandedOver) {
  db_.Put("key", SomeValues(10));
  for (int i = 0; i < 200; ++i) {
    PinnedBlob list = Read("key");
    std::thread([&list] { list = PinnedBlob(); }).join();
  }
  EXPECT_EQ(db_.store().stats().blocks_pinned_peak, 1u);
}

TEST(StoreStatsTextTest, TextNamesWhatHappened) {
  TestDb db;
  db.Put("key", {"abc"});
  PinnedBlob list;
  ASSERT_OK(db.store().Get({}, "key", &list));
  EXPECT_EQ(db.store().stats().ToString(),
            "reads=1 not_found=0 corrupt=0 failed=0 zero_copy=0 copied{memtable}=1/6B pinned=1/6B "
            "peak=1/6B");
}

TEST(StoreStatsTextTest, TextNamesOperandsAndSegments) {
  TestDb db;
  db.Append("key", {std::string(40000, 'a')});
  db.Append("key", {"b"});
  PinnedBlob list;
  ASSERT_OK(db.store().Get({}, "key", &list));
  list.Reset();
  std::vector<PinnedBlob> segments;
  ASSERT_OK(db.store().GetSegments({}, "key", &segments));
  EXPECT_EQ(db.store().stats().ToString(),
            "reads=2 not_found=0 corrupt=0 failed=0 zero_copy=1 copied{merge}=1/40007B "
            "operands{merged}=2 max=2 segments=2 pinned=1/40008B peak=1/40008B");
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
