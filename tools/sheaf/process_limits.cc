#include "tools/sheaf/process_limits.h"

#include <malloc.h>
#include <pthread.h>
#include <sys/resource.h>

#include <algorithm>
#include <condition_variable>
#include <csignal>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "tools/common/last_words.h"
#include "tools/common/memory_limit.h"
#include "tools/common/text.h"

namespace sheaf {
namespace tool {
namespace {

// RocksDB opens files by 16 threads; then it has some that flush and compact.
constexpr size_t kThreads = 20;
constexpr rlim_t kMinStack = rlim_t{1} << 20;
constexpr rlim_t kStack = rlim_t{8} << 20;

// Sets the limit to `wanted`, or what comes nearest. Returns what it is then.
rlim_t Raise(__rlimit_resource resource, rlim_t wanted) {
  struct rlimit limit;
  if (getrlimit(resource, &limit) != 0) return wanted;
  if (limit.rlim_cur >= wanted) return limit.rlim_cur;
  limit.rlim_cur = std::min(wanted, limit.rlim_max);
  setrlimit(resource, &limit);
  getrlimit(resource, &limit);
  return limit.rlim_cur;
}

// Without another one, a thread's stack is as large as that of the process may be.
void SetStackOfThreads(size_t bytes) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return;
  if (pthread_attr_setstacksize(&attributes, bytes) == 0) pthread_setattr_default_np(&attributes);
  pthread_attr_destroy(&attributes);
}

// Of `count` threads, those that the system lets run at once.
size_t ThreadsAllowed(size_t count) {
  std::mutex mutex;
  std::condition_variable changed;
  bool all = false;
  std::vector<std::thread> threads;
  threads.reserve(count);
  try {
    while (threads.size() < count) {
      threads.emplace_back([&] {
        std::unique_lock<std::mutex> lock(mutex);
        changed.wait(lock, [&] { return all; });
      });
    }
  } catch (const std::exception&) {  // that is the answer
  }
  {
    const std::lock_guard<std::mutex> lock(mutex);
    all = true;
  }
  changed.notify_all();
  for (std::thread& thread : threads) thread.join();
  return threads.size();
}

}  // namespace

void PrepareProcess(const std::string& who) {
  // A reader of stdout that goes away, and a file that is too large, are errors of write().
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  // Runs that are merged and SSTs of a DB are open files, of which many systems allow a program
  // 1024 until it asks for more.
  Raise(RLIMIT_NOFILE, RLIM_INFINITY);
  Raise(RLIMIT_STACK, kMinStack);
  if (load::AddressSpaceLeft() != UINT64_MAX) {
    SetStackOfThreads(kMinStack);
    mallopt(M_ARENA_MAX, 1);  // each thread would reserve 64 MB
  } else {
    struct rlimit stack;
    const bool known = getrlimit(RLIMIT_STACK, &stack) == 0 && stack.rlim_cur != RLIM_INFINITY;
    if (known && (stack.rlim_cur <= kMinStack || stack.rlim_cur > kStack)) {
      SetStackOfThreads(kStack);
    }
  }
  load::InstallLastWords(who);
}

std::string ProcessLimitFault() {
  if (const rlim_t stack = Raise(RLIMIT_STACK, kMinStack); stack < kMinStack) {
    return "the limit of the stack (ulimit -s) is " + load::Bytes(stack) + "; expected " +
           load::Bytes(kMinStack) + " at least; raise it";
  }
  const size_t threads = ThreadsAllowed(kThreads);
  if (threads == kThreads) return "";
  return "the system lets this process start " + load::Plural(threads, "thread") + "; expected " +
         std::to_string(kThreads) +
         ", as RocksDB starts that many. Raise the limit of processes and threads (ulimit -u) or "
         "of "
         "address space (ulimit -v), or end other programs of this user";
}

}  // namespace tool
}  // namespace sheaf
