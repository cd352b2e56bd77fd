#include "tools/bench/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace sheaf {
namespace bench {
namespace {

constexpr size_t kShownOfLog = 1000;

volatile sig_atomic_t interrupted = 0;
volatile sig_atomic_t running = 0;  // the child's id

void OnSignal(int) {
  interrupted = 1;
  if (running != 0) kill(running, SIGTERM);
}

// In the child, where nothing may be allocated.
[[noreturn]] void Exec(char* const* arguments, const char* input, const char* log) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int in = open(input, O_RDONLY);
  const int out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (in >= 0 && out >= 0 && dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(out, 2) >= 0) {
    execvp(arguments[0], arguments);
  }
  const char* const text = std::strerror(errno);
  (void)!write(2, text, std::strlen(text));
  _exit(127);
}

double Seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
}

std::string EndOf(const std::string& log) {
  std::ifstream file(log, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  return text.size() <= kShownOfLog ? text : text.substr(text.size() - kShownOfLog);
}

}  // namespace

absl::StatusOr<ChildUsage> RunChild(const std::vector<std::string>& arguments,
                                    const std::string& input, const std::string& log) {
  if (Interrupted()) return absl::CancelledError("interrupted");
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) {
    pointers.push_back(const_cast<char*>(argument.c_str()));
  }
  pointers.push_back(nullptr);
  setenv("LC_ALL", "C", 1);

  // Not posix_spawn, which shares this process's memory and so its peak.
  const auto begin = std::chrono::steady_clock::now();
  const pid_t child = fork();
  if (child == 0) Exec(pointers.data(), input.c_str(), log.c_str());
  if (child < 0) return absl::InternalError(absl::StrCat("cannot fork: ", std::strerror(errno)));
  running = child;
  int status = 0;
  struct rusage usage = {};
  pid_t ended;
  do {
    ended = wait4(child, &status, 0, &usage);
  } while (ended < 0 && errno == EINTR);
  const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - begin;
  running = 0;

  if (Interrupted()) return absl::CancelledError("interrupted");
  if (ended != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return absl::InternalError(absl::StrCat(
        absl::StrJoin(arguments, " "), ": ",
        WIFSIGNALED(status) ? absl::StrCat("ended by signal ", WTERMSIG(status))
                            : absl::StrCat("exit status ", WEXITSTATUS(status), ", expected 0"),
        ": ", EndOf(log)));
  }
  ChildUsage result;
  result.wall_seconds = wall.count();
  result.cpu_seconds = Seconds(usage.ru_utime) + Seconds(usage.ru_stime);
  result.peak_bytes = static_cast<uint64_t>(usage.ru_maxrss) * 1024;
  return result;
}

void EndChildrenAtSignals() {
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  for (const int signal : {SIGINT, SIGTERM}) sigaction(signal, &action, nullptr);
}

bool Interrupted() { return interrupted != 0; }

}  // namespace bench
}  // namespace sheaf
