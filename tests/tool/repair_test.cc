// `sheaf repair`: what it refuses, what it leaves, and that it can be killed.

#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/convenience.h"
#include "rocksdb/db.h"
#include "rocksdb/merge_operator.h"
#include "tests/tool/edit_model.h"
#include "tests/tool/process.h"
#include "tests/tool/repair_db.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

class RepairTest : public RepairDb {};

TEST_F(RepairTest, AfterASecondRunOfLdbTheLayoutMustBeNamed) {
  Lists lists;
  lists.append.layout = Layout::kFixed64;
  Open(&lists);
  Fill(&lists);
  lists.db.reset();
  Ldb("compact");
  Ldb("compact");  // RocksDB keeps two OPTIONS files
  const auto before = Snapshot(folder_);
  const Result refused = Run({"repair"});
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_TRUE(Has(refused.err, "nothing says which layout its lists have")) << refused.err;
  EXPECT_TRUE(Snapshot(folder_) == before);
  const Result repair = Run({"repair", "--layout", "fixed64"});
  EXPECT_EQ(repair.exit_status, 0) << repair.out;
  EXPECT_EQ(ReadAll(), lists.model);
  const Result other = Run({"repair", "--layout", "compact"});
  EXPECT_EQ(other.exit_status, 1);
  EXPECT_TRUE(Has(other.err,
                  "the lists have layout fixed64, not compact; leave --layout out, or "
                  "say --layout fixed64"))
      << other.err;
}

TEST_F(RepairTest, ADbOfAnotherMergeOperatorIsRefusedAndLeftAsItIs) {
  for (const std::string name : {"UInt64AddOperator", "StringAppendOperator"}) {
    fs::remove_all(db_);
    rocksdb::Options options;
    options.create_if_missing = true;
    ASSERT_OK(rocksdb::MergeOperator::CreateFromString({}, name, &options.merge_operator));
    rocksdb::DB* db = nullptr;
    ASSERT_OK(rocksdb::DB::Open(options, db_, &db));
    ASSERT_OK(db->Put({}, "k", "12345678"));
    delete db;
    const auto before = Snapshot(folder_);
    const Result repair = Run({"repair"});
    EXPECT_EQ(repair.exit_status, 1);
    EXPECT_TRUE(Has(repair.err, "the DB's merge operator is " + name)) << repair.err;
    EXPECT_TRUE(Snapshot(folder_) == before);
  }
}

TEST_F(RepairTest, WhereTheOperatorIsPutBackPlainValuesAreAdoptedWhenAsked) {
  Lists lists;
  Open(&lists);
  lists.Put("list", {"a"});
  lists.db.reset();
  Ldb("put plain value:1");
  const Result left = Run({"repair", "--dry-run"});
  EXPECT_EQ(left.exit_status, 1);
  EXPECT_EQ(
      left.out,
      "plain\tleft as it is: a plain value of 7 bytes, not a list; --adopt makes it a list of "
      "one\n");
  EXPECT_TRUE(Has(left.err, "2 keys checked, 0 can be mended, 1 left as it is")) << left.err;
  const Result adopted = Run({"repair", "--adopt"});
  EXPECT_EQ(adopted.exit_status, 0) << adopted.out;
  EXPECT_EQ(adopted.out, "plain\tplain value of 7 bytes adopted; 1 value\n");
  lists.model["plain"] = {"value:1"};
  EXPECT_EQ(ReadAll(), lists.model);
}

TEST_F(RepairTest, InADbOfListsPlainValuesAreAdoptedAndTheRestIsLeftWithTheReason) {
  Lists lists;
  Open(&lists);
  lists.Put("fine", {"a"});
  ASSERT_OK(lists.db->Put({}, "plain", "text"));
  ASSERT_OK(lists.db->Put({}, "plain, appended", "text"));
  ASSERT_OK(lists.db->Merge({}, "plain, appended", Operand(Edit::Append({"x"}))));
  ASSERT_OK(lists.db->Put({}, "cut\toff", "\xB0\x05"));
  ASSERT_OK(lists.db->Merge({}, "later version", "\xA9"));
  ASSERT_OK(lists.db->Merge({}, "no operand", Operand(Edit::Append({"x"}))));
  ASSERT_OK(lists.db->Merge({}, "no operand", "text"));
  lists.db.reset();
  const Result repair = Run({"repair"});
  EXPECT_EQ(repair.exit_status, 1);
  EXPECT_TRUE(Has(repair.out, "cut\\toff\tleft as it is: compact blob: sizes at offset 2: "))
      << repair.out;
  EXPECT_TRUE(Has(repair.out,
                  "later version\tleft as it is: bundle of 1 raw input: input 0 of 1 "
                  "byte: operand: tag at offset 0: found 0xA9, an edit that this "
                  "version does not know"))
      << repair.out;
  EXPECT_TRUE(
      Has(repair.out, "no operand\tleft as it is: bundle of 2 raw inputs: input 1 of 4 bytes: "))
      << repair.out;
  EXPECT_TRUE(Has(repair.out, "plain\tplain value of 4 bytes adopted; 1 value\n")) << repair.out;
  EXPECT_TRUE(
      Has(repair.out,
          "plain, appended\tbundle of 2 inputs, plain value of 4 bytes adopted; 2 values\n"))
      << repair.out;
  EXPECT_TRUE(Has(repair.err, "6 keys checked, 2 mended, 3 left as they are")) << repair.err;
  EXPECT_EQ(Run({"get", "plain, appended"}).out, "text\nx\n");
  EXPECT_EQ(Run({"get", "fine"}).out, "a\n");
  EXPECT_EQ(Run({"repair"}).exit_status, 1);
}

