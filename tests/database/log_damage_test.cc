// Damaged logs: found, told of, and never thrown away.

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "sheaf/append_operator.h"
#include "sheaf/store.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::Not;

class LogDamageTest : public ::testing::Test {
 protected:
  rocksdb::Options Options() const {
    rocksdb::Options options;
    options.create_if_missing = true;
    options.merge_operator = NewAppendOperator();
    options.avoid_flush_during_recovery = true;
    return options;
  }

  // Lists k0 to k9 in the log, as a process leaves them that was killed.
  void Fill(const rocksdb::Options& options) {
    const std::string source = folder_ + "/source";
    fs::remove_all(source);
    rocksdb::DB* opened = nullptr;
    ASSERT_EQ(rocksdb::DB::Open(options, source, &opened).ToString(), "OK");
    const std::unique_ptr<rocksdb::DB> db(opened);
    std::unique_ptr<Store> store;
    ASSERT_EQ(Store::Open(db.get(), nullptr, {}, &store).ToString(), "OK");
    if (before_) before_(db.get());
    for (int i = 0; i < 10; ++i) {
      ASSERT_EQ(store->Append({}, "k" + std::to_string(i), {"value"}).ToString(), "OK");
    }
    fs::remove_all(db_);
    fs::copy(source, db_);
    fs::remove(db_ + "/LOCK");
  }
  void Fill() { Fill(Options()); }

  std::string LogPath() const {
    std::string path;
    for (const auto& entry : fs::directory_iterator(db_)) {
      if (entry.path().extension() == ".log" && entry.path().string() > path) {
        path = entry.path().string();
      }
    }
    return path;
  }
  // Changes a byte of the fifth record; the offset of that.
  size_t Damage() {
    std::string bytes = ReadFile(LogPath());
    const size_t record = bytes.size() / 10;
    bytes[4 * record + 20] ^= 1;
    WriteFile(LogPath(), bytes);
    return 4 * record;
  }

  Result Run(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin() + 1, {"--db", db_});
    return RunSheaf(arguments);
  }

  std::function<void(rocksdb::DB*)> before_;
  const std::string folder_ = TestFolder();
  const std::string db_ = folder_ + "/db";
};

TEST_F(LogDamageTest, VerifyNamesTheLogTheOffsetAndTheBytesThatAreLost) {
  Fill();
  EXPECT_EQ(Run({"verify"}).exit_status, 0);
  const size_t offset = Damage();
  const size_t lost = ReadFile(LogPath()).size() - offset;
  const auto before = Snapshot(db_);
  const Result verify = Run({"verify"});
  EXPECT_EQ(verify.exit_status, 1);
  EXPECT_EQ(verify.out, LogPath() + "\tdamaged log: at offset " + std::to_string(offset) +
                            ": the checksum of a record does not match; " + std::to_string(lost) +
                            " bytes from there on cannot be read\n");
  EXPECT_THAT(verify.err, HasSubstr("4 keys checked, 1 fault"));
  EXPECT_EQ(Snapshot(db_), before);
}

TEST_F(LogDamageTest, ALogThatIsALinkToNothingIsAnErrorOfEachCommand) {
  Fill();
  const std::string log = LogPath();
  fs::remove(log);
  fs::create_symlink(folder_ + "/gone", log);
  for (const std::vector<std::string>& command : std::vector<std::vector<std::string>>{
           {"verify"}, {"get", "k0"}, {"scan"}, {"stats"}, {"append", "k0", "v"}, {"repair"}}) {
    SCOPED_TRACE(command[0]);
    const Result result = Run(command);
    EXPECT_EQ(result.exit_status, 1) << result.out << result.err;
    EXPECT_THAT(result.out + result.err, HasSubstr(fs::path(log).filename().string()));
    EXPECT_TRUE(fs::is_symlink(log));
  }
}

