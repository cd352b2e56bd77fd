// TestDb: a RocksDB in a folder of its own that goes with it, and lists to put there.

#ifndef SHEAF_TESTS_ROCKSDB_TEST_DB_H_
#define SHEAF_TESTS_ROCKSDB_TEST_DB_H_

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "sheaf/store.h"
#include "tests/support/ok.h"

namespace sheaf {
namespace testing {

using List = std::vector<std::string>;

// A folder below the test's own, removed with what is in it at the end.
class TempDir {
 public:
  TempDir();
  ~TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A DB with `sheaf.append` of layout `layout`, unless `options` say otherwise.
class TestDb {
 public:
  static rocksdb::Options DefaultOptions(Layout layout = Layout::kCompact);

  explicit TestDb(rocksdb::Options options = DefaultOptions(), Layout layout = Layout::kCompact);
  ~TestDb() { Close(); }

  rocksdb::DB* db() { return db_.get(); }
  Store& store() { return *store_; }
  const std::string& path() const { return dir_.path(); }
  Layout layout() const { return layout_; }

  // Closes Store and DB, and lets go of every cache that the options held.
  void Close();
  // Opens again, with `options` or read-only.
  void Open(rocksdb::Options options);
  void OpenReadOnly(rocksdb::Options options);

  void Put(std::string_view key, const List& values);
  void Append(std::string_view key, const List& values);
  // The list, or a failure of the test.
  List Get(std::string_view key, const rocksdb::ReadOptions& options = rocksdb::ReadOptions());
  void Flush();
  // Flushes and compacts to the bottom, so that no operand is pending.
  void Compact();

 private:
  void OpenStore();

  TempDir dir_;
  Layout layout_;
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<Store> store_;
};

std::vector<std::string_view> Views(const List& list);
List ToList(const BlobView& view);
inline List ToList(const PinnedBlob& blob) { return ToList(blob.view()); }

// `count` different values of 40 to 60 bytes, long enough not to fit into a std::string itself.
List SomeValues(int count, int seed = 0);

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_TEST_DB_H_
