// The unmodified tools of the distribution, with libsheaf_plugin.so loaded into them.

#include <dlfcn.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/convenience.h"
#include "rocksdb/merge_operator.h"
#include "sheaf/plugin.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Finished {
  int status;
  std::string output;  // both streams
};

Finished Run(const std::string& command) {
  Finished finished;
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  std::array<char, 4096> chunk;
  for (size_t n; (n = fread(chunk.data(), 1, chunk.size(), pipe)) > 0;) {
    finished.output.append(chunk.data(), n);
  }
  finished.status = pclose(pipe);
  return finished;
}

Finished Tool(const std::string& arguments, bool with_plugin = true) {
  const std::string plugin = std::string(std::getenv("PWD")) + "/plugin/libsheaf_plugin.so";
  return Run((with_plugin ? "LD_PRELOAD=" + plugin + " " : "") + arguments);
}

// "ab" as ldb's --hex prints it.
std::string Hex(const std::string& bytes) { return rocksdb::Slice(bytes).ToString(true); }

class PreloadTest : public ::testing::Test {
 protected:
  PreloadTest() {
    rocksdb::Options options = TestDb::DefaultOptions();
    options.table_properties_collector_factories.push_back(NewStatsCollectorFactory());
    db_ = std::make_unique<TestDb>(options);
    db_->Append("key", {"a"});
    db_->Flush();
    db_->Append("key", {"b", ""});
    db_->Append("other", {"c"});
    db_->Flush();
    db_->Close();
    ldb_ = "ldb --try_load_options --db=" + db_->path() + " ";
  }

  std::unique_ptr<TestDb> db_;
  std::string ldb_;
  const std::string merged_ = Hex(Encode({"a", "b", ""}).value());
};

TEST_F(PreloadTest, LdbGetsAMergedList) {
  const Finished got = Tool(ldb_ + "--hex get 0x" + Hex("key"));
  EXPECT_EQ(got.status, 0) << got.output;
  EXPECT_THAT(got.output, HasSubstr("0x" + merged_));
}

TEST_F(PreloadTest, LdbScansMergedLists) {
  const Finished scanned = Tool(ldb_ + "--hex scan");
  EXPECT_EQ(scanned.status, 0) << scanned.output;
  EXPECT_THAT(scanned.output, HasSubstr("0x" + Hex("key") + " : 0x" + merged_));
  EXPECT_THAT(scanned.output,
              HasSubstr("0x" + Hex("other") + " : 0x" + Hex(Encode({"c"}).value())));
}

TEST_F(PreloadTest, LdbCompactsAndNothingIsLost) {
  const Finished compacted = Tool(ldb_ + "compact");
  EXPECT_EQ(compacted.status, 0) << compacted.output;
  rocksdb::Options options = TestDb::DefaultOptions();
  options.create_if_missing = false;
  db_->Open(options);
  EXPECT_EQ(db_->Get("key"), List({"a", "b", ""}));
  EXPECT_EQ(db_->Get("other"), List({"c"}));
}

TEST_F(PreloadTest, SstDumpShowsTheCollectedProperties) {
  ASSERT_EQ(Tool(ldb_ + "compact").status, 0);
  const Finished dumped = Tool("sst_dump --show_properties --file=" + db_->path());
  EXPECT_EQ(dumped.status, 0) << dumped.output;
  EXPECT_THAT(dumped.output, HasSubstr("sheaf.values: 0x" + Hex("4")));
}

TEST(LoadedLibraryTest, StaysAfterDlclose) {
  // RocksDB's registry has no way to forget its factories.
  const std::string path = std::string(std::getenv("PWD")) + "/plugin/libsheaf_plugin.so";
  void* const library = dlopen(path.c_str(), RTLD_NOW);
  ASSERT_NE(library, nullptr) << dlerror();
  EXPECT_EQ(dlclose(library), 0);
  EXPECT_NE(dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD), nullptr);
  std::shared_ptr<rocksdb::MergeOperator> merge;
  ASSERT_OK(
      rocksdb::MergeOperator::CreateFromString(rocksdb::ConfigOptions(), "sheaf.append", &merge));
  EXPECT_STREQ(merge->Name(), "sheaf.append");
}

// What the plugin is for: without it the operator is not known.
TEST_F(PreloadTest, WithoutThePluginTheOperatorIsNotKnown) {
  const Finished got = Tool(ldb_ + "--hex get 0x" + Hex("key"), /*with_plugin=*/false);
  EXPECT_THAT(got.output, Not(HasSubstr(merged_)));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
