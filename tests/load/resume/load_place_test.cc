// Where a load puts what it makes: at its place with everything in it or not at all, whatever is
// there before and is put there meanwhile.

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/tool/process.h"
#include "tools/common/files.h"

namespace {

int syncs_left = -1;  // so many calls succeed, and then all fail; -1: none fails

}  // namespace

// In place of libc's.
extern "C" int fsync(int) {
  if (syncs_left != 0) {
    syncs_left -= syncs_left > 0 ? 1 : 0;
    return 0;
  }
  errno = EIO;
  return -1;
}

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

class LoadPlaceTest : public ::testing::Test {
 protected:
  std::string Export() { return RunSheaf({"export", "--db", db_}).out; }
  static std::vector<std::string> LeftIn(const std::string& folder) {
    std::vector<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      const std::string name = entry.path().filename().string();
      if (Has(name, ".load-") || Has(name, ".new-")) names.push_back(name);
    }
    return names;
  }

  const std::string folder_ = TestFolder();
  const std::string db_ = folder_ + "/db";
  const std::string path_ = folder_ + "/rows.tsv";
};

TEST_F(LoadPlaceTest, CanonicalPathIsTheSameBeforeAndAfter) {
  fs::create_symlink("db", folder_ + "/link");
  fs::create_symlink(folder_ + "/./link", folder_ + "/link2");
  const std::string real = fs::canonical(folder_).string() + "/db";
  for (const bool there : {false, true}) {
    if (there) fs::create_directory(db_);
    for (const char* const name :
         {"/db", "/db/", "/db//", "/./db", "/none/../db/", "/link", "/link/", "/link2"}) {
      EXPECT_EQ(load::CanonicalPath(folder_ + name), real) << name << there;
    }
  }
  EXPECT_EQ(load::CanonicalPath("/"), "/");
  EXPECT_EQ(load::CanonicalPath("."), fs::current_path().string());
}

TEST_F(LoadPlaceTest, FolderIsMovedWholeOrFileByFileOrNotAtAll) {
  const std::string from = folder_ + "/from";
  const auto make = [&from] {
    fs::create_directory(from);
    for (const char* const name : {"/1", "/2", "/LAST"}) WriteFile(from + name, name);
  };
  make();
  ASSERT_TRUE(load::MoveFolder(from, db_, "LAST").ok());
  EXPECT_EQ(Snapshot(db_).size(), 3u);
  EXPECT_FALSE(fs::exists(from));
  // It is there already.
  make();
  EXPECT_TRUE(absl::IsAborted(load::MoveFolder(from, db_, "LAST")));
  EXPECT_EQ(Snapshot(from).size(), 3u);
  // Half of it is.
  fs::remove(db_ + "/LAST");
  fs::remove(db_ + "/1");
  fs::remove(from + "/2");
  ASSERT_TRUE(load::MoveFolder(from, db_, "LAST").ok());
  EXPECT_EQ(Snapshot(db_).size(), 3u);
  // A file of somebody else's is in the way: nothing is moved.
  make();
  fs::remove(db_ + "/LAST");
  fs::remove(db_ + "/1");
  const auto before = Snapshot(db_);
  EXPECT_TRUE(absl::IsAborted(load::MoveFolder(from, db_, "LAST")));
  EXPECT_EQ(Snapshot(db_), before);
  EXPECT_EQ(Snapshot(from).size(), 3u);
}

