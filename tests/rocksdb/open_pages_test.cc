// OpenPages: what is noticed, what waits, and that its memory is bounded, whatever the number of
// lists.

#include "plugin/rocksdb/open_pages.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "absl/hash/hash.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/table.h"
#include "sheaf/append_operator.h"
#include "tests/codec/lists.h"
#include "tests/rocksdb/long_db.h"
#include "tests/support/counting_new.h"
#include "tests/support/live_bytes.h"

namespace sheaf {
namespace internal {
namespace {

using Size = OpenPages::Size;
using std::chrono::milliseconds;

constexpr uint64_t kPageBytes = 64 << 10;

uint64_t HashOf(const std::string& key) { return absl::HashOf(absl::string_view(key)); }

class OpenPagesTest : public ::testing::Test {
 protected:
  Size Append(const std::string& key, uint64_t bytes,
              OpenPages::Written written = OpenPages::Written::kNow) {
    return pages_.Appended(HashOf(key), key, bytes, written);
  }
  std::string Pop() {
    std::string key;
    return pages_.Pop(&key) ? key : "stopped";
  }
  void Done(const std::string& key, bool failed = false) {
    pages_.Done(key, failed, milliseconds(1));
  }

  const std::shared_ptr<rocksdb::MergeOperator> operator_ = NewAppendOperator({});
  OpenPages pages_{kPageBytes, /*serves=*/true, operator_.get()};
};

TEST_F(OpenPagesTest, AListWaitsOnceItIsPastPageBytes) {
  pages_.Set(HashOf("k"), 0);
  for (int i = 0; i < 63; ++i) ASSERT_EQ(Append("k", 1024), Size::kSmall) << i;
  EXPECT_EQ(pages_.waiting(), 0u);
  EXPECT_EQ(Append("k", 1024), Size::kLarge);
  EXPECT_EQ(pages_.waiting(), 1u);
  for (int i = 0; i < 55; ++i) ASSERT_EQ(Append("k", 1024), Size::kSmall) << i;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Append("k", 1024), Size::kFarTooLarge);
  EXPECT_EQ(pages_.waiting(), 1u) << "once";
  EXPECT_EQ(Pop(), "k");
  pages_.Set(HashOf("k"), 10);
  Done("k");
  EXPECT_EQ(pages_.waiting(), 0u);
  EXPECT_EQ(Append("k", 1024), Size::kSmall);
}

// What it had before it was counted is less than a page, and not known.
TEST_F(OpenPagesTest, AListThatWasNotLookedAtWaitsEarlier) {
  for (int i = 0; i < 31; ++i) ASSERT_EQ(Append("k", 1024), Size::kSmall) << i;
  EXPECT_EQ(Append("k", 1024), Size::kLarge);
}

TEST_F(OpenPagesTest, CountsAreCorrectedByWhatWasRead) {
  Append("k", 1000);
  EXPECT_EQ(pages_.Counted(HashOf("k")), 1000u);
  Append("k", 500);  // while 1000 were read as 7000, and taken off
  pages_.Correct(HashOf("k"), 1000, 7000);
  EXPECT_EQ(pages_.Counted(HashOf("k")), 7500u);
  pages_.Correct(HashOf("k"), 7000, 0);
  EXPECT_EQ(pages_.Counted(HashOf("k")), 500u);
  pages_.Correct(HashOf("k"), 7000, 0);
  EXPECT_EQ(pages_.Counted(HashOf("k")), 0u);
  pages_.Correct(HashOf("new"), 0, 70);
  EXPECT_EQ(pages_.Counted(HashOf("new")), 70u);
}

TEST_F(OpenPagesTest, WhatIsNoticedWhileAListIsLookedAtIsLookedAtAgain) {
  pages_.FoundLarge("k");
  EXPECT_EQ(Pop(), "k");
  pages_.FoundLarge("k");
  Done("k");
  EXPECT_EQ(pages_.waiting(), 1u);
  EXPECT_EQ(Pop(), "k");
  Done("k");
  EXPECT_EQ(pages_.waiting(), 0u);
}

TEST_F(OpenPagesTest, WhatMayBeWrittenLaterIsLookedAtSomeTimesMore) {
  EXPECT_EQ(Append("k", kPageBytes, OpenPages::Written::kWhenever), Size::kLarge);
  EXPECT_EQ(pages_.waiting(), 1u);
  EXPECT_EQ(Pop(), "k");
  Done("k");
  EXPECT_EQ(pages_.waiting(), 0u) << "nothing is known to be large";
  EXPECT_EQ(Pop(), "k");
  Done("k");
  EXPECT_EQ(Pop(), "k");
  // If it is noticed, it does not wait for that.
  pages_.FoundLarge("k");
  Done("k");
  EXPECT_EQ(pages_.waiting(), 1u);
  EXPECT_EQ(Pop(), "k");
}

TEST_F(OpenPagesTest, WhatFailedIsTriedAgain) {
  pages_.FoundLarge("bad");
  pages_.FoundLarge("good");
  EXPECT_EQ(Pop(), "bad");
  Done("bad", /*failed=*/true);
  EXPECT_EQ(Pop(), "good");
  Done("good");
  EXPECT_EQ(pages_.waiting(), 1u);
  pages_.Await("bad", milliseconds(1 << 30));  // waits for nothing
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Pop(), "bad");
    Done("bad", /*failed=*/true);
  }
  EXPECT_EQ(Pop(), "bad");
  Done("bad");
  EXPECT_EQ(pages_.waiting(), 0u);
}

