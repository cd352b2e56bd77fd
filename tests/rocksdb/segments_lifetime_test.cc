// What keeps the segments of Store::GetSegments alive, what they keep, and Store::Close.

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sheaf/segments.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::HasSubstr;

const rocksdb::ReadOptions kRead;

class SegmentsLifetimeTest : public ::testing::Test {
 protected:
  // A base in a file, an operand in another, one in the memtable; large enough to be pinned.
  SegmentsLifetimeTest() {
    for (int i = 0; i < 3; ++i) {
      const List some = SomeValues(400, i);
      if (i == 0) {
        db_.Put("k", some);
      } else {
        db_.Append("k", some);
      }
      if (i < 2) db_.Flush();
      model_.insert(model_.end(), some.begin(), some.end());
    }
  }

  std::vector<PinnedBlob> Read(const char* key = "k") {
    std::vector<PinnedBlob> blobs;
    EXPECT_OK(db_.store().GetSegments(kRead, key, &blobs));
    return blobs;
  }
  std::vector<PinnedBlob> ReadPinned() {
    std::vector<PinnedBlob> blobs = Read();
    EXPECT_EQ(blobs.size(), 3u);
    for (const PinnedBlob& blob : blobs) EXPECT_TRUE(blob.zero_copy());
    return blobs;
  }

  static List All(const std::vector<PinnedBlob>& blobs) {
    const Segments segments(blobs);
    return List(segments.begin(), segments.end());
  }

  TestDb db_;
  List model_;
};

TEST_F(SegmentsLifetimeTest, PinsKeepMemtablesAndFilesThatRocksDbIsDoneWith) {
  const std::vector<PinnedBlob> blobs = ReadPinned();
  const auto files = [&] {
    std::vector<std::string> names;
    EXPECT_OK(db_.db()->GetEnv()->GetChildren(db_.path(), &names));
    size_t count = 0;
    for (const std::string& name : names) count += name.find(".sst") != std::string::npos;
    return count;
  };
  ASSERT_OK(db_.db()->Delete(rocksdb::WriteOptions(), "k"));
  db_.Put("other", {"x"});
  db_.Compact();
  EXPECT_EQ(files(), 3u) << "two that are pinned, and what was compacted";
  EXPECT_TRUE(All(blobs) == model_);
}

TEST_F(SegmentsLifetimeTest, WhatIsNotPinnedIsGivenBackToRocksDb) {
  ReadPinned();
  ASSERT_OK(db_.db()->Delete(rocksdb::WriteOptions(), "k"));
  db_.Compact();
  std::vector<std::string> names;
  ASSERT_OK(db_.db()->GetEnv()->GetChildren(db_.path(), &names));
  for (const std::string& name : names) EXPECT_EQ(name.find(".sst"), std::string::npos) << name;
}

TEST_F(SegmentsLifetimeTest, PinsMayOutliveTheStoreWhileTheDbLives) {
  std::vector<PinnedBlob> blobs = ReadPinned();
  std::unique_ptr<Store> store;
  ASSERT_OK(Store::Open(db_.db(), nullptr, {}, &store));
  std::vector<PinnedBlob> others;
  ASSERT_OK(store->GetSegments(kRead, "k", &others));
  EXPECT_TRUE(store->Close().IsBusy()) << "its own, not those of another Store";
  store.reset();
  EXPECT_TRUE(All(others) == model_);
  EXPECT_EQ(db_.store().stats().segments_pinned, 3u);
  others.clear();
  blobs.clear();
  EXPECT_OK(db_.store().Close());
}

TEST_F(SegmentsLifetimeTest, EachHolderOfASegmentIsWaitedFor) {
  std::vector<PinnedBlob> blobs = ReadPinned();
  PinnedBlob copy = blobs[1];
  PinnedSlice slice = blobs[2].Slice(7);
  PinnedSlice part = slice.Subslice(3);
  PinnedSlice slice_of_the_same = blobs[2].Slice(8);
  blobs.clear();
  const auto refuses_with = [this](const char* count) {
    const rocksdb::Status s = db_.store().Close();
    EXPECT_TRUE(s.IsBusy()) << s.ToString();
    EXPECT_THAT(s.ToString(), HasSubstr(count));
    EXPECT_THAT(s.ToString(), HasSubstr("drop their PinnedBlobs and PinnedSlices first"));
  };
  refuses_with(": 2 segments of");
  slice = PinnedSlice();
  slice_of_the_same = PinnedSlice();
  refuses_with(": 2 segments of");
  part = PinnedSlice();
  refuses_with(": 1 segment of");
  EXPECT_EQ(copy[0], model_[400]);
  copy = PinnedBlob();
  EXPECT_OK(db_.store().Close());
}

