#include "tools/common/worker_threads.h"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"

namespace sheaf {
namespace load {
namespace {

constexpr char kOutOfMemory[] = "sheaf/out-of-memory";

}  // namespace

bool IsOutOfMemory(const absl::Status& status) {
  return absl::IsUnavailable(status) || status.GetPayload(kOutOfMemory).has_value();
}

absl::Status WithoutExceptions(const std::function<absl::Status()>& f) {
  try {
    return f();
  } catch (const std::bad_alloc&) {
    absl::Status status =
        absl::ResourceExhaustedError("out of memory; lower --memory or --threads");
    status.SetPayload(kOutOfMemory, absl::Cord());
    return status;
  } catch (const std::exception& error) {
    return absl::InternalError(absl::StrCat("internal error: ", error.what()));
  }
}

absl::Status RunWorkers(size_t count, const std::function<absl::Status(size_t i)>& work,
                        const std::function<void()>& tick) {
  constexpr std::chrono::milliseconds kTick(100);
  std::mutex mutex;
  std::condition_variable ended;
  size_t running = count;
  std::vector<absl::Status> statuses(count);
  std::vector<std::thread> threads;
  threads.reserve(count);
  const auto run = [&](size_t i) {
    statuses[i] = WithoutExceptions([&] { return work(i); });
    const std::lock_guard<std::mutex> lock(mutex);
    if (--running == 0) ended.notify_one();
  };
  bool may_start = true;
  for (size_t i = 0; i < count; ++i) {
    if (may_start) {
      try {
        threads.emplace_back(run, i);
        continue;
      } catch (const std::exception&) {  // of the system's limits, or of memory
        may_start = false;
      }
    }
    run(i);
  }
  {
    std::unique_lock<std::mutex> lock(mutex);
    while (!ended.wait_for(lock, kTick, [&] { return running == 0; })) {
      lock.unlock();
      WithoutExceptions([&] {
        tick();
        return absl::OkStatus();
      }).IgnoreError();  // progress that is not shown is no reason to end
      lock.lock();
    }
  }
  for (std::thread& thread : threads) thread.join();
  absl::Status result;
  for (const absl::Status& status : statuses) {
    if (result.ok() || (absl::IsCancelled(result) && !status.ok())) result = status;
  }
  return result;
}

}  // namespace load
}  // namespace sheaf
