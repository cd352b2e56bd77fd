// The rows that loaders are measured with, read back line by line.

#include "tools/bench/load_rows.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace sheaf {
namespace bench {
namespace {

using Lists = std::map<std::string, std::vector<std::string>>;

std::string PathOf(const std::string& name) { return testing::TempDir() + "/" + name; }

std::string BytesOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

RowsModel Write(const RowsSpec& spec, const std::string& path) {
  const absl::StatusOr<RowsModel> model = WriteRows(spec, path);
  EXPECT_TRUE(model.ok()) << model.status();
  return model.ok() ? *model : RowsModel();
}

Lists Read(const std::string& path) {
  Lists lists;
  std::ifstream file(path, std::ios::binary);
  for (std::string line; std::getline(file, line);) {
    const size_t tab = line.find('\t');
    EXPECT_NE(tab, std::string::npos) << line;
    lists[line.substr(0, tab)].push_back(line.substr(tab + 1));
  }
  return lists;
}

void ExpectCounts(const RowsModel& model, const std::string& path) {
  const Lists lists = Read(path);
  uint64_t rows = 0, value_bytes = 0;
  for (const auto& [key, values] : lists) {
    rows += values.size();
    for (const std::string& value : values) value_bytes += value.size();
  }
  EXPECT_EQ(model.bytes, BytesOf(path).size());
  EXPECT_EQ(model.keys, lists.size());
  EXPECT_EQ(model.rows, rows);
  EXPECT_EQ(model.value_bytes, value_bytes);
  ASSERT_FALSE(model.samples.empty());
  for (const ListSample& sample : model.samples) {
    const auto found = lists.find(sample.key);
    const std::vector<std::string> values =
        found == lists.end() ? std::vector<std::string>() : found->second;
    EXPECT_EQ(sample.values, values.size()) << sample.key;
    Fingerprint fingerprint;
    for (const std::string& value : values) fingerprint.Add(value);
    EXPECT_EQ(sample.fingerprint, fingerprint.sum()) << sample.key;
  }
}

TEST(LoadRowsTest, TheModelIsWhatTheFileHolds) {
  const RowsModel model = Write({3000000}, PathOf("rows"));
  ExpectCounts(model, PathOf("rows"));
  EXPECT_NEAR(static_cast<double>(model.bytes), 3000000, 100);
}

TEST(LoadRowsTest, AKeyHasTenValuesAndTheMostFrequentManyMore) {
  const RowsModel model = Write({20000000}, PathOf("rows"));
  EXPECT_NEAR(static_cast<double>(model.rows) / static_cast<double>(model.keys), 10, 1);
  uint64_t most = 0;
  for (const ListSample& sample : model.samples) most = std::max(most, sample.values);
  EXPECT_GT(most, model.rows / 25);
}

TEST(LoadRowsTest, AKeyOfFewHasTwoValues) {
  const RowsModel model = Write({3000000, RowKeys::kFew}, PathOf("few"));
  ExpectCounts(model, PathOf("few"));
  EXPECT_NEAR(static_cast<double>(model.rows) / static_cast<double>(model.keys), 2, 0.05);
}

TEST(LoadRowsTest, UniqueKeysDiffer) {
  const RowsModel model = Write({3000000, RowKeys::kUnique}, PathOf("unique"));
  ExpectCounts(model, PathOf("unique"));
  EXPECT_EQ(model.keys, model.rows);
  for (const auto& [key, values] : Read(PathOf("unique"))) {
    ASSERT_EQ(key.size(), 16u);
    ASSERT_EQ(key.find_first_not_of("0123456789abcdef"), std::string::npos) << key;
  }
}

TEST(LoadRowsTest, ValuesHaveAllSizesAndNothingToEscape) {
  Write({3000000}, PathOf("rows"));
  std::vector<size_t> of_size(100);
  for (const auto& [key, values] : Read(PathOf("rows"))) {
    ASSERT_EQ(key.size(), 15u);
    for (const std::string& value : values) {
      ASSERT_LT(value.size(), of_size.size());
      ++of_size[value.size()];
      ASSERT_EQ(value.find_first_of("\\\t\r"), std::string::npos) << value;
    }
  }
  for (size_t size = 0; size < of_size.size(); ++size) {
    EXPECT_EQ(of_size[size] != 0, 20 <= size && size <= 80) << size;
  }
}

TEST(LoadRowsTest, OneSpecIsOneFile) {
  Write({300000}, PathOf("first"));
  Write({300000}, PathOf("second"));
  EXPECT_EQ(BytesOf(PathOf("first")), BytesOf(PathOf("second")));
}

TEST(LoadRowsTest, AFingerprintTellsOrderAndBoundsApart) {
  const auto of = [](const std::vector<std::string>& values) {
    Fingerprint fingerprint;
    for (const std::string& value : values) fingerprint.Add(value);
    return fingerprint.sum();
  };
  EXPECT_NE(of({"a", "b"}), of({"b", "a"}));
  EXPECT_NE(of({"ab"}), of({"a", "b"}));
  EXPECT_NE(of({"a", ""}), of({"a"}));
}

TEST(LoadRowsTest, AFileThatCannotBeWrittenIsNamed) {
  const absl::StatusOr<RowsModel> model = WriteRows({1000}, PathOf("no/such/folder"));
  EXPECT_EQ(model.status().code(), absl::StatusCode::kInternal);
  EXPECT_NE(model.status().ToString().find("no/such/folder: No such file"), std::string::npos);
}

}  // namespace
}  // namespace bench
}  // namespace sheaf
