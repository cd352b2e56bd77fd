#include "plugin/codec/editable_list.h"

#include <algorithm>
#include <cstring>
#include <unordered_set>
#include <utility>

#include "absl/types/span.h"
#include "plugin/codec/encoder.h"
#include "plugin/codec/find_word.h"
#include "plugin/codec/little_endian.h"

namespace sheaf {
namespace internal {
namespace {

// Whether a value is one, or begins with one. Most values differ from it in its last bytes: those
// of a list often have the same first ones.
class IsValue {
 public:
  explicit IsValue(std::string_view value) : value_(value) {
    if (value.size() < sizeof word_) {
      std::memcpy(&word_, value.data(), value.size());
      mask_ = (uint64_t{1} << (8 * value.size())) - 1;
    } else {
      word_at_ = value.size() - sizeof word_;
      word_ = Load<uint64_t>(value.data() + word_at_);
    }
  }
  bool operator()(const char* at, size_t size) const { return size == value_.size() && Begins(at); }

  // How many of the next `count` values, all of `size` bytes, are surely not it: most values of a
  // list are passed over.
  size_t Skip(const char* at, size_t size, size_t count) const {
    return size == value_.size() ? SkipWords(at, size, count) : count;
  }

 protected:
  size_t SkipWords(const char* at, size_t size, size_t count) const {
    // A short value's word reaches beyond it, but must not do so beyond the contents.
    const size_t margin = word_at_ == 0 ? sizeof word_ : 0;
    return count <= margin ? 0 : FindWord(at + word_at_, size, count - margin, mask_, word_);
  }

  bool Begins(const char* at) const { return std::memcmp(at, value_.data(), value_.size()) == 0; }

  const std::string_view value_;

 private:
  size_t word_at_ = 0;  // in value_
  uint64_t word_ = 0;
  uint64_t mask_ = ~uint64_t{0};
};

class BeginsWith : private IsValue {
 public:
  using IsValue::IsValue;
  bool operator()(const char* at, size_t size) const { return size >= value_.size() && Begins(at); }
  size_t Skip(const char* at, size_t size, size_t count) const {
    return size < value_.size() ? count : SkipWords(at, size, count);
  }
};

// Whether a value is one of many.
class IsOneOf {
 public:
  explicit IsOneOf(absl::Span<const std::string_view> values)
      : values_(values.begin(), values.end()) {
    for (const std::string_view value : values) {
      min_ = std::min(min_, value.size());
      max_ = std::max(max_, value.size());
    }
  }
  bool operator()(const char* at, size_t size) const {
    return size >= min_ && size <= max_ && values_.count({at, size}) != 0;
  }
  size_t Skip(const char* /*at*/, size_t size, size_t count) const {
    return size < min_ || size > max_ ? count : 0;
  }