TEST_F(OpenPagesTest, WhatWasSealedByHandIsForgotten) {
  pages_.FoundLarge("a");
  pages_.FoundLarge("b");
  pages_.FoundLarge("c");
  pages_.Forget("a");
  pages_.Forget("c");
  pages_.Forget("never there");
  EXPECT_EQ(pages_.waiting(), 1u);
  pages_.FoundLarge("c");  // and noticed again
  EXPECT_EQ(Pop(), "b");
  Done("b");
  EXPECT_EQ(Pop(), "c");
  pages_.Forget("c");
  EXPECT_EQ(pages_.waiting(), 0u);
  Done("c");
  pages_.FoundLarge("d");
  EXPECT_EQ(Pop(), "d");
  Done("d", /*failed=*/true);
  pages_.Forget("d");
  EXPECT_EQ(pages_.waiting(), 0u);
  pages_.Stop();
  EXPECT_EQ(Pop(), "stopped");
}

TEST_F(OpenPagesTest, AWriterWaitsUntilItsListWasLookedAt) {
  pages_.Await("not waiting", milliseconds(1 << 30));
  pages_.FoundLarge("k");
  std::atomic<bool> waited{false};
  std::thread writer([&] {
    pages_.Await("k", milliseconds(1 << 30));
    waited = true;
  });
  EXPECT_EQ(Pop(), "k");
  pages_.FoundLarge("k");  // so that it waits again at once
  EXPECT_FALSE(waited);
  Done("k");
  if (pages_.waiting() != 0) {
    EXPECT_EQ(Pop(), "k");
    Done("k");
  }
  writer.join();
}

TEST_F(OpenPagesTest, StopEndsAllWaiting) {
  std::thread pops([&] { EXPECT_EQ(Pop(), "stopped"); });
  pages_.Stop();
  pops.join();
  pages_.FoundLarge("k");
  EXPECT_EQ(pages_.waiting(), 0u) << "nobody would look";
  pages_.Await("k", milliseconds(1 << 30));
}

TEST(OpenPagesMeetTest, TellsTheStoresOfThatOperator) {
  const auto mine = NewAppendOperator({});
  const auto other = NewAppendOperator({});
  OpenPages first(kPageBytes, true, mine.get());
  OpenPages second(kPageBytes, true, mine.get());
  OpenPages unrelated(kPageBytes, true, other.get());
  OpenPages::Meet(mine.get(), testing::StoredKeyOf("k", testing::kOpenPage));
  OpenPages::Meet(mine.get(), testing::StoredKeyOf("sealed", 7));
  OpenPages::Meet(mine.get(), "not a stored key");
  for (OpenPages* pages : {&first, &second}) {
    EXPECT_EQ(pages->waiting(), 1u);
    std::string key;
    ASSERT_TRUE(pages->Pop(&key));
    EXPECT_EQ(key, "k");
  }
  EXPECT_EQ(unrelated.waiting(), 0u);
}

// A list of each size, among so many others that the table has no room for most.
TEST(OpenPagesCountTest, AListThatGrowsByTwoPagesIsNoticed) {
  const auto merge_operator = NewAppendOperator({});
  OpenPages pages(kPageBytes, /*serves=*/false, merge_operator.get());
  for (int i = 0; i < 300000; ++i) {
    const std::string key = "other " + std::to_string(i);
    pages.Appended(HashOf(key), key, 100);
  }
  int noticed = 0;
  constexpr int kLists = 2000;
  for (int i = 0; i < kLists; ++i) {
    const std::string key = "list " + std::to_string(i);
    bool is_noticed = false;
    for (uint64_t bytes = 0; bytes < 2 * kPageBytes; bytes += 512) {
      is_noticed |= pages.Appended(HashOf(key), key, 512) != Size::kSmall;
    }
    noticed += is_noticed ? 1 : 0;
  }
  EXPECT_EQ(noticed, kLists) << "once in e^32, one is not";
}

