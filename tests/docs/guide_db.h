// GuideDb: a fixture with a folder for a DB, and a DB with lists in it for those who want one.

#ifndef SHEAF_TESTS_DOCS_GUIDE_DB_H_
#define SHEAF_TESTS_DOCS_GUIDE_DB_H_

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/db.h"
#include "rocksdb/table.h"
#include "sheaf/store.h"
#include "tests/support/ok.h"

namespace sheaf {
namespace testing {

class GuideDb : public ::testing::Test {
 protected:
  GuideDb() : path_(::testing::TempDir() + "guide-" + TestName()) {
    EXPECT_OK(rocksdb::DestroyDB(path_, rocksdb::Options()));
  }
  ~GuideDb() override { Close(); }

  const std::string& path() const { return path_; }

  // Options of a DB with sheaf.append, whose block cache is `cache`.
  rocksdb::Options Options() const {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = cache;
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    options.merge_operator = NewAppendOperator();
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return options;
  }

  void Open() { Open(Options()); }
  void Open(const rocksdb::Options& options) {
    Close();
    rocksdb::DB* opened = nullptr;
    ASSERT_OK(rocksdb::DB::Open(options, path_, &opened));
    db.reset(opened);
    ASSERT_OK(Store::Open(db.get(), nullptr, {}, &store));
  }
  void Close() {
    store.reset();
    db.reset();
  }

  // Named as in the snippets of the guide.
  std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(8 << 20, /*num_shard_bits=*/0);
  std::unique_ptr<rocksdb::DB> db;
  std::unique_ptr<Store> store;

 private:
  static std::string TestName() {
    std::string name = ::testing::UnitTest::GetInstance()->current_test_info()->name();
    std::replace(name.begin(), name.end(), '/', '-');  // of a test with parameters
    return name;
  }

  const std::string path_;
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_DOCS_GUIDE_DB_H_
