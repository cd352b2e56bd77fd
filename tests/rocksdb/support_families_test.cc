// Lists in column families that have more than lists are asked for: user-defined timestamps, a
// compaction filter, files ingested behind what is there, entities. The table "of a column family"
// in section 16 of docs/guide.md.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/cache.h"
#include "rocksdb/compaction_filter.h"
#include "rocksdb/comparator.h"
#include "rocksdb/sst_file_writer.h"
#include "rocksdb/utilities/transaction_db.h"
#include "sheaf/blob_builder.h"
#include "tests/rocksdb/support_guide.h"
#include "tests/rocksdb/support_reads.h"
#include "tests/rocksdb/test_db.h"

namespace sheaf {
namespace testing {
namespace {

using ::testing::HasSubstr;

const rocksdb::WriteOptions kWrite;

std::string Timestamp(uint64_t time) {
  std::string bytes;
  for (int i = 0; i < 8; ++i) bytes.push_back(static_cast<char>(time >> (8 * i)));
  return bytes;
}

// Keys with a timestamp of 8 bytes, little-endian, at the end; newer ones first.
class WithTimestamps : public rocksdb::Comparator {
 public:
  WithTimestamps() : Comparator(/*ts_sz=*/8) {}
  const char* Name() const override { return "test.WithTimestamps"; }
  int Compare(const rocksdb::Slice& a, const rocksdb::Slice& b) const override {
    const int by_key = CompareWithoutTimestamp(a, /*a_has_ts=*/true, b, /*b_has_ts=*/true);
    return by_key != 0 ? by_key : -CompareTimestamp(TimestampOf(a), TimestampOf(b));
  }
  int CompareTimestamp(const rocksdb::Slice& a, const rocksdb::Slice& b) const override {
    for (size_t i = 8; i-- > 0;) {
      if (a[i] != b[i]) {
        return static_cast<unsigned char>(a[i]) < static_cast<unsigned char>(b[i]) ? -1 : 1;
      }
    }
    return 0;
  }
  using Comparator::CompareWithoutTimestamp;
  int CompareWithoutTimestamp(const rocksdb::Slice& a, bool a_has, const rocksdb::Slice& b,
                              bool b_has) const override {
    return KeyOf(a, a_has).compare(KeyOf(b, b_has));
  }
  void FindShortestSeparator(std::string*, const rocksdb::Slice&) const override {}
  void FindShortSuccessor(std::string*) const override {}

