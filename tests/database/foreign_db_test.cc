// DBs whose files are elsewhere, or whose OPTIONS speak of another DB: copies, checkpoints, moved
// folders, logs and SSTs in folders of their own.

#include "tests/database/foreign_db.h"

#include <filesystem>

#include "rocksdb/utilities/checkpoint.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

class ForeignDbTest : public ForeignDb {
 protected:
  rocksdb::Options WithWal() {
    rocksdb::Options options = AppOptions();
    options.wal_dir = folder_ + "/wal";
    return options;
  }
  rocksdb::Options WithPaths() {
    rocksdb::Options options = AppOptions();
    options.db_paths = {{folder_ + "/ssts", 1 << 30}};
    return options;
  }
  rocksdb::Options WithFamilyPaths() {
    rocksdb::Options options = AppOptions();
    options.cf_paths = {{folder_ + "/ssts", 1 << 30}};
    return options;
  }
  const std::string copy_ = folder_ + "/copy";
};

TEST_F(ForeignDbTest, LogOfAnotherDbIsNeitherReadNorDeleted) {
  Tool({"load", "--db", db_}, "k\ta\n");
  fs::create_directory(folder_ + "/wal");
  PutOption(db_, "DBOptions", "wal_dir=" + folder_ + "/wal");
  const std::vector<std::string> wal = {"--wal-dir", folder_ + "/wal"};
  for (const char* const value : {"b", "c"}) {
    Tool({"append", "--db", db_, "--wal-dir", wal[1], "k", value});
  }
  CopyFolder(db_, copy_);
  const auto before = Everything(folder_);
  for (auto command : ReadingCommands(copy_)) {
    Refused(command, "Say where the log of this DB is: --wal-dir " + wal[1]);
  }
  for (auto command : WritingCommands(copy_)) {
    Refused(command, "name another folder for its log", "k\tx\n");
  }
  EXPECT_TRUE(Everything(folder_) == before);
  // The copy has what is in its own folder.
  EXPECT_EQ(ToolReads(copy_, {"--wal-dir", copy_})["k"], List({"a"}));
  Tool({"append", "--db", copy_, "--wal-dir", copy_, "k", "x"});
  EXPECT_EQ(ToolReads(copy_, {"--wal-dir", copy_})["k"], List({"a", "x"}));
  EXPECT_EQ(ToolReads(db_, wal)["k"], List({"a", "b", "c"}));
  rocksdb::Options app = WithWal();
  EXPECT_EQ(AppReads(app, db_)["k"], List({"a", "b", "c"}));
}

TEST_F(ForeignDbTest, DbWithItsLogElsewhereWorksAsSoonAsTheUserSaysWhere) {
  const rocksdb::Options app = WithWal();
  AppAppends(app, db_, "k", "a", /*flush=*/true);
  Refused({"get", "--db", db_, "k"}, "wal_dir=" + app.wal_dir);
  const std::string wal = fs::relative(app.wal_dir).string();  // by any name
  for (auto command : ReadingCommands(db_)) {
    command.insert(command.begin() + 1, {"--wal-dir", wal});
    Tool(command);
  }
  List model = {"a"};
  for (auto command : WritingCommands(db_)) {
    command.insert(command.begin() + 1, {"--wal-dir", wal});
    Tool(command, "k\tv\n");
    if (command.back() == "replace") model.clear();
    if (command[0] == "append" || command[0] == "load") model.push_back("v");
    EXPECT_EQ(ToolReads(db_, {"--wal-dir", wal})["k"], model) << command[0];
    EXPECT_EQ(AppReads(app, db_)["k"], model) << command[0];
  }
  EXPECT_TRUE(FilesOf(db_, ".log").empty());
}

TEST_F(ForeignDbTest, CheckpointHasItsLogInItsOwnFolder) {
  const rocksdb::Options app = WithWal();
  AppAppends(app, db_, "k", "a", /*flush=*/true);
  App(app, db_, [&](rocksdb::DB* db, Store* store) {
    ASSERT_TRUE(store->Append({}, "k", {"b"}).ok());
    rocksdb::Checkpoint* made = nullptr;
    ASSERT_TRUE(rocksdb::Checkpoint::Create(db, &made).ok());
    const std::unique_ptr<rocksdb::Checkpoint> checkpoint(made);
    ASSERT_EQ(checkpoint->CreateCheckpoint(copy_, /*log_size_for_flush=*/1 << 30).ToString(), "OK");
    ASSERT_TRUE(store->Append({}, "k", {"c"}).ok());
  });
  Refused({"append", "--db", copy_, "k", "x"}, "--wal-dir " + copy_);
  EXPECT_EQ(ToolReads(copy_, {"--wal-dir", copy_})["k"], List({"a", "b"}));
  Tool({"append", "--db", copy_, "--wal-dir", copy_, "k", "x"});
  EXPECT_EQ(ToolReads(copy_, {"--wal-dir", copy_})["k"], List({"a", "b", "x"}));
  EXPECT_EQ(AppReads(app, db_)["k"], List({"a", "b", "c"}));
}

