// LongDb: a RocksDB with long lists in a folder of its own, a LongStore on it, and looks at what is
// stored that do not go through the library.

#ifndef SHEAF_TESTS_ROCKSDB_LONG_DB_H_
#define SHEAF_TESTS_ROCKSDB_LONG_DB_H_

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "sheaf/long_store.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {

constexpr uint64_t kOpenPage = UINT64_MAX;

// The stored key as docs/format.md says, byte by byte.
inline std::string StoredKeyOf(std::string_view key, uint64_t position) {
  std::string stored;
  for (const char c : key) {
    stored.push_back(c);
    if (c == '\0') stored.push_back('\xFF');
  }
  stored.append("\0\x01", 2);
  for (int shift = 56; shift >= 0; shift -= 8) {
    stored.push_back(static_cast<char>(position >> shift));
  }
  return stored;
}

inline List ToStrings(const std::vector<PinnedSlice>& values) {
  List list;
  for (const PinnedSlice& value : values) list.emplace_back(value.view());
  return list;
}

// Asks `condition` until it is true. False if that does not come.
template <typename Condition>
bool Eventually(Condition condition) {
  for (int i = 0; i < 120000; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

class LongDb {
 public:
  static rocksdb::Options DefaultOptions(uint64_t page_bytes, Layout layout = Layout::kCompact) {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.compression = rocksdb::kNoCompression;
    AppendOptions append;
    append.layout = layout;
    append.page_bytes = page_bytes;
    options.merge_operator = NewAppendOperator(append);
    return options;
  }

  // `seals`: in the background.
  explicit LongDb(rocksdb::Options options, bool seals = false, Layout layout = Layout::kCompact)
      : options_(std::move(options)) {
    store_options.layout = layout;
    store_options.seal_in_background = seals;
    Open();
  }
  explicit LongDb(uint64_t page_bytes, bool seals = false, Layout layout = Layout::kCompact)
      : LongDb(DefaultOptions(page_bytes, layout), seals, layout) {}
  ~LongDb() { Close(); }

  LongStoreOptions store_options;  // for what is opened from now on

  void Open() {
    rocksdb::DB* db = nullptr;
    ASSERT_OK(rocksdb::DB::Open(options_, path(), &db));
    db_.reset(db);
    OpenStore();
  }
  void OpenReadOnly() {
    Close();
    rocksdb::DB* db = nullptr;
    ASSERT_OK(rocksdb::DB::OpenForReadOnly(options_, path(), &db));
    db_.reset(db);
    OpenStore();
  }
  void OpenStore() { ASSERT_OK(LongStore::Open(db_.get(), nullptr, store_options, &store_)); }
  void CloseStore() { store_.reset(); }
  void Close() {
    store_.reset();
    db_.reset();
  }
  void Reopen() {
    Close();
    Open();
  }

  rocksdb::DB* db() { return db_.get(); }
  LongStore& store() { return *store_; }
  LongStore* operator->() { return store_.get(); }
  std::string path() const { return dir_.path() + "/db"; }
  rocksdb::Options& options() { return options_; }

  void Append(std::string_view key, const List& values) {
    ASSERT_OK(store_->Append({}, rocksdb::Slice(key.data(), key.size()), values));
  }
  void Seal(std::string_view key) {
    ASSERT_OK(store_->Seal(rocksdb::Slice(key.data(), key.size())));
  }
  void Flush() { ASSERT_OK(db_->Flush({})); }
  void Compact() {
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    ASSERT_OK(db_->CompactRange(options, nullptr, nullptr));
  }

  List Get(std::string_view key) {
    Segments list;
    EXPECT_OK(store_->Get({}, rocksdb::Slice(key.data(), key.size()), &list));
    return List(list.begin(), list.end());
  }
  // first and end, or the failure.
  std::string Bounds(std::string_view key) {
    uint64_t first = 0;
    uint64_t end = 0;
    const rocksdb::Status s =
        store_->Bounds({}, rocksdb::Slice(key.data(), key.size()), &first, &end);
    return s.ok() ? std::to_string(first) + ".." + std::to_string(end) : s.ToString();
  }
  List Range(std::string_view key, uint64_t position, size_t count) {
    std::vector<PinnedSlice> values;
    EXPECT_OK(
        store_->GetRange({}, rocksdb::Slice(key.data(), key.size()), position, count, &values));
    return ToStrings(values);
  }
  List Last(std::string_view key, size_t count) {
    std::vector<PinnedSlice> values;
    EXPECT_OK(store_->GetLast({}, rocksdb::Slice(key.data(), key.size()), count, &values));
    return ToStrings(values);
  }

  // What RocksDB has under the stored key, or "none".
  std::string Raw(std::string_view key, uint64_t position) {
    std::string value;
    const rocksdb::Status s = db_->Get({}, StoredKeyOf(key, position), &value);
    return s.IsNotFound() ? "none" : s.ok() ? value : s.ToString();
  }
  void PutRaw(std::string_view key, uint64_t position, const std::string& value) {
    ASSERT_OK(db_->Put({}, StoredKeyOf(key, position), value));
  }
  // The base and the operands that are pending for the open page, or the base alone.
  List OpenOperands(std::string_view key) {
    std::vector<rocksdb::PinnableSlice> operands(1000);
    rocksdb::GetMergeOperandsOptions options;
    options.expected_max_number_of_operands = static_cast<int>(operands.size());
    int count = 0;
    EXPECT_OK(db_->GetMergeOperands({}, db_->DefaultColumnFamily(), StoredKeyOf(key, kOpenPage),
                                    operands.data(), &options, &count));
    List list;
    for (int i = 0; i < count; ++i) list.push_back(operands[i].ToString());
    return list;
  }
  // The positions of the sealed pages.
  std::vector<uint64_t> Sealed(std::string_view key) {
    std::vector<uint64_t> positions;
    const std::string begin = StoredKeyOf(key, 0);
    const std::unique_ptr<rocksdb::Iterator> it(db_->NewIterator({}));
    for (it->Seek(begin); it->Valid(); it->Next()) {
      const std::string_view stored = it->key().ToStringView();
      if (stored.size() != begin.size() ||
          stored.substr(0, begin.size() - 8) != begin.substr(0, begin.size() - 8)) {
        break;
      }
      uint64_t position = 0;
      for (const char c : stored.substr(begin.size() - 8)) {
        position = position << 8 | static_cast<unsigned char>(c);
      }
      if (position != kOpenPage) positions.push_back(position);
    }
    EXPECT_OK(it->status());
    return positions;
  }

 private:
  TempDir dir_;
  rocksdb::Options options_;
  std::unique_ptr<rocksdb::DB> db_;
  std::unique_ptr<LongStore> store_;
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_LONG_DB_H_
