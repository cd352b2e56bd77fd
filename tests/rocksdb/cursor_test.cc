#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/comparator.h"
#include "rocksdb/slice_transform.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"
#include "tests/support/counting_new.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::vector<std::string> Keys(TestDb& db, KeyRange range,
                              const rocksdb::ReadOptions& options = rocksdb::ReadOptions()) {
  std::vector<std::string> keys;
  auto cursor = db.store().Scan(options, std::move(range));
  for (; cursor->Valid(); cursor->Next()) keys.push_back(cursor->key().ToString());
  EXPECT_OK(cursor->status());
  return keys;
}

TEST(KeyRangeTest, PrefixEndsBeforeTheNextPrefix) {
  EXPECT_EQ(KeyRange::Prefix("ab").end, "ac");
  EXPECT_EQ(KeyRange::Prefix("a\xFF").end, "b");
  EXPECT_EQ(KeyRange::Prefix("\xFF\xFF").end, "");
  EXPECT_EQ(KeyRange::Prefix("").end, "");
  EXPECT_EQ(KeyRange::Prefix(std::string(1, '\0')).end, "\x01");
}

class CursorTest : public ::testing::Test {
 protected:
  CursorTest() {
    for (const char* key : {"a", "ab", "abc", "ac", "b", "\xFE", "\xFF", "\xFF\xFFz"}) {
      db_.Put(key, {std::string(key) + "-1", std::string(key) + "-2"});
    }
  }
  TestDb db_;
};

TEST_F(CursorTest, AllGoesOverEveryKeyInOrder) {
  EXPECT_THAT(Keys(db_, KeyRange::All()),
              ElementsAre("a", "ab", "abc", "ac", "b", "\xFE", "\xFF", "\xFF\xFFz"));
}

TEST_F(CursorTest, PrefixGoesOverItsKeysOnly) {
  EXPECT_THAT(Keys(db_, KeyRange::Prefix("ab")), ElementsAre("ab", "abc"));
  EXPECT_THAT(Keys(db_, KeyRange::Prefix("\xFF")), ElementsAre("\xFF", "\xFF\xFFz"));
  EXPECT_THAT(Keys(db_, KeyRange::Prefix("zz")), ElementsAre());
}

TEST_F(CursorTest, BeginIsInEndIsOut) {
  EXPECT_THAT(Keys(db_, {"ab", "b"}), ElementsAre("ab", "abc", "ac"));
  EXPECT_THAT(Keys(db_, {"ac", ""}), ElementsAre("ac", "b", "\xFE", "\xFF", "\xFF\xFFz"));
  EXPECT_THAT(Keys(db_, {"", "ab"}), ElementsAre("a"));
  EXPECT_THAT(Keys(db_, {"b", "a"}), ElementsAre());
}

TEST_F(CursorTest, TheNarrowerOfRangeAndReadOptionsHolds) {
  const rocksdb::Slice lower = "ab", upper = "b";
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &lower;
  options.iterate_upper_bound = &upper;
  EXPECT_THAT(Keys(db_, KeyRange::All(), options), ElementsAre("ab", "abc", "ac"));
  EXPECT_THAT(Keys(db_, {"a", "z"}, options), ElementsAre("ab", "abc", "ac"));
  EXPECT_THAT(Keys(db_, {"abc", "ac"}, options), ElementsAre("abc"));
}

TEST_F(CursorTest, TheCallersBoundsMayGoAfterScan) {
  auto upper_bytes = std::make_unique<std::string>("ac");
  auto upper = std::make_unique<rocksdb::Slice>(*upper_bytes);
  std::unique_ptr<Cursor> cursor;
  {
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = upper.get();
    cursor = db_.store().Scan(options, {"ab", ""});
  }
  *upper_bytes = "zz";
  upper_bytes.reset();
  upper.reset();
  std::vector<std::string> keys;
  for (; cursor->Valid(); cursor->Next()) keys.push_back(cursor->key().ToString());
  EXPECT_THAT(keys, ElementsAre("ab", "abc"));
}

TEST_F(CursorTest, DetachedListsOutliveCursorStoreAndDb) {
  std::vector<PinnedBlob> kept;
  {
    auto cursor = db_.store().Scan({}, KeyRange::Prefix("a"));
    for (; cursor->Valid(); cursor->Next()) kept.push_back(cursor->Detach());
  }
  db_.Close();
  ASSERT_EQ(kept.size(), 4u);
  EXPECT_EQ(ToList(kept[2]), List({"abc-1", "abc-2"}));
  EXPECT_FALSE(kept[2].zero_copy());
}