TEST_F(LogDamageTest, ALogThatCannotBeReadIsToldBesideWhatElseIsWrong) {
  before_ = [](rocksdb::DB* db) {
    ASSERT_EQ(db->Put({}, "a", std::string("\xB0\x00", 2)).ToString(), "OK");
    ASSERT_EQ(db->Flush({}).ToString(), "OK");
  };
  Fill();
  std::string sst;
  for (const auto& entry : fs::directory_iterator(db_)) {
    if (entry.path().extension() == ".sst") sst = entry.path().string();
  }
  const std::string log = LogPath();
  // A damaged log before it, and a file that RocksDB misses before it comes to the logs.
  for (const bool damaged : {true, false}) {
    SCOPED_TRACE(damaged);
    Fill();
    std::string gone = log;
    if (damaged) {
      Damage();
      gone.replace(gone.size() - 10, 10, "000999.log");
    } else {
      fs::remove(sst);
      fs::remove(log);
    }
    fs::create_symlink(folder_ + "/gone", gone);
    for (const std::string command : {"verify", "scan"}) {
      const Result result = Run({command});
      EXPECT_EQ(result.exit_status, 1);
      EXPECT_THAT(result.out + result.err, HasSubstr(gone + ": "));
      EXPECT_THAT(result.out + result.err,
                  HasSubstr(damaged ? "damaged log: at offset " : fs::path(sst).filename()));
    }
  }
}

TEST_F(LogDamageTest, ReadingCommandsSayThatValuesAreMissingAndExitWithOne) {
  Fill();
  Damage();
  const auto before = Snapshot(db_);
  const std::vector<std::vector<std::string>> commands = {
      {"get", "k0"}, {"scan"}, {"export"}, {"stats"}, {"stats", "--debt"}, {"repair", "--dry-run"}};
  for (const auto& command : commands) {
    SCOPED_TRACE(command[0]);
    const Result result = Run(command);
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_THAT(result.err, HasSubstr(LogPath() + ": damaged log: at offset "));
    if (command[0] != "repair") {
      EXPECT_THAT(result.out, Not(::testing::IsEmpty()));
    }
  }
  EXPECT_EQ(Run({"get", "k0"}).out, "value\n");
  const Result missing = Run({"get", "k7"});
  EXPECT_EQ(missing.exit_status, 1);
  EXPECT_THAT(missing.err, HasSubstr("damaged log"));
  EXPECT_EQ(Snapshot(db_), before);
}

TEST_F(LogDamageTest, WritingCommandsRefuseAndKeepTheLog) {
  Fill();
  Damage();
  const std::string log = LogPath();
  const auto before = Snapshot(db_);
  WriteFile(folder_ + "/rows.tsv", "new\tvalue\n");
  const std::vector<std::vector<std::string>> commands = {
      {"append", "k0", "more"},
      {"load", "--input", folder_ + "/rows.tsv"},
      {"load", "--input", folder_ + "/rows.tsv", "--mode", "replace"},
      {"compact", "--all"},
      {"repair"}};
  for (const auto& command : commands) {
    SCOPED_TRACE(command[0]);
    const Result result = Run(command);
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_THAT(result.err, HasSubstr(log + ": damaged log: at offset "));
    EXPECT_THAT(result.err, HasSubstr("nothing was written"));
    EXPECT_THAT(result.err, HasSubstr("--damaged-logs stop"));
    EXPECT_EQ(Snapshot(db_), before);
  }
}