TEST_F(RepairTest, OfManyKeysTheFirstLinesOfAKindArePrintedAndTheOthersCounted) {
  Lists lists;
  Open(&lists);
  constexpr size_t kCut = 15;
  constexpr size_t kPlain = 1000;
  std::vector<std::string> keys;
  for (size_t i = 0; i < kCut; ++i) {
    keys.push_back("cut" + std::to_string(100 + i));
    ASSERT_OK(lists.db->Put({}, keys.back(), "\xB0\x05"));
  }
  for (size_t i = 0; i < kPlain; ++i) {
    keys.push_back("plain" + std::to_string(1000 + i));
    ASSERT_OK(lists.db->Put({}, keys.back(), std::string(2 + i % 7, 'x')));
  }
  lists.db.reset();

  const Result all = Run({"repair", "--dry-run", "--all"});
  EXPECT_EQ(all.exit_status, 1);
  std::istringstream lines(all.out);
  std::string expected;  // the first ten lines of each kind
  std::string reason;    // why the first key was left
  for (size_t i = 0; i < keys.size(); ++i) {
    std::string line;
    ASSERT_TRUE(std::getline(lines, line));
    EXPECT_EQ(line.substr(0, keys[i].size() + 1), keys[i] + "\t");
    if (i == 0) reason = line.substr(keys[i].size() + 1);
    if (i < 10 || (i >= kCut && i < kCut + 10)) expected += line + "\n";
  }
  EXPECT_TRUE(lines.peek() == EOF);
  EXPECT_TRUE(Has(expected, "plain1001\tplain value of 3 bytes adopted; 1 value\n")) << expected;
  EXPECT_FALSE(Has(all.err, " more: ")) << all.err;

  const std::string place = "sheaf repair: " + db_ + ": ";
  const std::string cut = place + "5 more: " + reason;
  const std::string plain = place + "990 more: plain value of 2 bytes adopted; 1 value";
  const Result dry = Run({"repair", "--dry-run"});
  EXPECT_EQ(dry.exit_status, 1);
  EXPECT_EQ(dry.out, expected);
  EXPECT_EQ(dry.err,
            cut + ". --all prints them\n" + plain + ". --all prints them\n" + place +
                "1,015 keys checked, 1,000 can be mended, 15 left as they are; nothing was "
                "changed\n");
  const Result repair = Run({"repair"});
  EXPECT_EQ(repair.exit_status, 1);
  EXPECT_EQ(repair.out, expected);
  EXPECT_EQ(repair.err, cut + "\n" + plain + "\n" + place +
                            "1,015 keys checked, 1,000 mended, 15 left as they are\n");
  EXPECT_EQ(Run({"count"}).out, "lists 1000\nvalues 1000\n");
}

TEST_F(RepairTest, ADamagedFileEndsItAndSaysAfterWhichKey) {
  Lists lists;
  Open(&lists);
  ASSERT_OK(lists.db->Put({}, "a", "text"));
  for (int i = 0; i < 100; ++i) lists.Put("m" + std::to_string(i), {std::string(100, 'x')});
  ASSERT_OK(lists.db->Put({}, "z", "text"));
  lists.Flush();
  lists.db.reset();
  for (const auto& entry : fs::directory_iterator(db_)) {
    if (entry.path().extension() != ".sst") continue;
    std::string bytes = ReadFile(entry.path().string());
    bytes[6000] ^= 0x10;  // in the second data block
    WriteFile(entry.path().string(), bytes);
  }
  const Result repair = Run({"repair"});
  EXPECT_EQ(repair.exit_status, 1);
  EXPECT_EQ(repair.out, "a\tplain value of 4 bytes adopted; 1 value\n");
  EXPECT_TRUE(Has(repair.err, "reading ended behind key \"m")) << repair.err;
  EXPECT_EQ(Run({"get", "a"}).out, "text\n");
}

TEST_F(RepairTest, ARunThatWasKilledIsFinishedByTheNext) {
  Lists lists;
  Open(&lists);
  for (int i = 0; i < 3000; ++i) {
    const std::string key = "key" + std::to_string(i);
    lists.Put(key, {"a", std::string(300, ':')});
    lists.Do(key, Edit::Append({"b"}));
  }
  lists.db.reset();
  Ldb("compact");
  int killed = 0;
  for (unsigned delay = 1000; killed == 0 || delay < 200000; delay += delay / 2) {
    Process process({"repair", "--db", db_});
    usleep(delay);
    process.Signal(SIGKILL);
    if (process.Wait().exit_status == 128 + SIGKILL) ++killed;
  }
  EXPECT_EQ(Run({"repair"}).exit_status, 0);
  EXPECT_EQ(ReadAll(), lists.model);
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