TEST_F(LoadPlaceTest, MovedFolderThatCannotReachTheDiskIsAnError) {
  const std::string from = folder_ + "/from";
  for (const bool is_there : {false, true}) {
    // The folder, and the one that it is in; before `last` is moved, the folder too.
    const int syncs = is_there ? 3 : 2;
    for (int succeed = 0; succeed <= syncs; ++succeed) {
      fs::remove_all(db_);
      fs::remove_all(from);
      fs::create_directory(from);
      for (const char* const name : {"/1", "/LAST"}) WriteFile(from + name, name);
      if (is_there) fs::create_directory(db_);
      syncs_left = succeed;
      const absl::Status status = load::MoveFolder(from, db_, "LAST");
      syncs_left = -1;
      EXPECT_EQ(status.ok(), succeed == syncs) << status;
      const bool is_moved = !is_there || succeed > 0;
      EXPECT_EQ(fs::exists(db_ + "/LAST"), is_moved) << succeed;
      if (status.ok()) continue;
      EXPECT_TRUE(absl::IsInternal(status));
      EXPECT_TRUE(Has(std::string(status.message()), "to the disk: Input/output error")) << status;
      EXPECT_EQ(Has(std::string(status.message()), "a power cut could still"), is_moved) << status;
      // Nothing is lost: it can be done again.
      EXPECT_TRUE(is_moved ? load::SyncMoved(db_).ok() : load::MoveFolder(from, db_, "LAST").ok());
      EXPECT_EQ(Snapshot(db_).size(), 2u);
    }
  }
}

// With a slash at its end, into a folder that is there, and beside what an earlier load has left.
TEST_F(LoadPlaceTest, SstsGoWhereTheyAreSaidTo) {
  const std::string out = folder_ + "/ssts";
  fs::create_directory(out);
  struct stat before, after;
  ASSERT_EQ(stat(out.c_str(), &before), 0);
  fs::create_directory(out + ".part");
  WriteFile(out + ".part/000007.sst", "of another load");
  fs::create_directory(out + "/.new-1234");
  const Result result =
      RunSheaf({"load", "--sst-only", out + "/", "--shards", "3"}, "a\t1\nb\t1\n");
  ASSERT_EQ(result.exit_status, 0) << result.err;
  ASSERT_EQ(stat(out.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino) << "somebody may be in that folder";
  std::vector<std::string> names;
  for (const auto& [path, bytes] : testing::Snapshot(out)) {
    if (!Has(path, ".new-1234")) names.push_back(path);
  }
  EXPECT_EQ(names,
            (std::vector<std::string>{"manifest.json", "shard-0000/", "shard-0000/000000.sst",
                                      "shard-0001/", "shard-0001/000000.sst", "shard-0002/"}));
}

// The folder of a new DB may be there: where somebody works in it, it is a link, or the place of a
// file system, it cannot be replaced.
TEST_F(LoadPlaceTest, NewDbMayBeInAFolderThatIsThere) {
  fs::create_directory(db_);
  fs::create_directory(db_ + "/lost+found");
  struct stat before, after;
  ASSERT_EQ(stat(db_.c_str(), &before), 0);
  fs::create_symlink("db", folder_ + "/link");
  EXPECT_EQ(RunSheaf({"load", "--db", folder_ + "/link"}, "a\t1\n").exit_status, 0);
  ASSERT_EQ(stat(db_.c_str(), &after), 0);
  EXPECT_EQ(before.st_ino, after.st_ino);
  EXPECT_EQ(Export(), "a\t1\n");
  for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
    EXPECT_FALSE(Has(entry.path().filename(), ".load-")) << entry.path();
  }

  // A link to nothing stays one.
  fs::create_symlink("other", folder_ + "/dangling");
  EXPECT_EQ(RunSheaf({"load", "--db", folder_ + "/dangling"}, "b\t1\n").exit_status, 0);
  EXPECT_TRUE(fs::is_symlink(folder_ + "/dangling"));
  EXPECT_EQ(RunSheaf({"scan", "--db", folder_ + "/other"}).out, "b\t1\n");

  fs::create_directory(folder_ + "/here");
  const std::string tool = fs::absolute("tools/sheaf/sheaf");
  EXPECT_EQ(std::system(("cd " + folder_ + "/here && printf 'c\\t1\\n' | " + tool +
                         " load --db . 2>../err && ls | grep -q CURRENT")
                            .c_str()),
            0)
      << ReadFile(folder_ + "/err");
}