TEST_F(LogDamageTest, RepairStopsAtTheDamageOrSkipsItAndKeepsCopies) {
  for (const std::string how : {"stop", "skip"}) {
    SCOPED_TRACE(how);
    // More than a block, so that there is something to read behind the damage.
    before_ = [](rocksdb::DB* db) {
      for (int i = 0; i < 3; ++i) {
        ASSERT_EQ(db->Put({}, "a" + std::to_string(i),
                          Encode({std::string_view(std::string(30000, 'x'))}).value())
                      .ToString(),
                  "OK");
      }
    };
    Fill();
    std::string bytes = ReadFile(LogPath());
    bytes[40000] ^= 1;
    WriteFile(LogPath(), bytes);
    const std::string name = fs::path(LogPath()).filename().string();
    const Result repair = Run({"repair", "--damaged-logs", how});
    EXPECT_EQ(repair.exit_status, 0) << repair.err;
    EXPECT_THAT(repair.err, HasSubstr("copies are in " + db_ + "/damaged-logs-"));
    std::string copy;
    for (const auto& entry : fs::recursive_directory_iterator(db_)) {
      if (entry.path().filename() == name) copy = ReadFile(entry.path().string());
    }
    EXPECT_EQ(copy, bytes);
    EXPECT_EQ(Run({"get", "a0"}).exit_status, 0);
    EXPECT_EQ(Run({"get", "a1"}).exit_status, 1);
    EXPECT_EQ(Run({"get", "k9"}).exit_status, how == "skip" ? 0 : 1);
    EXPECT_EQ(Run({"verify"}).exit_status, 0);
    EXPECT_EQ(Run({"append", "k0", "more"}).exit_status, 0);
    EXPECT_THAT(Run({"repair", "--damaged-logs", how}).err, HasSubstr("no log is damaged"));
  }
}

// Whenever it is killed: OPTIONS are those of the application, and it can be run again.
TEST_F(LogDamageTest, ARepairThatIsKilledLeavesOptionsAndCanBeRunAgain) {
  const auto options_files = [this] {
    std::vector<std::string> texts;
    for (const auto& entry : fs::directory_iterator(db_)) {
      const std::string name = entry.path().filename().string();
      const bool is_written = name.find(".dbtmp") != std::string::npos;
      if (name.rfind("OPTIONS-", 0) == 0 && !is_written) {
        texts.push_back(ReadFile(entry.path().string()));
      }
    }
    return texts;
  };
  for (int delay = 0; delay < 120; delay += 6) {
    SCOPED_TRACE(delay);
    rocksdb::Options options = Options();
    options.avoid_flush_during_recovery = false;
    Fill(options);
    Damage();
    const std::string bytes = ReadFile(LogPath());
    const std::string said = options_files().front();
    Process repair({"repair", "--db", db_, "--damaged-logs", delay % 4 == 0 ? "stop" : "skip"});
    usleep(static_cast<useconds_t>(delay) * 1000);
    repair.Signal(SIGKILL);
    repair.Wait();
    EXPECT_THAT(options_files(), ::testing::Each(said));
    EXPECT_EQ(Run({"repair", "--damaged-logs", "stop"}).exit_status, 0);
    EXPECT_THAT(options_files(), ::testing::Each(said));
    EXPECT_EQ(Run({"scan"}).out, "k0\tvalue\nk1\tvalue\nk2\tvalue\nk3\tvalue\n");
    // Nothing of the log is lost.
    bool is_kept = false;
    for (const auto& entry : fs::recursive_directory_iterator(db_)) {
      is_kept = is_kept || (entry.is_regular_file() && ReadFile(entry.path().string()) == bytes);
    }
    EXPECT_TRUE(is_kept);
  }
}

