// Commands on a column family that has no sheaf.append: of plain values, and of lists from which a
// tool took the operator.

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "sheaf/append_operator.h"
#include "sheaf/blob_builder.h"
#include "sheaf/plugin.h"
#include "tests/support/ok.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

using Families = std::vector<rocksdb::ColumnFamilyDescriptor>;

constexpr char kOthers[] = "The column family with sheaf.append: lists. Name it: --cf lists";

class WrongFamilyTest : public ::testing::Test {
 protected:
  static Families PlainAndLists() {
    rocksdb::ColumnFamilyOptions lists;
    lists.merge_operator = NewAppendOperator();
    return {{"default", rocksdb::ColumnFamilyOptions()}, {"lists", lists}};
  }
  void With(const Families& families,
            const std::function<void(rocksdb::DB*,
                                     const std::vector<rocksdb::ColumnFamilyHandle*>&)>& use) {
    RegisterPlugin();
    rocksdb::DBOptions options;
    options.create_if_missing = true;
    options.create_missing_column_families = true;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    ASSERT_OK(rocksdb::DB::Open(options, db_, families, &handles, &opened));
    const std::unique_ptr<rocksdb::DB> db(opened);
    use(db.get(), handles);
    for (auto* const handle : handles) ASSERT_OK(db->DestroyColumnFamilyHandle(handle));
  }
  // 979 plain values in the default column family, among them integers that begin as lists do, and
  // one list in the other.
  void Make() {
    With(PlainAndLists(), [](rocksdb::DB* db, const auto& handles) {
      for (uint32_t i = 0; i < 979; ++i) {
        const uint32_t number = 500 + i;  // 688 is B0 02 00 00, which is a list
        ASSERT_OK(db->Put({}, handles[0], "key" + std::to_string(i),
                          std::string(reinterpret_cast<const char*>(&number), 4)));
      }
      ASSERT_OK(db->Put({}, handles[1], "fruit", Encode({"apple"}).value()));
      ASSERT_OK(db->Merge({}, handles[1], "fruit", Encode({"pear"}).value()));
    });
  }
  Result Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, {"--db", db_});
    return RunSheaf(arguments);
  }

  const std::string folder_ = TestFolder();
  const std::string db_ = folder_ + "/db";
};

TEST_F(WrongFamilyTest, EveryCommandRefusesPlainValuesAndNamesTheFamilyOfLists) {
  Make();
  const std::string rows = folder_ + "/rows.tsv";
  WriteFile(rows, "key1\tv\n");
  const auto before = Snapshot(folder_);
  const std::string no_lists = db_ +
                               ": column family default holds no lists: the DB's merge operator is "
                               "none, not sheaf.append, and "
                               "neither its SSTs nor its values tell of lists. " +
                               kOthers + "\n";
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"get", "key1"},
                                             {"scan"},
                                             {"export"},
                                             {"stats"},
                                             {"verify"},
                                             {"repair"},
                                             {"repair", "--dry-run"},
                                             {"repair", "--adopt"},
                                             {"repair", "--layout", "compact"},
                                             {"load", "--input", rows, "--mode", "replace"},
                                             {"load", "--input", rows, "--create-only"},
                                             {"repair", "--layout", "fixed64", "--dry-run"}}) {
    const Result result = Run(command);
    EXPECT_EQ(result.exit_status, 1) << command[0];
    EXPECT_EQ(result.out, "");
    EXPECT_EQ(result.err, "sheaf " + command[0] + ": " + no_lists);
  }
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"append", "key1", "v"}, {"compact", "--all"}, {"load", "--input", "/dev/null"}}) {
    const Result result = Run(command);
    EXPECT_EQ(result.exit_status, 1) << command[0];
    EXPECT_TRUE(Has(result.err,
                    ": the DB's merge operator is none, not sheaf.append. " + std::string(kOthers)))
        << result.err;
  }
  EXPECT_TRUE(Snapshot(folder_) == before);
  EXPECT_EQ(Run({"get", "--cf", "lists", "fruit"}).out, "apple\npear\n");
  EXPECT_EQ(Run({"verify", "--cf", "lists"}).err,
            "sheaf verify: " + db_ + ": 1 key checked, 0 faults\n");
}

TEST_F(WrongFamilyTest, ADbWithoutAnyListsSaysSo) {
  With({{"default", {}}}, [](rocksdb::DB* db, const auto& handles) {
    ASSERT_OK(db->Put({}, handles[0], "k", "text"));
    ASSERT_OK(db->Flush({}));
  });
  for (const char* const command : {"scan", "verify", "repair"}) {
    const Result result = Run({command});
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_EQ(
        result.err,
        std::string("sheaf ") + command + ": " + db_ +
            ": column family default holds no lists: the DB's merge operator is none, not "
            "sheaf.append, and neither its SSTs nor its values tell of lists. No other column "
            "family has sheaf.append either; `sheaf families` shows what is there\n");
  }
  // Both options together say that it is meant.
  const Result adopted = Run({"repair", "--layout", "compact", "--adopt"});
  EXPECT_EQ(adopted.exit_status, 0) << adopted.err;
  EXPECT_EQ(Run({"get", "k"}).out, "text\n");
}

