#include "tools/common/interrupt.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>

namespace sheaf {
namespace load {
namespace {

std::atomic<int> arrived{0};
int pipe_fds[2] = {-1, -1};
struct sigaction former_int, former_term;

void OnSignal(int signal) {
  const int error = errno;
  arrived.store(signal, std::memory_order_relaxed);
  // Wakes poll() on whichever thread waits for input.
  [[maybe_unused]] const ssize_t written = write(pipe_fds[1], "", 1);
  errno = error;
}

}  // namespace

InterruptScope::InterruptScope() {
  arrived.store(0, std::memory_order_relaxed);
  if (pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK) != 0) pipe_fds[0] = pipe_fds[1] = -1;
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, nullptr, &former_int);
  sigaction(SIGTERM, nullptr, &former_term);
  // Who started us with a signal ignored (nohup, a shell's background job) wants that to hold.
  if (former_int.sa_handler != SIG_IGN) sigaction(SIGINT, &action, nullptr);
  if (former_term.sa_handler != SIG_IGN) sigaction(SIGTERM, &action, nullptr);
}

InterruptScope::~InterruptScope() {
  sigaction(SIGINT, &former_int, nullptr);
  sigaction(SIGTERM, &former_term, nullptr);
  if (pipe_fds[0] >= 0) close(pipe_fds[0]);
  if (pipe_fds[1] >= 0) close(pipe_fds[1]);
  pipe_fds[0] = pipe_fds[1] = -1;
}

int InterruptSignal() { return arrived.load(std::memory_order_relaxed); }

absl::Status CheckInterrupt() {
  const int signal = InterruptSignal();
  if (signal == 0) return absl::OkStatus();
  return absl::CancelledError(signal == SIGINT ? "interrupted (SIGINT)" : "terminated (SIGTERM)");
}

int InterruptFd() { return pipe_fds[0]; }

}  // namespace load
}  // namespace sheaf