TEST_F(CursorTest, AValueThatIsNotAListStopsAndCanBePassed) {
  ASSERT_OK(db_.db()->Put({}, "abc", "nonsense"));
  auto cursor = db_.store().Scan({}, KeyRange::Prefix("a"));
  ASSERT_TRUE(cursor->Valid());
  cursor->Next();
  ASSERT_TRUE(cursor->Valid());
  cursor->Next();
  ASSERT_FALSE(cursor->Valid());
  EXPECT_TRUE(cursor->status().IsCorruption());
  EXPECT_THAT(cursor->status().ToString(), HasSubstr("\"abc\""));
  EXPECT_EQ(cursor->key(), "abc");
  cursor->Next();
  ASSERT_TRUE(cursor->Valid());
  EXPECT_OK(cursor->status());
  EXPECT_EQ(cursor->key(), "ac");
  cursor->Next();
  EXPECT_FALSE(cursor->Valid());
  EXPECT_OK(cursor->status());
  cursor->Next();  // at the end it stays there
  EXPECT_FALSE(cursor->Valid());
}

std::vector<std::string> KeysBackward(Cursor& cursor) {
  std::vector<std::string> keys;
  for (; cursor.Valid(); cursor.Prev()) keys.push_back(cursor.key().ToString());
  EXPECT_OK(cursor.status());
  return keys;
}

TEST_F(CursorTest, GoesBackward) {
  auto cursor = db_.store().Scan({}, {"ab", "\xFF"});
  cursor->SeekToLast();
  EXPECT_THAT(KeysBackward(*cursor), ElementsAre("\xFE", "b", "ac", "abc", "ab"));
  cursor->Seek("abz");
  EXPECT_EQ(cursor->key(), "ac");
  EXPECT_EQ(ToList(cursor->values()), List({"ac-1", "ac-2"}));
  EXPECT_THAT(KeysBackward(*cursor), ElementsAre("ac", "abc", "ab"));
  cursor->Prev();  // at the end it stays there
  EXPECT_FALSE(cursor->HasKey());
  cursor->SeekToFirst();
  EXPECT_EQ(cursor->key(), "ab");
  cursor->Next();
  cursor->Prev();
  EXPECT_EQ(cursor->key(), "ab");
}

// RocksDB frees a long key before it has read it.
TEST_F(CursorTest, SeeksToItsOwnKey) {
  const std::string key(1000, 'k');
  db_.Put(key, {"1"});
  auto cursor = db_.store().Scan({}, KeyRange::All());
  while (cursor->key() != key) cursor->Next();
  cursor->Seek(cursor->key());
  ASSERT_TRUE(cursor->Valid());
  EXPECT_EQ(cursor->key(), key);
}

TEST_F(CursorTest, SeekKeepsToTheRange) {
  auto cursor = db_.store().Scan({}, {"ab", "b"});
  cursor->Seek("");
  EXPECT_EQ(cursor->key(), "ab");
  cursor->Seek("b");
  EXPECT_FALSE(cursor->Valid());
  EXPECT_OK(cursor->status());
  cursor->Seek("abc");
  EXPECT_EQ(cursor->key(), "abc");
}

TEST_F(CursorTest, GoesBackwardPastAValueThatIsNotAList) {
  ASSERT_OK(db_.db()->Put({}, "abc", "nonsense"));
  auto cursor = db_.store().Scan({}, KeyRange::Prefix("a"));
  std::vector<std::string> keys;
  for (cursor->SeekToLast(); cursor->HasKey(); cursor->Prev()) {
    keys.push_back(cursor->key().ToString());
    EXPECT_EQ(cursor->Valid(), keys.back() != "abc");
  }
  EXPECT_OK(cursor->status());
  EXPECT_THAT(keys, ElementsAre("ac", "abc", "ab", "a"));
}

// The last key of a page is where the next one begins, in either direction.
TEST_F(CursorTest, PagesMeet) {
  const auto all = Keys(db_, KeyRange::All());
  for (size_t size = 1; size <= all.size() + 1; ++size) {
    std::vector<std::string> forward;
    KeyRange range;
    for (size_t before = SIZE_MAX; before != forward.size();) {
      before = forward.size();
      auto cursor = db_.store().Scan({}, range);
      for (; cursor->Valid() && forward.size() < before + size; cursor->Next()) {
        forward.push_back(cursor->key().ToString());
      }
      if (!forward.empty()) range.after = forward.back();
    }
    EXPECT_EQ(forward, all) << size;

    std::vector<std::string> backward;
    range = KeyRange();
    for (size_t before = SIZE_MAX; before != backward.size();) {
      before = backward.size();
      auto cursor = db_.store().Scan({}, range);
      cursor->SeekToLast();
      for (; cursor->Valid() && backward.size() < before + size; cursor->Prev()) {
        backward.push_back(cursor->key().ToString());
      }
      if (!backward.empty()) range.end = backward.back();
    }
    EXPECT_EQ(backward, std::vector<std::string>(all.rbegin(), all.rend())) << size;
  }
}

