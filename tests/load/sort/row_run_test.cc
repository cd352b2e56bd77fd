// Rows sorted in memory, as runs on disk, and merged, against models.

#include <sys/stat.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "gtest/gtest.h"
#include "rocksdb/comparator.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/table.h"
#include "tests/load/row_lists.h"
#include "tests/tool/process.h"
#include "tools/load/sort/row_merge.h"
#include "tools/load/sort/row_table.h"
#include "tools/load/sort/run_file.h"
#include "tools/load/sort/run_writer.h"

namespace sheaf {
namespace load {
namespace {

using testing::TestFolder;
using testing::WriteFile;

std::string TiedKey(std::mt19937* random, size_t prefix) {
  std::string key(prefix, 'p');
  for (size_t n = (*random)() % 20; n > 0; --n) key += "\0a\xff"[(*random)() % 3];
  return key.empty() ? "x" : key;
}

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

// Rows in several runs and tables, as threads leave them: chunks in turn.
struct Scattered {
  explicit Scattered(uint32_t seed, size_t stores_wanted, const KeyOrder& order) {
    std::mt19937 random(seed);
    const std::string folder = TestFolder();
    std::vector<std::unique_ptr<RowTable>> all;
    for (size_t i = 0; i < stores_wanted; ++i) {
      all.push_back(std::make_unique<RowTable>(uint64_t{64} << 20));
    }
    for (uint64_t chunk = 0; chunk < 300; ++chunk) {
      RowTable& table = *all[random() % all.size()];
      table.BeginChunk(chunk * 1000);
      for (int i = 0; i < 50; ++i) {
        const std::string key = TiedKey(&random, 2);
        const std::string value = std::to_string(chunk) + "." + std::to_string(i) +
                                  std::string(random() % 100 == 0 ? 3000 : 3, 'v');
        AddRow(&table, key, value);
        model[key].push_back(value);
      }
    }
    for (size_t i = 0; i < all.size(); ++i) {
      EXPECT_TRUE(all[i]->Sort(order).ok());
      if (i % 3 == 2) {  // stays in memory
        stores.push_back(all[i].get());
        tables.push_back(std::move(all[i]));
        continue;
      }
      const std::string path = folder + "/run" + std::to_string(i);
      auto writer = RunWriter::Create(
          path, order, i % 3 == 0 ? RunCompression::kAlways : RunCompression::kWhenFaster);
      EXPECT_TRUE((*writer)->Write(*all[i]->Read(RowRange()), all[i]->positions()).ok());
      auto run = Run::Open(path);
      EXPECT_TRUE(run.ok()) << run.status();
      EXPECT_TRUE((*run)->Verify(RowRange()).ok());
      EXPECT_EQ((*run)->rows(), all[i]->rows());
      (*run)->set_order(&order);
      stores.push_back(run->get());
      runs.push_back(*std::move(run));
    }
  }

