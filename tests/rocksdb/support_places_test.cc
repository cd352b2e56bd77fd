// The table "where lists lie" of docs/guide.md: each cell, a kind of instance and a place, is run
// against the model, or refused as the page says.

#include "tests/rocksdb/support_places.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>
#include <tuple>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/rocksdb/support_guide.h"
#include "tests/rocksdb/support_history.h"
#include "tests/rocksdb/support_instance.h"

namespace sheaf {
namespace testing {
namespace {

constexpr char kWithout[] = "without";

const GuideTable& PlaceTable() {
  static const auto* const table = new GuideTable(ReadGuideTable("where lists lie"));
  return *table;
}
const GuideTable& OperationTable() {
  static const auto* const table = new GuideTable(ReadGuideTable("what is done"));
  return *table;
}

// What both tables say can be done there.
std::set<Operation> OperationsOf(const std::string& place, const std::string& kind) {
  const std::string without = PlaceTable().cell(place, kWithout);
  const std::vector<std::string> excluded = absl::StrSplit(without, "; ");
  std::set<Operation> operations;
  for (const auto& [operation, name] : Operations()) {
    if (std::find(excluded.begin(), excluded.end(), name) != excluded.end()) continue;
    if (OperationTable().cell(name, kind) == "yes") operations.insert(operation);
  }
  return operations;
}

// How many histories of a cell; SHEAF_TEST_SCALE times as many.
unsigned Histories() {
  const char* const scale = std::getenv("SHEAF_TEST_SCALE");
  return std::max(1U, static_cast<unsigned>(1 * (scale == nullptr ? 1 : std::atof(scale))));
}

class SupportPlacesTest : public ::testing::TestWithParam<std::tuple<size_t, size_t>> {
 protected:
  const NamedKind& kind() { return Kinds()[std::get<0>(GetParam())]; }
  const Place& place() { return Places()[std::get<1>(GetParam())]; }
};

INSTANTIATE_TEST_SUITE_P(Cells, SupportPlacesTest,
                         ::testing::Combine(::testing::Range<size_t>(0, Kinds().size()),
                                            ::testing::Range<size_t>(0, Places().size())),
                         [](const auto& info) {
                           return TestName(Kinds()[std::get<0>(info.param)].name) + "_" +
                                  TestName(Places()[std::get<1>(info.param)].name);
                         });

TEST_P(SupportPlacesTest, IsAsTheGuideSays) {
  const std::string cell = PlaceTable().cell(place().name, kind().name);
  const rocksdb::Options options = OptionsOf(place());
  if (cell == "yes") {
    const std::set<Operation> operations = OperationsOf(place().name, kind().name);
    ReadsDone done;
    // RocksDB's iterators do not go over the prefixes of a plain table, which is an error.
    done.scan = !absl::StrContains(PlaceTable().cell(place().name, kWithout), "`Scan`");
    done.scan_backward = !absl::StrContains(PlaceTable().cell(place().name, kWithout), "`Prev`");
    for (unsigned seed = 1; seed <= Histories() && !HasFailure(); ++seed) {
      SCOPED_TRACE("seed " + std::to_string(seed));
      Instance instance(kind().kind, options);
      ASSERT_OK(instance.Open());
      SupportHistory(instance, operations, seed, done).Run(100);
    }
    return;
  }
  Instance instance(kind().kind, options);
  const rocksdb::Status s = instance.Open();
  EXPECT_FALSE(s.ok());
  if (cell == "no") {
    EXPECT_TRUE(s.IsNotSupported()) << s.ToString();
    EXPECT_THAT(s.ToString(), ::testing::ContainsRegex("; (use|open) "));  // a way out
  } else {
    EXPECT_EQ(cell, "-");
  }
}

TEST(SupportPlacesTableTest, HasARowForEachPlaceAndAColumnForEachKind) {
  std::vector<std::string> rows;
  for (const Place& place : Places()) rows.push_back(place.name);
  EXPECT_EQ(PlaceTable().rows, rows);
  std::vector<std::string> columns = {kWithout};
  for (const NamedKind& kind : Kinds()) columns.push_back(kind.name);
  EXPECT_EQ(PlaceTable().columns, columns);
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
