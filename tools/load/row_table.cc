#include "tools/load/row_table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/load/row_record.h"
#include "tools/load/text.h"

namespace sheaf {
namespace load {
namespace {

// Copies of a list that exist at once while it is written: the builder's, the blob, RocksDB's
// block, and that block compressed, which may be larger.
constexpr uint64_t kCopiesOfList = 5;
// Lists up to here need no account: Limits::memory leaves room for buffers.
constexpr uint64_t kSmallList = 64 << 10;

}  // namespace

absl::Status RowTable::Add(std::string_view key, absl::Span<const std::string_view> values) {
  uint64_t most = key.size() + 2 * kMaxVarint64;
  for (const std::string_view value : values) most += value.size() + kMaxVarint64;
  if (memory_used() + most + sizeof(IndexEntry) > limits_.memory) {
    return absl::ResourceExhaustedError("rows and their index do not fit into --memory");
  }
  if (rows_ == 0) {
    absl::Status status = arena_.Reserve(limits_.memory);
    if (status.ok()) status = index_.Reserve(limits_.memory);
    if (!status.ok()) return status;
    shared_ = key.size();
  } else if (shared_ != 0) {
    const std::string_view first = RecordKey(arena_.data());
    shared_ = std::min(shared_, key.size());
    size_t same = 0;
    while (same < shared_ && key[same] == first[same]) ++same;
    shared_ = same;
  }
  char* const record = arena_.data() + arena_used_;
  char* at = StoreText(key, record);
  at = StoreVarint(values.size(), at);
  for (const std::string_view value : values) at = StoreText(value, at);
  index()[rows_] = {KeyWindow(key, 0), arena_used_};
  arena_used_ += static_cast<uint64_t>(at - record);
  ++rows_;
  values_ += values.size();
  return absl::OkStatus();
}

bool RowTable::SetAside(uint64_t bytes) {
  if (memory_used() - aside_ + bytes > limits_.memory) return false;
  aside_ = bytes;
  return true;
}

absl::Status RowTable::Sort(const rocksdb::Comparator* comparator, int threads) {
  const char* const arena = arena_.data();
  if (shared_ != 0) {
    // Windows at the front of the keys would be all the same.
    for (uint64_t i = 0; i < rows_; ++i) {
      IndexEntry& entry = index()[i];
      entry.window = KeyWindow(RecordKey(arena + entry.offset), shared_);
    }
  }
  return SortRows(index(), rows_, arena, shared_, comparator, threads);
}

class RowTable::Source final : public ListSource {
 public:
  Source(RowTable* table, const IndexEntry* begin, const IndexEntry* end)
      : table_(table), at_(begin), end_(end) {}

  absl::StatusOr<bool> Next(std::string_view* key, BlobBuilder* values) override {
    if (large_.owns_lock()) large_.unlock();  // the list before was written
    if (at_ == end_) return false;
    const char* const arena = table_->arena_.data();
    const IndexEntry* next = at_ + 1;
    while (next < end_ && next->window == 0) ++next;
    // Rows lie where they were read; without this each costs a cache miss.
    if (end_ - next > kAhead) __builtin_prefetch(arena + next[kAhead].offset);
    *key = RecordKey(arena + at_->offset);
    if (absl::Status status = Account(*key, next, values); !status.ok()) return status;
    for (; at_ < next; ++at_) {
      if (at_ + kAhead < next) __builtin_prefetch(arena + at_[kAhead].offset);
      ForEachValue(arena + at_->offset, [values](std::string_view value) { values->Add(value); });
    }
    return true;
  }

 private:
  static constexpr ptrdiff_t kAhead = 8;

  // Refuses the list of rows [at_, next) if it is too large; makes room for it if it is large.
  absl::Status Account(std::string_view key, const IndexEntry* next, BlobBuilder* values) {
    const char* const arena = table_->arena_.data();
    uint64_t contents = 0;
    uint64_t count = 0;
    for (const IndexEntry* row = at_; row < next; ++row) {
      if (next - row > kAhead) __builtin_prefetch(arena + row[kAhead].offset);
      ForEachValue(arena + row->offset, [&](std::string_view value) {
        contents += value.size();
        ++count;
      });
    }
    const Limits& limits = table_->limits_;
    if (contents > limits.list_bytes) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the values of key ", Quoted(key), " have ", Grouped(contents),
                       " bytes in all; a list has at most ", Grouped(limits.list_bytes),
                       ". Spread them over several keys"));
    }
    const uint64_t bytes = contents + count * sizeof(uint32_t);
    if (bytes <= kSmallList) return absl::OkStatus();
    const uint64_t needed = table_->memory_used() + kCopiesOfList * bytes;
    if (needed > limits.memory) {
      return absl::ResourceExhaustedError(absl::StrCat("writing the list of key ", Quoted(key),
                                                       ", of ", Bytes(contents), ", needs ",
                                                       Bytes(needed), " in all; raise --memory"));
    }
    large_ = std::unique_lock<std::mutex>(table_->large_list_);
    values->Reserve(count, contents);
    return absl::OkStatus();
  }

  RowTable* const table_;
  const IndexEntry* at_;
  const IndexEntry* const end_;
  std::unique_lock<std::mutex> large_;
};

std::vector<std::unique_ptr<ListSource>> RowTable::Lists(size_t parts) {
  std::vector<std::unique_ptr<ListSource>> lists;
  const IndexEntry* begin = index();
  const IndexEntry* const end = begin + rows_;
  for (size_t part = 1; part <= parts && begin < end; ++part) {
    const IndexEntry* cut = index() + rows_ * part / parts;
    if (cut < begin) cut = begin;
    while (cut < end && cut->window == 0) ++cut;  // a key is in one part
    if (cut == begin) continue;
    lists.push_back(std::make_unique<Source>(this, begin, cut));
    begin = cut;
  }
  return lists;
}

}  // namespace load
}  // namespace sheaf