// A path says the same DB, whether it is there or not and however it is written.
TEST_F(LoadPlaceTest, SlashAtTheEndAndLinksNameTheSameDb) {
  WriteFile(path_, "a\t1\n");
  fs::create_symlink("db", folder_ + "/link");
  ASSERT_EQ(RunSheaf({"load", "--db", folder_ + "/link/", "--input", path_}).exit_status, 0);
  EXPECT_TRUE(fs::is_symlink(folder_ + "/link"));
  for (const std::string& db : {db_ + "/", folder_ + "/./db", folder_ + "/link"}) {
    const Result result = RunSheaf({"load", "--db", db, "--input", path_, "--resume"});
    EXPECT_EQ(result.exit_status, 0) << result.err;
    EXPECT_TRUE(Has(result.err, "the load was complete")) << db << result.err;
  }
  EXPECT_EQ(Export(), "a\t1\n");
}

// With --tmp a new DB is made beside its place; then something is at that place.
class StagedDbTest : public LoadPlaceTest {
 protected:
  StagedDbTest() {
    WriteFile(path_, "a\t1\nb\t2\n");
    fs::create_directory(folder_ + "/tmp");
  }

  // Runs the load; calls `meanwhile` once the DB is being made.
  Result LoadWhile(const std::function<void()>& meanwhile) {
    Process process(command_);
    process.CloseInput();
    EXPECT_TRUE(process.WaitUntil([this] { return !LeftIn(folder_).empty(); }));
    meanwhile();
    return process.Wait();
  }

  Result Resume() {
    std::vector<std::string> command = command_;
    command.push_back("--resume");
    return RunSheaf(command);
  }

  std::string Journal() const {
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_ + "/tmp")) {
      return entry.path() / "journal";
    }
    return "";
  }

  const std::vector<std::string> command_ = {"load",  "--db",          db_, "--input", path_,
                                             "--tmp", folder_ + "/tmp"};
};

TEST_F(StagedDbTest, DbThatCouldNotBeMovedIsMovedByResuming) {
  for (const bool record_is_lost : {false, true}) {
    const Result result = LoadWhile([this] { WriteFile(db_, "in the way"); });
    EXPECT_EQ(result.exit_status, 1);
    ASSERT_EQ(LeftIn(folder_).size(), 1u);
    const std::string staged = LeftIn(folder_)[0];
    EXPECT_TRUE(Has(result.err, staged)) << result.err;
    fs::remove(db_);
    // A load without --resume names both folders.
    WriteFile(folder_ + "/other", "bad row");
    const Result other =
        RunSheaf({"load", "--db", db_, "--input", folder_ + "/other", "--tmp", folder_ + "/tmp"});
    EXPECT_EQ(other.exit_status, 1);
    EXPECT_TRUE(Has(other.err, staged + " is what an interrupted load has left")) << other.err;
    if (record_is_lost) {
      // As if it had been killed between the ingestion and the record of it.
      const std::string journal = ReadFile(Journal());
      const size_t last = journal.rfind("\tbuilt\n");
      ASSERT_NE(last, std::string::npos);
      WriteFile(Journal(), journal.substr(0, journal.rfind('\n', last - 1) + 1));
    }
    struct stat before, after;
    ASSERT_EQ(stat((folder_ + "/" + staged + "/CURRENT").c_str(), &before), 0);
    const Result resumed = Resume();
    EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
    ASSERT_EQ(stat((db_ + "/CURRENT").c_str(), &after), 0);
    EXPECT_EQ(before.st_ino, after.st_ino) << "it was made again";
    EXPECT_EQ(Export(), "a\t1\nb\t2\n");
    EXPECT_TRUE(LeftIn(folder_).empty());
    EXPECT_TRUE(fs::is_empty(folder_ + "/tmp"));
    fs::remove_all(db_);
  }
}

