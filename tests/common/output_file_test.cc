// Files that the tool writes: whole or not at all, at their place, and never over an input.

#include "tools/common/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "tests/tool/process.h"

namespace {

// Calls that fail with this errno, if it is not 0.
int fsync_error = 0;
int rename_error = 0;
int fsyncs = 0;

}  // namespace

// In place of libc's.
extern "C" int fsync(int) {
  ++fsyncs;
  errno = fsync_error;
  return fsync_error == 0 ? 0 : -1;
}
extern "C" int rename(const char* from, const char* to) noexcept {
  errno = rename_error;
  return rename_error == 0 ? renameat(AT_FDCWD, from, AT_FDCWD, to) : -1;
}

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

using load::OutputFile;

mode_t ModeOf(const std::string& path) {
  struct stat info = {};
  EXPECT_EQ(stat(path.c_str(), &info), 0) << path;
  return info.st_mode & 07777;
}

// Runs a command line, in which $SHEAF is the tool; its messages.
Result Shell(const std::string& command) {
  const std::string folder = TestFolder() + ".shell";
  fs::create_directories(folder);
  const int status =
      std::system(("SHEAF=" + SheafPath() + "; { " + command + "\n} 2>" + folder + "/err").c_str());
  Result result;
  result.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  result.err = ReadFile(folder + "/err");
  fs::remove_all(folder);
  return result;
}

class OutputFileTest : public ::testing::Test {
 protected:
  ~OutputFileTest() override { fsync_error = rename_error = 0; }

  static absl::Status WriteWhole(const std::string& path, const std::string& text) {
    OutputFile file(path);
    absl::Status status = file.Open(path);
    if (status.ok()) status = file.Write(text);
    return status.ok() ? file.Commit() : status;
  }
  // Names of what is in the folder.
  std::string Names() const {
    std::set<std::string> names;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder_)) {
      names.insert(entry.path().filename().string());
    }
    std::string text;
    for (const std::string& name : names) text += name + " ";
    return text;
  }

  const std::string folder_ = TestFolder();
  const std::string file_ = folder_ + "/file";
};

TEST_F(OutputFileTest, AppearsWithItsNameWhenItIsOnDisk) {
  const mode_t mask = umask(027);
  OutputFile file("out");
  ASSERT_TRUE(file.Open(file_).ok());
  ASSERT_TRUE(file.Write("new").ok());
  EXPECT_FALSE(fs::exists(file_));
  fsyncs = 0;
  ASSERT_TRUE(file.Commit().ok());
  EXPECT_EQ(fsyncs, 2);  // the file and its folder
  umask(mask);
  EXPECT_EQ(ReadFile(file_), "new");
  EXPECT_EQ(ModeOf(file_), 0640u);
  EXPECT_EQ(Names(), "file ");
}

TEST_F(OutputFileTest, KeepsModeAndOwner) {
  WriteFile(file_, "old");
  chmod(file_.c_str(), 0600);
  const bool root = chown(file_.c_str(), 1234, 5678) == 0;
  EXPECT_TRUE(root || geteuid() != 0) << "in a sandbox?";
  ASSERT_TRUE(WriteWhole(file_, "new").ok());
  EXPECT_EQ(ReadFile(file_), "new");
  EXPECT_EQ(ModeOf(file_), 0600u);
  struct stat info = {};
  stat(file_.c_str(), &info);
  if (root) {
    EXPECT_EQ(info.st_uid, 1234u);
    EXPECT_EQ(info.st_gid, 5678u);
  }
}

TEST_F(OutputFileTest, LeavesAUsersOwnPartFileAlone) {
  WriteFile(file_ + ".part", "mine");
  WriteFile(file_ + ".part-abcdef", "mine too");
  ASSERT_TRUE(WriteWhole(file_, "new").ok());
  EXPECT_EQ(ReadFile(file_ + ".part"), "mine");
  EXPECT_EQ(ReadFile(file_ + ".part-abcdef"), "mine too");
  EXPECT_EQ(Names(), "file file.part file.part-abcdef ");
}

