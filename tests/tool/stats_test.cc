// stats: what it adds up from properties is what a scan finds, or it says that it may not be.

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "sheaf/plugin.h"
#include "sheaf/store.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

class StatsTest : public ::testing::Test {
 public:  // for the cases of a table
  static rocksdb::Options Options(Layout layout = Layout::kCompact) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.disable_auto_compactions = true;
    options.avoid_flush_during_recovery = true;
    AppendOptions append;
    append.layout = layout;
    options.merge_operator = NewAppendOperator(append);
    options.table_properties_collector_factories.push_back(NewStatsCollectorFactory(layout));
    return options;
  }

  void Open(const rocksdb::Options& options = Options(), Layout layout = Layout::kCompact) {
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, path_, &db);
    ASSERT_TRUE(status.ok()) << status.ToString();
    opened_.reset(db);
    StoreOptions store;
    store.layout = layout;
    ASSERT_TRUE(Store::Open(db, nullptr, store, &store_).ok());
  }
  void Put(const std::string& key, const std::vector<std::string>& values) {
    const std::vector<std::string_view> views(values.begin(), values.end());
    ASSERT_TRUE(store_->Put({}, key, views).ok());
  }
  void Flush() { ASSERT_TRUE(opened_->Flush({}).ok()); }
  // As a process that ends: what was not flushed is in the log.
  void Close() {
    store_.reset();
    opened_.reset();
  }

  Result Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"stats", "--db", path_});
    return RunSheaf(arguments);
  }
  std::string Estimate() { return Run({"--estimate", "--format", "json"}).out; }
  std::string Exact() { return Run({"--exact", "--format", "json"}).out; }

  const std::string path_ = TestFolder() + "/db";
  std::unique_ptr<rocksdb::DB> opened_;
  std::unique_ptr<Store> store_;
};

std::vector<std::string> Values(std::mt19937& random) {
  std::vector<std::string> values(random() % 5 == 0 ? random() % 200 : random() % 4);
  for (std::string& value : values)
    value.assign(random() % 9 == 0 ? random() % 400 : random() % 9, 'v');
  return values;
}

TEST_F(StatsTest, PropertiesOfSeveralSstsAddUpToWhatAScanFinds) {
  for (const Layout layout : {Layout::kCompact, Layout::kFixed64}) {
    rocksdb::DestroyDB(path_, {});
    std::mt19937 random(3);
    Open(Options(layout), layout);
    // Model: counted here, from the values.
    uint64_t keys = 0, values = 0, bytes = 0;
    std::map<size_t, uint64_t> per_key;
    for (int sst = 0; sst < 4; ++sst) {
      for (int i = 0; i < 100; ++i) {
        const std::vector<std::string> list = Values(random);
        Put(std::to_string(sst * 1000 + i + 1000), list);
        ++keys;
        values += list.size();
        for (const std::string& value : list) bytes += value.size();
        size_t from = 0;
        while (from != 0 ? 2 * from <= list.size() : list.size() != 0)
          from = from == 0 ? 1 : 2 * from;
        ++per_key[from];
      }
      Flush();
    }
    Close();
    const std::string estimate = Estimate();
    EXPECT_EQ(estimate, Exact());
    EXPECT_EQ(estimate, Run({"--format", "json"}).out);
    EXPECT_TRUE(Has(estimate, ",\"exact\":true}")) << estimate;
    EXPECT_TRUE(Has(estimate, ",\"keys\":" + std::to_string(keys) + ",\"values\":" +
                                  std::to_string(values) + ",\"bytes\":" + std::to_string(bytes)))
        << estimate;
    for (const auto& [from, count] : per_key) {
      EXPECT_TRUE(Has(estimate, "{\"from\":" + std::to_string(from) +
                                    ",\"to\":" + std::to_string(from == 0 ? 0 : 2 * from - 1) +
                                    ",\"count\":" + std::to_string(count) + "}"))
          << from << ": " << estimate;
    }
    EXPECT_FALSE(Has(Run({"--estimate"}).out, "estimate"));
  }
}

