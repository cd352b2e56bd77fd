// Rows sorted in memory, against models.

#include "tools/load/sort/row_table.h"

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/comparator.h"
#include "tests/load/row_lists.h"

namespace sheaf {
namespace load {
namespace {

TEST(RowTableTest, SortsAsMemcmpAndKeepsTheOrderOfRows) {
  std::mt19937 random(3);
  for (const size_t prefix : {0u, 3u, 8u, 30u}) {
    for (const bool in_order : {false, true}) {
      RowTable table(uint64_t{64} << 20);
      std::vector<std::string> keys;
      for (int i = 0; i < 20000; ++i) keys.push_back(TiedKey(&random, prefix));
      if (in_order) std::sort(keys.begin(), keys.end());
      Lists model;
      for (size_t i = 0; i < keys.size(); ++i) {
        if (i % 100 == 0) table.BeginChunk(i * 7);
        AddRow(&table, keys[i], std::to_string(i));
        model[keys[i]].push_back(std::to_string(i));
      }
      ASSERT_TRUE(table.Sort(kBytewise).ok());
      ASSERT_TRUE(table.Sort(kBytewise).ok()) << "once more has nothing to do";
      std::vector<std::string> order;
      EXPECT_EQ(ListsOf(*table.Read(RowRange()), &order), model);
      EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
      EXPECT_EQ(order.size(), model.size());
    }
  }
}

TEST(RowTableTest, KeysThatArePrefixesOfEachOtherAreSorted) {
  RowTable table(uint64_t{64} << 20);
  table.BeginChunk(0);
  std::vector<std::string> keys;
  for (size_t n = 1; n <= 1500; ++n) keys.emplace_back(n, 'a');
  std::vector<std::string> shuffled = keys;
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(5));
  for (const std::string& key : shuffled) ASSERT_TRUE(table.Add(key, {}).ok());
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  std::vector<std::string> order;
  ListsOf(*table.Read(RowRange()), &order);
  EXPECT_EQ(order, keys);
}

// Each was read once for each that is longer: 32 MB of such keys took 20 seconds.
TEST(RowTableTest, LongKeysThatArePrefixesOfEachOtherAreReadFewTimes) {
  RowTable table(uint64_t{64} << 20);
  table.BeginChunk(0);
  std::vector<std::string> keys;
  Lists model;
  for (size_t n = 2000; n > 0; --n) keys.emplace_back(8 * n, 'a');
  for (const char* const value : {"1", "2"}) {
    for (const std::string& key : keys) {
      AddRow(&table, key, value);
      model[key].push_back(value);
    }
  }
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  EXPECT_LT(table.key_reads(), 100 * table.rows()) << "sorting looks at keys again and again";
  std::vector<std::string> order;
  EXPECT_TRUE(ListsOf(*table.Read(RowRange()), &order) == model);
  EXPECT_TRUE(std::equal(order.begin(), order.end(), keys.rbegin(), keys.rend()));
}

TEST(RowTableTest, OtherComparatorsDecideTheOrder) {
  const KeyOrder reverse(rocksdb::ReverseBytewiseComparator());
  RowTable table(1 << 20);
  table.BeginChunk(0);
  for (const char* const key : {"b", "a", "c", "a"}) ASSERT_TRUE(table.Add(key, {"v"}).ok());
  ASSERT_TRUE(table.Sort(reverse).ok());
  std::vector<std::string> order;
  EXPECT_EQ(ListsOf(*table.Read(RowRange()), &order)["a"], (std::vector<std::string>{"v", "v"}));
  EXPECT_EQ(order, (std::vector<std::string>{"c", "b", "a"}));
}

TEST(RowTableTest, RowThatWouldExceedTheLimitIsRefused) {
  RowTable table(1000);
  table.BeginChunk(0);
  absl::Status status;
  int rows = 0;
  const std::string_view value = "0123456789";
  while ((status = table.Add("key", {&value, 1})).ok()) ++rows;
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_GT(rows, 10);
  EXPECT_LE(table.memory_used(), 1000u);
}

// An index tells 1 TB of rows and 16 million chunks apart.
TEST(RowTableTest, TableIsNotLargerThanItsIndexCanTell) {
  EXPECT_EQ(RowTable(uint64_t{3} << 40).memory(), uint64_t{1} << 40);
  const IndexEntry last(0, IndexEntry::kMaxChunks - 1, IndexEntry::kMaxBytes - 1);
  EXPECT_EQ(last.chunk(), IndexEntry::kMaxChunks - 1);
  EXPECT_EQ(last.record(), IndexEntry::kMaxBytes - 1);
  RowTable table(1 << 20);
  // Chunks of nothing but rows that are wrong.
  for (uint64_t chunk = 0; chunk <= IndexEntry::kMaxChunks; ++chunk) table.BeginChunk(chunk);
  EXPECT_TRUE(table.has_room_for_chunk());
  AddRow(&table, "a", "1");
  table.BeginChunk(1 << 25);
  AddRow(&table, "b", "2");
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  const std::unique_ptr<SortedRows> rows = table.Read(RowRange());
  ASSERT_TRUE(rows->Next());
  EXPECT_EQ(rows->position(), IndexEntry::kMaxChunks);
  ASSERT_TRUE(rows->Next());
  EXPECT_EQ(rows->position(), uint64_t{1} << 25);
}

TEST(RowTableTest, ClearedTableIsAsNew) {
  RowTable table(1 << 20);
  for (const bool release : {false, true, false}) {
    table.BeginChunk(5);
    AddRow(&table, "b", "1");
    AddRow(&table, "a", "2");
    ASSERT_TRUE(table.Sort(kBytewise).ok());
    std::vector<std::string> order;
    EXPECT_EQ(ListsOf(*table.Read(RowRange()), &order), (Lists{{"a", {"2"}}, {"b", {"1"}}}));
    table.Clear(release);
    EXPECT_TRUE(table.empty());
    EXPECT_EQ(table.memory_used(), 0u);
  }
}

}  // namespace
}  // namespace load
}  // namespace sheaf