TEST_F(ForeignDbTest, WalDirThatIsTheDbsOwnFolderByAnotherNameIsBelieved) {
  AppAppends(AppOptions(), db_, "k", "a");
  fs::create_directory_symlink(db_, folder_ + "/link");
  for (const std::string& name : {db_, db_ + "/", folder_ + "/./db", folder_ + "/link"}) {
    PutOption(db_, "DBOptions", "wal_dir=" + name);
    EXPECT_EQ(ToolReads(db_)["k"], List({"a"})) << name;
    EXPECT_EQ(ToolReads(folder_ + "/link")["k"], List({"a"})) << name;
  }
  Tool({"append", "--db", folder_ + "/link", "k", "b"});
  EXPECT_EQ(ToolReads(db_)["k"], List({"a", "b"}));
  EXPECT_EQ(AppReads(AppOptions(), db_)["k"], List({"a", "b"}));
}

TEST_F(ForeignDbTest, WalDirOfAnotherDbIsRefusedWhereTheDbHasItsOwnLog) {
  rocksdb::Options other = WithWal();
  AppAppends(other, copy_, "k", "other");
  AppAppends(AppOptions(), db_, "k", "a");
  const std::vector<std::string> wal = {"--wal-dir", other.wal_dir};
  for (const std::string& said : {std::string(), db_}) {
    if (!said.empty()) PutOption(db_, "DBOptions", "wal_dir=" + said);
    for (auto command :
         {std::vector<std::string>{"append", "--db", db_, "k", "b"}, {"get", "--db", db_, "k"}}) {
      command.insert(command.begin() + 1, wal.begin(), wal.end());
      Refused(command, "name no other folder for its log, and its own has one");
    }
  }
  EXPECT_EQ(AppReads(other, copy_)["k"], List({"other"}));
  EXPECT_EQ(AppReads(AppOptions(), db_)["k"], List({"a"}));
}

TEST_F(ForeignDbTest, MovedDbAndRelativeWalDirAreNotGuessedAt) {
  AppAppends(AppOptions(), db_, "k", "a");
  PutOption(db_, "DBOptions", "wal_dir=" + db_);
  fs::rename(db_, copy_);
  Refused({"get", "--db", copy_, "k"}, "wal_dir=" + db_);  // it is gone
  // Another DB is there now.
  Tool({"load", "--db", db_}, "k\tother\n");
  Tool({"append", "--db", db_, "k", "more"});
  Refused({"get", "--db", copy_, "k"}, "wal_dir=" + db_);
  Refused({"append", "--db", copy_, "--wal-dir", db_, "k", "b"}, "this is another DB");
  Tool({"append", "--db", copy_, "--wal-dir", copy_, "k", "b"});
  EXPECT_EQ(ToolReads(copy_, {"--wal-dir", copy_})["k"], List({"a", "b"}));
  EXPECT_EQ(ToolReads(db_)["k"], List({"other", "more"}));
  PutOption(copy_, "DBOptions", "wal_dir=wal");
  Refused({"get", "--db", copy_, "k"}, "wal_dir=wal, and what that is relative to");
  Refused({"get", "--db", copy_, "--wal-dir", folder_ + "/none", "k"},
          "expected a folder that is there, found none");
  EXPECT_FALSE(fs::exists(folder_ + "/none"));
}

