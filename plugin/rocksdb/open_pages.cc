#include "plugin/rocksdb/open_pages.h"

#include <algorithm>
#include <exception>
#include <unordered_map>
#include <utility>

#include "plugin/codec/stored_key.h"
#include "plugin/rocksdb/process_local.h"

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

// A list that may have been appended to in a batch is looked at so often again, each time after ten
// times as long.
constexpr uint8_t kLooks = 3;
constexpr std::chrono::milliseconds kFirstLook{50};

// A number below 2^32. Not of quality.
uint32_t Random() {
  static thread_local uint64_t state =
      reinterpret_cast<uintptr_t>(&state) * 0x9E3779B97F4A7C15 | 1;  // NOLINT
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return static_cast<uint32_t>(state >> 16);
}

// By operator.
struct Registry {
  std::mutex mutex;
  std::unordered_multimap<const rocksdb::MergeOperator*, OpenPages*> pages;
};
Registry& Registered() { return ProcessLocal<Registry>::Get(); }

}  // namespace

OpenPages::OpenPages(uint64_t page_bytes, bool serves, const rocksdb::MergeOperator* merge_operator)
    : page_bytes_(page_bytes),
      serves_(serves),
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
    for (auto it = range.first; it != range.second; ++it) it->second->FoundLarge(key);
  } catch (const std::exception&) {
    // No memory to note it; it is met again.
  }
}

OpenPages::Size OpenPages::Appended(uint64_t hash, std::string_view key, uint64_t bytes,
                                    Written written) {
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
    const bool is_by_chance = bytes < page_bytes_ / 16;
    Wait(key, written, is_by_chance ? kMaxWaiting / 2 : kMaxWaiting);
    return Size::kLarge;
  }
  // What was there before the list was counted is less than a page, or was noticed.
  const uint64_t limit = std::max<uint64_t>(1, is_exact ? page_bytes_ : page_bytes_ / 2);
  const uint64_t after = before + bytes;
  // What is counted may be an eighth less than what the page has.
  const bool is_far_too_large = serves_ && after >= 2 * page_bytes_ - page_bytes_ / 8;
  if (!is_far_too_large && after / limit == before / limit) return Size::kSmall;
  Wait(key, written);
  return is_far_too_large ? Size::kFarTooLarge : Size::kLarge;
}

std::atomic<uint64_t>* OpenPages::Find(uint64_t hash, uint64_t* found) const {
  const uint64_t tag = TagOf(hash);
  for (std::atomic<uint64_t>& entry : table_->sets[hash % kSets].entries) {
    *found = entry.load(std::memory_order_relaxed);
    if (IsOf(*found, tag)) return &entry;
  }
  return nullptr;
}

uint64_t OpenPages::Counted(uint64_t hash) const {
  uint64_t found = 0;
  return Find(hash, &found) == nullptr ? 0 : BytesOf(found);
}

void OpenPages::Correct(uint64_t hash, uint64_t before, uint64_t after) {
  const uint64_t tag = TagOf(hash);
  uint64_t found = 0;
  std::atomic<uint64_t>* const entry = Find(hash, &found);
  if (entry == nullptr) return Set(hash, after);
  uint64_t corrected = 0;
  do {
    if (!IsOf(found, tag)) return;  // another list took its place meanwhile
    const uint64_t since = BytesOf(found) - std::min(before, BytesOf(found));
    corrected = tag | kExact | std::min(after + since, kMaxBytes);
  } while (!entry->compare_exchange_weak(found, corrected, std::memory_order_relaxed));
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

void OpenPages::Count(Entry* entry, bool is_counted) {
  if (entry->is_counted == is_counted) return;
  entry->is_counted = is_counted;
  // Only with mutex_ held.
  waiting_.store(waiting() + (is_counted ? 1 : -1), std::memory_order_relaxed);
}

void OpenPages::Queue(Entries::value_type* entry) {
  if (!serves_) return;
  queue_.push_back(&entry->first);
  entry->second.place = Place::kQueue;
}

void OpenPages::PutOff(Entries::value_type* entry, std::chrono::milliseconds pause) {
  entry->second.later = later_.emplace(Clock::now() + pause, &entry->first);
  entry->second.place = Place::kLater;
}

void OpenPages::Wait(std::string_view key, Written written, size_t max_waiting) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (stopped_) return;
    const auto found = entries_.find(std::string(key));
    if (found == entries_.end()) {
      if (entries_.size() >= max_waiting && !DropLook()) return;
      const auto entered = entries_.try_emplace(std::string(key)).first;
      if (written == Written::kWhenever) entered->second.looks = kLooks;
      Count(&entered->second, true);
      Queue(&*entered);
    } else {
      Entry& entry = found->second;
      if (written == Written::kWhenever) entry.looks = kLooks;
      if (entry.place == Place::kHandedOut) entry.again = true;
      if (entry.is_counted) return;
      Count(&entry, true);
      if (entry.place == Place::kLater) {
        later_.erase(entry.later);
        Queue(&*found);
      }
    }
  }
  changed_.notify_all();
}

