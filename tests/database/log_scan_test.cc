// ScanLog against logs that RocksDB wrote: cut at each byte, each byte changed, recycled.

#include "tools/database/log_scan.h"

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "tests/tool/process.h"
#include "tools/database/crc32c.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::ReadFile;
using testing::TestFolder;
using testing::WriteFile;

TEST(Crc32cTest, IsThatOfRfc3720) {
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(Crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(Crc32c(""), 0u);
  EXPECT_EQ(Crc32cUnmasked(0xa282ead8u), 0u);
}

class LogScanTest : public ::testing::Test {
 protected:
  // Writes a log of a put for each size; its bytes.
  std::string Write(const std::vector<size_t>& sizes, rocksdb::Options options = {}) {
    const std::string db_path = folder_ + "/db";
    fs::remove_all(db_path);
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    EXPECT_EQ(rocksdb::DB::Open(options, db_path, &db).ToString(), "OK");
    std::mt19937_64 random(7);
    for (const size_t size : sizes) {
      std::string value(size, '\0');
      for (char& byte : value) byte = static_cast<char>(random() % 255 + 1);
      EXPECT_EQ(db->Put({}, "key", value).ToString(), "OK");
    }
    std::string bytes;
    for (const auto& entry : fs::directory_iterator(db_path)) {
      if (entry.path().extension() != ".log") continue;
      number_ = std::stoull(entry.path().stem().string());
      bytes = ReadFile(entry.path().string());
    }
    delete db;
    return bytes;
  }

  LogScan Scan(const std::string& bytes) {
    const std::string path = folder_ + "/log";
    WriteFile(path, bytes);
    const auto scan = ScanLog(path, number_, bytes.size());
    EXPECT_TRUE(scan.ok()) << scan.status().message();
    return scan.ok() ? *scan : LogScan();
  }

  // Makes `*bytes` those of log `number`.
  static void SetLogNumber(std::string* bytes, uint32_t number) {
    for (size_t at = 0; at + 11 <= bytes->size();) {
      uint16_t length = 0;
      std::memcpy(&length, bytes->data() + at + 4, 2);
      const size_t room = 32768 - at % 32768;
      const int type = (*bytes)[at + 6];
      if (room < 11 && (room < 7 || length == 0)) {
        at += room;
        continue;
      }
      if (type < 5 || type > 8) {  // as that of the compression
        at += 7 + length;
        continue;
      }
      std::memcpy(&(*bytes)[at + 7], &number, sizeof number);
      const uint32_t sum = Crc32c(std::string_view(*bytes).substr(at + 6, 5 + length));
      const uint32_t masked = ((sum >> 15) | (sum << 17)) + 0xa282ead8u;
      std::memcpy(&(*bytes)[at], &masked, sizeof masked);
      at += 11 + length;
    }
  }

  // Offsets behind each record, of records that are not fragmented.
  static std::vector<size_t> Ends(const std::string& bytes) {
    std::vector<size_t> ends;
    for (size_t at = 0; at + 7 <= bytes.size();) {
      uint16_t length = 0;
      std::memcpy(&length, bytes.data() + at + 4, 2);
      at += 7 + length;
      ends.push_back(at);
    }
    return ends;
  }

  const std::string folder_ = TestFolder();
  uint64_t number_ = 0;
};

TEST_F(LogScanTest, ASoundLogIsReadToItsEnd) {
  // Fragments, a block that ends with room for no header, and one that ends with a record.
  const LogScan scan = Scan(Write({10, 0, 100000, 32768 - 7 - 20, 500, 40000, 7}));
  EXPECT_EQ(scan.records, 7u);
  EXPECT_FALSE(scan.torn.has_value());
  EXPECT_FALSE(scan.damage.has_value());
  EXPECT_EQ(Scan("").records, 0u);
}

TEST_F(LogScanTest, ALogThatIsCutAnywhereIsTornAndNotDamaged) {
  const std::string bytes = Write({10, 200, 0, 30, 90});
  const std::vector<size_t> ends = Ends(bytes);
  ASSERT_EQ(ends.size(), 5u);
  for (size_t size = 0; size <= bytes.size(); ++size) {
    SCOPED_TRACE(size);
    const LogScan scan = Scan(bytes.substr(0, size));
    EXPECT_FALSE(scan.damage.has_value());
    size_t records = 0;
    while (records < ends.size() && ends[records] <= size) ++records;
    EXPECT_EQ(scan.records, records);
    const size_t begin = records == 0 ? 0 : ends[records - 1];
    EXPECT_EQ(scan.torn.has_value(), begin != size);
    if (scan.torn.has_value()) {
      EXPECT_EQ(*scan.torn, begin);
    }
  }
}

TEST_F(LogScanTest, AFragmentedRecordThatIsCutIsTornWhereItBegins) {
  const std::string bytes = Write({10, 100000});
  const uint64_t begin = Ends(bytes.substr(0, 100))[0];
  for (const size_t size : {bytes.size() - 1, size_t{70000}, size_t{65536}, size_t{32768},
                            size_t{32767}, size_t{40000}}) {
    SCOPED_TRACE(size);
    const LogScan scan = Scan(bytes.substr(0, size));
    EXPECT_FALSE(scan.damage.has_value());
    EXPECT_EQ(scan.records, 1u);
    EXPECT_EQ(scan.torn.value_or(0), begin);
  }
}

TEST_F(LogScanTest, AChangedByteIsDamageWhereItsRecordBegins) {
  const std::string bytes = Write({10, 200, 20, 30, 90});
  const std::vector<size_t> ends = Ends(bytes);
  for (size_t at = 0; at < bytes.size(); ++at) {
    SCOPED_TRACE(at);
    std::string changed = bytes;
    changed[at] ^= 0x10;
    const LogScan scan = Scan(changed);
    size_t record = 0;
    while (ends[record] <= at) ++record;
    const size_t begin = record == 0 ? 0 : ends[record - 1];
    ASSERT_TRUE(scan.damage.has_value());
    EXPECT_EQ(scan.damage->offset, begin);
    EXPECT_EQ(scan.damage->bytes, bytes.size() - begin);
    EXPECT_FALSE(scan.damage->reason.empty());
    EXPECT_EQ(scan.records, record);
  }
}

TEST_F(LogScanTest, AChangedByteInAnyFragmentIsDamage) {
  const std::string bytes = Write({10, 100000, 20, 70000, 5});
  std::mt19937_64 random(3);
  for (int round = 0; round < 100; ++round) {
    const size_t at = random() % bytes.size();
    SCOPED_TRACE(at);
    std::string changed = bytes;
    changed[at] = static_cast<char>(changed[at] + 1 + random() % 255);
    const LogScan scan = Scan(changed);
    ASSERT_TRUE(scan.damage.has_value());
    EXPECT_LE(scan.damage->offset, at);
    EXPECT_EQ(scan.damage->offset + scan.damage->bytes, bytes.size());
  }
}

TEST_F(LogScanTest, ABlockThatIsOverwrittenOrLeftOutIsDamage) {
  const std::string bytes = Write({10, 100000, 20, 70000, 5});
  for (const char fill : {'\0', '\xAA'}) {
    std::string changed = bytes;
    changed.replace(32768, 32768, std::string(32768, fill));
    const LogScan scan = Scan(changed);
    ASSERT_TRUE(scan.damage.has_value());
    EXPECT_EQ(scan.damage->offset, 32768u);
  }
  std::string without = bytes;
  without.erase(32768, 32768);
  EXPECT_FALSE(Scan(without).damage.has_value() && Scan(without).records == 5);
  std::string first = bytes.substr(32768);
  ASSERT_TRUE(Scan(first).damage.has_value());
  EXPECT_THAT(Scan(first).damage->reason, HasSubstr("has no beginning"));
}

TEST_F(LogScanTest, ZerosBehindTheLastRecordAreRoomThatWasReserved) {
  const std::string bytes = Write({10, 200});
  for (const size_t zeros : {1, 6, 7, 11, 500, 40000, 100000}) {
    SCOPED_TRACE(zeros);
    const LogScan scan = Scan(bytes + std::string(zeros, '\0'));
    EXPECT_FALSE(scan.damage.has_value());
    EXPECT_EQ(scan.records, 2u);
  }
}

TEST_F(LogScanTest, ARecordWhoseLastSectorsWereNotWrittenIsTorn) {
  std::string bytes = Write({10, 3000});
  bytes.replace(1024, std::string::npos, std::string(bytes.size() - 1024, '\0'));
  const LogScan scan = Scan(bytes);
  EXPECT_FALSE(scan.damage.has_value());
  EXPECT_EQ(scan.records, 1u);
  EXPECT_TRUE(scan.torn.has_value());
}

TEST_F(LogScanTest, RecordsOfBeforeInARecycledLogAreNoDamage) {
  rocksdb::Options options;
  options.recycle_log_file_num = 1;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  const std::string old = Write({10, 200, 40000, 20, 30, 90, 3000}, options);
  ASSERT_EQ(static_cast<int>(old[6]), 5) << "not a log that may be recycled";
  // The same log, with another number: a shorter one over a longer one.
  const uint64_t before = number_;
  options.db_log_dir = folder_;
  std::string now;
  {
    rocksdb::DB* db = nullptr;
    const std::string db_path = folder_ + "/other";
    options.create_if_missing = true;
    ASSERT_EQ(rocksdb::DB::Open(options, db_path, &db).ToString(), "OK");
    ASSERT_EQ(db->Put({}, "key", std::string(100, 'x')).ToString(), "OK");
    ASSERT_EQ(db->Flush({}).ToString(), "OK");
    for (int i = 0; i < 5; ++i) {
      ASSERT_EQ(db->Put({}, "key", std::string(100, 'x')).ToString(), "OK");
    }
    for (const auto& entry : fs::directory_iterator(db_path)) {
      if (entry.path().extension() != ".log") continue;
      const uint64_t number = std::stoull(entry.path().stem().string());
      if (number <= number_) continue;
      number_ = number;
      now = ReadFile(entry.path().string());
    }
    delete db;
  }
  ASSERT_NE(number_, before);
  ASSERT_GT(now.size(), 500u);
  const size_t record = now.size() / 5;
  for (size_t records = 0; records <= 5; ++records) {
    std::string recycled = old;
    recycled.replace(0, records * record, now.substr(0, records * record));
    const LogScan scan = Scan(recycled);
    EXPECT_EQ(scan.records, records);
    EXPECT_FALSE(scan.damage.has_value()) << scan.damage->reason;
  }
  // The first record of its own may have been cut.
  std::string cut = old;
  cut.replace(0, record / 2, now.substr(0, record / 2));
  EXPECT_FALSE(Scan(cut).damage.has_value());
  // But records of its own behind others are.
  std::string damaged = old;
  damaged.replace(0, now.size(), now);
  damaged[record + 50] ^= 1;
  const LogScan scan = Scan(damaged);
  ASSERT_TRUE(scan.damage.has_value());
  EXPECT_EQ(scan.damage->offset, record);
  EXPECT_EQ(scan.damage->bytes, 4 * record);
}

// What a crash can leave: a log up to any byte, and behind it nothing, room that was reserved, or,
// if it was recycled, what it was before.
TEST_F(LogScanTest, NoPrefixOfALogIsDamageWhateverRoomIsBehindIt) {
  const std::vector<size_t> sizes = {10, 200, 33000, 20, 300, 32700, 1, 40};
  for (const bool is_compressed : {false, true}) {
    for (const bool is_recyclable : {false, true}) {
      SCOPED_TRACE(::testing::Message() << is_compressed << is_recyclable);
      rocksdb::Options options;
      if (is_compressed) options.wal_compression = rocksdb::kZSTD;
      if (is_recyclable) {
        options.recycle_log_file_num = 1;
        options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
      }
      const std::string log = Write(sizes, options);
      const LogScan whole = Scan(log);
      ASSERT_EQ(whole.records, sizes.size());
      ASSERT_EQ(whole.is_recyclable, is_recyclable);
      std::vector<std::string> behind = {"", std::string(100, '\0'), std::string(40000, '\0')};
      if (is_recyclable) {
        std::string before = log;
        SetLogNumber(&before, static_cast<uint32_t>(number_) + 1);
        behind.push_back(before);
      }
      for (size_t size = 0; size <= log.size(); ++size) {
        // Where a block or the log begins or ends, each byte.
        const size_t in_block = size % 32768;
        const bool is_edge = in_block < 12 || in_block > 32768 - 12 || log.size() - size < 50;
        if (!is_edge && size % 6007 != 0) continue;
        for (const std::string& tail : behind) {
          std::string bytes = log.substr(0, size);
          const bool is_old = tail.size() >= log.size() && tail[0] != '\0';
          bytes += is_old ? tail.substr(size) : tail;
          const LogScan scan = Scan(bytes);
          ASSERT_FALSE(scan.damage.has_value())
              << size << " and " << tail.size() << ": " << scan.damage->reason << " at "
              << scan.damage->offset;
          ASSERT_LE(scan.records, sizes.size());
        }
      }
    }
  }
}

TEST_F(LogScanTest, CompressedLogsAreReadToo) {
  rocksdb::Options options;
  options.wal_compression = rocksdb::kZSTD;
  const std::string bytes = Write({10, 100000, 20, 70000, 5}, options);
  const LogScan scan = Scan(bytes);
  EXPECT_EQ(scan.records, 5u);
  EXPECT_FALSE(scan.torn.has_value() || scan.damage.has_value());
  std::string changed = bytes;
  changed[changed.size() / 2] ^= 1;
  EXPECT_TRUE(Scan(changed).damage.has_value());
}

TEST_F(LogScanTest, RandomBytesDoNoHarm) {
  std::mt19937_64 random(5);
  const std::string bytes = Write({10, 100000, 20, 70000, 5});
  for (int round = 0; round < 60; ++round) {
    std::string changed = bytes.substr(0, random() % bytes.size());
    for (int i = 0; i < 50 && !changed.empty(); ++i) {
      changed[random() % changed.size()] = static_cast<char>(random());
    }
    Scan(changed);
  }
}

}  // namespace
}  // namespace load
}  // namespace sheaf
