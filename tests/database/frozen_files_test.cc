// FrozenFiles, with a DB in this process that changes between the looks.

#include "tools/database/frozen_files.h"

#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "tests/tool/process.h"
#include "tools/database/open_frozen.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using testing::TestFolder;

class FrozenFilesTest : public ::testing::Test {
 protected:
  void Open(rocksdb::Options options = {}) {
    options.create_if_missing = true;
    options.disable_auto_compactions = true;
    rocksdb::DB* db = nullptr;
    ASSERT_EQ(rocksdb::DB::Open(options, path_, &db).ToString(), "OK");
    db_.reset(db);
  }
  void Put(const std::string& key, const std::string& value) {
    ASSERT_EQ(db_->Put({}, key, value).ToString(), "OK");
  }
  void Flush() { ASSERT_EQ(db_->Flush({}).ToString(), "OK"); }
  void Compact() { ASSERT_EQ(db_->CompactRange({}, nullptr, nullptr).ToString(), "OK"); }

  absl::StatusOr<std::shared_ptr<FrozenFiles>> Capture(std::function<void()> between = nullptr) {
    return FrozenFiles::Capture(rocksdb::FileSystem::Default(), path_, {}, between);
  }
  // Value of `key` in the DB that `files` show.
  std::string Read(const std::shared_ptr<FrozenFiles>& files, const std::string& key) {
    const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(files);
    rocksdb::Options options;
    options.env = env.get();
    rocksdb::DB* opened = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    // Not the function for one family: its DB of a compacted DB finds nothing in blob files.
    rocksdb::Status status = rocksdb::DB::OpenForReadOnly(
        options, path_, {{rocksdb::kDefaultColumnFamilyName, options}}, &handles, &opened);
    if (!status.ok()) return status.ToString();
    const std::unique_ptr<rocksdb::DB> db(opened);
    db->DestroyColumnFamilyHandle(handles[0]);
    std::string value;
    status = db->Get({}, key, &value);
    return status.ok() ? value : status.ToString();
  }

  const std::string path_ = TestFolder() + "/db";
  std::unique_ptr<rocksdb::DB> db_;
};

TEST_F(FrozenFilesTest, WhatWasDeletedSinceCanBeRead) {
  Open();
  Put("in an sst", "1");
  Flush();
  Put("in the log", "2");
  const auto files = Capture();
  ASSERT_TRUE(files.ok());
  Put("in an sst", "3");
  Put("in the log", "4");
  Flush();
  Compact();
  EXPECT_EQ(Read(*files, "in an sst"), "1");
  EXPECT_EQ(Read(*files, "in the log"), "2");
  db_.reset();
  fs::remove_all(path_);
  EXPECT_EQ(Read(*files, "in an sst"), "1");
  EXPECT_FALSE((*files)->Disturbed(0));
  EXPECT_FALSE((*files)->missed());
}

TEST_F(FrozenFilesTest, WhatIsWrittenSinceIsNotSeen) {
  Open();
  Put("k", "1");
  const auto files = Capture();
  ASSERT_TRUE(files.ok());
  Put("k", "2");
  EXPECT_EQ(Read(*files, "k"), "1");
}

TEST_F(FrozenFilesTest, BlobFilesAreFrozenToo) {
  rocksdb::Options options;
  options.enable_blob_files = true;
  Open(options);
  Put("k", "1");
  Flush();
  const auto files = Capture();
  ASSERT_TRUE(files.ok());
  db_.reset();
  fs::remove_all(path_);
  EXPECT_EQ(Read(*files, "k"), "1");
}

TEST_F(FrozenFilesTest, AChangeBetweenTheLooksIsLookedAtAgain) {
  Open();
  Put("k", "0");
  int looks = 0;
  const auto files = Capture([&] {
    if (++looks > 3) return;
    Put("k", std::to_string(looks));
    Flush();
    Compact();
  });
  ASSERT_TRUE(files.ok());
  EXPECT_EQ(looks, 4);
  EXPECT_EQ(Read(*files, "k"), "3");
}