// Makes room: drops a list that waits only to be looked at once more.
bool OpenPages::DropLook() {
  if (later_.empty()) return false;
  const auto entry = entries_.find(*later_.rbegin()->second);
  if (entry->second.is_counted) return false;
  later_.erase(entry->second.later);
  entries_.erase(entry);
  return true;
}

bool OpenPages::Pop(std::string* key) {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    if (stopped_) return false;
    const Clock::time_point now = Clock::now();
    while (!later_.empty() && later_.begin()->first <= now) {
      const std::string* const due = later_.begin()->second;
      later_.erase(later_.begin());
      Queue(&*entries_.find(*due));
    }
    while (!queue_.empty()) {
      const auto entry = entries_.find(*queue_.front());
      queue_.pop_front();
      if (!entry->second.is_counted && entry->second.looks == 0) {
        entries_.erase(entry);  // it was forgotten meanwhile
        continue;
      }
      entry->second.place = Place::kHandedOut;
      entry->second.again = false;
      *key = entry->first;
      return true;
    }
    if (later_.empty()) {
      changed_.wait(lock);
    } else {
      const Clock::time_point next = later_.begin()->first;
      changed_.wait_until(lock, next);
    }
  }
}

void OpenPages::Done(const std::string& key, bool failed, std::chrono::milliseconds pause) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    Entry& entry = found->second;
    ++entry.times_looked;
    entry.has_failed = failed;
    if (failed) {
      Count(&entry, true);
      PutOff(&*found, pause);
    } else if (entry.again) {
      Queue(&*found);
    } else if (entry.looks > 0) {
      Count(&entry, false);
      std::chrono::milliseconds until = kFirstLook;
      for (int i = entry.looks--; i < kLooks; ++i) until *= 10;
      PutOff(&*found, until);
    } else {
      Count(&entry, false);
      entries_.erase(found);
    }
  }
  changed_.notify_all();
}

void OpenPages::Forget(const std::string& key) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end()) return;
    Entry& entry = found->second;
    Count(&entry, false);
    entry.has_failed = entry.again = false;
    // Where it is queued or handed out, that is the end of it.
    if (entry.place == Place::kLater && entry.looks == 0) later_.erase(entry.later);
    if (entry.place == Place::kNone || (entry.place == Place::kLater && entry.looks == 0)) {
      entries_.erase(found);
    }
  }
  changed_.notify_all();
}

bool OpenPages::Await(const std::string& key, std::chrono::milliseconds max) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto waits = [&](uint64_t* times_looked) {
    const auto found = entries_.find(key);
    if (stopped_ || found == entries_.end()) return false;
    *times_looked = found->second.times_looked;
    return found->second.is_counted && !found->second.has_failed;
  };
  uint64_t before = 0;
  if (!waits(&before)) return false;
  changed_.wait_for(lock, max, [&] {
    uint64_t now = before;
    return !waits(&now) || now != before;
  });
  return true;
}

void OpenPages::Stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_all();
}

}  // namespace internal
}  // namespace sheaf
