// RecordingAllocator: an allocator for RocksDB's caches that knows which memory it handed out, so
// that a test can ask whose memory a slice lies in.

#ifndef SHEAF_TESTS_ROCKSDB_RECORDING_ALLOCATOR_H_
#define SHEAF_TESTS_ROCKSDB_RECORDING_ALLOCATOR_H_

#include <cstdlib>
#include <map>
#include <mutex>
#include <string_view>

#include "rocksdb/memory_allocator.h"

namespace sheaf {
namespace testing {

class RecordingAllocator final : public rocksdb::MemoryAllocator {
 public:
  const char* Name() const override { return "RecordingAllocator"; }

  void* Allocate(size_t size) override {
    char* const at = static_cast<char*>(std::malloc(size));
    const std::lock_guard<std::mutex> lock(mutex_);
    live_[at] = size;
    return at;
  }

  void Deallocate(void* at) override {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      live_.erase(static_cast<char*>(at));
    }
    std::free(at);
  }

  // Whether all of `bytes` lies in memory that was handed out and not given back.
  bool Owns(std::string_view bytes) const {
    const std::lock_guard<std::mutex> lock(mutex_);
    auto after = live_.upper_bound(const_cast<char*>(bytes.data()));
    if (after == live_.begin()) return false;
    --after;
    return bytes.data() + bytes.size() <= after->first + after->second;
  }

 private:
  mutable std::mutex mutex_;
  std::map<char*, size_t> live_;
};

}  // namespace testing
}  // namespace sheaf

#endif  // SHEAF_TESTS_ROCKSDB_RECORDING_ALLOCATOR_H_
