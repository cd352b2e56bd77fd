#include "tools/load/output/part_writer.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace sheaf {
namespace load {

absl::Status PartWriter::Add(const RowChunk& chunk, const ChunkRead& read, const ChunkLists& lists,
                             bool* sorted) {
  if (!lists.empty()) {
    if (!IsBehind(lists, sorted)) return absl::OkStatus();
    size_t begin = SkipsFirst(lists) ? 1 : 0;
    if (builder_ != nullptr && builder_->bytes() >= shared_.options.part_bytes &&
        lists.size() > 1) {
      if (absl::Status status = Append(lists, begin, 1); !status.ok()) return status;
      if (absl::Status status = End(); !status.ok()) return status;
      begin = 1;
    }
    if (absl::Status status = Append(lists, begin, lists.size()); !status.ok()) return status;
  }
  if (chunk.again()) return absl::OkStatus();
  // A range of positions is one of an input.
  if (read.rejects || part_.chunks.empty() || part_.chunks.back().rejects ||
      part_.chunks.back().end != read.begin || chunk.offset() == 0) {
    part_.chunks.push_back(read);
  } else {
    part_.chunks.back().end = read.end;
    part_.chunks.back().lines += read.lines;
  }
  return absl::OkStatus();
}

absl::Status PartWriter::AddBehind(const ChunkLists& lists, bool* more, bool* sorted) {
  if (lists.empty() || !IsBehind(lists, sorted)) return absl::OkStatus();
  if (behind_.empty()) behind_ = std::string(lists.first_key());
  *more = lists.first_key() == behind_ && lists.size() == 1;
  // The list may be the one that the lane leaves out, all through.
  if (lists.first_key() != behind_ || SkipsFirst(lists)) return absl::OkStatus();
  return Append(lists, 0, 1);
}

absl::Status PartWriter::End() {
  if (builder_ == nullptr) return absl::OkStatus();
  absl::Status status = builder_->End();
  if (!status.ok()) return status;
  part_.operands = shared_.plan.operands;
  part_.lists = builder_->written();
  builder_.reset();
  const std::lock_guard<std::mutex> lock(shared_.mutex);
  SortedPart& part = shared_.parts[number_];
  part = std::exchange(part_, SortedPart());
  return shared_.options.on_part(number_, part);
}

bool PartWriter::IsBehind(const ChunkLists& lists, bool* sorted) {
  *sorted = last_key_ <= lists.first_key();
  last_key_.assign(lists.last_key());
  return *sorted;
}

// True if the first list is the lane's first, which is written by the lane before.
bool PartWriter::SkipsFirst(const ChunkLists& lists) {
  if (!skips_) return false;
  if (skipped_.empty()) skipped_ = std::string(lists.first_key());
  skips_ = lists.last_key() == skipped_;
  return lists.first_key() == skipped_;
}

absl::Status PartWriter::Append(const ChunkLists& lists, size_t begin, size_t end) {
  if (begin >= end) return absl::OkStatus();
  if (builder_ == nullptr) {
    number_ = shared_.next_number++;
    builder_ = std::make_unique<SstBuilder>(shared_.plan,
                                            absl::StrCat(shared_.options.prefix, number_, "-"));
  }
  const uint64_t rows = part_.rows;
  absl::Status status = lists.AppendTo(builder_.get(), begin, end, &part_.rows, &part_.values);
  shared_.rows.fetch_add(part_.rows - rows, std::memory_order_relaxed);
  return status;
}

}  // namespace load
}  // namespace sheaf