TEST_F(OutputFileTest, CheckLeavesNothingWhenItIsKilledAndWhatALoadLeftCanBeRemoved) {
  struct stat folder;
  ASSERT_EQ(stat(folder_.c_str(), &folder), 0);
  ASSERT_TRUE(OutputFile::Check("out", file_, "abcdef").ok());
  struct stat after;
  ASSERT_EQ(stat(folder_.c_str(), &after), 0);
  // No name was made, so that none can be left.
  EXPECT_EQ(folder.st_mtim.tv_sec, after.st_mtim.tv_sec);
  EXPECT_EQ(folder.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
  for (const char* const name : {"file.part-abcdef", "file.part-ABCDEF", "file"}) {
    WriteFile(folder_ + "/" + name, "left");
  }
  OutputFile::RemoveLeft(file_, "abcdef");
  EXPECT_EQ(Names(), "file file.part-ABCDEF ");
}

TEST_F(OutputFileTest, ReplacesWhatItsOwnLoadLeft) {
  WriteFile(file_ + ".part-abcdef", "left by a kill");
  OutputFile file("out");
  ASSERT_TRUE(file.Open(file_, "abcdef").ok());
  ASSERT_TRUE(file.Write("new").ok() && file.Commit().ok());
  EXPECT_EQ(ReadFile(file_), "new");
  EXPECT_EQ(Names(), "file ");
}

TEST_F(OutputFileTest, LinksStayLinks) {
  fs::create_directory(folder_ + "/in");
  WriteFile(folder_ + "/in/real", "old");
  fs::create_symlink("in/second", folder_ + "/link");
  fs::create_symlink("real", folder_ + "/in/second");
  ASSERT_TRUE(WriteWhole(folder_ + "/link", "new").ok());
  EXPECT_TRUE(fs::is_symlink(folder_ + "/link"));
  EXPECT_TRUE(fs::is_symlink(folder_ + "/in/second"));
  EXPECT_EQ(ReadFile(folder_ + "/in/real"), "new");
  // To nothing: that is made.
  fs::create_symlink("in/none", folder_ + "/dangling");
  ASSERT_TRUE(WriteWhole(folder_ + "/dangling", "made").ok());
  EXPECT_TRUE(fs::is_symlink(folder_ + "/dangling"));
  EXPECT_EQ(ReadFile(folder_ + "/in/none"), "made");
}

TEST_F(OutputFileTest, WhatCannotBeAFileIsRefusedWithItsName) {
  fs::create_symlink("loop", folder_ + "/loop");
  WriteFile(file_, "old");
  const std::pair<std::string, int> refused[] = {
      {folder_ + "/loop", ELOOP},       {folder_, EISDIR},          {folder_ + "/", EISDIR},
      {folder_ + "/none/file", ENOENT}, {file_ + "/file", ENOTDIR}, {"", ENOENT}};
  for (const auto& [path, error] : refused) {
    for (const absl::Status& status : {WriteWhole(path, "x"), OutputFile::Check(path, path)}) {
      EXPECT_EQ(std::string(status.message())
                    .rfind(path + ": cannot write it: " + std::strerror(error), 0),
                0u)
          << status;
    }
  }
  EXPECT_EQ(Names(), "file loop ");
}

TEST_F(OutputFileTest, LongestNameThatAFileCanHave) {
  const std::string path = folder_ + "/" + std::string(255, 'n');
  ASSERT_TRUE(WriteWhole(path, "new").ok());
  EXPECT_EQ(ReadFile(path), "new");
}

TEST_F(OutputFileTest, ErrorsLeaveWhatWasThere) {
  for (const int error : {ENOSPC, EIO, EDQUOT}) {
    for (int* const call : {&fsync_error, &rename_error}) {
      WriteFile(file_, "old");
      *call = error;
      const absl::Status status = WriteWhole(file_, "new");
      *call = 0;
      EXPECT_EQ(status.message(), file_ + ": cannot write it: " + std::strerror(error));
      EXPECT_EQ(ReadFile(file_), "old");
      EXPECT_EQ(Names(), "file ");
    }
  }
  {
    OutputFile file("out");
    ASSERT_TRUE(file.Open(file_).ok() && file.Write("new").ok());
    EXPECT_NE(Names(), "file ");
  }
  EXPECT_EQ(ReadFile(file_), "old");
  EXPECT_EQ(Names(), "file ");
}

// Some file systems cannot do it for folders.
TEST_F(OutputFileTest, FolderThatCannotBeSyncedIsNoError) {
  fsync_error = EINVAL;
  EXPECT_TRUE(WriteWhole(file_, "new").ok());
}

TEST_F(OutputFileTest, NamesOfOpenFilesAreWrittenWhereTheyAre) {
  WriteFile(file_, "old ");
  const int fd = open(file_.c_str(), O_RDWR);
  lseek(fd, 4, SEEK_SET);
  fs::create_symlink("/dev/fd/" + std::to_string(fd), folder_ + "/link");
  for (const std::string& name : {"/dev/fd/" + std::to_string(fd),
                                  "/proc/self/fd/" + std::to_string(fd), folder_ + "/link"}) {
    EXPECT_TRUE(OutputFile::IsInPlace(name));
    EXPECT_TRUE(OutputFile::Check(name, name).ok());
    EXPECT_TRUE(WriteWhole(name, "new ").ok()) << name;
  }
  close(fd);
  EXPECT_EQ(ReadFile(file_), "old new new new ");
  EXPECT_EQ(Names(), "file link ");
  // A file of a file system below /dev is a file.
  if (fs::is_directory("/dev/shm") && access("/dev/shm", W_OK) == 0) {
    const std::string shared = "/dev/shm/sheaf_output_file_test." + std::to_string(getpid());
    WriteFile(shared, "old");
    EXPECT_FALSE(OutputFile::IsInPlace(shared));
    EXPECT_TRUE(WriteWhole(shared, "new").ok());
    EXPECT_EQ(ReadFile(shared), "new");
    fs::remove(shared);
  }
}

TEST_F(OutputFileTest, FifosAndDevicesStay) {
  const std::string fifo = folder_ + "/fifo";
  ASSERT_EQ(mkfifo(fifo.c_str(), 0600), 0);
  std::string got;
  std::thread reader([&] { got = ReadFile(fifo); });
  EXPECT_TRUE(WriteWhole(fifo, "through").ok());
  reader.join();
  EXPECT_EQ(got, "through");
  EXPECT_TRUE(fs::is_fifo(fifo));
  EXPECT_TRUE(WriteWhole("/dev/null", "x").ok());
  EXPECT_EQ(WriteWhole("/dev/full", "x").message(),
            "/dev/full: cannot write it: No space left on device");
}

TEST_F(OutputFileTest, FoldersThatCannotBeWrittenToAreRefusedBeforehand) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root, to be somebody else";
  // The test's own folder is in one that others may not enter.
  std::string folder = "/tmp/sheaf_output_file_test.XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  chmod(folder.c_str(), 0755);
  const std::string file = folder + "/file";
  WriteFile(file, "old");
  chmod(file.c_str(), 0666);
  const std::string sticky = folder + "/sticky";
  fs::create_directory(sticky);
  WriteFile(sticky + "/file", "old");
  chmod((sticky + "/file").c_str(), 0666);
  const std::string shared = folder + "/shared";
  fs::create_directory(shared);
  WriteFile(shared + "/file", "old");
  chmod((shared + "/file").c_str(), 0666);
  chmod(shared.c_str(), 0777);
  chmod(sticky.c_str(), 01777);
  ASSERT_EQ(seteuid(65534), 0) << "in a sandbox?";
  const absl::Status read_only = OutputFile::Check("a", file);
  const absl::Status others = OutputFile::Check("b", sticky + "/file");
  const absl::Status owner = OutputFile::Check("c", shared + "/file");
  ASSERT_EQ(seteuid(0), 0);
  EXPECT_TRUE(Has(std::string(read_only.message()),
                  "a: cannot write it: Permission denied; a new file beside it"))
      << read_only;
  EXPECT_TRUE(Has(std::string(others.message()), "only that user can replace it")) << others;
  EXPECT_TRUE(Has(std::string(owner.message()), "belongs to another user or group")) << owner;
  EXPECT_EQ(ReadFile(file) + ReadFile(sticky + "/file") + ReadFile(shared + "/file"), "oldoldold");
  fs::remove_all(folder);
}

