// Reading changes no byte anywhere: in the DB's folder, beside it, and where its files are.

#include <filesystem>

#include "tests/database/foreign_db.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

class ReadOnlyTest : public ForeignDb {
 protected:
  // What RocksDB deletes or moves where it opens a DB: trash, old logs, files that are not live.
  void LeaveBait(const std::string& folder) {
    for (const char* const name :
         {"000001.sst.trash", "000001.log.trash", "000001.log", "999999.sst", "000002.blob", "LOG",
          "LOG.old.1", "LOG.old.2", "000003.dbtmp", "OPTIONS-000001", "OPTIONS-000002.dbtmp",
          "MANIFEST-000001"}) {
      WriteFile(folder + "/" + name, "bait");
    }
  }
  void ReadAll(const std::vector<std::string>& more = {}) {
    const auto before = Everything(folder_);
    for (auto command : ReadingCommands(db_)) {
      command.insert(command.begin() + 1, more.begin(), more.end());
      const Result result = RunSheaf(command);
      EXPECT_EQ(result.exit_status, 0) << command[0] << ": " << result.err;
      EXPECT_TRUE(Everything(folder_) == before) << command[0];
    }
  }
};

TEST_F(ReadOnlyTest, NothingIsChangedInAnOrdinaryDb) {
  AppAppends(AppOptions(), db_, "k", "a", /*flush=*/true);
  AppAppends(AppOptions(), db_, "k", "b");
  LeaveBait(db_);
  ReadAll();
}

TEST_F(ReadOnlyTest, NothingIsChangedWhereOtherFoldersHaveFiles) {
  rocksdb::Options app = AppOptions();
  app.wal_dir = folder_ + "/wal";
  app.db_log_dir = folder_ + "/logs";
  app.db_paths = {{folder_ + "/ssts", 1 << 30}};
  app.keep_log_file_num = 1;
  fs::create_directory(app.db_log_dir);
  AppAppends(app, db_, "k", "a", /*flush=*/true);
  AppAppends(app, db_, "k", "b");
  for (const std::string& folder :
       {db_, app.wal_dir, app.db_log_dir, app.db_paths[0].path, folder_}) {
    LeaveBait(folder);
  }
  fs::remove(app.wal_dir + "/000001.log");
  ReadAll({"--wal-dir", app.wal_dir, "--db-path", app.db_paths[0].path});
}

TEST_F(ReadOnlyTest, NothingIsChangedWhateverOptionsSay) {
  AppAppends(AppOptions(), db_, "k", "a", /*flush=*/true);
  AppAppends(AppOptions(), db_, "k", "b");
  for (const char* const line :
       {"best_efforts_recovery=true", "create_if_missing=true", "persist_stats_to_disk=true",
        "WAL_ttl_seconds=1", "recycle_log_file_num=2", "paranoid_checks=false",
        "delete_obsolete_files_period_micros=0", "keep_log_file_num=1", "db_log_dir=/nowhere",
        "track_and_verify_wals_in_manifest=true", "allow_2pc=true", "allow_mmap_writes=true"}) {
    PutOption(db_, "DBOptions", line);
  }
  for (const char* const line :
       {"compaction_style=kCompactionStyleFIFO", "ttl=1",
        "compaction_options_fifo={allow_compaction=true;age_for_warm=0;max_table_files_size=1;}"}) {
    PutOption(db_, "CFOptions \"default\"", line);
  }
  LeaveBait(db_);
  ReadAll();
}

TEST_F(ReadOnlyTest, InspectChangesNothing) {
  WriteFile(folder_ + "/blob", std::string("\xB0\x01\x01x", 4));
  const auto before = Everything(folder_);
  Tool({"inspect", folder_ + "/blob"});
  EXPECT_TRUE(Everything(folder_) == before);
}

// A command that writes touches nothing but the DB's own folders.
TEST_F(ReadOnlyTest, WritingCommandsTouchNothingBesideTheDb) {
  Tool({"load", "--db", db_}, "k\ta\n");
  const std::string other = folder_ + "/other";
  fs::create_directory(other);
  LeaveBait(other);
  PutOption(db_, "DBOptions", "db_log_dir=" + other);
  const auto before = Everything(other);
  for (const auto& command : WritingCommands(db_)) Tool(command, "k\tv\n");
  EXPECT_TRUE(Everything(other) == before);
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
