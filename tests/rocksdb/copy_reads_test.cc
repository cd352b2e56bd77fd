// StoreOptions::copy_reads and SHEAF_COPY_READS: lists in memory of their own, so that a memory
// checker sees views that are used too late.

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/table.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"
#include "tests/support/sanitizers.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::HasSubstr;

class CopyReadsTest : public ::testing::Test {
 protected:
  CopyReadsTest() {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache_;
    rocksdb::Options options = TestDb::DefaultOptions();
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    db_.Open(options);
    db_.Put("k", model_);
    db_.Put("l", model_);
    db_.Put("tiny", {"x"});
    db_.Compact();
    Open(&plain_, false);
    Open(&copies_, true);
  }
  void Open(std::unique_ptr<Store>* store, bool copy_reads) {
    StoreOptions options;
    options.copy_reads = copy_reads;
    ASSERT_OK(Store::Open(db_.db(), nullptr, options, store));
  }
  static PinnedBlob Get(Store& store, const char* key) {
    PinnedBlob list;
    EXPECT_OK(store.Get({}, key, &list));
    return list;
  }
  static PinnedBlob MultiGet(Store& store, const rocksdb::Slice& key) {
    PinnedBlob list;
    rocksdb::Status status;
    store.MultiGet({}, 1, &key, &list, &status);
    EXPECT_OK(status);
    return list;
  }

  const List model_ = SomeValues(100);
  const std::shared_ptr<rocksdb::Cache> cache_ = rocksdb::NewLRUCache(8 << 20);
  TestDb db_;
  std::unique_ptr<Store> plain_;
  std::unique_ptr<Store> copies_;
};

TEST_F(CopyReadsTest, EachReadHasBytesOfItsOwnAndNoPin) {
  const PinnedBlob pinned = Get(*plain_, "k");
  EXPECT_TRUE(pinned.zero_copy());
  const size_t of_one = cache_->GetPinnedUsage();
  std::vector<PinnedBlob> lists;
  lists.push_back(Get(*copies_, "k"));
  lists.push_back(Get(*copies_, "k"));
  lists.push_back(MultiGet(*copies_, "k"));
  for (size_t i = 0; i < lists.size(); ++i) {
    EXPECT_FALSE(lists[i].zero_copy());
    EXPECT_EQ(ToList(lists[i]), model_);
    EXPECT_NE(lists[i][0].data(), pinned[0].data());
    EXPECT_NE(lists[i][0].data(), lists[(i + 1) % lists.size()][0].data());
  }
  EXPECT_EQ(cache_->GetPinnedUsage(), of_one);
  StoreStats stats = copies_->stats();
  EXPECT_EQ(stats.zero_copy_reads, 0u);
  EXPECT_EQ(stats.copied_reads_for(CopyReason::kCopyReads), 3u);
  EXPECT_EQ(stats.copied_bytes_for(CopyReason::kCopyReads), 3 * pinned.view().encoded().size());
  EXPECT_EQ(stats.blocks_pinned, 3u);
  EXPECT_THAT(stats.ToString(), HasSubstr("copied{copy_reads}=3/"));
  lists.clear();
  EXPECT_EQ(copies_->stats().blocks_pinned, 0u);
  EXPECT_EQ(plain_->stats().copied_reads_for(CopyReason::kCopyReads), 0u);
}

TEST_F(CopyReadsTest, WhatWouldBeCopiedAnywayHasItsOwnReason) {
  db_.Put("new", {"y"});
  EXPECT_EQ(ToList(Get(*copies_, "new")), List({"y"}));
  db_.Append("k", {"y"});
  EXPECT_EQ(Get(*copies_, "k").size(), model_.size() + 1);
  const StoreStats stats = copies_->stats();
  EXPECT_EQ(stats.copied_reads_for(CopyReason::kMemtable), 1u);
  EXPECT_EQ(stats.copied_reads_for(CopyReason::kMerge), 1u);
  EXPECT_EQ(stats.operands_merged, 1u);
  EXPECT_EQ(stats.copied_reads_for(CopyReason::kCopyReads), 0u);
}

TEST_F(CopyReadsTest, GetLastIsCopiedToo) {
  std::vector<PinnedSlice> values, pinned;
  ASSERT_OK(copies_->GetLast({}, "k", 2, &values));
  ASSERT_OK(plain_->GetLast({}, "k", 2, &pinned));
  EXPECT_EQ(values[1], model_.back());
  EXPECT_NE(values[1].view().data(), pinned[1].view().data());
}

