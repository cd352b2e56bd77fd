// CrashWriter: a running crash_writer, and what it tells.
//
//   CrashWriter writer({path, "0", "0", "0", "0", "0"});
//   for (int i = 0; i < 1000 && writer.Next(&event); ++i) Use(event);
//   EXPECT_TRUE(writer.Kill());
//   while (writer.Next(&event)) Use(event);                // what it had told before
//
// Thread safety: none.

#ifndef SHEAF_TESTS_ROCKSDB_CRASH_WRITER_PROCESS_H_
#define SHEAF_TESTS_ROCKSDB_CRASH_WRITER_PROCESS_H_

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "tests/rocksdb/crash_workload.h"

extern char** environ;

namespace sheaf {
namespace testing {

inline std::string CrashWriterBinary() {
  const char* const root = std::getenv("TEST_SRCDIR");
  const char* const workspace = std::getenv("TEST_WORKSPACE");
  if (root == nullptr || workspace == nullptr) return "tests/rocksdb/crash_writer";
  return std::string(root) + "/" + workspace + "/tests/rocksdb/crash_writer";
}

class CrashWriter {
 public:
  explicit CrashWriter(std::vector<std::string> arguments) {
    std::array<int, 2> ends;
    if (pipe2(ends.data(), O_CLOEXEC) != 0) std::abort();
    // TSan does not see what orders RocksDB's threads, as Debian's is not instrumented, and reports
    // memory that goes from one to another through a group commit. Harmless without TSan.
    setenv("TSAN_OPTIONS", "report_bugs=0", 1);
    std::string binary = CrashWriterBinary();
    std::vector<char*> argv = {&binary[0]};
    for (std::string& argument : arguments) argv.push_back(&argument[0]);
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    EXPECT_EQ(posix_spawn(&pid_, binary.c_str(), &actions, nullptr, argv.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    from_ = ends[0];
  }
  ~CrashWriter() { close(from_); }
  CrashWriter(const CrashWriter&) = delete;
  CrashWriter& operator=(const CrashWriter&) = delete;

  // Waits for the next event. False if there will be none, as the writer has ended.
  bool Next(CrashEvent* event) {
    return read(from_, event, sizeof *event) == static_cast<ssize_t>(sizeof *event);
  }

  // False if it had ended by itself.
  bool Kill() {
    kill(pid_, SIGKILL);
    int status = 0;
    waitpid(pid_, &status, 0);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

 private:
  pid_t pid_ = -1;
  int from_ = -1;
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_CRASH_WRITER_PROCESS_H_