TEST_F(ForeignDbTest, LogFilesOfTheApplicationAreNeitherRenamedNorDeleted) {
  rocksdb::Options app = AppOptions();
  app.db_log_dir = folder_ + "/logs";
  app.keep_log_file_num = 2;
  fs::create_directory(app.db_log_dir);
  for (int i = 0; i < 3; ++i) AppAppends(app, db_, "k", "a");
  const std::string old = ReadFile(LatestOptionsFile(db_));
  WriteFile(db_ + "/LOG", "mine");
  for (int i = 1; i < 5; ++i) WriteFile(db_ + "/LOG.old." + std::to_string(i), "mine");
  const auto logs = Everything(app.db_log_dir);
  for (const auto& command : WritingCommands(db_)) Tool(command, "k\tv\n");
  EXPECT_TRUE(Everything(app.db_log_dir) == logs);
  EXPECT_EQ(ReadFile(db_ + "/LOG"), "mine");
  for (int i = 1; i < 5; ++i) EXPECT_EQ(ReadFile(db_ + "/LOG.old." + std::to_string(i)), "mine");
  EXPECT_EQ(ReadFile(LatestOptionsFile(db_)), old);
}

TEST_F(ForeignDbTest, DbWithSstsElsewhereIsNamedAndNotCalledCorrupt) {
  const rocksdb::Options app = WithPaths();
  AppAppends(app, db_, "k", "a", /*flush=*/true);
  AppAppends(app, db_, "k", "b");
  const std::string wanted = "If its application opens it with db_paths, which OPTIONS do not hold";
  const auto before = Everything(folder_);
  for (const auto& command : ReadingCommands(db_)) {
    const Result result = RunSheaf(command);
    EXPECT_EQ(result.exit_status, 1) << command[0];
    EXPECT_TRUE(Has(result.err + result.out, wanted)) << command[0] << ": " << result.err;
    EXPECT_FALSE(Has(result.err + result.out, "Corruption")) << command[0];
  }
  for (const auto& command : WritingCommands(db_)) Refused(command, wanted, "k\tv\n");
  EXPECT_TRUE(Everything(folder_) == before);
  const std::string ssts = app.db_paths[0].path;
  List model = {"a", "b"};
  EXPECT_EQ(ToolReads(db_, {"--db-path", ssts})["k"], model);
  for (auto command : WritingCommands(db_)) {
    command.insert(command.begin() + 1, {"--db-path", ssts});
    Tool(command, "k\tv\n");
    if (command.back() == "replace") model.clear();
    if (command[0] == "append" || command[0] == "load") model.push_back("v");
    EXPECT_EQ(ToolReads(db_, {"--db-path", ssts})["k"], model) << command[0];
    EXPECT_EQ(AppReads(app, db_)["k"], model) << command[0];
  }
  EXPECT_TRUE(FilesOf(db_, ".sst").empty());
}

TEST_F(ForeignDbTest, SstsOfSeveralPathsAreFoundInTheOrderOfTheOptions) {
  rocksdb::Options app = AppOptions();
  app.db_paths = {{db_, 1}, {folder_ + "/second", 1 << 30}};
  AppAppends(app, db_, "k", "a", /*flush=*/true);
  App(app, db_, [](rocksdb::DB* db, Store*) {
    rocksdb::CompactRangeOptions options;
    options.change_level = true;
    options.target_path_id = 1;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    ASSERT_EQ(db->CompactRange(options, nullptr, nullptr).ToString(), "OK");
  });
  ASSERT_EQ(FilesOf(folder_ + "/second", ".sst").size(), 1u);
  Refused({"get", "--db", db_, "k"}, "path 1");
  const std::vector<std::string> both = {"--db-path", db_, "--db-path", folder_ + "/second"};
  EXPECT_EQ(ToolReads(db_, both)["k"], List({"a"}));
  Tool({"append", "--db", db_, both[0], both[1], both[2], both[3], "k", "b"});
  EXPECT_EQ(AppReads(app, db_)["k"], List({"a", "b"}));
}

// All is in the log: nothing on disk tells of cf_paths.
TEST_F(ForeignDbTest, AppendAndRepairMakeNoSstOfALogWhoseSstsBelongElsewhere) {
  for (const rocksdb::Options& app : {WithPaths(), WithFamilyPaths()}) {
    fs::remove_all(db_);
    fs::remove_all(folder_ + "/ssts");
    App(app, db_, [](rocksdb::DB* db, Store* store) {
      ASSERT_TRUE(store->Append({}, "k", {"a"}).ok());
      ASSERT_TRUE(db->Put({}, "plain", "value").ok());
    });
    List model = {"a"};
    for (int i = 0; i < 20; ++i) {
      Tool({"append", "--db", db_, "k", std::to_string(i)});
      model.push_back(std::to_string(i));
      Tool({"repair", "--db", db_});
    }
    EXPECT_TRUE(FilesOf(db_, ".sst").empty());
    EXPECT_EQ(ToolReads(db_)["k"], model);
    const auto lists = AppReads(app, db_);
    EXPECT_EQ(lists.at("k"), model);
    EXPECT_EQ(lists.at("plain"), List({"value"}));
    EXPECT_TRUE(FilesOf(db_, ".sst").empty());
  }
}