TEST_F(CopyReadsTest, SegmentsAreCopiedAndMayOutliveTheDb) {
  const std::string large(40000, 'v');
  db_.Append("k", {large});
  db_.Append("k", {large});
  std::vector<PinnedBlob> pinned;
  ASSERT_OK(plain_->GetSegments({}, "k", &pinned));
  ASSERT_EQ(pinned.size(), 3u);
  EXPECT_TRUE(pinned[0].zero_copy());
  pinned.clear();
  std::vector<PinnedBlob> segments;
  ASSERT_OK(copies_->GetSegments({}, "k", &segments));
  ASSERT_EQ(segments.size(), 3u);
  for (const PinnedBlob& segment : segments) EXPECT_FALSE(segment.zero_copy());
  EXPECT_EQ(copies_->stats().copied_reads_for(CopyReason::kCopyReads), 1u);
  ASSERT_OK(copies_->Close());
  copies_.reset();
  plain_.reset();
  db_.Close();
  EXPECT_EQ(ToList(segments[0]), model_);
  EXPECT_EQ(segments[2][0], large);
}

TEST_F(CopyReadsTest, ACursorCopiesKeysAndLists) {
  const auto cursor = copies_->Scan({}, KeyRange::All());
  const auto plain = plain_->Scan({}, KeyRange::All());
  std::vector<std::string> keys;
  for (; cursor->Valid(); cursor->Next(), plain->Next()) {
    ASSERT_TRUE(plain->Valid());
    EXPECT_EQ(cursor->key(), plain->key());
    EXPECT_NE(cursor->key().data(), plain->key().data());
    EXPECT_EQ(ToList(cursor->values()), ToList(plain->values()));
    EXPECT_NE(cursor->values().encoded().data(), plain->values().encoded().data());
    EXPECT_EQ(ToList(cursor->Detach()), ToList(plain->values()));
    keys.push_back(cursor->key().ToString());
  }
  EXPECT_OK(cursor->status());
  EXPECT_EQ(keys, (std::vector<std::string>{"k", "l", "tiny"}));
}

TEST_F(CopyReadsTest, TheEnvironmentSetsItForStoresThatAreOpenedThen) {
  for (const char* const value : {"1", "0", ""}) {
    ASSERT_EQ(setenv("SHEAF_COPY_READS", value, /*overwrite=*/1), 0);
    std::unique_ptr<Store> store;
    Open(&store, false);
    ASSERT_EQ(unsetenv("SHEAF_COPY_READS"), 0);
    EXPECT_EQ(Get(*store, "k").zero_copy(), *value != '1') << value;
  }
  EXPECT_TRUE(Get(*plain_, "k").zero_copy());
}

// Reads the first byte of `late`, where the compiler cannot tell that it need not.
char Touch(std::string_view late) { return *const_cast<const volatile char*>(late.data()); }

// The first value of a list that is gone. Clang would warn of a view of a temporary.
std::string_view ViewOfGone(PinnedBlob list) {
  const std::string_view view = list[0];
  list.Reset();
  return view;
}

TEST_F(CopyReadsTest, AddressSanitizerSeesAViewThatOutlivesItsListOnlyIfReadsAreCopied) {
  if (!test::kAddressSanitizer) GTEST_SKIP() << "of a build with AddressSanitizer";
  for (const char* const key : {"k", "tiny"}) {
    EXPECT_EQ(Touch(ViewOfGone(Get(*plain_, key))), *key == 'k' ? model_[0][0] : 'x');
    const std::string_view late = ViewOfGone(Get(*copies_, key));
    EXPECT_DEATH(Touch(late), "heap-use-after-free");
    const std::string_view of_many = ViewOfGone(MultiGet(*copies_, key));
    EXPECT_DEATH(Touch(of_many), "heap-use-after-free");
  }
}

TEST_F(CopyReadsTest, AddressSanitizerSeesACursorsViewsAfterNextOnlyIfReadsAreCopied) {
  if (!test::kAddressSanitizer) GTEST_SKIP() << "of a build with AddressSanitizer";
  const auto plain = plain_->Scan({}, KeyRange::All());
  const std::string_view seemed_right = plain->values()[0];
  plain->Next();
  EXPECT_EQ(Touch(seemed_right), model_[0][0]);

  const auto cursor = copies_->Scan({}, KeyRange::All());
  const std::string_view value = cursor->values()[0];
  const rocksdb::Slice key = cursor->key();
  cursor->Next();
  EXPECT_DEATH(Touch(value), "heap-use-after-free");
  EXPECT_DEATH(Touch(key.ToStringView()), "heap-use-after-free");
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