TEST_F(FrozenFilesTest, ADbThatChangesAllTheTimeIsAborted) {
  Open();
  int looks = 0;
  const auto files = Capture([&] {
    Put("k", std::to_string(++looks));
    Flush();
  });
  EXPECT_TRUE(absl::IsAborted(files.status()));
  EXPECT_EQ(looks, FrozenFiles::kAttempts);
  EXPECT_THAT(std::string(files.status().message()),
              ::testing::AllOf(HasSubstr(path_), HasSubstr("another process"),
                               HasSubstr("checkpoint of the DB")));
}

TEST_F(FrozenFilesTest, ALogThatIsWrittenAnewIsNoticed) {
  rocksdb::Options options;
  options.recycle_log_file_num = 2;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  Open(options);
  Put("k", "1");
  const auto files = Capture();
  ASSERT_TRUE(files.ok());
  EXPECT_FALSE((*files)->Disturbed(0));
  for (int i = 0; i < 4; ++i) {
    Put("k", "2");
    Flush();
  }
  EXPECT_TRUE((*files)->Disturbed(0));
  // Logs that nobody needs are used again all the time.
  EXPECT_FALSE((*files)->Disturbed(std::numeric_limits<uint64_t>::max()));
}

// As by a writer that is faster than a reader: what it used again is not in use any more.
TEST_F(FrozenFilesTest, ALogThatWasWrittenAnewAndDeletedIsNoticed) {
  rocksdb::Options options;
  options.recycle_log_file_num = 2;
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kSkipAnyCorruptedRecords;
  Open(options);
  Put("k", "1");
  const auto files = Capture();
  ASSERT_TRUE(files.ok());
  for (int i = 0; i < 4; ++i) {
    Put("k", "2");
    Flush();
  }
  db_.reset();
  fs::remove_all(path_);
  EXPECT_TRUE((*files)->Disturbed(0));
}

TEST_F(FrozenFilesTest, ALogThatIsWrittenToIsKnown) {
  Open();
  Put("k", "1");
  const auto files = Capture();
  ASSERT_TRUE(files.ok());
  const auto logs = (*files)->Logs(path_);
  ASSERT_EQ(logs.size(), 1u);
  EXPECT_FALSE((*files)->WrittenSince(logs[0].path));
  // Times of files may have the resolution of a clock tick.
  fs::last_write_time(logs[0].path, fs::file_time_type::clock::now() + std::chrono::seconds(1));
  EXPECT_TRUE((*files)->WrittenSince(logs[0].path));
}

// It can still be read as it was.
TEST_F(FrozenFilesTest, ALogThatWasDeletedIsNotDisturbed) {
  Open();
  Put("k", "1");
  const auto files = Capture();
  ASSERT_TRUE(files.ok());
  Put("k", "2");
  Flush();
  db_.reset();
  fs::remove_all(path_);
  EXPECT_FALSE((*files)->Disturbed(0));
  EXPECT_EQ(Read(*files, "k"), "1");
}

TEST_F(FrozenFilesTest, ADamagedDbIsNotTakenForOneThatChanges) {
  Open();
  Put("k", "1");
  Flush();
  db_.reset();
  for (const auto& entry : fs::directory_iterator(path_)) {
    if (entry.path().extension() == ".sst") fs::remove(entry.path());
  }
  const auto files = Capture();
  ASSERT_TRUE(files.ok());
  EXPECT_THAT(Read(*files, "k"), HasSubstr("No such file"));
  EXPECT_FALSE((*files)->missed());
  fs::remove(path_ + "/CURRENT");
  EXPECT_TRUE(absl::IsNotFound(Capture().status()));
}

TEST_F(FrozenFilesTest, AFolderThatEndsWithASlashIsTheSame) {
  Open();
  Put("k", "1");
  Flush();
  const auto files =
      FrozenFiles::Capture(rocksdb::FileSystem::Default(), path_ + "//", {path_ + "/./"});
  ASSERT_TRUE(files.ok());
  db_.reset();
  fs::remove_all(path_);
  EXPECT_EQ(Read(*files, "k"), "1");
}

}  // namespace
}  // namespace load
}  // namespace sheaf
