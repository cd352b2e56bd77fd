#include "tools/load/worker_threads.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

namespace sheaf {
namespace load {

absl::Status RunWorkers(size_t count, const std::function<absl::Status(size_t i)>& work,
                        const std::function<void()>& tick) {
  constexpr std::chrono::milliseconds kTick(100);
  std::mutex mutex;
  std::condition_variable ended;
  size_t running = count;
  std::vector<absl::Status> statuses(count);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < count; ++i) {
    threads.emplace_back([&, i] {
      statuses[i] = work(i);
      const std::lock_guard<std::mutex> lock(mutex);
      if (--running == 0) ended.notify_one();
    });
  }
  {
    std::unique_lock<std::mutex> lock(mutex);
    while (!ended.wait_for(lock, kTick, [&] { return running == 0; })) {
      lock.unlock();
      tick();
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
