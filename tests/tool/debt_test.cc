// Operands that are pending: stats --debt counts them, compact folds them.

#include <memory>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "sheaf/store.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

class DebtTest : public ::testing::Test {
 protected:
  // Opens the DB, which is closed when the result goes.
  std::unique_ptr<rocksdb::DB> Open(const rocksdb::Comparator* comparator = nullptr) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.disable_auto_compactions = true;
    options.merge_operator = NewAppendOperator();
    if (comparator != nullptr) options.comparator = comparator;
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, db_, &db);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return std::unique_ptr<rocksdb::DB>(db);
  }

  // Appends `count` values of two bytes: operands of five, tag, count and size with them. Flushes
  // each, as a flush makes one operand of several.
  static void Append(rocksdb::DB& db, const std::string& key, int count) {
    std::unique_ptr<Store> store;
    ASSERT_TRUE(Store::Open(&db, nullptr, {}, &store).ok());
    for (int i = 0; i < count; ++i) {
      ASSERT_TRUE(store->Append({}, key, {std::to_string(10 + i)}).ok());
      ASSERT_TRUE(db.Flush({}).ok());
    }
  }

  Result Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, {"--db", db_});
    return RunSheaf(arguments);
  }

  // What `stats --debt` says behind "debt":, without the keys at the top.
  std::string Debt() {
    const std::string out = Run({"stats", "--debt", "--top", "0", "--format", "json"}).out;
    return out.substr(std::min(out.size(), out.find("\"debt\":")));
  }

  const std::string db_ = TestFolder() + "/db";
};

TEST_F(DebtTest, StatsCountsWhatIsPendingAndNamesTheKeysWithTheMost) {
  {
    const auto db = Open();
    Append(*db, "folded", 7);
    rocksdb::CompactRangeOptions fold;
    fold.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    ASSERT_TRUE(db->CompactRange(fold, nullptr, nullptr).ok());
    Append(*db, "a", 2);
    Append(*db, "b\t\xff", 4);
    Append(*db, "c", 2);
    Append(*db, "d", 1);
  }
  const Result json = Run({"stats", "--debt", "--top", "3", "--format", "json"});
  EXPECT_EQ(json.exit_status, 0) << json.err;
  EXPECT_TRUE(Has(json.out,
                  ",\"debt\":{\"operands\":9,\"bytes\":45,\"keys\":4,\"top\":["
                  "{\"key\":{\"base64\":\"Ygn/\"},\"operands\":4,\"bytes\":20},"
                  "{\"key\":\"a\",\"operands\":2,\"bytes\":10},"
                  "{\"key\":\"c\",\"operands\":2,\"bytes\":10}]}}\n"))
      << json.out;
  const Result text = Run({"stats", "--debt"});
  EXPECT_TRUE(Has(text.out,
                  "\npending 9 operands of 4 keys, 45 B\n"
                  "        operands           bytes  key\n"
                  "               4              20  b\\t\\xFF\n"
                  "               2              10  a\n"
                  "               2              10  c\n"
                  "               1               5  d\n"))
      << text.out;
  EXPECT_FALSE(Has(Run({"stats"}).out, "pending"));
  EXPECT_FALSE(Has(Run({"stats", "--format", "json"}).out, "debt"));
}

TEST_F(DebtTest, CompactOfAKeyFoldsItsOperandsAndLeavesItsList) {
  Append(*Open(), "a", 3);
  Append(*Open(), "z", 2);
  const std::string before = Run({"scan"}).out;
  const Result result = Run({"compact", "--key", "a"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(result.out, "");
  EXPECT_TRUE(Has(result.err, ": before 3 operands of 1 key, 15 B; after 0 operands of 0 keys"))
      << result.err;
  EXPECT_EQ(Run({"scan"}).out, before);
  EXPECT_TRUE(Has(Run({"get", "a", "--format", "json"}).out, "\"zero_copy\":true"));
  const Result again = Run({"compact", "--key", "a"});
  EXPECT_EQ(again.exit_status, 0);
  EXPECT_TRUE(Has(again.err, "no operand is pending there; nothing was done")) << again.err;
}

TEST_F(DebtTest, CompactOfARangeCountsThatRange) {
  {
    const auto db = Open();
    for (const char* const key : {"a1", "a2", "b1", "c1"}) Append(*db, key, 2);
  }
  Result result = Run({"compact", "--escaped", "--prefix", "\\x61", "--from", "a2"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(Has(result.err, "before 2 operands of 1 key")) << result.err;
  Append(*Open(), "b1", 1);
  Append(*Open(), "c1", 1);
  result = Run({"compact", "--from", "b", "--to", "c"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_TRUE(Has(result.err, "of 1 key,")) << result.err;
  result = Run({"compact", "--all"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(Debt(), "\"debt\":{\"operands\":0,\"bytes\":0,\"keys\":0,\"top\":[]}}\n");
  EXPECT_EQ(Run({"scan"}).out,
            "a1\t10\na1\t11\na2\t10\na2\t11\nb1\t10\nb1\t11\nb1\t10\nc1\t10\nc1\t11\nc1\t10\n");
}

TEST_F(DebtTest, CompactKnowsTheOrderOfTheDb) {
  {
    const auto db = Open(rocksdb::ReverseBytewiseComparator());
    for (const char* const key : {"b", "a", "ab"}) Append(*db, key, 2);
  }
  const Result key = Run({"compact", "--key", "ab"});
  EXPECT_EQ(key.exit_status, 0) << key.err;
  EXPECT_TRUE(Has(key.err, "before 2 operands of 1 key")) << key.err;
  Append(*Open(rocksdb::ReverseBytewiseComparator()), "ab", 1);
  const Result prefix = Run({"compact", "--prefix", "a"});
  EXPECT_EQ(prefix.exit_status, 0) << prefix.err;
  EXPECT_EQ(Debt(), "\"debt\":{\"operands\":0,\"bytes\":0,\"keys\":0,\"top\":[]}}\n");
}

TEST_F(DebtTest, OperandsThatDoNotDecodeAreCountedAndDoNotStopACompaction) {
  {
    const auto db = Open();
    Append(*db, "k", 1);
    ASSERT_TRUE(db->Merge({}, "k", "no operand").ok());
    ASSERT_TRUE(db->Flush({}).ok());
    Append(*db, "l", 1);
  }
  EXPECT_EQ(Debt(), "\"debt\":{\"operands\":3,\"bytes\":20,\"keys\":2,\"top\":[]}}\n");
  const Result result = Run({"compact", "--all"});
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(Debt(), "\"debt\":{\"operands\":0,\"bytes\":0,\"keys\":0,\"top\":[]}}\n");
  EXPECT_EQ(Run({"get", "k"}).exit_status, 1);
  EXPECT_EQ(Run({"get", "l"}).out, "10\n");
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
