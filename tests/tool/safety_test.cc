// What the tool must not do: create DBs by mistake, write half of something, hide a failed write.

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <memory>

#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "sheaf/plugin.h"
#include "sheaf/store.h"
#include "tests/tool/process.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

class SafetyTest : public ::testing::Test {
 protected:
  const std::string folder_ = TestFolder();
  const std::string db_ = folder_ + "/db";

  void Load(const std::string& rows) {
    const Result result = RunSheaf({"load", "--db", db_}, rows);
    ASSERT_EQ(result.exit_status, 0) << result.err;
  }
  std::vector<std::vector<std::string>> OtherCommands() {
    return {{"get", "--db", db_, "k"},
            {"append", "--db", db_, "k", "v"},
            {"scan", "--db", db_},
            {"export", "--db", db_},
            {"stats", "--db", db_},
            {"verify", "--db", db_},
            {"compact", "--db", db_, "--all"},
            {"repair", "--db", db_},
            {"repair", "--db", db_, "--dry-run"}};
  }
  static bool Writes(const std::vector<std::string>& command) {
    return command[0] == "append" || command[0] == "compact" ||
           (command[0] == "repair" && command.back() != "--dry-run");
  }
  // A DB whose options are not Sheaf's.
  std::unique_ptr<rocksdb::DB> Open(rocksdb::Options options) {
    options.create_if_missing = true;
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, db_, &db);
    EXPECT_TRUE(status.ok()) << status.ToString();
    return std::unique_ptr<rocksdb::DB>(db);
  }
};

TEST_F(SafetyTest, CommandsRefuseADbThatDoesNotExistAndCreateNothing) {
  for (const auto& command : OtherCommands()) {
    const Result result = RunSheaf(command);
    EXPECT_EQ(result.exit_status, 1) << command[0];
    EXPECT_EQ(result.out, "") << command[0];
    EXPECT_TRUE(Has(result.err, "no RocksDB DB here: there is no such folder")) << result.err;
    EXPECT_TRUE(fs::is_empty(folder_)) << command[0];
  }
  fs::create_directory(db_);
  for (const auto& command : OtherCommands()) {
    const Result result = RunSheaf(command);
    EXPECT_EQ(result.exit_status, 1) << command[0];
    EXPECT_TRUE(Has(result.err, "no file CURRENT")) << result.err;
    EXPECT_TRUE(fs::is_empty(db_)) << command[0];
  }
}

TEST_F(SafetyTest, ReadingCommandsChangeNoByteOfTheDb) {
  Load("k\tv\n");
  ASSERT_EQ(RunSheaf({"append", "--db", db_, "k", "w"}).exit_status, 0);
  const auto before = Snapshot(folder_);
  for (const auto& command : OtherCommands()) {
    if (Writes(command)) continue;
    EXPECT_EQ(RunSheaf(command).exit_status, 0) << command[0];
    EXPECT_TRUE(Snapshot(folder_) == before) << command[0];
  }
}

TEST_F(SafetyTest, DbOfAnotherProcessIsReadButNotWritten) {
  Load("k\tv\n");
  RegisterPlugin();
  rocksdb::Options options;
  options.merge_operator = NewAppendOperator();
  const auto db = Open(options);
  for (const auto& command : OtherCommands()) {
    const Result result = RunSheaf(command);
    if (Writes(command)) {
      EXPECT_EQ(result.exit_status, 1);
      EXPECT_TRUE(Has(result.err, "another process has this DB open")) << result.err;
    } else {
      EXPECT_EQ(result.exit_status, 0) << command[0] << ": " << result.err;
    }
  }
  EXPECT_EQ(RunSheaf({"export", "--db", db_}).out, "k\tv\n");
  const Result load = RunSheaf({"load", "--db", db_}, "k\tw\n");
  EXPECT_EQ(load.exit_status, 1);
  EXPECT_TRUE(Has(load.err, "another process has this DB open")) << load.err;
  EXPECT_EQ(RunSheaf({"get", "--db", db_, "k"}).out, "v\n");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

// RocksDB's own logger, writing to LOG, would end the process with an assertion.
TEST_F(SafetyTest, AppendAndLoadWithoutRoomForAByteFailAndSaySo) {
  Load("k\tv\n");
  const auto no_room = [](const std::vector<std::string>& arguments, const std::string& input) {
    // Every write to a file fails, in the child too, as both settings are inherited.
    const auto handler = std::signal(SIGXFSZ, SIG_IGN);
    rlimit before;
    getrlimit(RLIMIT_FSIZE, &before);
    rlimit none = before;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_FSIZE, &none);
    const Result result = RunSheaf(arguments, input);
    setrlimit(RLIMIT_FSIZE, &before);
    std::signal(SIGXFSZ, handler);
    return result;
  };
  const Result append = no_room({"append", "--db", db_, "k", "w"}, "");
  EXPECT_EQ(append.exit_status, 1);
  EXPECT_TRUE(Has(append.err, "File too large")) << append.err;
  const Result load = no_room({"load", "--db", db_}, "k\tw\n");
  EXPECT_EQ(load.exit_status, 1);
  EXPECT_TRUE(Has(load.err, "nothing was loaded")) << load.err;
  EXPECT_EQ(RunSheaf({"get", "--db", db_, "k"}).out, "v\n");
}