TEST_F(StagedDbTest, RowsGoIntoTheDbThatAnotherLoadMadeMeanwhile) {
  const Result result = LoadWhile([this] {
    fs::create_directory(db_);
    WriteFile(db_ + "/CURRENT", "MANIFEST-000001");
  });
  EXPECT_EQ(result.exit_status, 1);
  EXPECT_TRUE(Has(result.err, "another process created this DB meanwhile")) << result.err;
  fs::remove_all(db_);
  ASSERT_EQ(RunSheaf({"load", "--db", db_}, "a\tother\n").exit_status, 0);
  const Result resumed = Resume();
  EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
  EXPECT_EQ(Export(), "a\tother\na\t1\nb\t2\n");
  EXPECT_TRUE(LeftIn(folder_).empty());
  EXPECT_TRUE(fs::is_empty(folder_ + "/tmp"));
}

// Of stdin what was made is all that there is.
TEST_F(StagedDbTest, DbOfStdinIsKeptWhereAnotherOneIsAtItsPlace) {
  const std::vector<std::string> command = {"load", "--db", db_, "--tmp", folder_ + "/tmp"};
  Process process(command);
  process.Write("a\t1\nbad\n");
  process.CloseInput();
  process.Wait();
  EXPECT_TRUE(LeftIn(folder_).empty()) << "a malformed row";
  Process second(command);
  second.Write("a\t1\n");
  second.CloseInput();
  EXPECT_TRUE(second.WaitUntil([this] { return !LeftIn(folder_).empty(); }));
  WriteFile(db_, "in the way");
  EXPECT_EQ(second.Wait().exit_status, 1);
  ASSERT_EQ(LeftIn(folder_).size(), 1u);
  const std::string staged = LeftIn(folder_)[0];
  fs::remove(db_);
  ASSERT_EQ(RunSheaf({"load", "--db", db_}, "b\t1\n").exit_status, 0);
  std::vector<std::string> resume = command;
  resume.push_back("--resume");
  const Result refused = RunSheaf(resume);
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_TRUE(Has(refused.err, "is complete in ") && Has(refused.err, staged)) << refused.err;
  fs::rename(db_, folder_ + "/elsewhere");
  const Result resumed = RunSheaf(resume);
  EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
  EXPECT_EQ(Export(), "a\t1\n");
  EXPECT_TRUE(LeftIn(folder_).empty());
  EXPECT_TRUE(fs::is_empty(folder_ + "/tmp"));
}

// Killed while files were moved one by one into a folder that was there.
TEST_F(StagedDbTest, DbThatIsHalfMovedIsCompletedByResuming) {
  const Result result = LoadWhile([this] { WriteFile(db_, "in the way"); });
  ASSERT_EQ(LeftIn(folder_).size(), 1u) << result.err;
  const std::string staged = folder_ + "/" + LeftIn(folder_)[0];
  fs::remove(db_);
  fs::create_directory(db_);
  for (const fs::directory_entry& entry : fs::directory_iterator(staged)) {
    if (entry.path().extension() == ".sst") {
      fs::rename(entry.path(), fs::path(db_) / entry.path().filename());
    }
  }
  const Result refused = RunSheaf(command_);
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_TRUE(Has(refused.err, "with --resume completes it")) << refused.err;
  const Result resumed = Resume();
  EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
  EXPECT_EQ(Export(), "a\t1\nb\t2\n");
  EXPECT_TRUE(LeftIn(folder_).empty());
}

TEST_F(StagedDbTest, DamagedRecordIsRefusedAndOneThatIsCutOffIsNot) {
  LoadWhile([this] { WriteFile(db_, "in the way"); });
  fs::remove(db_);
  const std::string journal = ReadFile(Journal());
  std::string damaged = journal;
  damaged[journal.rfind("\twritten\t") + 3] ^= 1;
  WriteFile(Journal(), damaged);
  const Result refused = Resume();
  EXPECT_EQ(refused.exit_status, 1);
  EXPECT_TRUE(Has(refused.err, "journal: the record at offset ")) << refused.err;
  EXPECT_EQ(ReadFile(Journal()), damaged);
  EXPECT_FALSE(fs::exists(db_));
  WriteFile(Journal(), journal + "1234567890abcdef\trun");
  const Result resumed = Resume();
  EXPECT_EQ(resumed.exit_status, 0) << resumed.err;
  EXPECT_EQ(Export(), "a\t1\nb\t2\n");
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