TEST_F(StatsTest, EachReasonThatSumsAreNotExactIsTold) {
  struct Case {
    const char* reason;
    void (*make)(StatsTest& test);
  };
  const std::vector<Case> cases = {
      {"1 entry is in the log and in no SST yet", [](StatsTest& t) { t.Put("z", {"1"}); }},
      {"1 operand is pending",
       [](StatsTest& t) {
         ASSERT_TRUE(t.store_->Append({}, "z", {"1"}).ok());
         t.Flush();
       }},
      {"1 deletion is not compacted yet",
       [](StatsTest& t) {
         ASSERT_TRUE(t.opened_->Delete({}, "z").ok());
         t.Flush();
       }},
      {"1 deletion is not compacted yet",
       [](StatsTest& t) {
         ASSERT_TRUE(t.opened_->DeleteRange({}, t.opened_->DefaultColumnFamily(), "a", "b").ok());
         t.Flush();
       }},
      {"1 older version is kept beside the newest",
       [](StatsTest& t) {
         t.Put("z", {"1"});
         const rocksdb::Snapshot* const snapshot = t.opened_->GetSnapshot();
         t.Put("z", {"2"});
         t.Flush();
         t.opened_->ReleaseSnapshot(snapshot);
       }},
      {"2 SSTs with key ranges that overlap",
       [](StatsTest& t) {
         t.Put("c", {"2"});
         t.Flush();
       }},
  };
  for (const Case& each : cases) {
    rocksdb::DestroyDB(path_, {});
    Open();
    Put("a", {"1"});
    Put("c", {"1", "22"});
    Flush();
    Close();
    ASSERT_TRUE(Has(Estimate(), "\"exact\":true"));
    Open();
    each.make(*this);
    Close();
    const std::string estimate = Estimate();
    EXPECT_TRUE(Has(estimate, ",\"exact\":false,\"reasons\":[\"" + std::string(each.reason)))
        << each.reason << ": " << estimate;
    EXPECT_TRUE(Has(Run({"--estimate"}).out, "estimate: " + std::string(each.reason)));
    EXPECT_TRUE(Has(Exact(), ",\"exact\":true}"));
    EXPECT_TRUE(Has(Run({"--format", "json"}).out, ",\"exact\":true}")) << "it is small";
  }
}

TEST_F(StatsTest, ListsInBlobFilesAreTold) {
  rocksdb::Options options = Options();
  options.enable_blob_files = true;
  Open(options);
  Put("a", {"1", "2"});
  Put("b", {"3"});
  Flush();
  Close();
  const Result estimate = Run({"--estimate"});
  EXPECT_TRUE(Has(estimate.out, "estimate: 2 lists are in blob files, which were not read"))
      << estimate.out;
  EXPECT_TRUE(Has(estimate.out, "keys           0\n")) << estimate.out;
  EXPECT_TRUE(Has(Exact(), "\"keys\":2,\"values\":3,\"bytes\":3,")) << Exact();
}

TEST_F(StatsTest, ADbWithoutThePropertiesIsScanned) {
  rocksdb::Options options = Options();
  options.table_properties_collector_factories.clear();
  Open(options);
  Put("a", {"1", "2"});
  Flush();
  Close();
  EXPECT_EQ(Run({"--format", "json"}).out, Exact());
  EXPECT_TRUE(Has(Estimate(), "\"reasons\":[\"1 of 1 SST without the properties")) << Estimate();
  Open();
  Put("b", {"3"});
  Flush();
  Close();
  EXPECT_TRUE(Has(Estimate(), "\"keys\":1,\"values\":1,")) << Estimate();
  EXPECT_TRUE(Has(Estimate(), "\"reasons\":[\"1 of 2 SSTs without the properties")) << Estimate();
}

TEST_F(StatsTest, ValuesThatAreNoListsAreCountedEitherWay) {
  Open();
  Put("a", {"1"});
  ASSERT_TRUE(opened_->Put({}, "b", "no list").ok());
  Flush();
  Close();
  for (const char* const way : {"--estimate", "--exact"}) {
    const Result result = Run({way, "--format", "json"});
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_TRUE(Has(result.out, "\"keys\":1,\"values\":1,\"bytes\":1,")) << result.out;
    EXPECT_TRUE(Has(result.out, ",\"exact\":true}")) << result.out;
    EXPECT_TRUE(Has(result.err, "1 key with a value that is not a list, not counted"))
        << result.err;
  }
}

TEST_F(StatsTest, ALargeDbIsNotReadUnlessTold) {
  Open();
  const std::string value(1 << 20, 'v');  // compresses well
  for (int i = 0; i < 70; ++i) Put(std::to_string(100 + i), {value});
  Flush();
  Put("1", {"in the log"});
  Close();
  EXPECT_TRUE(Has(Run({"--format", "json"}).out, "\"keys\":70,")) << Run({}).out;
  const Result text = Run({});
  EXPECT_TRUE(Has(text.out, "estimate: 1 entry is in the log")) << text.out;
  EXPECT_TRUE(Has(text.out, "estimate: --exact reads all lists instead, about 70")) << text.out;
  EXPECT_TRUE(Has(text.out, "  1 to 2 MB")) << text.out;
  const Result exact = Run({"--exact", "--progress"});
  EXPECT_TRUE(Has(exact.out, "keys           71\n")) << exact.out;
  EXPECT_TRUE(Has(exact.err, "sheaf stats: reading lists")) << exact.err;
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
