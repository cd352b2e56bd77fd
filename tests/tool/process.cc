#include "tests/tool/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "gtest/gtest.h"

namespace sheaf {
namespace testing {
namespace {

namespace fs = std::filesystem;

}  // namespace

std::string SheafPath() {
  const char* const root = std::getenv("TEST_SRCDIR");
  const char* const workspace = std::getenv("TEST_WORKSPACE");
  if (root == nullptr || workspace == nullptr) return "tools/sheaf/sheaf";
  return std::string(root) + "/" + workspace + "/tools/sheaf/sheaf";
}

Process::Process(const std::vector<std::string>& arguments, const std::string& out_path) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::string binary = SheafPath();
  std::vector<char*> argv = {const_cast<char*>("sheaf")};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  int in[2], out[2], err[2];
  if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0)
    abort();
  pid_ = fork();
  if (pid_ == 0) {
    std::signal(SIGPIPE, SIG_DFL);
    std::signal(SIGINT, SIG_DFL);
    dup2(in[0], 0);
    const int to = out_path.empty() ? out[1] : open(out_path.c_str(), O_WRONLY);
    dup2(to, 1);
    dup2(err[1], 2);
    execv(binary.c_str(), argv.data());
    _exit(127);
  }
  close(in[0]);
  close(out[1]);
  close(err[1]);
  in_ = in[1];
  out_ = out[0];
  err_ = err[0];
}

Process::~Process() {
  if (pid_ > 0) {
    kill(pid_, SIGKILL);
    Wait();
  }
}

void Process::Write(const std::string& input) {
  // Large inputs: what the process prints meanwhile must be taken off its hands.
  fcntl(in_, F_SETFL, O_NONBLOCK);
  size_t done = 0;
  while (done < input.size()) {
    struct pollfd waits[3] = {{in_, POLLOUT, 0}, {out_, POLLIN, 0}, {err_, POLLIN, 0}};
    poll(waits, 3, -1);
    char chunk[1 << 16];
    for (int i = 1; i < 3; ++i) {
      if ((waits[i].revents & POLLIN) == 0) continue;
      const ssize_t got = read(waits[i].fd, chunk, sizeof chunk);
      if (got > 0) (i == 1 ? result_.out : result_.err).append(chunk, static_cast<size_t>(got));
    }
    if ((waits[0].revents & (POLLOUT | POLLERR)) == 0) continue;
    const ssize_t written = write(in_, input.data() + done, input.size() - done);
    if (written < 0 && errno != EAGAIN) return;  // it does not read any more
    if (written > 0) done += static_cast<size_t>(written);
  }
}

void Process::CloseInput() {
  if (in_ >= 0) close(in_);
  in_ = -1;
}

void Process::Signal(int signal) { kill(pid_, signal); }

void Process::Pump(bool until_end, const std::string& text) {
  while (out_ >= 0 || err_ >= 0) {
    if (!until_end && Has(result_.err, text)) return;
    struct pollfd waits[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
    poll(waits, 2, -1);
    for (int i = 0; i < 2; ++i) {
      if (waits[i].revents == 0) continue;
      char chunk[1 << 16];
      const ssize_t got = read(waits[i].fd, chunk, sizeof chunk);
      int& fd = i == 0 ? out_ : err_;
      if (got > 0) {
        (i == 0 ? result_.out : result_.err).append(chunk, static_cast<size_t>(got));
      } else {
        close(fd);
        fd = -1;
      }
    }
  }
}

bool Process::WaitForError(const std::string& text) {
  Pump(false, text);
  return Has(result_.err, text);
}

bool Process::WaitUntil(const std::function<bool()>& condition) const {
  for (;;) {
    // Looked at first: what it did before it ended counts.
    siginfo_t ended = {};
    waitid(P_PID, static_cast<id_t>(pid_), &ended, WEXITED | WNOHANG | WNOWAIT);
    if (condition()) return true;
    if (ended.si_pid != 0) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool Process::WaitUntilOpen(const std::string& path) const {
  const std::string descriptors = "/proc/" + std::to_string(pid_) + "/fd";
  const fs::path wanted = fs::canonical(path);
  return WaitUntil([&] {
    std::error_code error;  // they come and go
    for (fs::directory_iterator at(descriptors, error), end; !error && at != end;
         at.increment(error)) {
      std::error_code gone;
      if (fs::read_symlink(at->path(), gone) == wanted) return true;
    }
    return false;
  });
}

Result Process::Wait() {
  CloseInput();
  Pump(true, "");
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  result_.exit_status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result_;
}

Result RunSheaf(const std::vector<std::string>& arguments, const std::string& input) {
  Process process(arguments);
  process.Write(input);
  return process.Wait();
}

std::string TestFolder() {
  const auto* const info = ::testing::UnitTest::GetInstance()->current_test_info();
  std::string name = std::string(info->test_suite_name()) + "." + info->name();
  for (char& c : name) c = c == '/' ? '_' : c;
  const std::string folder = ::testing::TempDir() + "/" + name;
  if (!fs::exists(folder)) fs::create_directories(folder);
  return folder;
}

std::string ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

void WriteFile(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::map<std::string, std::string> Snapshot(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string path = fs::relative(entry.path(), folder).string();
    if (entry.is_directory()) {
      files[path + "/"];
    } else {
      files[path] = ReadFile(entry.path().string());
    }
  }
  return files;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace testing
}  // namespace sheaf