 private:
  // Not abseil's, which does not survive a failed allocation: the merge operator has to.
  std::unordered_set<std::string_view> values_;
  size_t min_ = SIZE_MAX;
  size_t max_ = 0;
};

// Adds to `*kept` the parts of `range` between values that are `removed(content, size)`. False if
// there were more than `max` then.
template <typename Removed>
bool Keep(const ValueRange& range, const Removed& removed, size_t max,
          std::vector<ValueRange>* kept) {
  return range.WithSizes([&](auto sizes) {
    const char* const contents = range.contents().data();
    uint64_t offset = 0;
    size_t begin = 0;  // of the values that are not in `*kept` yet
    uint64_t begin_offset = 0;
    for (size_t i = 0; i < range.size();) {
      const auto size = static_cast<size_t>(sizes[i]);
      const bool is_removed = removed(contents + offset, size);
      if (is_removed) {
        if (begin != i) kept->push_back(range.Part(begin, i, begin_offset, offset));
        if (kept->size() > max) return false;
        begin = i + 1;
        begin_offset = offset + size;
      }
      offset += size;
      ++i;
      if (range.uniform() && !is_removed) {
        const size_t skipped = removed.Skip(contents + offset, size, range.size() - i);
        i += skipped;
        offset += skipped * size;
      }
    }
    if (begin != range.size()) {
      kept->push_back(range.Part(begin, range.size(), begin_offset, offset));
    }
    return true;
  });
}

}  // namespace

EditableList::EditableList(const Limits& limits) : limits_(limits) {
  // Which values a limit on bytes drops depends on the size of each.
  if (limits.max_bytes != UINT64_MAX) indexed_.emplace(limits);
}

void EditableList::Append(const BlobView& values) {
  Settle();
  if (indexed_.has_value()) return indexed_->Append(ValueRange(values));
  if (values.empty()) return;
  ranges_.emplace_back(values);
  count_ += values.size();
  limits_.keep_first ? KeepFirst(limits_.max_values) : KeepLast(limits_.max_values);
}

void EditableList::Clear() {
  removed_.clear();
  if (indexed_.has_value()) return indexed_->Clear();
  ranges_.clear();
  begin_ = 0;
  count_ = 0;
}

void EditableList::KeepFirst(uint64_t count) {
  Settle();
  if (indexed_.has_value()) return indexed_->KeepFirst(count);
  while (count_ > count) {
    ValueRange& last = ranges_.back();
    const uint64_t excess = count_ - count;
    if (excess < last.size()) {
      last.KeepFirst(last.size() - excess);
      count_ = count;
    } else {
      count_ -= last.size();
      ranges_.pop_back();
    }
  }
}

void EditableList::KeepLast(uint64_t count) {
  Settle();
  if (indexed_.has_value()) return indexed_->KeepLast(count);
  while (count_ > count) {
    ValueRange& first = ranges_[begin_];
    const uint64_t excess = count_ - count;
    if (excess < first.size()) {
      first.KeepLast(first.size() - excess);
      count_ = count;
    } else {
      count_ -= first.size();
      ++begin_;
    }
  }
}

void EditableList::DropFirst(uint64_t count) {
  const uint64_t before = size();
  KeepLast(before - std::min(before, count));
}

void EditableList::Remove(std::string_view value) {
  if (indexed_.has_value()) return indexed_->Remove(value);
  removed_.push_back(value);
}

void EditableList::RemovePrefix(std::string_view prefix) {
  Settle();
  if (!indexed_.has_value() && RemoveIf(BeginsWith(prefix))) return;
  Index();
  indexed_->RemovePrefix(prefix);
}

void EditableList::Settle() {
  if (removed_.empty()) return;
  const bool done =
      removed_.size() == 1 ? RemoveIf(IsValue(removed_[0])) : RemoveIf(IsOneOf(removed_));
  if (!done) {
    Index();
    for (const std::string_view value : removed_) indexed_->Remove(value);
  }
  removed_.clear();
}

template <typename Removed>
bool EditableList::RemoveIf(const Removed& removed) {
  if (scans_ == kScans) return false;
  ++scans_;
  std::vector<ValueRange> kept;
  for (size_t i = begin_; i < ranges_.size(); ++i) {
    if (!Keep(ranges_[i], removed, ranges_.size() + kMaxNewRanges, &kept)) return false;
  }
  ranges_ = std::move(kept);
  begin_ = 0;
  count_ = 0;
  for (const ValueRange& range : ranges_) count_ += range.size();
  return true;
}

void EditableList::Index() {
  if (indexed_.has_value()) return;
  indexed_.emplace(limits_);
  for (size_t i = begin_; i < ranges_.size(); ++i) indexed_->Append(ranges_[i]);
  ranges_.clear();
}

void EditableList::Apply(const Edit& edit) {
  switch (edit.kind) {
    case Edit::Kind::kAppend:
      return Append(edit.values);
    case Edit::Kind::kClear:
      return Clear();
    case Edit::Kind::kKeepFirst:
      return KeepFirst(edit.count);
    case Edit::Kind::kKeepLast:
      return KeepLast(edit.count);
    case Edit::Kind::kRemove:
      return Remove(edit.value);
    case Edit::Kind::kDropFirst:
      return DropFirst(edit.count);
    case Edit::Kind::kRemovePrefix:
      return RemovePrefix(edit.value);
  }
}

uint64_t EditableList::size() {
  Settle();
  return indexed_.has_value() ? indexed_->size() : count_;
}

absl::Status EditableList::Encode(Layout layout, std::string* out) {
  Settle();
  if (indexed_.has_value()) return indexed_->Encode(layout, out);
  const auto ranges = absl::MakeConstSpan(ranges_).subspan(begin_);
  return EncodeList(ranges, layout, disk::kCompactTag, Limit::kRocksDb, out);
}

}  // namespace internal
}  // namespace sheaf