  Lists model;
  std::vector<std::unique_ptr<RowTable>> tables;
  std::vector<std::unique_ptr<Run>> runs;
  std::vector<const RowStore*> stores;
};

TEST(RowMergeTest, RunsAndTablesAreMergedByKeyAndOrderOfTheInput) {
  for (const size_t count : {1u, 2u, 3u, 5u, 8u, 13u}) {
    Scattered rows(static_cast<uint32_t>(count), count, kBytewise);
    const size_t shared = SharedPrefix(rows.stores, kBytewise);
    EXPECT_EQ(shared, 2u);
    std::vector<std::string> order;
    EXPECT_EQ(ListsOf(*MergeRange(rows.stores, RowRange(), kBytewise, shared), &order), rows.model);
    EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
  }
}

TEST(RowMergeTest, RangesCoverEverythingOnceInTheirOrder) {
  const KeyOrder reverse(rocksdb::ReverseBytewiseComparator());
  for (const KeyOrder* const order : {&kBytewise, &reverse}) {
    for (const size_t parts : {1u, 2u, 7u}) {
      Scattered rows(9, 6, *order);
      const size_t shared = SharedPrefix(rows.stores, *order);
      std::vector<size_t> part_of;
      const std::vector<RowRange> ranges = CutRanges(rows.stores, *order, 30000, parts, &part_of);
      EXPECT_GT(ranges.size(), parts);
      ASSERT_EQ(part_of.size(), ranges.size());
      EXPECT_EQ(part_of.back(), parts - 1);
      EXPECT_TRUE(std::is_sorted(part_of.begin(), part_of.end()));
      Lists all;
      std::vector<std::string> keys;
      for (const RowRange& range : ranges) {
        std::vector<std::string> of_range;
        Lists lists = ListsOf(*MergeRange(rows.stores, range, *order, shared), &of_range);
        keys.insert(keys.end(), of_range.begin(), of_range.end());
        all.merge(lists);
        EXPECT_TRUE(lists.empty()) << "a key in two ranges";
      }
      EXPECT_EQ(all, rows.model);
      for (size_t i = 1; i < keys.size(); ++i) EXPECT_LT(order->Compare(keys[i - 1], keys[i]), 0);
    }
  }
}

// Ranges share blocks at their borders; what one of them discards, no other needs.
TEST(RunFileTest, WhyARunCannotBeOpenedIsTold) {
  const std::string folder = TestFolder();
  EXPECT_EQ(Run::Open(folder + "/none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Run::Open(folder).status().code(), absl::StatusCode::kInternal);  // a folder
  WriteFile(folder + "/run", "SHEAFRUN");
  EXPECT_EQ(Run::Open(folder + "/run").status().code(), absl::StatusCode::kDataLoss);
}

TEST(RunFileTest, DiscardedRangesLeaveTheOthersWhole) {
  std::mt19937 random(3);
  RowTable table(uint64_t{64} << 20);
  table.BeginChunk(0);
  for (int i = 0; i < 120000; ++i) {
    const std::string key = "key" + std::to_string(random() % (i % 3 == 0 ? 100 : 30000));
    AddRow(&table, key, std::to_string(i) + std::string(random() % 150, 'v'));
  }
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  const std::string path = TestFolder() + "/run";
  auto writer = RunWriter::Create(path, kBytewise, RunCompression::kNever);
  ASSERT_TRUE((*writer)->Write(*table.Read(RowRange()), table.positions()).ok());
  const auto run = Run::Open(path);
  ASSERT_TRUE(run.ok()) << run.status();
  (*run)->set_order(&kBytewise);
  std::vector<size_t> part_of;
  const std::vector<RowRange> ranges =
      CutRanges({run->get()}, kBytewise, 1 << 20, /*parts=*/1, &part_of);
  EXPECT_GE(ranges.size(), 8u);
  const auto blocks = [&path] {
    struct stat info;
    EXPECT_EQ(stat(path.c_str(), &info), 0);
    return info.st_blocks;
  };
  const auto blocks_before = blocks();
  std::vector<size_t> left(ranges.size());
  std::iota(left.begin(), left.end(), 0);
  std::shuffle(left.begin(), left.end(), random);
  while (!left.empty()) {
    (*run)->Discard(ranges[left.back()]);
    left.pop_back();
    for (const size_t i : left) {
      EXPECT_TRUE((*run)->Verify(ranges[i]).ok()) << i;
      std::vector<std::string> order;
      EXPECT_EQ(ListsOf(*(*run)->Read(ranges[i]), &order), ListsOf(*table.Read(ranges[i]), &order));
    }
  }
  EXPECT_FALSE((*run)->Verify(RowRange()).ok());
  EXPECT_LT(blocks(), blocks_before / 2);
}

// Sizes of blocks are 32 bits wide; rows before a long one must not make its block longer.
TEST(RunFileTest, LongRowHasABlockOfItsOwnAndALimit) {
  RowTable table(uint64_t{64} << 20);
  table.BeginChunk(0);
  for (const size_t size : {200000u, 3000000u, 10u}) {
    AddRow(&table, "k" + std::to_string(table.rows()), std::string(size, 'v'));
  }
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  const std::string path = TestFolder() + "/run";
  auto writer = RunWriter::Create(path, kBytewise);
  ASSERT_TRUE((*writer)->Write(*table.Read(RowRange()), table.positions()).ok());
  const auto run = Run::Open(path);
  ASSERT_TRUE(run.ok()) << run.status();
  (*run)->set_order(&kBytewise);
  EXPECT_LT((*run)->reading_bytes(), 3100000u);
  std::vector<std::string> order;
  EXPECT_TRUE(ListsOf(*(*run)->Read(RowRange()), &order) ==
              ListsOf(*table.Read(RowRange()), &order));

  EXPECT_TRUE(FitsRun("key", uint64_t{0xFFFFFF00}).ok());
  for (const uint64_t size : {uint64_t{0xFFFFFFF0}, uint64_t{1} << 32, ~uint64_t{0}}) {
    const absl::Status status = FitsRun("key", size);
    EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
    EXPECT_TRUE(testing::Has(std::string(status.message()), "a row of key \"key\" is too large"));
  }
}

// Long keys take memory for a part of them only, wherever a range begins and ends.
TEST(RunFileTest, RangesOfLongKeysAreWhole) {
  std::mt19937 random(7);
  RowTable table(uint64_t{64} << 20);
  table.BeginChunk(0);
  std::vector<std::string> keys;
  for (int i = 0; i < 1500; ++i) {
    // What tells keys apart is before, around or behind the end of a border.
    std::string key(2000, 'k');
    for (const size_t at : {size_t{5}, size_t{1022}, size_t{1023}, size_t{1024}, size_t{1999}}) {
      key[at] = "kl"[random() % 2];
    }
    key.resize(random() % 10 == 0 ? 1024 : 2000);
    AddRow(&table, key, std::to_string(i) + std::string(1000, 'v'));
    keys.push_back(std::move(key));
  }
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  const std::string path = TestFolder() + "/run";
  auto writer = RunWriter::Create(path, kBytewise);
  ASSERT_TRUE((*writer)->Write(*table.Read(RowRange()), table.positions()).ok());
  const auto run = Run::Open(path);
  ASSERT_TRUE(run.ok()) << run.status();
  (*run)->set_order(&kBytewise);
  std::vector<RowRange> ranges;
  for (size_t i = 1; i < keys.size(); i += 20) {
    ranges.push_back({std::min(keys[i - 1], keys[i]), std::max(keys[i - 1], keys[i]), true, true});
  }
  std::vector<size_t> part_of;
  const std::vector<RowRange> cut = CutRanges({run->get(), &table}, kBytewise, 100000, 1, &part_of);
  ranges.insert(ranges.end(), cut.begin(), cut.end());
  size_t rows = 0;
  for (const RowRange& range : ranges) {
    std::vector<std::string> order;
    const Lists lists = ListsOf(*(*run)->Read(range), &order);
    EXPECT_EQ(lists, ListsOf(*table.Read(range), &order));
    for (const auto& [key, values] : lists) {
      if (&range >= ranges.data() + (ranges.size() - cut.size())) rows += values.size();
    }
  }
  EXPECT_EQ(rows, keys.size()) << "each row is in one of those that were cut";
  EXPECT_GT((*run)->Samples().size(), 5u);
  for (const RowStore* const store :
       {static_cast<const RowStore*>(run->get()), static_cast<const RowStore*>(&table)}) {
    for (const KeySample& sample : store->Samples()) EXPECT_LE(sample.key.size(), 1024u);
  }
  EXPECT_LE((*run)->last_key().size(), 1024u);
}

class DamagedRunTest : public ::testing::TestWithParam<RunCompression> {};

TEST_P(DamagedRunTest, EveryDamageIsNoticed) {
  const std::string path = TestFolder() + "/run";
  RowTable table(1 << 20);
  table.BeginChunk(3);
  for (const char* const key : {"a", "a", "bb"}) AddRow(&table, key, std::string(50, 'v'));
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  auto writer = RunWriter::Create(path, kBytewise, GetParam());
  ASSERT_TRUE((*writer)->Write(*table.Read(RowRange()), table.positions()).ok());
  const std::string good = testing::ReadFile(path);
  EXPECT_EQ(good.size() < 190, GetParam() == RunCompression::kAlways) << good.size();
  const auto refused = [&path](const std::string& bytes) {
    WriteFile(path, bytes);
    const auto run = Run::Open(path);
    return !run.ok() || !(*run)->Verify(RowRange()).ok();
  };
  EXPECT_FALSE(refused(good));
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_TRUE(refused(good.substr(0, size))) << size;
  }
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 0x10);
    EXPECT_TRUE(refused(bad)) << at;
  }
}

INSTANTIATE_TEST_SUITE_P(Compression, DamagedRunTest,
                         ::testing::Values(RunCompression::kNever, RunCompression::kAlways));

// Rows of any size come back, also those that are not compressed for their size.
TEST(RunFileTest, CompressedRowsComeBack) {
  std::mt19937 random(5);
  RowTable table(uint64_t{64} << 20);
  table.BeginChunk(0);
  const auto noise = [&random](size_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    return bytes;
  };
  for (int i = 0; i < 3000; ++i) {
    AddRow(&table, "key" + std::to_string(random() % 500), std::string(random() % 1000, 'v'));
  }
  for (const size_t size : {0u, 1u, 200000u, 262144u, 524272u, 524288u, 600000u, 3000000u}) {
    AddRow(&table, "long" + std::to_string(size), noise(size));
    AddRow(&table, "long" + std::to_string(size) + "v", std::string(size, 'v'));
  }
  ASSERT_TRUE(table.Sort(kBytewise).ok());
  std::vector<std::string> order;
  const Lists expected = ListsOf(*table.Read(RowRange()), &order);
  uint64_t bytes[2];
  for (const RunCompression compression : {RunCompression::kNever, RunCompression::kAlways}) {
    const std::string path = TestFolder() + "/run";
    auto writer = RunWriter::Create(path, kBytewise, compression);
    ASSERT_TRUE((*writer)->Write(*table.Read(RowRange()), table.positions()).ok());
    bytes[compression == RunCompression::kAlways] = (*writer)->bytes();
    const auto run = Run::Open(path);
    ASSERT_TRUE(run.ok()) << run.status();
    EXPECT_TRUE(ListsOf(*(*run)->Read(RowRange()), &order) == expected);
  }
  EXPECT_LT(bytes[1] + 1000000, bytes[0]);
}

}  // namespace
}  // namespace load
}  // namespace sheaf
