#include "tests/rocksdb/test_db.h"

#include <cstdlib>
#include <filesystem>
#include <random>

namespace sheaf {
namespace testing {

TempDir::TempDir() {
  std::string pattern = ::testing::TempDir() + "sheaf-XXXXXX";
  path_ = mkdtemp(&pattern[0]);
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

rocksdb::Options TestDb::DefaultOptions(Layout layout) {
  rocksdb::Options options;
  options.create_if_missing = true;
  options.merge_operator = NewAppendOperator({layout});
  options.compression = rocksdb::kNoCompression;
  return options;
}

TestDb::TestDb(rocksdb::Options options, Layout layout) : layout_(layout) {
  Open(std::move(options));
}

void TestDb::Close() {
  store_.reset();
  db_.reset();
}

void TestDb::OpenStore() { EXPECT_OK(Store::Open(db_.get(), nullptr, {layout_}, &store_)); }

void TestDb::Open(rocksdb::Options options) {
  Close();
  rocksdb::DB* db = nullptr;
  EXPECT_OK(rocksdb::DB::Open(options, path(), &db));
  db_.reset(db);
  OpenStore();
}

void TestDb::OpenReadOnly(rocksdb::Options options) {
  Close();
  rocksdb::DB* db = nullptr;
  EXPECT_OK(rocksdb::DB::OpenForReadOnly(options, path(), &db));
  db_.reset(db);
  OpenStore();
}

void TestDb::Put(std::string_view key, const List& values) {
  EXPECT_OK(store_->Put(rocksdb::WriteOptions(), key, Views(values)));
}

void TestDb::Append(std::string_view key, const List& values) {
  EXPECT_OK(store_->Append(rocksdb::WriteOptions(), key, Views(values)));
}

List TestDb::Get(std::string_view key, const rocksdb::ReadOptions& options) {
  PinnedBlob list;
  EXPECT_OK(store_->Get(options, key, &list));
  return ToList(list);
}

void TestDb::Flush() { EXPECT_OK(db_->Flush(rocksdb::FlushOptions())); }

void TestDb::Compact() {
  Flush();
  rocksdb::CompactRangeOptions options;
  options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
  EXPECT_OK(db_->CompactRange(options, nullptr, nullptr));
}

std::vector<std::string_view> Views(const List& list) { return {list.begin(), list.end()}; }

List ToList(const BlobView& view) {
  List list;
  for (const std::string_view value : view) list.emplace_back(value);
  return list;
}

List SomeValues(int count, int seed) {
  std::mt19937 random(static_cast<unsigned>(seed) + 1);
  List values;
  for (int i = 0; i < count; ++i) {
    std::string value(40 + random() % 21, '\0');
    for (char& byte : value) byte = static_cast<char>(random());
    values.push_back(std::move(value));
  }
  return values;
}

}  // namespace testing
}  // namespace sheaf