// The commands.

class OutputTest : public OutputFileTest {
 protected:
  OutputTest() {
    WriteFile(rows_, "a\t1\nbad\n");
    EXPECT_EQ(Shell("$SHEAF load --db " + db_ + " --on-error skip --input " + rows_).exit_status,
              0);
  }
  // The command is refused with this message, and no byte changes anywhere.
  void Refuses(const std::string& command, const std::string& message) {
    SCOPED_TRACE(command);
    const auto before = Snapshot(folder_);
    const Result result = Shell("cd " + folder_ + "; " + command);
    EXPECT_NE(result.exit_status, 0);
    EXPECT_TRUE(Has(result.err, message)) << result.err;
    EXPECT_TRUE(Snapshot(folder_) == before);
  }

  const std::string rows_ = folder_ + "/rows";
  const std::string db_ = folder_ + "/db";
};

TEST_F(OutputTest, LoadRefusesAnOutputThatIsItsInput) {
  fs::create_symlink("rows", folder_ + "/soft");
  fs::create_hard_link(rows_, folder_ + "/hard");
  const std::string load = "$SHEAF load --db new --on-error skip ";
  const std::string is = "rows, which this command reads; name another file";
  for (const char* const option : {"--rejects ", "--json-summary "}) {
    for (const char* const name : {"rows", "./db/../rows", "soft", "hard", "$PWD/rows"}) {
      Refuses(load + "--input rows " + option + name, is);
      Refuses(load + "--input soft " + option + name, "which this command reads");
      Refuses(load + option + name + " <rows", "is stdin, which this command reads");
      Refuses(load + "--input /dev/stdin " + option + name + " <rows", "which this command reads");
      Refuses(load + "--input db/CURRENT --input rows " + option + name, is);
    }
    for (const char* const name : {"/dev/fd/5", "/proc/self/fd/5", "/dev/stdout"}) {
      Refuses(load + "--input rows " + option + name + " 5>>rows >>rows", is);
    }
  }
}

