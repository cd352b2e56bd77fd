#include "plugin/rocksdb/open_pages.h"

#include <algorithm>
#include <exception>
#include <unordered_map>
#include <vector>

#include "plugin/codec/stored_key.h"

namespace sheaf {
namespace internal {
namespace {

// An entry: the upper half is the list's tag, which is not 0; then whether the bytes are exact, not
// only those that were counted since the list came into the table; then the bytes.
constexpr uint64_t kExact = uint64_t{1} << 31;
constexpr uint64_t kMaxBytes = uint64_t{1}
                               << 29;  // so that adding twice that does not reach kExact

uint64_t TagOf(uint64_t hash) { return (hash >> 32 | 1) << 32; }
uint64_t BytesOf(uint64_t entry) { return entry & (kExact - 1); }
bool IsOf(uint64_t entry, uint64_t tag) { return (entry >> 32) == (tag >> 32); }

// A number below 2^32. Not of quality.
uint32_t Random() {
  static thread_local uint64_t state =
      reinterpret_cast<uintptr_t>(&state) * 0x9E3779B97F4A7C15 | 1;  // NOLINT
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return static_cast<uint32_t>(state >> 16);
}

// By operator. Never destroyed: background threads of DBs may ask.
struct Registry {
  std::mutex mutex;
  std::unordered_multimap<const rocksdb::MergeOperator*, OpenPages*> pages;
};
Registry& Registered() {
  static auto* const registry = new Registry;
  return *registry;
}

}  // namespace

OpenPages::OpenPages(uint64_t page_bytes, bool stalls, const rocksdb::MergeOperator* merge_operator)
    : page_bytes_(page_bytes),
      stalls_(stalls),
      merge_operator_(merge_operator),
      table_(new Table()) {
  Registry& registry = Registered();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  registry.pages.emplace(merge_operator_, this);
}

OpenPages::~OpenPages() {
  Registry& registry = Registered();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  const auto range = registry.pages.equal_range(merge_operator_);
  for (auto it = range.first; it != range.second; ++it) {
    if (it->second != this) continue;
    registry.pages.erase(it);
    return;
  }
}

void OpenPages::Meet(const rocksdb::MergeOperator* merge_operator,
                     const rocksdb::Slice& stored_key) noexcept {
  try {
    std::string key;
    uint64_t position = 0;
    if (!StoredKey::Parse(stored_key.ToStringView(), &key, &position)) return;
    if (position != StoredKey::kOpen) return;
    Registry& registry = Registered();
    const std::lock_guard<std::mutex> lock(registry.mutex);
    const auto range = registry.pages.equal_range(merge_operator);
    for (auto it = range.first; it != range.second; ++it) it->second->Wait(key);
  } catch (const std::exception&) {
    // No memory to note it; it is met again.
  }
}

OpenPages::Size OpenPages::Appended(uint64_t hash, std::string_view key, uint64_t bytes) {
  bytes = std::min(bytes, kMaxBytes);
  const uint64_t tag = TagOf(hash);
  Set8& set = table_->sets[hash % kSets];
  uint64_t before = 0;
  bool is_exact = false;
  bool is_counted = false;
  for (std::atomic<uint64_t>& entry : set.entries) {
    uint64_t found = entry.load(std::memory_order_relaxed);
    if (found == 0 && entry.compare_exchange_strong(found, tag | bytes)) {
      is_counted = true;
    } else if (IsOf(found, tag)) {
      // Past the max, it is far too large anyway.
      if (BytesOf(found) < kMaxBytes) found = entry.fetch_add(bytes, std::memory_order_relaxed);
      before = BytesOf(found);
      is_exact = (found & kExact) != 0;
      is_counted = true;
    }
    if (is_counted) break;
  }
  if (!is_counted) {
    if (bytes < page_bytes_ / 16 && Random() >= bytes * 16 * (uint64_t{1} << 32) / page_bytes_) {
      return Size::kSmall;
    }
    Wait(key);
    return Size::kLarge;
  }
  // What was there before the list was counted is less than a page, or was noticed.
  const uint64_t limit = std::max<uint64_t>(1, is_exact ? page_bytes_ : page_bytes_ / 2);
  const uint64_t after = before + bytes;
  const bool is_far_too_large = stalls_ && after >= 2 * page_bytes_;
  if (!is_far_too_large && after / limit == before / limit) return Size::kSmall;
  Wait(key);
  return is_far_too_large ? Size::kFarTooLarge : Size::kLarge;
}

void OpenPages::Set(uint64_t hash, uint64_t bytes) {
  const uint64_t tag = TagOf(hash);
  const uint64_t value = tag | kExact | std::min(bytes, kMaxBytes);
  Set8& set = table_->sets[hash % kSets];
  std::atomic<uint64_t>* place = nullptr;
  for (std::atomic<uint64_t>& entry : set.entries) {
    uint64_t found = entry.load(std::memory_order_relaxed);
    if (IsOf(found, tag) || (found == 0 && entry.compare_exchange_strong(found, value))) {
      entry.store(value, std::memory_order_relaxed);
      return;
    }
    if (place == nullptr || BytesOf(found) < BytesOf(place->load(std::memory_order_relaxed))) {
      place = &entry;
    }
  }
  if (BytesOf(place->load(std::memory_order_relaxed)) < bytes) {
    place->store(value, std::memory_order_relaxed);
  }
}

void OpenPages::Wait(std::string_view key) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (waiting_.size() >= kMaxWaiting || !waiting_.emplace(key).second) return;
    queue_.emplace_back(key);
  }
  changed_.notify_all();
}

bool OpenPages::Pop(std::string* key) {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    if (stopped_) return false;
    const Clock::time_point now = Clock::now();
    while (!later_.empty() && later_.front().at <= now) {
      queue_.push_back(std::move(later_.front().key));
      later_.pop_front();
    }
    while (!queue_.empty()) {
      *key = std::move(queue_.front());
      queue_.pop_front();
      if (waiting_.count(*key) != 0) return true;
    }
    if (later_.empty()) {
      changed_.wait(lock);
    } else {
      changed_.wait_until(lock, later_.front().at);
    }
  }
}

void OpenPages::Done(const std::string& key, bool again, std::chrono::milliseconds pause) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (again) {
      failed_.insert(key);
      later_.push_back({Clock::now() + pause, key});
      std::sort(later_.begin(), later_.end(),
                [](const Later& a, const Later& b) { return a.at < b.at; });
    } else {
      waiting_.erase(key);
      failed_.erase(key);
    }
  }
  changed_.notify_all();
}

void OpenPages::Forget(const std::string& key) {
  Done(key, /*again=*/false, std::chrono::milliseconds(0));
}

void OpenPages::Await(const std::string& key, std::chrono::milliseconds max) {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait_for(
      lock, max, [&] { return stopped_ || waiting_.count(key) == 0 || failed_.count(key) != 0; });
}

void OpenPages::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

uint64_t OpenPages::waiting() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return waiting_.size();
}

}  // namespace internal
}  // namespace sheaf
