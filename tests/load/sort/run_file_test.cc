// Rows as runs on disk, against models.

#include "tools/load/sort/run_file.h"

#include <sys/stat.h>

#include <algorithm>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/load/row_lists.h"
#include "tests/tool/process.h"
#include "tools/load/sort/row_merge.h"
#include "tools/load/sort/row_table.h"
#include "tools/load/sort/run_writer.h"

namespace sheaf {
namespace load {
namespace {

using testing::TestFolder;
using testing::WriteFile;

TEST(RunFileTest, WhyARunCannotBeOpenedIsTold) {
  const std::string folder = TestFolder();
  EXPECT_EQ(Run::Open(folder + "/none").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(Run::Open(folder).status().code(), absl::StatusCode::kInternal);  // a folder
  WriteFile(folder + "/run", "SHEAFRUN");
  EXPECT_EQ(Run::Open(folder + "/run").status().code(), absl::StatusCode::kDataLoss);
}

// Ranges share blocks at their borders; what one of them discards, no other needs.
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