// RocksDB takes an old record behind the end of such a log again and again if it is to skip.
TEST_F(LogDamageTest, RecycledLogsAreReadToTheirEndAndRepairedUpToTheDamage) {
  rocksdb::Options options = Options();
  options.recycle_log_file_num = 2;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  before_ = [](rocksdb::DB* db) {
    for (int i = 0; i < 4; ++i) {
      ASSERT_EQ(db->Put({}, "old", std::string("\xB0\x00", 2)).ToString(), "OK");
      ASSERT_EQ(
          db->Put({}, "old", Encode({std::string_view(std::string(3000, 'x'))}).value()).ToString(),
          "OK");
      ASSERT_EQ(db->Flush({}).ToString(), "OK");
    }
  };
  Fill(options);
  std::string bytes = ReadFile(LogPath());
  ASSERT_NE(bytes.find("xxx"), std::string::npos) << "not a recycled log";
  EXPECT_EQ(Run({"verify"}).exit_status, 0) << Run({"verify"}).out;
  EXPECT_EQ(Run({"append", "k9", "more"}).exit_status, 0);
  EXPECT_EQ(Run({"get", "k9"}).out, "value\nmore\n");
  Fill(options);
  bytes = ReadFile(LogPath());
  bytes[bytes.find("k4") + 1] ^= 1;
  WriteFile(LogPath(), bytes);
  EXPECT_THAT(Run({"verify"}).out, HasSubstr("damaged log: at offset"));
  const auto before = Snapshot(db_);
  const Result skip = Run({"repair", "--damaged-logs", "skip"});
  EXPECT_EQ(skip.exit_status, 1);
  EXPECT_THAT(skip.err, HasSubstr("`--damaged-logs stop`"));
  EXPECT_EQ(Snapshot(db_), before);
  EXPECT_EQ(Run({"repair", "--damaged-logs", "stop"}).exit_status, 0);
  EXPECT_EQ(Run({"get", "k3"}).out, "value\n");
  EXPECT_EQ(Run({"get", "k4"}).exit_status, 1);
  EXPECT_EQ(Run({"verify"}).exit_status, 0);
}

TEST_F(LogDamageTest, TheEndOfALogThatACrashCutIsNoFault) {
  Fill();
  const std::string bytes = ReadFile(LogPath());
  for (const size_t size : {bytes.size() - 1, bytes.size() - 20, bytes.size() / 2 + 3, size_t{3}}) {
    SCOPED_TRACE(size);
    Fill();
    WriteFile(LogPath(), bytes.substr(0, size));
    const Result verify = Run({"verify"});
    EXPECT_EQ(verify.exit_status, 0) << verify.out;
    EXPECT_EQ(Run({"scan"}).exit_status, 0);
    EXPECT_EQ(Run({"append", "new", "value"}).exit_status, 0);
    EXPECT_EQ(Run({"get", "new"}).out, "value\n");
  }
}

TEST_F(LogDamageTest, ATornLogIsDamagedIfTheNextOneDoesNotFollowOnIt) {
  // Two families: the log of before stays as long as the one that was not flushed needs it.
  before_ = [](rocksdb::DB* db) {
    rocksdb::ColumnFamilyHandle* other = nullptr;
    ASSERT_EQ(db->CreateColumnFamily({}, "other", &other).ToString(), "OK");
    ASSERT_EQ(db->Put({}, other, "x", std::string("\xB0\x00", 2)).ToString(), "OK");
    ASSERT_EQ(db->Put({}, "y", std::string("\xB0\x00", 2)).ToString(), "OK");
    ASSERT_EQ(db->Put({}, other, "z", std::string("\xB0\x00", 2)).ToString(), "OK");
    ASSERT_EQ(db->Flush({}).ToString(), "OK");
    db->DestroyColumnFamilyHandle(other);
  };
  Fill();
  EXPECT_EQ(Run({"verify"}).exit_status, 0) << Run({"verify"}).out;
  std::vector<std::string> logs;
  for (const auto& entry : fs::directory_iterator(db_)) {
    if (entry.path().extension() == ".log") logs.push_back(entry.path().string());
  }
  std::sort(logs.begin(), logs.end());
  ASSERT_EQ(logs.size(), 2u);
  const std::string bytes = ReadFile(logs[0]);
  WriteFile(logs[0], bytes.substr(0, bytes.size() - 3));
  const Result verify = Run({"verify"});
  EXPECT_EQ(verify.exit_status, 1);
  EXPECT_THAT(verify.out, HasSubstr(logs[0] + ": damaged log: at offset "));
  EXPECT_THAT(verify.out, HasSubstr("ends within a record, and the next log does not follow"));
  EXPECT_THAT(verify.out, HasSubstr(fs::path(logs[1]).filename().string()));
  const Result append = Run({"append", "k0", "more"});
  EXPECT_EQ(append.exit_status, 1);
  EXPECT_TRUE(fs::exists(logs[0]) && fs::exists(logs[1]));
  // RocksDB refuses to stop there, as the SSTs have what is behind it.
  EXPECT_THAT(Run({"repair", "--damaged-logs", "stop"}).err,
              HasSubstr("`--damaged-logs skip` may"));
  const Result repair = Run({"repair", "--damaged-logs", "skip"});
  EXPECT_EQ(repair.exit_status, 0) << repair.err;
  EXPECT_EQ(Run({"get", "k9"}).out, "value\n");
  EXPECT_EQ(Run({"verify"}).exit_status, 0);
}

