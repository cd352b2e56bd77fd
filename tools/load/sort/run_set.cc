#include "tools/load/sort/run_set.h"

#include <unistd.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tools/load/load_files.h"
#include "tools/load/sort/row_merge.h"
#include "tools/load/sort/run_writer.h"

namespace sheaf {
namespace load {

void RunSet::Add(std::unique_ptr<Run> run, const RunInfo& info) {
  run->set_order(options_.order);
  written_bytes_ += info.bytes;
  runs_.push_back({std::move(run), info});
}

absl::Status RunSet::Write(SortedRows& rows, const std::vector<uint64_t>& positions, RunInfo info,
                           const std::vector<std::string>& replaced) {
  const std::string path = absl::StrCat(options_.folder, "/", RunName(next_run_++));
  const absl::StatusOr<std::unique_ptr<RunWriter>> writer =
      RunWriter::Create(path, *options_.order);
  if (!writer.ok()) return writer.status();
  absl::Status status = (*writer)->Write(rows, positions);
  if (!status.ok()) {
    unlink(path.c_str());
    return status;
  }
  info.path = path;
  info.bytes = (*writer)->bytes();
  absl::StatusOr<std::unique_ptr<Run>> run = Run::Open(path);
  if (!run.ok()) return run.status();
  (*run)->set_order(options_.order);
  (*run)->set_written_here();
  written_bytes_ += info.bytes;
  const std::lock_guard<std::mutex> lock(mutex_);
  status = options_.on_run(info, replaced);
  runs_.push_back({*std::move(run), std::move(info)});
  return status;
}

// The smallest runs are merged first, so that each row is written as few times as possible.
size_t RunSet::CountReadable(uint64_t memory) {
  std::sort(runs_.begin(), runs_.end(),
            [](const FinishedRun& a, const FinishedRun& b) { return a.info.bytes < b.info.bytes; });
  size_t count = 0;
  for (const FinishedRun& run : runs_) {
    if (run.run->reading_bytes() > memory || count == options_.max_runs) break;
    memory -= run.run->reading_bytes();
    ++count;
  }
  return count;
}

absl::Status RunSet::MergeUntilReadable(uint64_t memory) {
  if (!options_.merge) return absl::OkStatus();
  for (;;) {
    const size_t max = std::max<size_t>(CountReadable(memory), 2);
    if (runs_.size() <= max) return absl::OkStatus();
    absl::Status status = Merge(Pop(std::min(max, runs_.size() - max + 1)));
    if (!status.ok()) return status;
  }
}

bool RunSet::HasMany() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return options_.merge && runs_.size() > options_.max_runs;
}

absl::Status RunSet::MergeSome(uint64_t memory) {
  std::vector<FinishedRun> runs;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const size_t max = CountReadable(memory);
    // If rows are so long that two runs cannot be read, there are not that many runs.
    if (max < 2 || runs_.size() <= options_.max_runs) return absl::OkStatus();
    // A run that is larger than all before it together waits for others of its size, so that no row
    // is written too often.
    uint64_t bytes = runs_[0].info.bytes;
    size_t count = 1;
    do {
      bytes += runs_[count++].info.bytes;
    } while (count < max && runs_[count].info.bytes <= bytes);
    runs = Pop(count);
  }
  return Merge(runs);
}

std::vector<RunSet::FinishedRun> RunSet::Pop(size_t count) {
  const auto end = runs_.begin() + static_cast<ptrdiff_t>(count);
  std::vector<FinishedRun> runs(std::make_move_iterator(runs_.begin()),
                                std::make_move_iterator(end));
  runs_.erase(runs_.begin(), end);
  return runs;
}

absl::Status RunSet::Merge(const std::vector<FinishedRun>& runs) {
  std::vector<const RowStore*> stores;
  std::vector<uint64_t> positions;
  std::vector<std::string> replaced;
  RunInfo info;
  for (const FinishedRun& run : runs) {
    stores.push_back(run.run.get());
    positions.insert(positions.end(), run.run->positions().begin(), run.run->positions().end());
    replaced.push_back(run.info.path);
    info.rows += run.info.rows;
    info.values += run.info.values;
    info.chunks.insert(info.chunks.end(), run.info.chunks.begin(), run.info.chunks.end());
  }
  std::sort(positions.begin(), positions.end());
  const std::unique_ptr<SortedRows> rows =
      MergeRange(stores, RowRange(), *options_.order, SharedPrefix(stores, *options_.order));
  absl::Status status = Write(*rows, positions, std::move(info), replaced);
  if (!status.ok()) return status;
  for (const std::string& path : replaced) unlink(path.c_str());
  return absl::OkStatus();
}

void RunSet::Discard(const RowRange& range) const {
  for (const FinishedRun& run : runs_) run.run->Discard(range);
}

std::vector<const RowStore*> RunSet::stores() const {
  std::vector<const RowStore*> stores;
  for (const FinishedRun& run : runs_) stores.push_back(run.run.get());
  return stores;
}

uint64_t RunSet::max_reading_bytes() const {
  uint64_t max = 0;
  for (const FinishedRun& run : runs_) max = std::max(max, run.run->reading_bytes());
  return max;
}

}  // namespace load
}  // namespace sheaf
