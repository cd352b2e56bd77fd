// A scan tells each error that ends it, and never goes on without what it could not read. RocksDB's
// own iterators forget errors between two SSTs of a level, until 8.7.

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/metadata.h"
#include "rocksdb/table.h"
#include "sheaf/store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using Keys = std::vector<std::string>;

// Lists in a level of some SSTs, alone or with more lists in a level above.
class ScanErrorsTest : public ::testing::TestWithParam<bool> {
 protected:
  ScanErrorsTest() : db_(Options()) {
    for (int i = 10; i < 50; ++i) Put("k" + std::to_string(i));
    db_.Compact();
    if (GetParam()) {
      for (int i = 12; i < 50; i += 3) Put("k" + std::to_string(i) + "above");
      db_.Flush();
    }
    std::sort(keys_.begin(), keys_.end());
  }

  static rocksdb::Options Options() {
    rocksdb::Options options = TestDb::DefaultOptions();
    options.disable_auto_compactions = true;
    options.target_file_size_base = 10 << 10;
    options.compression = rocksdb::kNoCompression;
    rocksdb::BlockBasedTableOptions table;
    table.block_size = 1 << 10;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return options;
  }

  void Put(const std::string& key) {
    db_.Put(key, SomeValues(20));
    keys_.push_back(key);
  }

  // The SSTs of the last level that has any, in order.
  std::vector<rocksdb::SstFileMetaData> Files() {
    rocksdb::ColumnFamilyMetaData family;
    db_.db()->GetColumnFamilyMetaData(&family);
    auto level = family.levels.rbegin();
    while (level->files.empty()) ++level;
    return level->files;
  }

  // Changes a byte of a block of `file`: of the first one, or of the last one with values.
  void Damage(const rocksdb::SstFileMetaData& file, bool last = false) {
    rocksdb::TablePropertiesCollection tables;
    ASSERT_OK(db_.db()->GetPropertiesOfAllTables(&tables));
    const uint64_t data = tables.at(file.db_path + file.name)->data_size;
    db_.Close();
    std::fstream sst(file.db_path + file.name, std::ios::in | std::ios::out | std::ios::binary);
    sst.seekp(static_cast<std::streamoff>(last ? data - 100 : 100));
    sst.put('\x7f');
    sst.close();
    ASSERT_TRUE(sst.good());
    db_.Open(Options());
  }

  Keys KeysBefore(const std::string& end) const {
    return {keys_.begin(), std::lower_bound(keys_.begin(), keys_.end(), end)};
  }

  TestDb db_;
  Keys keys_;
};
INSTANTIATE_TEST_SUITE_P(Levels, ScanErrorsTest, ::testing::Bool(),
                         [](const auto& info) { return info.param ? "WithALevelAbove" : "Alone"; });

Keys KeysOf(Cursor& cursor) {
  Keys keys;
  for (; cursor.Valid(); cursor.Next()) keys.push_back(cursor.key().ToString());
  return keys;
}

TEST_P(ScanErrorsTest, ADamagedBlockAnywhereInALevelEndsTheScanWithAnError) {
  std::vector<rocksdb::SstFileMetaData> files = Files();
  ASSERT_GT(files.size(), 2u);
  std::reverse(files.begin(), files.end());
  for (const rocksdb::SstFileMetaData& file : files) {
    SCOPED_TRACE(file.smallestkey);
    Damage(file);
    const std::unique_ptr<Cursor> cursor = db_.store().Scan({}, KeyRange::All());
    // It may end one key of another level early.
    const Keys seen = KeysOf(*cursor);
    Keys before = KeysBefore(file.smallestkey);
    EXPECT_GE(seen.size() + 1, before.size());
    before.resize(std::min(before.size(), seen.size()));
    EXPECT_EQ(seen, before);
    EXPECT_TRUE(cursor->status().IsCorruption()) << cursor->status().ToString();
  }
}

TEST_P(ScanErrorsTest, ADamagedBlockAnywhereInALevelEndsAScanBackwardWithAnError) {
  for (const rocksdb::SstFileMetaData& file : Files()) {
    SCOPED_TRACE(file.smallestkey);
    Damage(file, /*last=*/true);
    const std::unique_ptr<Cursor> cursor = db_.store().Scan({}, KeyRange::All());
    Keys seen;
    for (cursor->SeekToLast(); cursor->Valid(); cursor->Prev()) {
      seen.push_back(cursor->key().ToString());
    }
    EXPECT_TRUE(cursor->status().IsCorruption()) << cursor->status().ToString();
    // All keys behind the damaged block, none left out; it may end a few before it.
    std::reverse(seen.begin(), seen.end());
    ASSERT_LE(seen.size(), keys_.size());
    EXPECT_EQ(seen, Keys(keys_.end() - static_cast<ptrdiff_t>(seen.size()), keys_.end()));
    EXPECT_GE(seen.size() + 2, keys_.size() - KeysBefore(file.largestkey).size());
  }
}

TEST_P(ScanErrorsTest, AScanWithoutDamageHasEachKeyOnce) {
  const std::unique_ptr<Cursor> cursor = db_.store().Scan({}, KeyRange::All());
  EXPECT_EQ(KeysOf(*cursor), keys_);
  EXPECT_OK(cursor->status());
}

// RocksDB's own iterator, without a Store.
TEST_P(ScanErrorsTest, RocksDbItselfGoesOnWithoutTheSst) {
  const rocksdb::SstFileMetaData file = Files()[1];
  Damage(file);
  const std::unique_ptr<rocksdb::Iterator> iterator(db_.db()->NewIterator({}));
  Keys keys;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    keys.push_back(iterator->key().ToString());
  }
  EXPECT_OK(iterator->status());
  EXPECT_LT(keys.size(), keys_.size());
}

TEST_P(ScanErrorsTest, RocksDbItselfGoesOnBackwardWithoutTheSst) {
  Damage(Files()[1], /*last=*/true);
  const std::unique_ptr<rocksdb::Iterator> iterator(db_.db()->NewIterator({}));
  size_t keys = 0;
  for (iterator->SeekToLast(); iterator->Valid(); iterator->Prev()) ++keys;
  EXPECT_OK(iterator->status());
  EXPECT_LT(keys, keys_.size());
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