TEST_F(SegmentsLifetimeTest, EachOfThousandsOfOperandsIsPinned) {
  List model;
  for (int i = 0; i < 5000; ++i) {
    model.push_back(std::to_string(i) + std::string(300, 'v'));
    db_.Append("many", {model.back()});
    if (i == 2000) db_.Flush();
  }
  // A flush folds what it writes.
  std::vector<PinnedBlob> blobs = Read("many");
  ASSERT_EQ(blobs.size(), 3000u);
  for (const PinnedBlob& blob : blobs) ASSERT_TRUE(blob.zero_copy());
  EXPECT_TRUE(All(blobs) == model);
  EXPECT_THAT(db_.store().Close().ToString(), HasSubstr(": 3000 segments of"));
  blobs.resize(1);
  EXPECT_THAT(db_.store().Close().ToString(), HasSubstr(": 1 segment of"));
  EXPECT_EQ(blobs[0].size(), 2001u);
}

TEST_F(SegmentsLifetimeTest, WhatRocksDbCopiedOutlivesTheDb) {
  db_.Append("small", {"a"});
  db_.Append("small", {"b", "c"});
  const std::vector<PinnedBlob> small = Read("small");
  ASSERT_EQ(small.size(), 2u);
  EXPECT_FALSE(small[0].zero_copy());
  ASSERT_OK(db_.store().Trim(rocksdb::WriteOptions(), "k", 500));
  const std::vector<PinnedBlob> merged = Read();
  ASSERT_EQ(merged.size(), 1u);
  EXPECT_EQ(db_.store().stats().segments_pinned, 0u);
  ASSERT_OK(db_.store().Close());
  db_.Close();
  EXPECT_EQ(All(small), (List{"a", "b", "c"}));
  EXPECT_TRUE(All(merged) == List(model_.end() - 500, model_.end()));
}

TEST_F(SegmentsLifetimeTest, SegmentsOfOneReadAreOneBlockInStats) {
  std::vector<PinnedBlob> blobs = ReadPinned();
  uint64_t bytes = 0;
  for (const PinnedBlob& blob : blobs) bytes += blob.view().encoded().size();
  blobs.pop_back();
  StoreStats stats = db_.store().stats();
  EXPECT_EQ(stats.blocks_pinned, 1u);
  EXPECT_EQ(stats.bytes_pinned, bytes) << "RocksDB lets go of all or none";
  EXPECT_EQ(stats.segments_pinned, 2u);
  EXPECT_EQ(stats.zero_copy_reads, 1u);
  EXPECT_THAT(stats.ToString(), HasSubstr(" segments=2 pinned=1/"));
  blobs.clear();
  stats = db_.store().stats();
  EXPECT_EQ(stats.blocks_pinned, 0u);
  EXPECT_EQ(stats.bytes_pinned, 0u);
  EXPECT_EQ(stats.segments_pinned, 0u);
}

// Readers hold pins for a while and hand them over; whenever Close succeeds, there is none.
TEST_F(SegmentsLifetimeTest, NoPinAppearsAfterClose) {
  for (int round = 0; round < 20; ++round) {
    std::unique_ptr<Store> store;
    ASSERT_OK(Store::Open(db_.db(), nullptr, {}, &store));
    std::atomic<bool> closed{false};
    std::atomic<uint64_t> held{0};
    std::atomic<uint64_t> reads{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i) {
      readers.emplace_back([&] {
        for (;;) {
          std::vector<PinnedBlob> blobs;
          const rocksdb::Status s = store->GetSegments(kRead, "k", &blobs);
          if (s.IsShutdownInProgress()) return;
          ASSERT_OK(s);
          ++reads;
          // From the moment when Close succeeded on, a read may find it out, but has no pin.
          if (blobs.size() != 3) continue;
          ++held;
          ASSERT_FALSE(closed);
          PinnedSlice last = blobs[2].Slice(5);
          blobs.clear();
          --held;
          std::thread([slice = std::move(last)]() mutable { slice = PinnedSlice(); }).join();
        }
      });
    }
    while (reads < 10) std::this_thread::yield();
    std::vector<std::thread> closers;
    for (int i = 0; i < 2; ++i) {
      closers.emplace_back([&] {
        while (!store->Close().ok()) std::this_thread::yield();
        closed = true;
        EXPECT_EQ(held, 0u);
        EXPECT_EQ(store->stats().segments_pinned, 0u);
        for (int again = 0; again < 100; ++again) EXPECT_OK(store->Close());
      });
    }
    for (std::thread& closer : closers) closer.join();
    for (std::thread& reader : readers) reader.join();
    EXPECT_EQ(store->stats().blocks_pinned, 0u);
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