 private:
  static rocksdb::Slice TimestampOf(const rocksdb::Slice& key) {
    return {key.data() + key.size() - 8, 8};
  }
  static rocksdb::Slice KeyOf(const rocksdb::Slice& key, bool has) {
    return {key.data(), key.size() - (has ? 8 : 0)};
  }
};

TEST(SupportFamiliesTest, UserDefinedTimestampsAreReadAndNotWritten) {
  const WithTimestamps comparator;
  rocksdb::Options options = TestDb::DefaultOptions();
  options.comparator = &comparator;
  TestDb db(options);
  rocksdb::ColumnFamilyHandle* const family = db.db()->DefaultColumnFamily();
  for (const rocksdb::Status& s :
       {db.store().Put(kWrite, "k", {"a"}), db.store().Append(kWrite, "k", {"a"}),
        db.store().Clear(kWrite, "k")}) {
    EXPECT_TRUE(s.IsNotSupported()) << s.ToString();
    EXPECT_THAT(s.ToString(), HasSubstr("write with DB::Put"));
  }
  rocksdb::WriteBatch batch;
  EXPECT_TRUE(db.store().Append(&batch, "k", {"a"}).IsNotSupported());
  EXPECT_EQ(batch.Count(), 0u);

  const List lists[] = {{}, {"a"}, {"a", "b"}};
  for (uint64_t time = 1; time < 3; ++time) {
    const std::string blob = *Encode(Views(lists[time]), Layout::kCompact);
    ASSERT_OK(db.db()->Put(kWrite, family, "k", Timestamp(time), blob));
  }
  for (const bool flushed : {false, true}) {
    if (flushed) db.Flush();
    for (uint64_t time = 0; time < 3; ++time) {
      const std::string timestamp = Timestamp(time);
      const rocksdb::Slice slice = timestamp;
      rocksdb::ReadOptions read;
      read.timestamp = &slice;
      Lists expected;
      if (time > 0) expected["k"] = lists[time];
      CheckReads(db.store(), {"k", "none"}, expected, read, /*seed=*/1);
    }
  }
  ASSERT_OK(db.db()->Delete(kWrite, family, "k", Timestamp(3)));
  const std::string timestamp = Timestamp(3);
  const rocksdb::Slice slice = timestamp;
  rocksdb::ReadOptions read;
  read.timestamp = &slice;
  CheckReads(db.store(), {"k"}, {}, read, /*seed=*/2);
}

// A Store refuses a row cache where reads must hide what is prepared. Timestamps do not make a DB
// look like that.
TEST(SupportFamiliesTest, WithTimestampsAWriteCommittedDbMayHaveARowCache) {
  const WithTimestamps comparator;
  rocksdb::Options options = TestDb::DefaultOptions();
  options.comparator = &comparator;
  options.row_cache = rocksdb::NewLRUCache(1 << 20);
  const TempDir dir;
  rocksdb::TransactionDB* opened = nullptr;
  ASSERT_OK(
      rocksdb::TransactionDB::Open(options, rocksdb::TransactionDBOptions(), dir.path(), &opened));
  const std::unique_ptr<rocksdb::TransactionDB> db(opened);
  std::unique_ptr<Store> store;
  EXPECT_OK(Store::Open(db.get(), nullptr, {}, &store));
}

// The end of a key is no timestamp where bounds are compared.
TEST(SupportFamiliesTest, TheNarrowerBoundsCountWithTimestampsToo) {
  const WithTimestamps comparator;
  rocksdb::Options options = TestDb::DefaultOptions();
  options.comparator = &comparator;
  TestDb db(options);
  const std::string key = "key of a list: 5";
  ASSERT_OK(db.db()->Put(kWrite, db.db()->DefaultColumnFamily(), key, Timestamp(1),
                         *Encode(Views({"a"}), Layout::kCompact)));
  const std::string time = Timestamp(1);
  const rocksdb::Slice timestamp = time;
  const auto found = [&](const KeyRange& range, const rocksdb::Slice& lower,
                         const rocksdb::Slice& upper) {
    rocksdb::ReadOptions read;
    read.timestamp = &timestamp;
    read.iterate_lower_bound = &lower;
    read.iterate_upper_bound = &upper;
    const auto cursor = db.store().Scan(read, range);
    EXPECT_OK(cursor->status());
    return cursor->Valid();
  };
  const std::string before = "key of a list: 0", after = "key of a list: 9";
  EXPECT_TRUE(found({before, after}, before, after));
  EXPECT_TRUE(found({before, after}, key, after));
  EXPECT_FALSE(found({before, after}, after, after));
  EXPECT_FALSE(found({after, after}, before, after));
  EXPECT_FALSE(found({before, after}, before, key));
  EXPECT_FALSE(found({before, key}, before, after));
}

// Drops keys that start with "x", and every operand of theirs.
class DropX : public rocksdb::CompactionFilter {
 public:
  const char* Name() const override { return "DropX"; }
  Decision FilterV2(int, const rocksdb::Slice& key, ValueType, const rocksdb::Slice&, std::string*,
                    std::string*) const override {
    return key.starts_with("x") ? Decision::kRemove : Decision::kKeep;
  }
};

TEST(SupportFamiliesTest, ACompactionFilterDropsKeysAndLeavesTheOthers) {
  const DropX filter;
  rocksdb::Options options = TestDb::DefaultOptions();
  options.compaction_filter = &filter;
  options.disable_auto_compactions = true;
  TestDb db(options);
  Lists expected;
  const std::vector<std::string> keys = {"a", "b", "x1", "x2"};
  for (const std::string& key : keys) {
    if (key != "x2") db.Put(key, {"base"});
    db.Append(key, {"1"});
    db.Flush();
    db.Append(key, {"2"});
    expected[key] = key == "x2" ? List{"1", "2"} : List{"base", "1", "2"};
  }
  CheckReads(db.store(), keys, expected, {}, /*seed=*/1);
  db.Compact();
  expected.erase("x1");
  expected.erase("x2");
  CheckReads(db.store(), keys, expected, {}, /*seed=*/2);
}

// A file ingested behind is older than all that is there.
TEST(SupportFamiliesTest, AFileIngestedBehindIsTheBaseOfWhatIsThere) {
  rocksdb::Options options = TestDb::DefaultOptions();
  options.allow_ingest_behind = true;
  options.num_levels = 4;
  TestDb db(options);
  const std::vector<std::string> keys = {"appended", "cleared", "deleted", "none", "put"};
  db.Append("appended", {"x"});
  db.Append("cleared", {"x"});
  ASSERT_OK(db.store().Clear(kWrite, "cleared"));
  db.Append("cleared", {"y"});
  ASSERT_OK(db.db()->Delete(kWrite, "deleted"));
  db.Put("put", {"x"});
  const std::string path = db.path() + "/behind.sst";
  rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options);
  ASSERT_OK(writer.Open(path));
  for (const std::string& key : keys) {
    ASSERT_OK(writer.Put(key, *Encode({"behind"}, Layout::kCompact)));
  }
  ASSERT_OK(writer.Finish());
  rocksdb::IngestExternalFileOptions ingest;
  ingest.ingest_behind = true;
  ASSERT_OK(db.db()->IngestExternalFile({path}, ingest));
  const Lists expected = {
      {"appended", {"behind", "x"}}, {"cleared", {"y"}}, {"none", {"behind"}}, {"put", {"x"}}};
  CheckReads(db.store(), keys, expected, {}, /*seed=*/1);
  db.Compact();
  CheckReads(db.store(), keys, expected, {}, /*seed=*/2);
}

// RocksDB's own: it cannot merge into an entity, and stops where it has to.
TEST(SupportFamiliesTest, AnAppendToAnEntityIsRefusedByEveryReadUntilTheListIsPut) {
  TestDb db;
  rocksdb::ColumnFamilyHandle* const family = db.db()->DefaultColumnFamily();
  const std::string blob = *Encode({"a"}, Layout::kCompact);
  ASSERT_OK(db.db()->PutEntity(kWrite, family, "k", {{rocksdb::kDefaultWideColumnName, blob}}));
  EXPECT_EQ(db.Get("k"), List({"a"}));
  db.Append("k", {"b"});
  for (const bool flushed : {false, true}) {
    if (flushed) {
      const rocksdb::Status s = db.db()->Flush({});
      EXPECT_TRUE(s.ok() || s.IsNotSupported()) << s.ToString();
    }
    PinnedBlob list;
    std::vector<PinnedBlob> segments;
    rocksdb::Status s = db.store().Get({}, "k", &list);
    EXPECT_TRUE(s.IsNotSupported()) << s.ToString();
    s = db.store().GetSegments({}, "k", &segments);
    EXPECT_TRUE(s.IsNotSupported()) << s.ToString();
    const rocksdb::Slice key = "k";
    db.store().MultiGet({}, 1, &key, &list, &s);
    EXPECT_TRUE(s.IsNotSupported()) << s.ToString();
    const auto cursor = db.store().Scan({}, KeyRange::All());
    EXPECT_FALSE(cursor->Valid());
    EXPECT_TRUE(cursor->status().IsNotSupported()) << cursor->status().ToString();
  }
  // The way out: RocksDB opens it again where it does not write a file meanwhile.
  rocksdb::Options options = TestDb::DefaultOptions();
  options.avoid_flush_during_recovery = true;
  db.Open(options);
  db.Put("k", {"a", "b"});
  db.Compact();
  EXPECT_EQ(db.Get("k"), List({"a", "b"}));
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
