// The table "what is done" of docs/guide.md: each cell, an operation and a kind of instance, is run
// against the model, or refused as the page says.

#include <set>
#include <string>
#include <tuple>

#include "gtest/gtest.h"
#include "tests/rocksdb/support_guide.h"
#include "tests/rocksdb/support_history.h"
#include "tests/rocksdb/support_instance.h"
#include "tests/rocksdb/support_places.h"

namespace sheaf {
namespace testing {
namespace {

const GuideTable& OperationTable() {
  static const auto* const table = new GuideTable(ReadGuideTable("what is done"));
  return *table;
}

class SupportOperationsTest : public ::testing::TestWithParam<std::tuple<size_t, size_t>> {
 protected:
  const NamedKind& kind() { return Kinds()[std::get<0>(GetParam())]; }
  const NamedOperation& operation() { return Operations()[std::get<1>(GetParam())]; }
};

INSTANTIATE_TEST_SUITE_P(Cells, SupportOperationsTest,
                         ::testing::Combine(::testing::Range<size_t>(0, Kinds().size()),
                                            ::testing::Range<size_t>(0, Operations().size())),
                         [](const auto& info) {
                           return TestName(Kinds()[std::get<0>(info.param)].name) + "_" +
                                  TestName(Operations()[std::get<1>(info.param)].name);
                         });

TEST_P(SupportOperationsTest, IsAsTheGuideSays) {
  const std::string cell = OperationTable().cell(operation().name, kind().name);
  if (cell == "-") GTEST_SKIP() << "not a matter of Sheaf";
  Instance instance(kind().kind, OptionsOf(Places()[0]));
  const rocksdb::Status opened = instance.Open();
  if (cell == "yes") {
    ASSERT_OK(opened);
    std::set<Operation> operations = {Operation::kPut, Operation::kAppend, Operation::kFlush,
                                      operation().operation};
    // What is done in a scope needs one.
    if (operation().operation == Operation::kPrepare ||
        operation().operation == Operation::kEditInTransaction) {
      operations.insert(Operation::kTransaction);
    }
    if (operation().operation == Operation::kSavePoint) operations.insert(Operation::kBatch);
    SupportHistory history(instance, operations, /*seed=*/7, ReadsDone());
    history.Run(60);
    EXPECT_OK(history.Try(operation().operation));
    history.Run(20);
    return;
  }
  ASSERT_EQ(cell, "no");
  if (!opened.ok()) {
    EXPECT_TRUE(opened.IsNotSupported()) << opened.ToString();
    return;
  }
  SupportHistory history(instance, {}, /*seed=*/7);
  const rocksdb::Status s = history.Try(operation().operation);
  EXPECT_TRUE(s.IsNotSupported()) << s.ToString();
}

TEST(SupportOperationsTableTest, HasARowForEachOperationAndAColumnForEachKind) {
  std::vector<std::string> rows;
  for (const NamedOperation& operation : Operations()) rows.push_back(operation.name);
  EXPECT_EQ(OperationTable().rows, rows);
  std::vector<std::string> columns;
  for (const NamedKind& kind : Kinds()) columns.push_back(kind.name);
  EXPECT_EQ(OperationTable().columns, columns);
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
