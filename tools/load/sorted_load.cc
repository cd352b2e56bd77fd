#include "tools/load/sorted_load.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "sheaf/blob_builder.h"
#include "sheaf/blob_view.h"
#include "tools/load/row_parser.h"
#include "tools/load/row_sink.h"
#include "tools/load/sst_builder.h"
#include "tools/load/worker_threads.h"

namespace sheaf {
namespace load {
namespace {

class Turns {
 public:
  // Waits until all before `number` are done; false if there is no going on.
  bool Wait(uint64_t number) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return ended_ || next_ == number; });
    return !ended_;
  }
  void Done() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++next_;
    changed_.notify_all();
  }
  void End() {
    const std::lock_guard<std::mutex> lock(mutex_);
    ended_ = true;
    changed_.notify_all();
  }
  bool ended() const { return ended_.load(std::memory_order_relaxed); }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  uint64_t next_ = 0;
  std::atomic<bool> ended_{false};
};

// The lists of a block, encoded while its rows are parsed. Those of its first and last key may go
// on in other blocks, so the SstBuilder takes them as parts of a list.
class BlockLists final : public RowSink {
 public:
  explicit BlockLists(Layout layout) : layout_(layout), builder_(layout) {}

  void Clear() {
    keys_.clear();
    blobs_.clear();
    lists_.clear();
  }

  // Errors: FailedPrecondition for a row that is not in order; those of Finish().
  absl::Status Add(std::string_view key, absl::Span<const std::string_view> values) override {
    if (lists_.empty() || key != last_key()) {
      if (!lists_.empty()) {
        if (key < last_key()) return absl::FailedPreconditionError("not in order");
        if (absl::Status status = Finish(); !status.ok()) return status;
      }
      lists_.push_back({keys_.size(), key.size(), 0, 0, 0, 0});
      keys_.append(key);
    }
    for (const std::string_view value : values) builder_.Add(value);
    ++lists_.back().rows;
    return absl::OkStatus();
  }

  // Ends the last list. Errors: InvalidArgument for values that no blob has room for.
  absl::Status Finish() {
    if (lists_.empty()) return absl::OkStatus();
    List& list = lists_.back();
    list.values = builder_.size();
    if (absl::Status status = builder_.Finish(&blob_); !status.ok()) return status;
    list.offset = blobs_.size();
    list.size = blob_.size();
    blobs_.append(blob_);
    return absl::OkStatus();
  }

  bool empty() const { return lists_.empty(); }
  size_t size() const { return lists_.size(); }
  std::string_view first_key() const { return Key(lists_.front()); }
  std::string_view last_key() const { return Key(lists_.back()); }