TEST_F(ForeignDbTest, NoMemtableOfALongLogIsFlushedEither) {
  rocksdb::Options app = WithFamilyPaths();
  app.write_buffer_size = 64 << 10;
  app.max_write_buffer_number = 10;
  app.max_total_wal_size = 1;
  app.db_write_buffer_size = 1;
  rocksdb::Options all_in_log = app;  // as if the application had been killed
  all_in_log.write_buffer_size = 64 << 20;
  all_in_log.db_write_buffer_size = 0;
  all_in_log.max_total_wal_size = 0;
  std::map<std::string, List> model;
  App(all_in_log, db_, [&](rocksdb::DB*, Store* store) {
    for (int i = 0; i < 20000; ++i) {
      const std::string key = "k" + std::to_string(i);
      ASSERT_TRUE(store->Append({}, key, {"v"}).ok());
      model[key] = {"v"};
    }
  });
  PutOption(db_, "CFOptions \"default\"", "write_buffer_size=65536");
  PutOption(db_, "CFOptions \"default\"", "arena_block_size=8192");
  PutOption(db_, "DBOptions", "max_total_wal_size=1");
  PutOption(db_, "DBOptions", "db_write_buffer_size=1");
  Tool({"append", "--db", db_, "k0", "w"});
  model["k0"].push_back("w");
  EXPECT_TRUE(FilesOf(db_, ".sst").empty());
  EXPECT_TRUE(AppReads(app, db_) == model);
}

TEST_F(ForeignDbTest, SstsAreNotMadeWhereNothingSaysThatTheyBelongThere) {
  const rocksdb::Options app = WithPaths();
  AppAppends(app, db_, "k", "a");
  Refused({"load", "--db", db_}, "--db-path", "k\tb\n");
  Refused({"compact", "--db", db_, "--all"}, "--db-path");
  Tool({"load", "--db", db_, "--db-path", app.db_paths[0].path}, "k\tb\n");
  EXPECT_EQ(AppReads(app, db_)["k"], List({"a", "b"}));
}

TEST_F(ForeignDbTest, WhatWouldHaveToBeFlushedToAnUnknownFolderIsNotWritten) {
  for (const std::string option : {"best_efforts_recovery=true", "allow_2pc=true"}) {
    fs::remove_all(db_);
    fs::remove_all(folder_ + "/ssts");
    rocksdb::Options app = WithPaths();
    AppAppends(app, db_, "k", "a");
    PutOption(db_, "DBOptions", option);
    Refused({"append", "--db", db_, "k", "b"}, option);
    Refused({"repair", "--db", db_}, option);
    EXPECT_TRUE(FilesOf(db_, ".sst").empty());
    Tool({"append", "--db", db_, "--db-path", app.db_paths[0].path, "k", "b"});
    EXPECT_EQ(AppReads(app, db_)["k"], List({"a", "b"}));
    EXPECT_TRUE(FilesOf(db_, ".sst").empty());
  }
}

TEST_F(ForeignDbTest, LogsOfManyAppendsAreFlushedWhereSstsBelong) {
  Tool({"load", "--db", db_}, "k\ta\n");
  List model = {"a"};
  for (int i = 0; i < 30; ++i) {
    Tool({"append", "--db", db_, "k", std::to_string(i)});
    model.push_back(std::to_string(i));
  }
  EXPECT_LE(FilesOf(db_, ".log").size(), 10u);
  EXPECT_EQ(ToolReads(db_)["k"], model);
  EXPECT_EQ(AppReads(AppOptions(), db_)["k"], model);
}

TEST_F(ForeignDbTest, NewDbHasAllItsFilesInItsOwnFolder) {
  for (const char* const option : {"--wal-dir", "--db-path"}) {
    Refused({"load", "--db", db_, option, folder_}, "expected a DB that is there", "k\ta\n");
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(ForeignDbTest, LostSstIsToldFromOneThatIsElsewhere) {
  Tool({"load", "--db", db_}, "k\ta\n");
  const std::string name = FilesOf(db_, ".sst").at(0);
  fs::remove(db_ + "/" + name);
  Refused({"get", "--db", db_, "k"}, name + " of column family default");
  Refused({"append", "--db", db_, "k", "b"}, "restore them from a backup");
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
