#include "plugin/codec/indexed_list.h"

#include <algorithm>
#include <iterator>

#include "absl/types/span.h"
#include "plugin/codec/encoder.h"

namespace sheaf {
namespace internal {

void IndexedList::Append(const ValueRange& values) {
  values.ForEach([this](std::string_view value) { Add(value); });
}

void IndexedList::Add(std::string_view value) {
  if (value.size() > limits_.max_bytes || limits_.max_values == 0) return;
  if (limits_.keep_first &&
      (live_ == limits_.max_values || bytes_ > limits_.max_bytes - value.size())) {
    return;
  }
  values_.push_back(value);
  ++live_;
  bytes_ += value.size();
  if (indexed_) Enter(values_.size() - 1);
  while (live_ > limits_.max_values || bytes_ > limits_.max_bytes) DropOldest();
}

void IndexedList::Clear() {
  values_.clear();
  begin_ = 0;
  live_ = 0;
  bytes_ = 0;
  last_.clear();
  previous_.clear();
}

void IndexedList::KeepFirst(uint64_t count) {
  while (live_ > count) DropNewest();
}

void IndexedList::KeepLast(uint64_t count) {
  while (live_ > count) DropOldest();
}

void IndexedList::Remove(std::string_view value) {
  if (!indexed_ && scans_ == kScans) BuildIndex();
  if (!indexed_) {
    ++scans_;
    for (size_t i = begin_; i < values_.size(); ++i) {
      if (IsLive(i) && values_[i] == value) Drop(i);
    }
    return;
  }
  const auto found = last_.find(value);
  if (found == last_.end()) return;
  DropEqual(found->second);
  last_.erase(found);
}

void IndexedList::RemovePrefix(std::string_view prefix) {
  const auto begins = [prefix](std::string_view value) {
    return value.substr(0, prefix.size()) == prefix;
  };
  if (!indexed_ && scans_ == kScans) BuildIndex();
  if (!indexed_) {
    ++scans_;
    for (size_t i = begin_; i < values_.size(); ++i) {
      if (IsLive(i) && begins(values_[i])) Drop(i);
    }
    return;
  }
  auto found = last_.lower_bound(prefix);
  while (found != last_.end() && begins(found->first)) {
    DropEqual(found->second);
    found = last_.erase(found);
  }
}

void IndexedList::DropEqual(size_t last) {
  for (size_t i = last; i != kNone && i >= begin_; i = previous_[i]) Drop(i);
}

absl::Status IndexedList::Encode(Layout layout, std::string* out) const {
  absl::Span<const std::string_view> values(values_.data() + begin_, values_.size() - begin_);
  std::vector<std::string_view> live;
  if (live_ != values.size()) {
    live.reserve(live_);
    std::copy_if(values.begin(), values.end(), std::back_inserter(live), HasData);
    values = live;
  }
  return EncodeList(values, layout, disk::kCompactTag, Limit::kRocksDb, out);
}

void IndexedList::Drop(size_t i) {
  bytes_ -= values_[i].size();
  --live_;
  values_[i] = std::string_view();
}

// What is dropped here stays in the index: places before begin_ do not count.
void IndexedList::DropOldest() {
  while (!IsLive(begin_)) ++begin_;
  Drop(begin_++);
}

// The place is used again, so it has to leave the index: as the last place of its value.
void IndexedList::DropNewest() {
  while (!IsLive(values_.size() - 1)) {
    values_.pop_back();
    if (indexed_) previous_.pop_back();
  }
  const size_t i = values_.size() - 1;
  if (indexed_) {
    const size_t before = previous_[i];
    if (before != kNone && before >= begin_) {
      last_[values_[i]] = before;
    } else {
      last_.erase(values_[i]);
    }
    previous_.pop_back();
  }
  Drop(i);
  values_.pop_back();
}

void IndexedList::Enter(size_t i) {
  const auto [entry, is_new] = last_.try_emplace(values_[i], i);
  // A place before begin_ may be one whose value is gone.
  previous_.push_back(is_new || entry->second < begin_ ? kNone : entry->second);
  entry->second = i;
}

void IndexedList::BuildIndex() {
  indexed_ = true;
  // Places that are not live are never looked at.
  previous_.assign(begin_, kNone);
  previous_.reserve(values_.size());
  for (size_t i = begin_; i < values_.size(); ++i) {
    if (IsLive(i)) {
      Enter(i);
    } else {
      previous_.push_back(kNone);
    }
  }
}

}  // namespace internal
}  // namespace sheaf
