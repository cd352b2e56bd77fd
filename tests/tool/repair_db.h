// RepairDb: a fixture with a DB of lists, a model of it, and RocksDB's own `ldb`, as the
// distribution has it, without the plugin.

#ifndef SHEAF_TESTS_TOOL_REPAIR_DB_H_
#define SHEAF_TESTS_TOOL_REPAIR_DB_H_

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "rocksdb/utilities/options_util.h"
#include "sheaf/plugin.h"
#include "sheaf/store.h"
#include "tests/support/ok.h"
#include "tests/tool/edit_model.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {

class RepairDb : public ::testing::Test {
 protected:
  // A DB and a model of it.
  struct Lists {
    AppendOptions append;
    std::map<std::string, List> model;
    std::unique_ptr<rocksdb::DB> db;

    void Put(const std::string& key, const List& values) {
      model[key] = values;
      std::string blob =
          Encode(std::vector<std::string_view>(values.begin(), values.end()), append.layout)
              .value();
      ASSERT_OK(db->Put({}, key, blob));
    }
    void Do(const std::string& key, const Edit& edit) {
      Apply(edit, &model[key]);
      ASSERT_OK(db->Merge({}, key, Operand(edit)));
    }
    void Flush() { ASSERT_OK(db->Flush({})); }
  };

  void Open(Lists* lists) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.disable_auto_compactions = true;
    options.compression = rocksdb::kNoCompression;
    options.merge_operator = NewAppendOperator(lists->append);
    options.table_properties_collector_factories.push_back(
        NewStatsCollectorFactory(lists->append.layout));
    rocksdb::DB* db = nullptr;
    ASSERT_OK(rocksdb::DB::Open(options, db_, &db));
    lists->db.reset(db);
  }

  // Lists of many kinds, their operands in several files and in the log.
  void Fill(Lists* lists) {
    lists->Put("compacted", {"a", "b:c"});
    lists->Put("base and operands", {"a", "", ":"});
    lists->Put("removed from", {"x", "y", "x"});
    lists->Put("trimmed", {"1", "2", "3", "4"});
    lists->Put("empty", {});
    for (const char* const key : {"base and operands", "only operands", "removed from"}) {
      for (const std::string value : {"b", "c:d", ":"}) {
        lists->Flush();
        lists->Do(key, Edit::Append({value, Operand(Edit::Append({":"}))}));
      }
    }
    lists->Flush();
    lists->Do("removed from", Edit::Remove("x"));
    lists->Do("trimmed", Edit::KeepLast(3));
    lists->Do("cleared", Edit::Append({"a"}));
    lists->Do("only an edit", Edit::KeepFirst(2));
    lists->Flush();
    lists->Do("removed from", Edit::Append({"x"}));
    lists->Do("trimmed", Edit::Append({"5"}));
    lists->Do("trimmed", Edit::Batch({Edit::KeepFirst(2), Edit::Append({"6"})}));
    lists->Do("cleared", Edit::Clear());
    lists->Flush();
    lists->Do("cleared", Edit::Append({"b"}));
    lists->Do("empty", Edit::Append({"no more"}));
    lists->Do("in the log only", Edit::Append({"z"}));
    lists->Do("in the log only", Edit::Append({":"}));
  }

  Result Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, {"--db", db_});
    return RunSheaf(arguments);
  }

  void Ldb(const std::string& arguments) {
    const std::string command = "ldb --db=" + db_ + " " + arguments + " >/dev/null 2>&1";
    ASSERT_EQ(std::system(command.c_str()), 0) << command;
  }

  // All lists, opened with the options in OPTIONS.
  std::map<std::string, List> ReadAll() {
    RegisterPlugin();
    rocksdb::DBOptions db_options;
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    EXPECT_EQ(rocksdb::LoadLatestOptions({}, db_, &db_options, &families).ToString(), "OK");
    const rocksdb::Options options(db_options, families[0].options);
    std::map<std::string, List> lists;
    rocksdb::DB* opened = nullptr;
    EXPECT_EQ(rocksdb::DB::OpenForReadOnly(options, db_, &opened).ToString(), "OK");
    const std::unique_ptr<rocksdb::DB> db(opened);
    EXPECT_STREQ(options.merge_operator->Name(), "sheaf.append");
    std::string layout;
    EXPECT_TRUE(options.merge_operator->GetOption({}, "layout", &layout).ok());
    StoreOptions store_options;
    if (layout == "fixed64") store_options.layout = Layout::kFixed64;
    std::unique_ptr<Store> store;
    EXPECT_EQ(Store::Open(db.get(), nullptr, store_options, &store).ToString(), "OK");
    const auto cursor = store->Scan({}, KeyRange::All());
    for (; cursor->Valid(); cursor->Next()) {
      List& list = lists[cursor->key().ToString()];
      for (const std::string_view value : cursor->values()) list.emplace_back(value);
    }
    EXPECT_EQ(cursor->status().ToString(), "OK");
    return lists;
  }

  std::string LatestOptions() {
    std::string name;
    EXPECT_TRUE(rocksdb::GetLatestOptionsFileName(db_, rocksdb::Env::Default(), &name).ok());
    return ReadFile(db_ + "/" + name);
  }

  const std::string folder_ = TestFolder();
  const std::string db_ = folder_ + "/db";
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_TOOL_REPAIR_DB_H_
