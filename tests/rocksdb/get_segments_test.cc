// Store::GetSegments and Store::Close.

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/table.h"
#include "sheaf/segments.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

const rocksdb::WriteOptions kWrite;
const rocksdb::ReadOptions kRead;

std::vector<PinnedBlob> Read(TestDb& db, std::string_view key,
                             const rocksdb::ReadOptions& options = kRead) {
  std::vector<PinnedBlob> blobs;
  EXPECT_OK(db.store().GetSegments(options, key, &blobs));
  return blobs;
}

List All(std::vector<PinnedBlob> blobs) {
  const Segments segments(std::move(blobs));
  return List(segments.begin(), segments.end());
}

class GetSegmentsTest : public ::testing::TestWithParam<Layout> {
 protected:
  GetSegmentsTest() : db_(TestDb::DefaultOptions(GetParam()), GetParam()) {}

  // A base and `operands` appends of `count` values, each in a file of its own; all its values.
  List Fill(int operands, int count) {
    List model = SomeValues(count, 0);
    db_.Put("k", model);
    db_.Compact();
    for (int i = 1; i <= operands; ++i) {
      const List more = SomeValues(count, i);
      db_.Append("k", more);
      db_.Flush();
      model.insert(model.end(), more.begin(), more.end());
    }
    return model;
  }

  TestDb db_;
};

INSTANTIATE_TEST_SUITE_P(Layouts, GetSegmentsTest,
                         ::testing::Values(Layout::kCompact, Layout::kFixed64),
                         [](const auto& info) { return LayoutName(info.param); });

TEST_P(GetSegmentsTest, ABaseAndItsOperandsArePinnedInOrder) {
  const List model = Fill(3, 300);
  const std::vector<PinnedBlob> blobs = Read(db_, "k");
  ASSERT_EQ(blobs.size(), 4u);
  EXPECT_EQ(blobs[0].view().layout(), GetParam());
  for (const PinnedBlob& blob : blobs) {
    EXPECT_EQ(blob.size(), 300u);
    EXPECT_TRUE(blob.zero_copy());
  }
  EXPECT_EQ(All(blobs), model);
  const StoreStats stats = db_.store().stats();
  EXPECT_EQ(stats.segments_pinned, 4u);
  EXPECT_EQ(stats.blocks_pinned, 1u);
  EXPECT_EQ(stats.reads, 1u);
  EXPECT_EQ(stats.operands_merged, 0u);
}

// The array for operands is found too small, and grows.
TEST_P(GetSegmentsTest, ThereMayBeManyOperands) {
  db_.Put("k", {"base"});
  List model = {"base"};
  for (int i = 0; i < 3000; ++i) {
    model.push_back("value " + std::to_string(i));
    db_.Append("k", {model.back()});
  }
  const std::vector<PinnedBlob> blobs = Read(db_, "k");
  EXPECT_EQ(blobs.size(), 3001u);
  EXPECT_EQ(All(blobs), model);
}

TEST_P(GetSegmentsTest, WhereNothingIsPendingItIsWhatGetReturns) {
  db_.Put("put", SomeValues(200));
  db_.Compact();
  std::vector<PinnedBlob> blobs = Read(db_, "put");
  ASSERT_EQ(blobs.size(), 1u);
  EXPECT_TRUE(blobs[0].zero_copy());
  EXPECT_EQ(db_.store().stats().segments_pinned, 0u);
  db_.Close();  // so it may outlive the DB
  EXPECT_EQ(ToList(blobs[0]), SomeValues(200));
}