TEST_F(LogDamageTest, ATornLogThatTheNextOneFollowsOnIsNoFault) {
  Fill();
  std::string bytes = ReadFile(LogPath());
  WriteFile(LogPath(), bytes.substr(0, bytes.size() - 3));
  // The application goes on: a new log, and the one of before stays.
  {
    rocksdb::DB* opened = nullptr;
    ASSERT_EQ(rocksdb::DB::Open(Options(), db_, &opened).ToString(), "OK");
    const std::unique_ptr<rocksdb::DB> db(opened);
    ASSERT_EQ(db->Merge({}, "k9", Encode({std::string_view("again")}).value()).ToString(), "OK");
    ASSERT_EQ(db->FlushWAL(true).ToString(), "OK");
    fs::copy(db_, folder_ + "/copy");
  }
  fs::remove_all(db_);
  fs::rename(folder_ + "/copy", db_);
  const Result verify = Run({"verify"});
  EXPECT_EQ(verify.exit_status, 0) << verify.out << verify.err;
  EXPECT_EQ(Run({"get", "k9"}).out, "again\n");
  EXPECT_EQ(Run({"append", "k9", "more"}).exit_status, 0);
  EXPECT_EQ(Run({"get", "k9"}).out, "again\nmore\n");
}

TEST_F(LogDamageTest, ALogThatIsNotNeededAnyMoreMayBeDamaged) {
  before_ = [](rocksdb::DB* db) {
    ASSERT_EQ(db->Put({}, "a", std::string("\xB0\x00", 2)).ToString(), "OK");
    ASSERT_EQ(db->Flush({}).ToString(), "OK");
  };
  Fill();
  const std::string old = db_ + "/000001.log";
  std::string bytes = ReadFile(LogPath());
  bytes[bytes.size() / 2] ^= 1;
  WriteFile(old, bytes);
  const Result verify = Run({"verify"});
  EXPECT_EQ(verify.exit_status, 0) << verify.out;
  EXPECT_EQ(Run({"append", "k9", "more"}).exit_status, 0);
}

TEST_F(LogDamageTest, DamageIsFoundInEachRecoveryMode) {
  using Mode = rocksdb::WALRecoveryMode;
  for (const Mode mode : {Mode::kTolerateCorruptedTailRecords, Mode::kAbsoluteConsistency,
                          Mode::kPointInTimeRecovery, Mode::kSkipAnyCorruptedRecords}) {
    SCOPED_TRACE(static_cast<int>(mode));
    for (const int recycled : {0, 2}) {
      SCOPED_TRACE(recycled);
      rocksdb::Options options = Options();
      options.wal_recovery_mode = mode;
      options.recycle_log_file_num = recycled;
      Fill(options);
      EXPECT_EQ(Run({"verify"}).exit_status, 0) << Run({"verify"}).out;
      Damage();
      EXPECT_THAT(Run({"verify"}).out, HasSubstr("damaged log: at offset"));
      const auto before = Snapshot(db_);
      EXPECT_EQ(Run({"append", "k0", "more"}).exit_status, 1);
      EXPECT_EQ(Snapshot(db_), before);
    }
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