  // Lists from `begin` on and before `end`; counts them. REQUIRES: Finish() succeeded.
  absl::Status AppendTo(SstBuilder* builder, size_t begin, size_t end, SortedPart* part) const {
    for (size_t i = begin; i < end; ++i) {
      const List& list = lists_[i];
      part->rows += list.rows;
      part->values += list.values;
      const std::string_view blob = std::string_view(blobs_).substr(list.offset, list.size);
      absl::Status status;
      if (i == 0 || i + 1 == lists_.size()) {
        const absl::StatusOr<BlobView> view = BlobView::Parse(blob, layout_);
        if (!view.ok()) return view.status();  // we wrote it
        status = builder->AddPart(Key(list), *view);
      } else {
        status = builder->AddList(Key(list), blob, list.values);
      }
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

 private:
  struct List {
    size_t key_offset;
    size_t key_size;
    size_t offset;  // in blobs_
    size_t size;
    uint64_t values;
    uint64_t rows;
  };

  std::string_view Key(const List& list) const {
    return std::string_view(keys_).substr(list.key_offset, list.key_size);
  }

  const Layout layout_;
  BlobBuilder builder_;
  std::string blob_;
  std::string keys_;
  std::string blobs_;
  std::vector<List> lists_;
};

// Takes the lists of blocks in the order of the input.
class PartWriter {
 public:
  PartWriter(const SortedLoadOptions& options, std::vector<SortedPart>* parts)
      : options_(options), parts_(*parts) {
    if (parts->empty()) return;
    for (const SortedPart& part : *parts) rows_ += part.rows;
    last_key_ = done_key_ = LargestKey(parts->back().lists);
  }

  // `*sorted` becomes false if the block is not behind the one before.
  absl::Status Add(const RowBlock& block, const BlockRead& read, const BlockLists& lists,
                   bool* sorted) {
    if (!lists.empty()) {
      if (last_key_ > lists.first_key()) {
        *sorted = false;
        return absl::OkStatus();
      }
      // The part before may have taken the first list of the block behind its last one.
      size_t begin = !done_key_.empty() && lists.first_key() == done_key_ ? 1 : 0;
      if (lists.last_key() != done_key_) done_key_.clear();
      const bool goes_on = last_key_ == lists.first_key();
      if (builder_ != nullptr && builder_->bytes() >= options_.part_bytes &&
          (!goes_on || lists.size() > 1)) {
        if (goes_on) {
          begin = 1;
          if (absl::Status status = Append(lists, 0, 1); !status.ok()) return status;
        }
        if (absl::Status status = End(); !status.ok()) return status;
      }
      last_key_ = std::string(lists.last_key());
      if (absl::Status status = Append(lists, begin, lists.size()); !status.ok()) return status;
    }
    if (block.again()) return absl::OkStatus();
    // A range of positions is one of an input.
    if (read.rejects || part_.blocks.empty() || part_.blocks.back().rejects ||
        part_.blocks.back().end != read.begin || block.offset() == 0) {
      part_.blocks.push_back(read);
    } else {
      part_.blocks.back().end = read.end;
      part_.blocks.back().lines += read.lines;
    }
    return absl::OkStatus();
  }

  // Finishes a part.
  absl::Status End() {
    if (builder_ == nullptr) return absl::OkStatus();
    absl::Status status = builder_->End();
    if (!status.ok()) return status;
    part_.operands = options_.plan->operands;
    part_.lists = builder_->written();
    builder_.reset();
    parts_.push_back(std::exchange(part_, SortedPart()));
    return options_.on_part(parts_.size() - 1, parts_.back());
  }

  // From any thread.
  uint64_t rows() const { return rows_.load(std::memory_order_relaxed); }

 private:
  absl::Status Append(const BlockLists& lists, size_t begin, size_t end) {
    if (begin == end) return absl::OkStatus();
    if (builder_ == nullptr) {
      builder_ = std::make_unique<SstBuilder>(*options_.plan,
                                              absl::StrCat(options_.prefix, parts_.size(), "-"));
    }
    const uint64_t rows = part_.rows;
    absl::Status status = lists.AppendTo(builder_.get(), begin, end, &part_);
    rows_.fetch_add(part_.rows - rows, std::memory_order_relaxed);
    return status;
  }

  static std::string LargestKey(const RangeFiles& files) {
    std::string largest;
    for (const SstFile& file : files.files) largest = std::max(largest, file.largest);
    return largest;
  }

  const SortedLoadOptions& options_;
  std::vector<SortedPart>& parts_;
  std::unique_ptr<SstBuilder> builder_;  // of part_; null until it has a list
  SortedPart part_;
  std::string last_key_;  // empty before the first
  std::string done_key_;  // the last of parts that were there, until another one was read
  std::atomic<uint64_t> rows_{0};
};

}  // namespace

absl::StatusOr<bool> LoadSorted(const SortedLoadOptions& options, BlockReader* reader,
                                RejectLog* log, std::vector<SortedPart>* parts) {
  Turns turns;
  std::atomic<bool> sorted{true};
  PartWriter writer(options, parts);  // of whose turn it is

  const auto work = [&](size_t) -> absl::Status {
    RowBlock block;
    BlockLists lists(BlobLayout(*options.plan));
    std::array<std::unique_ptr<RowParser>, 3> parsers;
    const auto may_use = [&options](uint64_t bytes) { return 20 * bytes <= options.memory; };
    while (!turns.ended() && !log->stopped()) {
      const absl::StatusOr<bool> more = reader->Next(&block, may_use);
      if (!more.ok() && absl::IsResourceExhausted(more.status())) {
        sorted = false;  // a long row: there is more memory for it where rows are sorted
        break;
      }
      if (!more.ok()) {
        turns.End();
        return more.status();
      }
      if (!*more) return absl::OkStatus();
      std::unique_ptr<RowParser>& parser = parsers[static_cast<size_t>(block.format())];
      if (parser == nullptr) parser = NewRowParser(block.format(), options.on_error);
      lists.Clear();
      BlockReport report;
      absl::Status status = parser->Parse(block, lists, &report);
      const BlockRead read = {block.position(), block.position() + block.rows().size(),
                              report.lines, !report.rejects.empty()};
      log->Add(block, std::move(report));
      if (read.rejects && options.on_error == OnError::kStop) break;
      if (absl::IsFailedPrecondition(status)) {
        sorted = false;
        break;
      }
      if (status.ok()) status = lists.Finish();
      if (block.again()) lists.Clear();
      if (!turns.Wait(block.number())) return status;
      bool in_order = true;
      if (status.ok()) status = writer.Add(block, read, lists, &in_order);
      if (!status.ok()) {
        turns.End();
        return status;
      }
      if (!in_order) {
        sorted = false;
        break;
      }
      turns.Done();
    }
    turns.End();
    return absl::OkStatus();
  };
  absl::Status status = RunWorkers(options.threads, work, [&] { options.tick(writer.rows()); });
  if (!status.ok()) return status;
  if (!sorted || log->stopped()) return sorted;
  if (status = writer.End(); !status.ok()) return status;
  return true;
}

}  // namespace load
}  // namespace sheaf