TEST_P(GetSegmentsTest, OperandsWithoutABaseAndLoneOnesAreLists) {
  db_.Append("lone", {"a"});
  EXPECT_THAT(All(Read(db_, "lone")), ElementsAre("a"));
  db_.Append("two", {"a"});
  db_.Append("two", {});
  db_.Append("two", {"b", "c"});
  const std::vector<PinnedBlob> blobs = Read(db_, "two");
  EXPECT_EQ(blobs.size(), 3u);
  EXPECT_THAT(All(blobs), ElementsAre("a", "b", "c"));
  db_.Put("gone", {"old"});
  db_.Append("gone", {"old too"});
  ASSERT_OK(db_.db()->Delete(kWrite, "gone"));
  std::vector<PinnedBlob> none = blobs;
  EXPECT_TRUE(db_.store().GetSegments(kRead, "gone", &none).IsNotFound());
  EXPECT_TRUE(none.empty());
  db_.Append("gone", {"new"});
  db_.Append("gone", {"newer"});
  EXPECT_THAT(All(Read(db_, "gone")), ElementsAre("new", "newer"));
  EXPECT_TRUE(db_.store().GetSegments(kRead, "never", &none).IsNotFound());
}

TEST_P(GetSegmentsTest, EditsAreMerged) {
  Fill(2, 100);
  ASSERT_OK(db_.store().Trim(kWrite, "k", 150));
  const std::vector<PinnedBlob> blobs = Read(db_, "k");
  ASSERT_EQ(blobs.size(), 1u);
  EXPECT_EQ(blobs[0].size(), 150u);
  EXPECT_EQ(ToList(blobs[0]), db_.Get("k"));
}

TEST_P(GetSegmentsTest, LimitsAreKept) {
  rocksdb::Options options = TestDb::DefaultOptions(GetParam());
  AppendOptions append;
  append.layout = GetParam();
  append.max_values = 3;
  options.merge_operator = NewAppendOperator(append);
  db_.Open(options);
  db_.Put("k", {"a", "b"});
  db_.Append("k", {"c"});
  EXPECT_EQ(Read(db_, "k").size(), 2u);
  db_.Append("k", {"d"});
  EXPECT_EQ(Read(db_, "k").size(), 1u);
  EXPECT_THAT(All(Read(db_, "k")), ElementsAre("b", "c", "d"));
}

TEST_P(GetSegmentsTest, WhatDoesNotDecodeIsCorruptionAsGetSays) {
  ASSERT_OK(db_.db()->Put(kWrite, "k", "put by other software"));
  db_.Append("k", {"a"});
  std::vector<PinnedBlob> blobs;
  const rocksdb::Status status = db_.store().GetSegments(kRead, "k", &blobs);
  EXPECT_TRUE(status.IsCorruption());
  EXPECT_THAT(status.ToString(), HasSubstr("bundle of 2 raw inputs"));
  EXPECT_TRUE(blobs.empty());
}

TEST_P(GetSegmentsTest, SnapshotsAreRead) {
  db_.Put("k", {"a"});
  db_.Append("k", {"b"});
  const rocksdb::Snapshot* const snapshot = db_.db()->GetSnapshot();
  db_.Append("k", {"c"});
  rocksdb::ReadOptions options;
  options.snapshot = snapshot;
  EXPECT_THAT(All(Read(db_, "k", options)), ElementsAre("a", "b"));
  EXPECT_THAT(All(Read(db_, "k")), ElementsAre("a", "b", "c"));
  db_.db()->ReleaseSnapshot(snapshot);
}

