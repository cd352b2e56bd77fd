#include "tools/load/sorted_load.h"

#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tools/load/row_parser.h"
#include "tools/load/row_record.h"
#include "tools/load/row_table.h"
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

// The lists of a block, encoded. Those of its first and last key may go on in other blocks, so
// their rows are left for the SstBuilder.
class BlockLists {
 public:
  explicit BlockLists(Layout layout) : builder_(layout) {}

  // REQUIRES: `table` is sorted, not empty, and stays until AppendTo().
  absl::Status Encode(const RowTable& table) {
    table_ = &table;
    lists_.clear();
    bytes_.clear();
    first_key_ = table.first_key();
    last_key_ = table.last_key();
    const std::unique_ptr<SortedRows> rows = table.Read(RowRange());
    std::string_view key;
    bool more = rows->Next();
    while (more && rows->key() == first_key_) more = rows->Next();
    while (more && rows->key() != last_key_) {
      key = rows->key();
      do {
        ForEachValue(rows->body(), [this](std::string_view value) { builder_.Add(value); });
        more = rows->Next();
      } while (more && rows->key() == key);
      const size_t values = builder_.size();
      if (absl::Status status = builder_.Finish(&blob_); !status.ok()) return status;
      lists_.push_back({key, bytes_.size(), blob_.size(), values});
      bytes_.append(blob_);
    }
    return absl::OkStatus();
  }

  absl::Status AppendTo(SstBuilder* builder, const KeyOrder& order) const {
    absl::Status status = AppendRows(first_key_, builder, order);
    for (const List& list : lists_) {
      if (!status.ok()) return status;
      status = builder->AddList(list.key, std::string_view(bytes_).substr(list.offset, list.size),
                                list.values);
    }
    if (!status.ok() || first_key_ == last_key_) return status;
    return AppendRows(last_key_, builder, order);
  }

 private:
  struct List {
    std::string_view key;  // in the table
    size_t offset;
    size_t size;
    uint64_t values;
  };

  absl::Status AppendRows(std::string_view key, SstBuilder* builder, const KeyOrder& order) const {
    RowRange range;
    range.has_begin = true;
    range.begin = std::string(key);
    range.has_end = true;
    range.end = range.begin + '\0';  // the next possible key, by bytes
    return builder->Append(*table_->Read(range), order);
  }

  BlobBuilder builder_;
  const RowTable* table_ = nullptr;
  std::string_view first_key_;
  std::string_view last_key_;
  std::vector<List> lists_;
  std::string blob_;
  std::string bytes_;
};

}  // namespace

absl::StatusOr<bool> LoadSorted(const SortedLoadOptions& options, BlockReader* reader,
                                RejectLog* log, SstBuilder* builder, uint64_t* rows,
                                uint64_t* values) {
  Turns turns;
  std::atomic<bool> sorted{true};
  std::atomic<uint64_t> rows_read{0};
  uint64_t values_read = 0;  // this and the next of whose turn it is
  std::string last_key;

  const auto work = [&](size_t) -> absl::Status {
    RowTable table(options.table_memory);
    RowBlock block;
    BlockLists lists(options.layout);
    std::array<std::unique_ptr<RowParser>, 3> parsers;
    const auto may_use = [&table](uint64_t bytes) { return 20 * bytes <= table.memory(); };
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
      table.Clear(/*release=*/false);
      table.BeginBlock(block.position());
      BlockReport report;
      absl::Status status = parser->Parse(block, table, &report);
      const bool stops = options.on_error == OnError::kStop && !report.rejects.empty();
      log->Add(block, std::move(report));
      if (stops) break;
      if (!status.ok() || !table.in_order()) {
        sorted = false;
        break;
      }
      status = table.Sort(*options.order);
      if (status.ok() && !table.empty()) status = lists.Encode(table);
      if (!turns.Wait(block.number())) return status;
      if (status.ok() && !table.empty()) {
        if (options.order->Compare(last_key, table.first_key()) > 0) {
          sorted = false;
          break;
        }
        last_key = std::string(table.last_key());
        values_read += table.values();
        rows_read += table.rows();
        status = lists.AppendTo(builder, *options.order);
      }
      if (!status.ok()) {
        turns.End();
        return status;
      }
      turns.Done();
    }
    turns.End();
    return absl::OkStatus();
  };
  absl::Status status = RunWorkers(options.threads, work, [&] { options.tick(rows_read.load()); });
  if (!status.ok()) return status;
  if (!sorted) return false;
  *rows = rows_read;
  *values = values_read;
  if (log->stopped()) return true;
  status = builder->End();
  if (!status.ok()) return status;
  return true;
}

}  // namespace load
}  // namespace sheaf
