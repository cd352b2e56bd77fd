#include "tools/load/sort/row_table.h"

#include <algorithm>

#include "tools/load/sort/row_record.h"

namespace sheaf {
namespace load {
namespace {

// Rows lie where they were read: without fetching them ahead each costs a cache miss.
constexpr uint64_t kAhead = 12;
constexpr uint64_t kSamples = 1024;
constexpr uint64_t kFewRows = 1000;

}  // namespace

std::string_view RowTable::KeyAt(uint64_t i) const {
  return RecordKey(arena_.data() + index()[i].record());
}

void RowTable::Shrink(std::string_view key) {
  const std::string_view first = RecordKey(arena_.data());
  size_t same = 0;
  const size_t max = std::min(depth_, key.size());
  while (same < max && key[same] == first[same]) ++same;
  depth_ = same;
  // What all keys begin with is mostly known after a few of them.
  if (rows_ > kFewRows) {
    windows_differ_ = true;
    return;
  }
  LoadWindows();
}

void RowTable::LoadWindows() {
  for (uint64_t i = 0; i < rows_; ++i) {
    IndexEntry& entry = index()[i];
    entry.window = KeyWindow(RecordKey(arena_.data() + entry.record()), depth_);
  }
}

absl::Status RowTable::Reserve() {
  if (index_.data() != nullptr) return absl::OkStatus();
  absl::Status status = arena_.data() == nullptr ? arena_.Reserve(memory_) : absl::OkStatus();
  return status.ok() ? index_.Reserve(memory_) : status;
}

absl::Status RowTable::Add(std::string_view key, absl::Span<const std::string_view> values) {
  const size_t body = BodyBytes(values);
  const uint64_t max = key.size() + body + 2 * kMaxVarint64;
  if (memory_used() + max + kSortingBytes > memory_) {
    return absl::ResourceExhaustedError("rows and their index do not fit into --memory");
  }
  if (rows_ == 0) {
    if (absl::Status status = Reserve(); !status.ok()) return status;
    depth_ = key.size();
  } else if (key.size() < depth_ ||
             std::memcmp(key.data(), RecordKey(arena_.data()).data(), depth_) != 0) {
    Shrink(key);
  }
  char* const record = arena_.data() + arena_used_;
  char* at = StoreText(key, record);
  at = StoreVarint(body, at);
  at = StoreBody(values, at);
  IndexEntry& entry = index()[rows_];
  entry = IndexEntry(KeyWindow(key, depth_), positions_.size() - 1, arena_used_);
  if (in_order_ && rows_ != 0) {
    // Windows of different depth order keys as well while all keys share the larger one.
    const IndexEntry& before = index()[rows_ - 1];
    in_order_ = windows_differ_ || before.window >= entry.window
                    ? RecordKey(arena_.data() + before.record()) <= key
                    : true;
  }
  arena_used_ += static_cast<uint64_t>(at - record);
  ++rows_;
  values_ += values.size();
  return absl::OkStatus();
}

absl::Status RowTable::Sort(const KeyOrder& order) {
  // Sorting once more would compare windows that are not those of the first bytes any more.
  if (sorted_) return absl::OkStatus();
  sorted_ = true;
  order_ = &order;
  entry_bytes_ = sizeof(IndexEntry);
  if (rows_ == 0) return absl::OkStatus();
  const char* const arena = arena_.data();
  if (in_order_ && order.bytewise()) return absl::OkStatus();
  if (windows_differ_) LoadWindows();
  rows_touched_ = std::max(rows_touched_, 2 * rows_);
  return SortRows(index(), rows_, index() + rows_, arena, depth_, order, &key_reads_);
}

void RowTable::ReleaseRest() {
  index_.Release(rows_ * sizeof(IndexEntry));
  arena_.Release(arena_used_);
}

void RowTable::Clear(bool release) {
  arena_touched_ = std::max(arena_touched_, arena_used_);
  rows_touched_ = std::max(rows_touched_, rows_);
  // Rows of another shape would touch other memory on top of what was touched before.
  if (release || arena_touched_ + rows_touched_ * sizeof(IndexEntry) > memory_ + memory_ / 16) {
    arena_.Release(0);
    index_.Release(0);
    arena_touched_ = rows_touched_ = 0;
  }
  arena_used_ = rows_ = rows_before_chunk_ = values_ = 0;
  sorted_ = false;
  entry_bytes_ = kSortingBytes;
  positions_.clear();
  windows_differ_ = false;
  in_order_ = true;
}

class RowTable::Reader final : public SortedRows {
 public:
  Reader(const RowTable* table, uint64_t begin, uint64_t end)
      : arena_(table->arena_.data()),
        positions_(table->positions_.data()),
        at_(table->index() + begin),
        end_(table->index() + end) {}

  bool Next() override {
    if (at_ == end_) return false;
    if (static_cast<uint64_t>(end_ - at_) > kAhead) {
      const char* const ahead = arena_ + at_[kAhead].record();
      __builtin_prefetch(ahead);
      __builtin_prefetch(ahead + 64);
    }
    const char* record = arena_ + at_->record();
    key_ = LoadText(&record);
    body_ = LoadText(&record);
    position_ = positions_[at_->chunk()];
    ++at_;
    return true;
  }

 private:
  const char* const arena_;
  const uint64_t* const positions_;
  const IndexEntry* at_;
  const IndexEntry* const end_;
};

uint64_t RowTable::LowerBound(std::string_view key) const {
  uint64_t begin = 0;
  uint64_t end = rows_;
  while (begin < end) {
    const uint64_t middle = begin + (end - begin) / 2;
    if (order_->Compare(KeyAt(middle), key) < 0) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

std::unique_ptr<SortedRows> RowTable::Read(const RowRange& range) const {
  const uint64_t begin = range.has_begin ? LowerBound(range.begin) : 0;
  const uint64_t end = range.has_end ? LowerBound(range.end) : rows_;
  return std::make_unique<Reader>(this, begin, std::max(begin, end));
}

std::vector<KeySample> RowTable::Samples() const {
  std::vector<KeySample> samples;
  const uint64_t count = std::min(rows_, kSamples);
  for (uint64_t i = 0; i < count; ++i) {
    samples.push_back({std::string(order_->Border(KeyAt(rows_ * i / count))), arena_used_ / count});
  }
  return samples;
}

}  // namespace load
}  // namespace sheaf