// Wherever RocksDB has them.
TEST_P(GetSegmentsTest, EverySourceGivesTheSameList) {
  const auto open = [&](int source) {
    rocksdb::Options options = TestDb::DefaultOptions(GetParam());
    rocksdb::BlockBasedTableOptions table;
    if (source == 1) table.no_block_cache = true;
    if (source == 2) options.row_cache = rocksdb::NewLRUCache(1 << 20);
    if (source == 3) options.allow_mmap_reads = true;
    if (source == 4) options.enable_blob_files = true;
    if (source == 5) options.compression = rocksdb::kLZ4Compression;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    db_.Open(options);
  };
  for (int source = 0; source <= 5; ++source) {
    open(source);
    ASSERT_OK(db_.db()->Delete(kWrite, "k"));
    const List model = Fill(3, 100);
    for (int i = 0; i < 2; ++i) EXPECT_EQ(All(Read(db_, "k")), model) << "source " << source;
    EXPECT_EQ(db_.Get("k"), model) << "source " << source;
    rocksdb::ReadOptions no_fill;
    no_fill.fill_cache = false;
    EXPECT_EQ(All(Read(db_, "k", no_fill)), model) << "source " << source;
  }
  open(0);
  const List model = Fill(3, 100);
  rocksdb::Options read_only = TestDb::DefaultOptions(GetParam());
  db_.OpenReadOnly(read_only);
  EXPECT_EQ(All(Read(db_, "k")), model);
}

TEST_P(GetSegmentsTest, CloseRefusesWhilePinsAreHeld) {
  const List model = Fill(2, 300);
  std::vector<PinnedBlob> blobs = Read(db_, "k");
  ASSERT_EQ(blobs.size(), 3u);
  const rocksdb::Status busy = db_.store().Close();
  EXPECT_TRUE(busy.IsBusy());
  EXPECT_THAT(busy.ToString(), HasSubstr("3 segments of GetSegments still pinned"));
  EXPECT_EQ(db_.Get("k"), model) << "nothing has changed";
  PinnedSlice slice = blobs[1].Slice(5);
  blobs.clear();
  EXPECT_THAT(db_.store().Close().ToString(), HasSubstr("1 segment of"));
  const PinnedSlice kept = slice.Detach();
  slice = PinnedSlice();
  EXPECT_OK(db_.store().Close());
  EXPECT_OK(db_.store().Close());
  EXPECT_EQ(kept, model[305]);
}

TEST_P(GetSegmentsTest, AClosedStoreReachesTheDbNoMore) {
  db_.Put("k", {"a"});
  Store& store = db_.store();
  ASSERT_OK(store.Close());
  PinnedBlob list;
  std::vector<PinnedBlob> blobs;
  std::vector<PinnedSlice> slices;
  rocksdb::WriteBatch batch;
  rocksdb::Status status;
  const rocksdb::Slice key = "k";
  store.MultiGet(kRead, 1, &key, &list, &status);
  for (const rocksdb::Status& s :
       {status, store.Get(kRead, key, &list), store.GetLast(kRead, key, 1, &slices),
        store.GetSegments(kRead, key, &blobs), store.Put(kWrite, key, {"b"}),
        store.Append(kWrite, key, {"b"}), store.Clear(kWrite, key),
        store.Append(&batch, key, {"b"}), store.Scan(kRead, KeyRange::All())->status()}) {
    EXPECT_TRUE(s.IsShutdownInProgress()) << s.ToString();
    EXPECT_THAT(s.ToString(), HasSubstr("Store::Close was called"));
  }
  EXPECT_FALSE(store.Scan(kRead, KeyRange::All())->Valid());
  EXPECT_EQ(batch.Count(), 0);
  EXPECT_EQ(store.layout(), GetParam());
}

// Run under TSan as well: no pin is there once Close succeeded.
TEST_P(GetSegmentsTest, CloseAndReadsFromManyThreadsDoNotOvertakeEachOther) {
  const List model = Fill(2, 200);
  std::atomic<uint64_t> read{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      for (;;) {
        std::vector<PinnedBlob> blobs;
        const rocksdb::Status s = db_.store().GetSegments(kRead, "k", &blobs);
        if (s.IsShutdownInProgress()) return;
        ASSERT_OK(s);
        ASSERT_EQ(All(std::move(blobs)), model);
        ++read;
      }
    });
  }
  while (read < 200) std::this_thread::yield();
  while (!db_.store().Close().ok()) std::this_thread::yield();
  EXPECT_EQ(db_.store().stats().segments_pinned, 0u);
  for (std::thread& reader : readers) reader.join();
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
