// What RocksDB's `ldb` does to lists where the plugin is not loaded into it, and that `sheaf
// verify` finds it and `sheaf repair` mends it.

#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <tuple>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "tests/tool/edit_model.h"
#include "tests/tool/process.h"
#include "tests/tool/repair_db.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

class LdbTest : public RepairDb {};

// With parameters: the layout, and whether ldb takes the options that the DB has.
class HazardTest : public RepairDb,
                   public ::testing::WithParamInterface<std::tuple<Layout, const char*>> {};

INSTANTIATE_TEST_SUITE_P(Ldb, HazardTest,
                         ::testing::Combine(::testing::Values(Layout::kCompact, Layout::kFixed64),
                                            ::testing::Values("compact",
                                                              "--try_load_options compact")),
                         [](const auto& info) {
                           return std::string(LayoutName(std::get<0>(info.param))) +
                                  (std::get<1>(info.param)[0] == '-' ? "WithOptions" : "");
                         });

TEST_P(HazardTest, WhatLdbCompactJoinedIsTakenApartAgain) {
  Lists lists;
  lists.append.layout = std::get<0>(GetParam());
  lists.append.max_values = 1000;
  Open(&lists);
  Fill(&lists);
  lists.db.reset();
  ASSERT_EQ(ReadAll(), lists.model);
  ASSERT_EQ(Run({"verify"}).exit_status, 0);

  Ldb(std::get<1>(GetParam()));
  EXPECT_TRUE(Has(LatestOptions(), "id=StringAppendOperator"));

  const auto before = Snapshot(folder_);
  const Result verify = Run({"verify"});
  EXPECT_EQ(verify.exit_status, 1);
  EXPECT_TRUE(Has(verify.out, db_ + "\tOPTIONS name the merge operator StringAppendOperator: "))
      << verify.out;
  for (const char* const key : {"base and operands", "only operands", "removed from", "trimmed"}) {
    EXPECT_TRUE(Has(verify.out, std::string(key) + "\tnot a list: ")) << key;
    EXPECT_TRUE(Has(verify.out, "`sheaf repair` can mend it: ")) << key;
  }
  EXPECT_TRUE(Has(verify.out, "parts joined with \":\"; ")) << verify.out;
  EXPECT_FALSE(Has(verify.out, "compacted\t")) << verify.out;

  const Result dry = Run({"repair", "--dry-run"});
  EXPECT_EQ(dry.exit_status, 0) << dry.err;
  EXPECT_TRUE(Has(dry.err, "merge operator StringAppendOperator -> sheaf.append, layout " +
                               std::string(LayoutName(lists.append.layout)) + ", as in OPTIONS-"))
      << dry.err;
  EXPECT_TRUE(Has(dry.err, "0 left as they are; nothing was changed")) << dry.err;
  EXPECT_TRUE(Snapshot(folder_) == before);

  const Result repair = Run({"repair"});
  EXPECT_EQ(repair.exit_status, 0) << repair.err;
  EXPECT_EQ(repair.out, dry.out);
  EXPECT_EQ(ReadAll(), lists.model);
  EXPECT_TRUE(Has(LatestOptions(), "id=sheaf.stats"));
  EXPECT_TRUE(Has(LatestOptions(), "max_values=1000"));
  const Result sound = Run({"verify"});
  EXPECT_EQ(sound.exit_status, 0) << sound.out;
  EXPECT_EQ(Run({"append", "trimmed", "new"}).exit_status, 0);
  lists.model["trimmed"].push_back("new");
  EXPECT_EQ(ReadAll(), lists.model);
  const Result again = Run({"repair"});
  EXPECT_EQ(again.exit_status, 0);
  EXPECT_EQ(again.out, "");
  EXPECT_TRUE(Has(again.err, ", 0 mended, 0 left as they are")) << again.err;
  EXPECT_FALSE(Has(again.err, "merge operator")) << again.err;
}