TEST_F(OutputTest, LoadRefusesAnOutputInTheFolderOfItsDb) {
  const std::string load = "$SHEAF load --on-error skip --input rows ";
  for (const char* const option : {"--rejects ", "--json-summary "}) {
    for (const char* const name : {"db/CURRENT", "db/new", "db/../db/LOG"}) {
      Refuses(load + "--db db " + option + name, " --db db, which this command reads");
    }
    Refuses(load + "--db new " + option + "new", "is --db new, which this command reads");
    Refuses(load + "--db db --sst-only ssts " + option + "db/CURRENT", " --db db, which");
  }
  fs::create_hard_link(db_ + "/CURRENT", folder_ + "/hard");
  Refuses(load + "--db db --rejects hard", "is CURRENT of --db db");
  Refuses(load + "--db db --rejects r --json-summary ./r",
          "is --rejects r, which this command writes");
}

TEST_F(OutputTest, ExportAndOthersRefuseToWriteIntoTheirDb) {
  fs::create_hard_link(db_ + "/CURRENT", folder_ + "/hard");
  fs::create_symlink("db/CURRENT", folder_ + "/soft");
  for (const char* const name : {"db/CURRENT", "db/new", "soft", "hard"}) {
    Refuses("$SHEAF export --db db --output " + std::string(name), "which this command reads");
  }
  Refuses("$SHEAF export --db db --output /dev/stdout >>db/CURRENT", "which this command reads");
  for (const char* const command :
       {"export", "scan", "stats", "verify", "get", "append", "compact", "repair --dry-run"}) {
    Refuses("$SHEAF " + std::string(command) + " --db db " +
                (std::string(command) == "get" ? "a" : "") + " >>db/CURRENT",
            "stdout: is CURRENT of --db db, which this command reads");
    Refuses("$SHEAF " + std::string(command) + " --db db a v 2>>db/CURRENT", "");
  }
}

// Not even the message is written into it.
TEST_F(OutputTest, MessagesAreNotWrittenIntoAnInput) {
  WriteFile(folder_ + "/blob", "no list");
  for (const auto& [words, input] :
       std::vector<std::pair<std::string, std::string>>{{"load --db new --input rows", "rows"},
                                                        {"load --db new <rows", "rows"},
                                                        {"load --db db --input rows", "db/CURRENT"},
                                                        {"inspect blob", "blob"}}) {
    const std::string command = words + " 2>>" + input;
    SCOPED_TRACE(command);
    const auto before = Snapshot(folder_);
    const Result quiet = Shell("cd " + folder_ + "; $SHEAF " + command + " >>" + input);
    EXPECT_NE(quiet.exit_status, 0);
    EXPECT_TRUE(Snapshot(folder_) == before);
    const Result result = Shell("cd " + folder_ + "; $SHEAF " + command + " >" + folder_ + ".out");
    EXPECT_NE(result.exit_status, 0);
    EXPECT_TRUE(Snapshot(folder_) == before);
    const std::string said = ReadFile(folder_ + ".out");
    EXPECT_TRUE(Has(said, "stderr: is ")) << said;
    EXPECT_TRUE(Has(said, ", which this command reads; name another file")) << said;
  }
}

TEST_F(OutputTest, InspectRefusesToWriteIntoItsFile) {
  WriteFile(folder_ + "/blob", std::string("\xB0\x00", 2));
  Refuses("$SHEAF inspect blob >>blob", "stdout: is FILE blob, which this command reads");
  Refuses("$SHEAF inspect blob 1<>blob", "stdout: is FILE blob");
  Refuses("$SHEAF inspect - <blob >>blob", "stdout: is stdin");
}

