#include "tools/common/last_words.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace sheaf {
namespace load {
namespace {

struct Limit {
  __rlimit_resource resource;
  const char* name;
  uint64_t unit;  // of ulimit
};
constexpr Limit kMemory = {RLIMIT_AS, "address space in KB (ulimit -v)", 1024};
constexpr Limit kData = {RLIMIT_DATA, "data in KB (ulimit -d)", 1024};
constexpr Limit kThreads = {RLIMIT_NPROC, "processes and threads (ulimit -u)", 1};
constexpr Limit kOpenFiles = {RLIMIT_NOFILE, "open files (ulimit -n)", 1};
constexpr Limit kFileSize = {RLIMIT_FSIZE, "the size of a file in KB (ulimit -f)", 1024};

struct Advice {
  const char* error;  // a part of the message
  Limit limit;
};
constexpr Advice kAdvice[] = {
    {"Too many open files", kOpenFiles},
    {"File too large", kFileSize},
    {"Resource temporarily unavailable", kThreads},
    {"Cannot allocate memory", kMemory},
    {"out of memory", kMemory},
};

// Memory may have run out: nothing here takes any.
char who[64];
char words[4096];
std::terminate_handler former = nullptr;

bool Value(const Limit& limit, uint64_t* value) {
  struct rlimit is;
  if (getrlimit(limit.resource, &is) != 0 || is.rlim_cur == RLIM_INFINITY) return false;
  *value = is.rlim_cur / limit.unit;
  return true;
}

void Say(const char* text) {
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text, std::strlen(text));
}

[[noreturn]] void OnTerminate() {
  static std::atomic_flag is_ending = ATOMIC_FLAG_INIT;
  while (is_ending.test_and_set()) pause();  // another thread ends the process
  char reason[256] = "memory or threads ran out where RocksDB could not say so";
  bool is_known = false;
  if (const std::exception_ptr exception = std::current_exception()) {
    try {
      std::rethrow_exception(exception);
    } catch (const std::bad_alloc&) {
      std::snprintf(reason, sizeof reason, "out of memory");
      is_known = true;
    } catch (const std::system_error& error) {
      std::snprintf(reason, sizeof reason, "cannot start a thread: %s", error.what());
      is_known = true;
    } catch (...) {
      if (former != nullptr) former();
      std::abort();
    }
  }
  char line[512];
  std::snprintf(line, sizeof line, "%s: %s", who, reason);
  Say(line);
  const char* comma = "; limits of this process are: ";
  for (const Limit& limit : {kMemory, kData, kThreads}) {
    uint64_t value;
    if (!Value(limit, &value)) continue;
    std::snprintf(line, sizeof line, "%s%llu %s", comma, static_cast<unsigned long long>(value),
                  limit.name);
    Say(line);
    comma = ", ";
    is_known = true;
  }
  Say(". Raise them, or end other programs. What is on disk is as before, or complete\n");
  if (words[0] != '\0') {
    std::snprintf(line, sizeof line, "%s: ", who);
    Say(line);
    Say(words);
    Say("\n");
  }
  if (!is_known && former != nullptr) former();  // a fault of another kind
  _exit(1);
}

void Copy(const std::string& from, char* to, size_t size) {
  const size_t bytes = std::min(from.size(), size - 1);
  std::memcpy(to, from.data(), bytes);
  to[bytes] = '\0';
}

}  // namespace

void InstallLastWords(const std::string& name) {
  Copy(name, who, sizeof who);
  former = std::set_terminate(OnTerminate);
}

void SetLastWords(const std::string& text) { Copy(text, words, sizeof words); }

std::string LimitAdvice(const std::string& error) {
  for (const Advice& advice : kAdvice) {
    uint64_t value;
    if (absl::StrContains(error, advice.error) && Value(advice.limit, &value)) {
      return absl::StrCat("; the limit of ", advice.limit.name, " is ", value, ": raise it");
    }
  }
  return "";
}

}  // namespace load
}  // namespace sheaf
