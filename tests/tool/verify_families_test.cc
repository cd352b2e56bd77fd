// `sheaf verify` of a DB whose families have comparators and table formats of their own.

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/comparator.h"
#include "rocksdb/db.h"
#include "rocksdb/metadata.h"
#include "rocksdb/slice_transform.h"
#include "rocksdb/table.h"
#include "sheaf/append_operator.h"
#include "sheaf/blob_builder.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

TEST(VerifyFamiliesTest, OnlyTheDamagedFileIsNamedWhateverTheOtherFamiliesAre) {
  const std::string path = TestFolder() + "/db";
  rocksdb::Options options;
  options.create_if_missing = true;
  options.allow_mmap_reads = true;  // for cuckoo tables
  options.merge_operator = NewAppendOperator();
  std::vector<std::string> files;
  {
    rocksdb::DB* opened = nullptr;
    ASSERT_EQ(rocksdb::DB::Open(options, path, &opened).ToString(), "OK");
    const std::unique_ptr<rocksdb::DB> db(opened);
    rocksdb::ColumnFamilyOptions reverse;
    reverse.comparator = rocksdb::ReverseBytewiseComparator();
    rocksdb::ColumnFamilyOptions cuckoo;
    cuckoo.table_factory.reset(rocksdb::NewCuckooTableFactory());
    rocksdb::ColumnFamilyOptions prefixed;
    prefixed.prefix_extractor.reset(rocksdb::NewFixedPrefixTransform(1));
    std::vector<rocksdb::ColumnFamilyHandle*> families(3);
    ASSERT_EQ(db->CreateColumnFamily(reverse, "reverse", &families[0]).ToString(), "OK");
    ASSERT_EQ(db->CreateColumnFamily(cuckoo, "cuckoo", &families[1]).ToString(), "OK");
    ASSERT_EQ(db->CreateColumnFamily(prefixed, "prefixed", &families[2]).ToString(), "OK");
    families.push_back(db->DefaultColumnFamily());
    const std::string list = Encode({std::string_view("value")}).value();
    for (rocksdb::ColumnFamilyHandle* const family : families) {
      for (const std::string key : {"abcd", "bcde", "cdef"}) {
        ASSERT_EQ(db->Put({}, family, key, list).ToString(), "OK");
      }
      ASSERT_EQ(db->Flush({}, family).ToString(), "OK");
    }
    std::vector<rocksdb::LiveFileMetaData> live;
    db->GetLiveFilesMetaData(&live);
    for (const auto& file : live) {
      if (file.column_family_name == "default") files.push_back(file.db_path + file.name);
    }
    families.pop_back();
    for (auto* const family : families) db->DestroyColumnFamilyHandle(family);
  }
  ASSERT_EQ(files.size(), 1u);
  EXPECT_EQ(RunSheaf({"verify", "--db", path}).exit_status, 0);
  std::string bytes = ReadFile(files[0]);
  bytes[10] ^= 1;
  WriteFile(files[0], bytes);
  const Result verify = RunSheaf({"verify", "--db", path, "--cf", "reverse"});
  EXPECT_EQ(verify.exit_status, 1);
  EXPECT_EQ(verify.out.find(files[0] + "\t"), 0u) << verify.out;
  EXPECT_EQ(std::count(verify.out.begin(), verify.out.end(), '\n'), 1) << verify.out;
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