TEST_F(OutputTest, FilesOfTheUserStayAsTheyWere) {
  fs::create_directory(folder_ + "/in");
  for (const char* const name : {"r", "s", "o"}) {
    const std::string file = folder_ + "/in/" + name;
    WriteFile(file, "old");
    chmod(file.c_str(), 0600);
    WriteFile(folder_ + "/" + name + ".part", "mine");
    fs::create_symlink("in/" + std::string(name), folder_ + "/" + name);
  }
  const Result result = Shell("cd " + folder_ +
                              "; $SHEAF load --db db --input rows --on-error skip --rejects r "
                              "--json-summary s && $SHEAF export --db db --output o");
  EXPECT_EQ(result.exit_status, 0) << result.err;
  EXPECT_EQ(ReadFile(folder_ + "/in/r"), "rows:2\texpected key TAB value, found no TAB\tbad\n");
  EXPECT_TRUE(Has(ReadFile(folder_ + "/in/s"), "\"rows\":1"));
  EXPECT_EQ(ReadFile(folder_ + "/in/o"), "a\t1\na\t1\n");
  for (const char* const name : {"r", "s", "o"}) {
    EXPECT_TRUE(fs::is_symlink(folder_ + "/" + name)) << name;
    EXPECT_EQ(ModeOf(folder_ + "/in/" + name), 0600u) << name;
    EXPECT_EQ(ReadFile(folder_ + "/" + name + ".part"), "mine") << name;
  }
  EXPECT_EQ(Names(), "db in o o.part r r.part rows s s.part ");
}

TEST_F(OutputTest, FailedCommandsReplaceNothing) {
  std::string many;
  for (int i = 0; i < 20000; ++i) many += "key" + std::to_string(i) + "\tvalue\n";
  WriteFile(folder_ + "/many", many);
  ASSERT_EQ(Shell("cd " + folder_ + "; $SHEAF load --db db --input many").exit_status, 0);
  WriteFile(folder_ + "/o", "old");
  // A disk that is full, for files past 64 KB.
  Refuses("trap '' XFSZ; ulimit -f 64; $SHEAF export --db db --output o",
          "cannot write to o: File too large");
  const auto names = Names();
  const std::string load = "cd " + folder_ + "; $SHEAF load --db db --input many --input rows ";
  for (const char* const options :
       {"--on-error stop", "--on-error skip --create-only --rejects o"}) {
    const Result result = Shell(load + options);
    EXPECT_EQ(result.exit_status, 1) << result.err;
    EXPECT_EQ(Names(), names);
  }
  EXPECT_EQ(ReadFile(folder_ + "/o"), "old");
}

TEST_F(OutputTest, RedirectedOutputIsAppendedToWhereItWas) {
  EXPECT_EQ(
      Shell("cd " + folder_ + "; echo before >o; $SHEAF export --db db --output /dev/stdout >>o")
          .exit_status,
      0);
  EXPECT_EQ(ReadFile(folder_ + "/o"), "before\na\t1\n");
  EXPECT_EQ(
      Shell("cd " + folder_ +
            "; { echo before; $SHEAF export --db db --output /dev/fd/3 3>&1; echo after; } >o")
          .exit_status,
      0);
  EXPECT_EQ(ReadFile(folder_ + "/o"), "before\na\t1\nafter\n");
}

TEST_F(OutputTest, SignalLeavesNoTemporaryFile) {
  std::string many;
  for (int i = 0; i < 3000; ++i)
    many += "key" + std::to_string(i) + "\t" + std::string(1000, 'v') + "\n";
  WriteFile(folder_ + "/many", many);
  ASSERT_EQ(
      Shell("cd " + folder_ + "; for i in 1 2 3 4 5; do $SHEAF load --db db --input many; done")
          .exit_status,
      0);
  WriteFile(folder_ + "/o", "old");
  const auto names = Names();
  for (const int signal : {SIGINT, SIGTERM}) {
    Process process({"export", "--db", db_, "--output", folder_ + "/o", "--progress"});
    process.CloseInput();
    process.WaitForError("writing");
    process.Signal(signal);
    const int status = process.Wait().exit_status;
    EXPECT_TRUE(status == 128 + signal || status == 0) << status;  // it may be done already
    if (status != 0) {
      EXPECT_EQ(ReadFile(folder_ + "/o"), "old");
    }
    EXPECT_EQ(Names(), names);
  }
}

}  // namespace
}  // namespace testing
}  // namespace sheaf