// Lists that are looked at by chance, as the table has no room for them, leave room for those that
// are large for certain.
TEST(OpenPagesCountTest, ALargeListWaitsAmongAnyNumberOfSmallOnes) {
  const auto merge_operator = NewAppendOperator({});
  OpenPages pages(kPageBytes, /*serves=*/false, merge_operator.get());
  for (int i = 0; i < 400000; ++i) {
    const std::string key = "small " + std::to_string(i);
    pages.Appended(HashOf(key), key, kPageBytes / 20);
  }
  const uint64_t small = pages.waiting();
  EXPECT_GT(small, 1000u);
  EXPECT_LE(small, OpenPages::kMaxWaiting / 2);
  for (int i = 0; i < 1000; ++i) {
    const std::string key = "large " + std::to_string(i);
    EXPECT_EQ(pages.Appended(HashOf(key), key, kPageBytes), Size::kLarge);
  }
  EXPECT_EQ(pages.waiting(), small + 1000);
}

// The target: 10,000,000 keys.
TEST(OpenPagesMemoryTest, IsThatOfATableWhateverTheNumberOfLists) {
  if (!test::CountsLiveBytes()) GTEST_SKIP();
  for (const bool serves : {false, true}) {
    const auto merge_operator = NewAppendOperator({});
    const uint64_t before = test::LiveBytes();
    OpenPages pages(kPageBytes, serves, merge_operator.get());
    EXPECT_LT(test::LiveBytes() - before, uint64_t{5} << 20);
    const auto lists = static_cast<uint64_t>((serves ? 10e6 : 1e6) * std::min(test::Scale(), 1.0));
    std::mt19937_64 random(1);
    for (uint64_t i = 0; i < lists; ++i) {
      char key[32];
      const int size = std::snprintf(key, sizeof key, "user:%020llu",
                                     static_cast<unsigned long long>(i));  // NOLINT
      pages.Appended(random(), std::string_view(key, static_cast<size_t>(size)), 500);
    }
    EXPECT_LE(pages.waiting(), OpenPages::kMaxWaiting);
    if (lists >= 1000000) {
      EXPECT_GE(pages.waiting(), OpenPages::kMaxWaiting / 2);
    }
    EXPECT_LT(test::LiveBytes() - before, uint64_t{25} << 20) << "65,536 that wait, and the table";
    const test::AllocationCount allocations;
    for (uint64_t i = 0; i < 100000; ++i) pages.Set(random(), 100);
    EXPECT_EQ(allocations.so_far(), 0u);
  }
}

// All of a LongStore, and of what it has RocksDB do: SHEAF_TEST_SCALE=100 appends to 10,000,000
// keys.
TEST(OpenPagesMemoryTest, OfALongStoreIsBoundedWhateverTheNumberOfKeys) {
  if (!test::CountsLiveBytes()) GTEST_SKIP();
  rocksdb::Options options = testing::LongDb::DefaultOptions(1000);
  options.write_buffer_size = 1 << 20;
  options.max_open_files = 20;
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(1 << 20);
  table.cache_index_and_filter_blocks = true;
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  testing::LongDb db(options);
  db.store_options.seal_in_background = true;
  db.store_options.index_bytes = 1 << 20;
  db.CloseStore();
  db.OpenStore();
  const auto keys = static_cast<uint64_t>(100000 * test::Scale());
  const std::string value(40, 'v');
  const std::string large(1100, 'v');  // a page
  uint64_t before = 0;
  std::vector<PinnedSlice> values;
  for (uint64_t i = 0; i < keys; ++i) {
    if (i == keys / 10) before = test::LiveBytes();
    const std::string key = "a key of some length " + std::to_string(i);
    ASSERT_OK(db->Append(rocksdb::WriteOptions(), key, {i % 16 == 0 ? large : value}));
    if (i % 8 == 0) {
      ASSERT_OK(db->GetLast({}, key, 1, &values));
    }
  }
  values.clear();
  EXPECT_LT(test::LiveBytes(), before + (uint64_t{12} << 20));
  ASSERT_TRUE(testing::Eventually([&] { return db->stats().open_pages_too_large == 0; }));
  EXPECT_GE(db->stats().pages_sealed, keys / 16);
}

// Whether somebody pops or not.
TEST(OpenPagesMemoryTest, SealingByHandForEverLeavesNothingBehind) {
  if (!test::CountsLiveBytes()) GTEST_SKIP();
  for (const bool serves : {false, true}) {
    const auto merge_operator = NewAppendOperator({});
    OpenPages pages(kPageBytes, serves, merge_operator.get());
    const std::string key(100, 'k');
    const uint64_t before = test::LiveBytes();
    for (int i = 0; i < 100000; ++i) {
      pages.Appended(HashOf(key), key, kPageBytes);
      EXPECT_EQ(pages.waiting(), 1u);
      pages.Forget(key);
      EXPECT_EQ(pages.waiting(), 0u);
    }
    EXPECT_LT(test::LiveBytes() - before, 10000u);
  }
}

}  // namespace
}  // namespace internal
}  // namespace sheaf