TEST_P(HazardTest, WhatWasAppendedAfterwardsIsMendedWithIt) {
  Lists lists;
  lists.append.layout = std::get<0>(GetParam());
  Open(&lists);
  Fill(&lists);
  lists.db.reset();
  Ldb(std::get<1>(GetParam()));
  // An application goes on, and a compaction makes bundles.
  Open(&lists);
  for (auto& [key, list] : lists.model) lists.Do(key, Edit::Append({"later", ":"}));
  lists.Flush();
  rocksdb::CompactRangeOptions fold;
  fold.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  ASSERT_OK(lists.db->CompactRange(fold, nullptr, nullptr));
  for (auto& [key, list] : lists.model) lists.Do(key, Edit::Append({"pending"}));
  lists.db.reset();
  const Result verify = Run({"verify"});
  EXPECT_TRUE(Has(verify.out, "\tnot a list: bundle of ")) << verify.out;
  const Result repair = Run({"repair"});
  EXPECT_EQ(repair.exit_status, 0) << repair.out;
  EXPECT_TRUE(Has(repair.out, "bundle of ")) << repair.out;
  EXPECT_EQ(ReadAll(), lists.model);
}

TEST_F(LdbTest, RandomListsSurviveLdb) {
  for (int seed = 0; seed < 6; ++seed) {
    fs::remove_all(db_);
    std::mt19937_64 random(static_cast<uint64_t>(seed));
    Lists lists;
    lists.append.layout = seed % 2 == 0 ? Layout::kCompact : Layout::kFixed64;
    Open(&lists);
    for (int i = 0; i < 300; ++i) {
      const std::string key = "key" + std::to_string(random() % 30);
      if (random() % 8 == 0) {
        lists.Put(key, RandomValues(random));
      } else {
        lists.Do(key, RandomEdit(random, lists.model[key]));
      }
      if (random() % 40 == 0) lists.Flush();
    }
    lists.db.reset();
    Ldb(random() % 2 == 0 ? "compact" : "put --hex 0x00 0xB000");
    const Result repair = Run({"repair"});
    EXPECT_EQ(repair.exit_status, 0) << repair.out;
    std::map<std::string, List> read = ReadAll();
    read.erase(std::string(1, '\0'));
    ASSERT_EQ(read, lists.model) << seed;
  }
}

// ldb writes OPTIONS for all column families.
TEST_F(LdbTest, RepairPutsTheOperatorBackIntoEachColumnFamilyThatHadIt) {
  Lists lists;
  Open(&lists);
  lists.Put("k", {"a"});
  lists.Do("k", Edit::Append({"b"}));
  rocksdb::ColumnFamilyOptions fixed64;
  fixed64.merge_operator = NewAppendOperator({Layout::kFixed64});
  rocksdb::ColumnFamilyHandle* other = nullptr;
  ASSERT_OK(lists.db->CreateColumnFamily(fixed64, "other", &other));
  ASSERT_OK(lists.db->Merge({}, other, "k", Operand(Edit::Append({"c"}))));
  ASSERT_OK(lists.db->DestroyColumnFamilyHandle(other));
  rocksdb::ColumnFamilyHandle* plain = nullptr;
  ASSERT_OK(lists.db->CreateColumnFamily({}, "plain", &plain));
  ASSERT_OK(lists.db->DestroyColumnFamilyHandle(plain));
  lists.db.reset();
  Ldb("compact");
  EXPECT_FALSE(Has(LatestOptions(), "sheaf.append"));
  const Result repair = Run({"repair"});
  EXPECT_EQ(repair.exit_status, 0) << repair.err;
  EXPECT_EQ(repair.out, "k\t2 parts joined with \":\"; 2 values\n");
  rocksdb::DBOptions db_options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  RegisterPlugin();
  ASSERT_OK(rocksdb::LoadLatestOptions({}, db_, &db_options, &families));
  ASSERT_EQ(families.size(), 3u);
  const auto layout = [&families](size_t i) {
    std::string name;
    const auto& merge = families[i].options.merge_operator;
    return merge != nullptr && merge->GetOption({}, "layout", &name).ok() ? name : "none";
  };
  EXPECT_EQ(layout(0), "compact");
  EXPECT_EQ(layout(1), "fixed64");
  EXPECT_EQ(layout(2), "none");
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
