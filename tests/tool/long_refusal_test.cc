// Commands that know only plain lists, on a column family of long lists: they name the reason, and
// change nothing.

#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/convenience.h"
#include "tests/support/ok.h"
#include "tests/tool/long_db.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

class LongRefusalTest : public ::testing::Test {
 protected:
  const std::string folder_ = TestFolder();
  const LongDb db_{folder_ + "/db"};

  void SetUp() override {
    db_.With([](LongStore& lists) {
      ASSERT_OK(lists.Append({}, "k", {"a", "b"}));
      ASSERT_OK(lists.Seal("k"));
      ASSERT_OK(lists.Append({}, "k", {"c"}));
    });
  }
  Result Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, {"--db", db_.path()});
    return RunSheaf(arguments);
  }
};

TEST_F(LongRefusalTest, CommandsForPlainListsSayWhyAndChangeNothing) {
  const auto before = Snapshot(folder_);
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"put", "k", "v"},
           {"remove", "k", "v"},
           {"clear", "k"},
       }) {
    const Result result = Run(command);
    EXPECT_EQ(result.exit_status, 1) << command[0];
    EXPECT_EQ(result.out, "") << command[0];
    const std::string expected =
        "sheaf " + command[0] + ": " + db_.path() +
        ": column family default holds long lists (page_bytes=100), which lie in pages: this "
        "command is for plain lists, one a key\n";
    EXPECT_EQ(result.err.substr(0, expected.size()), expected);
    EXPECT_EQ(Snapshot(folder_), before) << command[0];
  }
}

// As RocksDB's `ldb` does without the plugin.
TEST_F(LongRefusalTest, OptionsOfAToolThatDoesNotKnowSheafAreNotTakenForPlainLists) {
  rocksdb::Options options;
  rocksdb::DB* opened = nullptr;
  ASSERT_OK(rocksdb::DB::Open(options, db_.path(), &opened));
  delete opened;
  const auto before = Snapshot(folder_);
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"get", "k"}, {"scan"}, {"export"}}) {
    const Result result = Run(command);
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err,
              "sheaf " + command[0] + ": " + db_.path() +
                  ": column family default holds long lists (page_bytes=100), but OPTIONS name the "
                  "merge operator none: a tool wrote them that does not know sheaf.append; `sheaf "
                  "repair` puts that back\n");
    EXPECT_EQ(Snapshot(folder_), before);
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