TEST_F(SafetyTest, AppendToADbWithAnotherMergeOperatorIsRefused) {
  rocksdb::Options options;
  {
    const auto db = Open(options);
    ASSERT_TRUE(db->Put(rocksdb::WriteOptions(), "k", Encode({"v"}).value()).ok());
  }
  for (const auto& result :
       {RunSheaf({"append", "--db", db_, "k", "w"}), RunSheaf({"load", "--db", db_}, "k\tw\n"),
        RunSheaf({"compact", "--db", db_, "--all"})}) {
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_TRUE(Has(result.err, "merge operator is none, not sheaf.append")) << result.err;
  }
  EXPECT_EQ(RunSheaf({"get", "--db", db_, "k"}).out, "v\n");
  EXPECT_EQ(RunSheaf({"load", "--db", db_, "--mode", "replace"}, "k\tw\n").exit_status, 0);
  EXPECT_EQ(RunSheaf({"get", "--db", db_, "k"}).out, "w\n");
}

TEST_F(SafetyTest, OtherColumnFamiliesAreLeftAsTheyAre) {
  Load("k\tv\n");
  {
    rocksdb::Options options;
    options.merge_operator = NewAppendOperator();
    const auto db = Open(options);
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    ASSERT_TRUE(db->CreateColumnFamily({}, "other", &handle).ok());
    ASSERT_TRUE(db->Put({}, handle, "x", "y").ok());
    db->DestroyColumnFamilyHandle(handle);
  }
  Load("k\tw\n");
  EXPECT_EQ(RunSheaf({"append", "--db", db_, "k", "x"}).exit_status, 0);
  EXPECT_EQ(RunSheaf({"scan", "--db", db_}).out, "k\tv\nk\tw\nk\tx\n");
  std::vector<std::string> families;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, db_, &families).ok());
  EXPECT_EQ(families, (std::vector<std::string>{"default", "other"}));
}

TEST_F(SafetyTest, DbInReverseOrderIsLoadedAndScannedInItsOrder) {
  rocksdb::Options options;
  options.comparator = rocksdb::ReverseBytewiseComparator();
  options.merge_operator = NewAppendOperator();
  Open(options).reset();
  Load("a\t1\nb\t1\nab\t1\na\t2\n");
  Load("b\t2\nc\t1\n");
  EXPECT_EQ(RunSheaf({"scan", "--db", db_}).out, "c\t1\nb\t1\nb\t2\nab\t1\na\t1\na\t2\n");
  EXPECT_EQ(RunSheaf({"scan", "--db", db_, "--prefix", "a"}).out, "ab\t1\na\t1\na\t2\n");
  EXPECT_EQ(RunSheaf({"scan", "--db", db_, "--from", "b", "--to", "a"}).out, "b\t1\nb\t2\nab\t1\n");
}

TEST_F(SafetyTest, DbThatAnotherProcessCreatesMeanwhileIsKept) {
  for (const bool open : {false, true}) {
    fs::remove_all(db_);
    Process process({"load", "--db", db_, "--progress"});
    process.Write("k\tlate\n");
    ASSERT_TRUE(process.WaitForError("reading"));
    Load("k\tearly\n");
    rocksdb::Options options;
    options.merge_operator = NewAppendOperator();
    const auto db = open ? Open(options) : nullptr;
    const Result result = process.Wait();
    EXPECT_EQ(result.exit_status, 1);
    EXPECT_TRUE(Has(result.err, "another process created this DB meanwhile")) << result.err;
    EXPECT_EQ(RunSheaf({"scan", "--db", db_}).out, "k\tearly\n");
  }
}

TEST_F(SafetyTest, SignalWhileReadingCleansUp) {
  for (const int signal : {SIGINT, SIGTERM}) {
    Process process({"load", "--db", db_, "--progress"});
    process.Write("a\t1\n");
    ASSERT_TRUE(process.WaitForError("reading"));
    process.Signal(signal);
    const Result result = process.Wait();
    EXPECT_EQ(result.exit_status, 128 + signal);
    EXPECT_TRUE(Has(result.err, "nothing was loaded")) << result.err;
    EXPECT_TRUE(fs::is_empty(folder_));
  }
}

