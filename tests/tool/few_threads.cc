// Preloaded: a process that may start FEW_THREADS threads, and no more, as under `ulimit -u`.

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*start)(void*), void* argument) noexcept {
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto create = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  static std::atomic<int> left{std::atoi(std::getenv("FEW_THREADS"))};
  if (left.fetch_sub(1) <= 0) return EAGAIN;
  return create(thread, attributes, start, argument);
}
