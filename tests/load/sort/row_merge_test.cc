// Rows of tables and runs, merged, against models.

#include "tools/load/sort/row_merge.h"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/comparator.h"
#include "tests/load/row_lists.h"
#include "tests/tool/process.h"
#include "tools/load/sort/row_table.h"
#include "tools/load/sort/run_file.h"
#include "tools/load/sort/run_writer.h"

namespace sheaf {
namespace load {
namespace {

using testing::TestFolder;

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

}  // namespace
}  // namespace load
}  // namespace sheaf