// An application may read lists without sheaf.append, and begin with an empty column family.
TEST_F(WrongFamilyTest, LoadPutsListsIntoAnEmptyFamilyWithoutAnOperator) {
  With({{"default", {}}, {"plain", {}}}, [](auto*, const auto&) {});
  const Result load =
      RunSheaf({"load", "--db", db_, "--cf", "plain", "--mode", "replace"}, "k\tv\n");
  EXPECT_EQ(load.exit_status, 0) << load.err;
  EXPECT_EQ(Run({"get", "--cf", "plain", "k"}).out, "v\n");
  EXPECT_EQ(
      RunSheaf({"load", "--db", db_, "--cf", "plain", "--mode", "replace"}, "k\tw\n").exit_status,
      0);
  EXPECT_EQ(Run({"get", "--cf", "plain", "k"}).out, "w\n");
}

// What SSTs have that were written with sheaf.append or sheaf.stats tells of lists.
TEST_F(WrongFamilyTest, ListsWithoutAnOperatorAreReadWhateverTellsOfThem) {
  enum class Told { kValues, kOperands, kStats };
  for (const Told told : {Told::kValues, Told::kOperands, Told::kStats}) {
    const std::string name = "lists" + std::to_string(static_cast<int>(told));
    rocksdb::ColumnFamilyOptions family;
    if (told != Told::kValues) family.merge_operator = NewAppendOperator();
    if (told == Told::kStats) {
      family.table_properties_collector_factories.push_back(NewStatsCollectorFactory());
    }
    With({{"default", {}}, {name, family}}, [&](rocksdb::DB* db, const auto& handles) {
      const std::string list = Encode({"a"}).value();
      if (told == Told::kOperands) {
        ASSERT_OK(db->Merge({}, handles[1], "k", list));
      } else {
        ASSERT_OK(db->Put({}, handles[1], "k", list));
      }
      ASSERT_OK(db->Flush({}, handles[1]));
      if (told == Told::kValues) return;
      // So many plain values that values alone tell nothing.
      for (int i = 0; i < 2000; ++i) {
        ASSERT_OK(db->Put({}, handles[1], "a" + std::to_string(i), "text"));
      }
    });
    // Twice: RocksDB keeps two OPTIONS files.
    for (int i = 0; i < 2; ++i) With({{"default", {}}, {name, {}}}, [](auto*, const auto&) {});
    EXPECT_EQ(Run({"get", "--cf", name, "k"}).out, "a\n");
    const Result refused = Run({"repair", "--cf", name});
    EXPECT_EQ(refused.exit_status, 1);
    EXPECT_TRUE(Has(refused.err, "and no OPTIONS file of it names sheaf.append for column family " +
                                     name + ": nothing says which layout its lists have. Say "))
        << refused.err;
    const Result repair = Run({"repair", "--cf", name, "--layout", "compact"});
    EXPECT_EQ(repair.exit_status, told == Told::kValues ? 0 : 1) << repair.err;
    EXPECT_EQ(Run({"append", "--cf", name, "k", "b"}).exit_status, 0);
    EXPECT_EQ(Run({"get", "--cf", name, "k"}).out, "a\nb\n");
    With({{"default", {}}, {name, family}},
         [](rocksdb::DB* db, const auto& handles) { ASSERT_OK(db->DropColumnFamily(handles[1])); });
  }
}

TEST_F(WrongFamilyTest, WithoutOptionsPlainValuesAreNotMadeLists) {
  Make();
  for (const auto& [name, bytes] : Snapshot(db_)) {
    if (Has(name, "OPTIONS")) std::remove((db_ + "/" + name).c_str());
  }
  const auto before = Snapshot(folder_);
  const Result refused = Run({"repair", "--layout", "compact"});
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_TRUE(Has(refused.err, "column family default holds no lists: ")) << refused.err;
  EXPECT_TRUE(Snapshot(folder_) == before);
  EXPECT_EQ(Run({"repair", "--layout", "compact", "--cf", "lists"}).exit_status, 0);
  EXPECT_EQ(Run({"get", "--cf", "lists", "fruit"}).out, "apple\npear\n");
}

TEST_F(WrongFamilyTest, VerifyPrintsTheFirstFaultsOfAKindAndCountsTheOthers) {
  rocksdb::ColumnFamilyOptions lists;
  lists.merge_operator = NewAppendOperator();
  With({{"default", lists}}, [](rocksdb::DB* db, const auto& handles) {
    for (int i = 0; i < 1000; ++i) {
      const std::string key = "key" + std::to_string(1000 + i);
      // Cut off after 3 to 12 bytes; three in a row are plain.
      ASSERT_OK(
          db->Put({}, handles[0], key, i < 3 ? "text" : "\xB0\x01\x20" + std::string(i % 10, 'x')));
    }
  });
  const auto lines = [](const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  };
  const Result verify = Run({"verify"});
  EXPECT_EQ(verify.exit_status, 1);
  EXPECT_EQ(lines(verify.out), 3 + 10) << verify.out;
  EXPECT_EQ(verify.out.find("key1000\t"), 0u);
  EXPECT_TRUE(Has(verify.err, " more: not a list: ")) << verify.err;
  EXPECT_TRUE(Has(verify.err, ". --all prints them\n")) << verify.err;
  EXPECT_TRUE(Has(verify.err, "1,000 keys checked, 1,000 faults\n")) << verify.err;
  const Result all = Run({"verify", "--all"});
  EXPECT_EQ(lines(all.out), 1000);
  EXPECT_EQ(all.err, "sheaf verify: " + db_ + ": 1,000 keys checked, 1,000 faults\n");
  const Result scan = Run({"scan"});
  EXPECT_EQ(scan.exit_status, 1);
  EXPECT_LT(lines(scan.err), 40) << scan.err;
  EXPECT_TRUE(Has(scan.err, ". `sheaf verify` names them\n")) << scan.err;
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