TEST_F(SafetyTest, SignalWhileWritingSstsCleansUp) {
  Load("a\t1\n");
  const auto before = Snapshot(folder_);
  std::string rows;
  for (int i = 0; i < 1500000; ++i) rows += "key" + std::to_string(i) + "\tvalue\n";
  Process process({"load", "--db", db_, "--progress", "--threads", "1"});
  process.Write(rows);
  process.CloseInput();
  ASSERT_TRUE(process.WaitForError("writing lists"));
  process.Signal(SIGINT);
  const Result result = process.Wait();
  EXPECT_EQ(result.exit_status, 130) << result.err;
  EXPECT_TRUE(Has(result.err, "nothing was loaded")) << result.err;
  EXPECT_TRUE(Snapshot(folder_) == before);
}

TEST_F(SafetyTest, FullDiskLeavesTheDbAsItWas) {
  Load("a\t1\n");
  const auto before = Snapshot(folder_);
  std::string rows;
  for (int i = 0; i < 100000; ++i) rows += "key" + std::to_string(i * 7919) + "\tvalue\n";
  // A limit on the size of files stands for the full disk: write() fails the same way.
  struct rlimit limit, small;
  getrlimit(RLIMIT_FSIZE, &limit);
  small = limit;
  small.rlim_cur = 100 << 10;
  std::signal(SIGXFSZ, SIG_IGN);  // inherited
  setrlimit(RLIMIT_FSIZE, &small);
  const Result result = RunSheaf({"load", "--db", db_}, rows);
  setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err, "cannot write")) << result.err;
  EXPECT_TRUE(Snapshot(folder_) == before);
}

// A run is written to make room for one long row: what is wrong is the disk, not the row.
TEST_F(SafetyTest, FullDiskIsTheReasonWhereALongRowComes) {
  std::string rows;
  for (int i = 0; rows.size() < (3u << 20); ++i) {
    rows += "key" + std::to_string(i * 7919) + "\tvalue\n";
  }
  rows += "long\t" + std::string(6u << 20, 'v') + "\n";
  struct rlimit limit, small;
  getrlimit(RLIMIT_FSIZE, &limit);
  small = limit;
  small.rlim_cur = 100 << 10;
  std::signal(SIGXFSZ, SIG_IGN);  // inherited
  setrlimit(RLIMIT_FSIZE, &small);
  const Result result = RunSheaf({"load", "--db", db_, "--memory", "16M", "--threads", "1"}, rows);
  setrlimit(RLIMIT_FSIZE, &limit);
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err, "cannot write")) << result.err;
  EXPECT_TRUE(Has(result.err, "File too large")) << result.err;
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(SafetyTest, UnwritableParentIsRefused) {
  if (geteuid() == 0) GTEST_SKIP() << "root may write anywhere";
  chmod(folder_.c_str(), 0555);
  const Result result = RunSheaf({"load", "--db", db_}, "a\t1\n");
  chmod(folder_.c_str(), 0755);
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(SafetyTest, FailedWriteToStdoutIsAFailure) {
  Load("k\tv\n");
  for (const auto& command : OtherCommands()) {
    if (Writes(command) || command[0] == "verify" || command[0] == "repair") continue;
    Process process(command, "/dev/full");
    const Result result = process.Wait();
    EXPECT_EQ(result.exit_status, 1) << command[0];
    EXPECT_TRUE(Has(result.err, "No space left on device")) << result.err;
  }
  const Result file = RunSheaf({"export", "--db", db_, "--output", "/dev/full"});
  EXPECT_EQ(file.exit_status, 1);
  Process inspect({"inspect", "tests/testdata/two_values.strg"}, "/dev/full");
  EXPECT_EQ(inspect.Wait().exit_status, 1);
}

TEST_F(SafetyTest, ReaderThatGoesAwayIsNoFailure) {
  std::string rows;
  for (int i = 0; i < 100000; ++i) rows += "key" + std::to_string(i) + "\tvalue\n";
  Load(rows);
  const std::string fifo = folder_ + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  const int command_status = std::system(("head -c 10 < " + fifo + " > /dev/null &").c_str());
  ASSERT_EQ(command_status, 0);
  Process process({"scan", "--db", db_}, fifo);
  const Result result = process.Wait();
  EXPECT_EQ(result.exit_status, 0);
  EXPECT_EQ(result.err, "");
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
