// Where compactions cut SSTs of long lists: by a compaction's keys, one by one, and in a DB.

#include "plugin/rocksdb/page_partitioner.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "plugin/codec/stored_key.h"
#include "rocksdb/db.h"
#include "sheaf/long_store.h"
#include "tests/rocksdb/long_db.h"

namespace sheaf {
namespace testing {
namespace {

using internal::PagePartitioner;
using internal::StoredKey;

// Feeds keys, each with the bytes that its entry takes, and tells behind which of them SSTs end.
class Compaction {
 public:
  void Add(std::string_view key, uint64_t position, uint64_t bytes) {
    AddKey(std::string(StoredKey(key).At(position)), bytes);
  }
  void AddKey(const std::string& stored, uint64_t bytes) {
    if (!before_.empty()) {
      const rocksdb::Slice before = before_;
      const rocksdb::Slice current = stored;
      if (partitioner_.ShouldPartition({before, current, size_}) == rocksdb::kRequired) {
        cuts_.push_back(keys_);
        size_ = 0;
      }
    }
    before_ = stored;
    size_ += bytes;
    ++keys_;
  }
  // RocksDB begins another SST, as one has its target size.
  void End() { size_ = 0; }
  const std::vector<size_t>& cuts() const { return cuts_; }

 private:
  PagePartitioner partitioner_;
  std::string before_;
  uint64_t size_ = 0;
  size_t keys_ = 0;
  std::vector<size_t> cuts_;
};

constexpr uint64_t kOpen = StoredKey::kOpen;
constexpr uint64_t kHalf = PagePartitioner::kMinBytes / 2;

TEST(PagePartitionerTest, CutsBeforeTheOpenPageOfManySealedOnesAndBehindIt) {
  Compaction compaction;
  compaction.Add("a", 0, kHalf);
  compaction.Add("a", 10, kHalf);
  compaction.Add("a", kOpen, 100);  // another SST
  compaction.Add("b", 0, 100);      // and another
  compaction.Add("b", kOpen, 100);
  compaction.Add("c", kOpen, 100);
  EXPECT_EQ(compaction.cuts(), (std::vector<size_t>{2, 3}));
}

TEST(PagePartitionerTest, ListsOfFewPagesShareSsts) {
  Compaction compaction;
  for (const char* const key : {"a", "b", "c", "d"}) {
    compaction.Add(key, 0, kHalf);
    compaction.Add(key, 10, kHalf - 1);
    compaction.Add(key, kOpen, kHalf);
  }
  EXPECT_TRUE(compaction.cuts().empty());
}

TEST(PagePartitionerTest, CountsWhatOneSstHas) {
  Compaction compaction;
  compaction.Add("a", 0, kHalf);
  compaction.Add("a", 10, kHalf);
  compaction.End();
  compaction.Add("a", 20, kHalf);
  compaction.Add("a", kOpen, 100);
  EXPECT_TRUE(compaction.cuts().empty());
  compaction.Add("b", 0, 3 * kHalf);
  compaction.End();
  compaction.Add("b", 10, 2 * kHalf);
  compaction.Add("b", kOpen, 100);
  EXPECT_EQ(compaction.cuts(), std::vector<size_t>{6});
}

TEST(PagePartitionerTest, VersionsOfOneKeyStayTogether) {
  Compaction compaction;
  compaction.Add("a", 0, 2 * kHalf);
  compaction.Add("a", kOpen, 2 * kHalf);
  compaction.Add("a", kOpen, 2 * kHalf);
  EXPECT_EQ(compaction.cuts(), std::vector<size_t>{1});
}

TEST(PagePartitionerTest, OtherKeysAreLeftAlone) {
  Compaction compaction;
  for (const char* const key : {"", "a", "ab", "abcdefghi", "abcdefghij"}) {
    compaction.AddKey(key, 4 * kHalf);
  }
  EXPECT_TRUE(compaction.cuts().empty());
}

TEST(PagePartitionerTest, AnUncutListIsNotMovedAsItIs) {
  PagePartitioner partitioner;
  const auto moves = [&](std::string_view first, uint64_t first_position, std::string_view last,
                         uint64_t last_position) {
    return partitioner.CanDoTrivialMove(std::string(StoredKey(first).At(first_position)),
                                        std::string(StoredKey(last).At(last_position)));
  };
  EXPECT_FALSE(moves("a", 0, "a", kOpen));
  EXPECT_TRUE(moves("a", 0, "a", 10));
  EXPECT_TRUE(moves("a", kOpen, "a", kOpen));
  EXPECT_TRUE(moves("a", 0, "b", kOpen));
  EXPECT_TRUE(partitioner.CanDoTrivialMove("a", "b"));
}

TEST(PagePartitionerTest, ACompactedDbHasTheOpenPageInAnSstOfItsOwn) {
  rocksdb::Options options = LongDb::DefaultOptions(/*page_bytes=*/1000);
  options.sst_partitioner_factory = NewPagePartitionerFactory();
  LongDb db(options);
  const std::string value(500, 'v');
  ASSERT_OK(db.store().Append({}, "long", std::vector<std::string_view>(4000, value)));
  ASSERT_OK(db.store().Seal("long"));
  ASSERT_OK(db.store().Append({}, "long", "newest"));
  ASSERT_OK(db.store().Append({}, "next", "value"));
  ASSERT_OK(db.db()->Flush({}));
  rocksdb::CompactRangeOptions compact;
  compact.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  ASSERT_OK(db.db()->CompactRange(compact, nullptr, nullptr));
  std::vector<rocksdb::LiveFileMetaData> files;
  db.db()->GetLiveFilesMetaData(&files);
  const std::string open(StoredKey("long").Open());
  size_t with_open = 0;
  for (const rocksdb::LiveFileMetaData& file : files) {
    if (file.smallestkey <= open && open <= file.largestkey) {
      ++with_open;
      EXPECT_EQ(file.smallestkey, open);
      EXPECT_EQ(file.largestkey, open);
    }
  }
  EXPECT_EQ(with_open, 1u);
  EXPECT_EQ(files.size(), 3u);
  std::vector<PinnedSlice> values;
  ASSERT_OK(db.store().GetRange({}, "long", 3999, 10, &values));
  EXPECT_EQ(ToStrings(values), (List{value, "newest"}));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