TEST_F(CursorTest, AfterNarrowsARange) {
  KeyRange range = KeyRange::Prefix("a");
  range.after = "ab";
  EXPECT_THAT(Keys(db_, range), ElementsAre("abc", "ac"));
  range.after = "A";  // before the range
  EXPECT_THAT(Keys(db_, range), ElementsAre("a", "ab", "abc", "ac"));
  range.after = "abb";  // no key
  auto cursor = db_.store().Scan({}, range);
  cursor->SeekToLast();
  EXPECT_THAT(KeysBackward(*cursor), ElementsAre("ac", "abc"));
}

TEST_F(CursorTest, ALoopOverAllKeysPassesValuesThatAreNotLists) {
  ASSERT_OK(db_.db()->Put({}, "abc", "nonsense"));
  ASSERT_OK(db_.db()->Put({}, "b", ""));
  std::vector<std::string> lists, others;
  auto cursor = db_.store().Scan({}, KeyRange::All());
  for (; cursor->HasKey(); cursor->Next()) {
    (cursor->Valid() ? lists : others).push_back(cursor->key().ToString());
    EXPECT_EQ(cursor->Valid(), cursor->status().ok());
  }
  EXPECT_OK(cursor->status());
  EXPECT_THAT(lists, ElementsAre("a", "ab", "ac", "\xFE", "\xFF", "\xFF\xFFz"));
  EXPECT_THAT(others, ElementsAre("abc", "b"));
}

// RocksDB's own Corruption is the end, although a value's is not.
TEST(CursorFailureTest, ADamagedFileEndsTheLoop) {
  rocksdb::Options options = TestDb::DefaultOptions();
  options.compression = rocksdb::kNoCompression;
  TestDb db(options);
  for (int i = 0; i < 500; ++i) db.Put(std::to_string(1000 + i), SomeValues(100, i));
  db.Compact();
  db.Close();
  int damaged = 0;
  for (const auto& file : std::filesystem::directory_iterator(db.path())) {
    if (file.path().extension() != ".sst") continue;
    std::fstream bytes(file.path(), std::ios::in | std::ios::out | std::ios::binary);
    bytes.seekp(static_cast<std::streamoff>(std::filesystem::file_size(file.path()) / 2));
    bytes << "damage";
    ++damaged;
  }
  ASSERT_GT(damaged, 0);
  db.Open(options);
  int seen = 0;
  auto cursor = db.store().Scan({}, KeyRange::All());
  for (; cursor->HasKey() && seen < 1000; cursor->Next()) ++seen;
  EXPECT_LT(seen, 500);
  EXPECT_FALSE(cursor->HasKey());
  EXPECT_FALSE(cursor->Valid());
  EXPECT_TRUE(cursor->status().IsCorruption()) << cursor->status().ToString();
}

// RocksDB's iterator allocates where it comes to another block; a Cursor nothing beyond that.
TEST(CursorCostTest, StepsDoNotAllocate) {
  if (!test::CountsAllocations()) GTEST_SKIP();
  TestDb db;
  for (int i = 0; i < 500; ++i) db.Put(std::to_string(1000 + i), SomeValues(100, i));
  db.Compact();
  uint64_t values = 0;
  const auto of_cursor = [&db, &values] {
    auto cursor = db.store().Scan({}, KeyRange::All());
    const test::AllocationCount count;
    for (; cursor->Valid(); cursor->Next()) values += cursor->values().size();
    return count.so_far();
  };
  const auto of_iterator = [&db] {
    const std::unique_ptr<rocksdb::Iterator> iterator(db.db()->NewIterator({}));
    iterator->SeekToFirst();
    const test::AllocationCount count;
    while (iterator->Valid()) iterator->Next();
    return count.so_far();
  };
  of_cursor();  // brings the blocks into the cache
  of_iterator();
  EXPECT_EQ(of_cursor(), of_iterator());
  EXPECT_EQ(values, 2u * 500 * 100);
}

TEST(CursorOrderTest, APrefixExtractorDoesNotHideKeys) {
  rocksdb::Options options = TestDb::DefaultOptions();
  options.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(2));
  TestDb db(options);
  for (const char* key : {"aa1", "ab1", "b", "ba1"}) db.Put(key, {"v"});
  db.Compact();
  EXPECT_THAT(Keys(db, KeyRange::Prefix("a")), ElementsAre("aa1", "ab1"));
  EXPECT_THAT(Keys(db, {"aa5", ""}), ElementsAre("ab1", "b", "ba1"));
}

TEST(CursorOrderTest, BoundsFollowTheComparator) {
  rocksdb::Options options = TestDb::DefaultOptions();
  options.comparator = rocksdb::ReverseBytewiseComparator();
  TestDb db(options);
  for (const char* key : {"a", "b", "c", "d"}) db.Put(key, {"v"});
  EXPECT_THAT(Keys(db, {"c", "a"}), ElementsAre("c", "b"));
  const rocksdb::Slice upper = "b";
  rocksdb::ReadOptions read;
  read.iterate_upper_bound = &upper;
  EXPECT_THAT(Keys(db, {"d", "a"}, read), ElementsAre("d", "c"));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
