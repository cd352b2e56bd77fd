#include "tools/load/list_builder.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/common/memory_limit.h"
#include "tools/common/owned_folder.h"
#include "tools/common/text.h"
#include "tools/common/worker_threads.h"
#include "tools/load/sort/row_merge.h"

namespace sheaf {
namespace load {
namespace {

// What a thread that writes SSTs takes: RocksDB's write buffer, the index of an SST of 256 MB,
// blocks being compressed.
constexpr uint64_t kWriterBytes = uint64_t{6} << 20;
// Work below this is not worth a second SST, and an SST beyond this is not worth its index.
constexpr uint64_t kLeastRange = uint64_t{16} << 20;
constexpr uint64_t kMostRange = uint64_t{256} << 20;

class Timer {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

 private:
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

bool AreThere(const RangeFiles& range) {
  return std::all_of(range.files.begin(), range.files.end(), [](const SstFile& file) {
    uint64_t bytes = 0;
    return IsOwnFile(file.path, &bytes) && bytes == file.bytes;
  });
}

}  // namespace

ListBuilder::ListBuilder(const Job& job, LoadState* state, LoadSummary* summary)
    : job_(job),
      options_(*job.options),
      state_(*state),
      summary_(*summary),
      memory_(std::max(job.options->memory, kMinMemory)),
      threads_(static_cast<size_t>(std::max(1, job.options->threads))) {}

absl::Status ListBuilder::Build() {
  summary_.operands = job_.operands;
  if (state_.plan.has_value() && state_.plan->operands != job_.operands) {
    options_.note("--resume: somebody else wrote to the DB, so the lists are written again");
    state_.plan.reset();
    state_.ranges.clear();
    state_.written = false;
  }
  if (absl::Status status = OpenRejects(); !status.ok()) return status;
  if (state_.written && TakeWritten()) return absl::OkStatus();
  if (summary_.resumed && !job_.can_read_again) {
    return absl::FailedPreconditionError(
        "--resume: not all rows of that load are in SSTs, and its input cannot be read again; "
        "load again without --resume");
  }
  // Input that turns out not to be sorted is read again.
  const bool may_be_sorted = job_.can_read_again && job_.order->bytewise() &&
                             options_.shards == 1 && !state_.not_sorted && state_.runs.empty();
  if (may_be_sorted) {
    const absl::StatusOr<bool> sorted = BuildSorted();
    if (!sorted.ok()) return sorted.status();
    if (*sorted) return RecordWritten();
    if (absl::Status status = OpenRejects(); !status.ok()) return status;
  }
  absl::Status status = ReadRows();
  if (status.ok()) status = WriteSsts();
  return status.ok() ? RecordWritten() : status;
}

absl::Status ListBuilder::OpenRejects() {
  rejects_.reset();  // closes its file
  const auto note = [this](const std::string& text) {
    if (noted_.insert(text).second) options_.note(text);  // input may be read twice
  };
  rejects_ = std::make_unique<RejectLog>(options_.on_error, job_.rejects, note);
  return rejects_->Open(job_.journal->folder());
}

// All rows are in SSTs, if these are there; false if they have to be read.
bool ListBuilder::TakeWritten() {
  // Rejects are known by reading.
  if (!job_.rejects.empty() && state_.counts.rows_skipped != 0) return false;
  if (!state_.plan.has_value()) {
    if (state_.sorted.empty() ||
        !std::all_of(state_.sorted.begin(), state_.sorted.end(), [this](const auto& part) {
          return part.second.operands == job_.operands && AreThere(part.second.lists);
        })) {
      return false;
    }
    TakeRanges(&state_.sorted);
  } else {
    for (size_t i = 0; i < state_.plan->ranges.size(); ++i) {
      if (!IsFinished(i)) return false;
    }
  }
  uint64_t values = 0;
  for (const auto& [index, range] : state_.ranges) values += range.values;
  if (values != state_.counts.values) {
    state_.plan.reset();
    state_.ranges.clear();
    return false;
  }
  Count(state_.counts);
  return true;
}

// False if rows are not in the order of their keys; then nothing was done.
absl::StatusOr<bool> ListBuilder::BuildSorted() {
  const Timer timer;
  job_.progress->Phase("loading sorted rows", job_.total_bytes, /*in_bytes=*/true);
  const SstPlan sst = MakeSstPlan(Writers() * kWriterBytes);
  absl::StatusOr<SortedParts> taken = TakeParts();
  if (!taken.ok()) return taken.status();
  SortedParts parts = *std::move(taken);
  SortedLoadOptions options;
  options.inputs = options_.inputs;
  options.format = options_.format;
  options.threads = threads_;
  options.max_lanes = Writers();
  options.memory = memory_ / 2;
  options.on_error = options_.on_error;
  options.plan = &sst;
  options.prefix = job_.journal->folder() + "/sorted-";
  options.first_number = state_.next_part;
  // A part is an SST, which a chunk more does not make too large.
  options.part_bytes = std::min(kMostRange, memory_) / 16 * 15;
  options.on_part = [this](uint64_t number, const SortedPart& part) {
    return job_.journal->Append(RecordOfPart(number, part));
  };
  options.tick = [this](uint64_t bytes, uint64_t rows) { job_.progress->At(bytes, rows); };
  const absl::StatusOr<SortedLoad> load = LoadSorted(options, rejects_.get(), &parts);
  absl::Status status = load.status();
  // Once: what has no part is read again.
  if (status.ok() && load->sorted && (!parts.empty() || rejects_->stopped())) {
    status = rejects_->Finish();
  }
  if (!status.ok()) return status;
  if (!load->sorted || parts.empty()) {
    job_.journal->RemoveUnknown({});
    status = job_.journal->Append(NotSortedRecord());
    if (!status.ok()) return status;
    return false;
  }
  LoadCounts counts;
  for (const auto& [number, part] : parts) {
    counts.rows += part.rows;
    counts.values += part.values;
  }
  counts.rows_skipped = rejects_->count();
  counts.bytes_in = load->file_bytes;
  counts.input_bytes = load->input_bytes;
  TakeRanges(&parts);
  Count(counts);
  summary_.skipped = rejects_->Account();
  summary_.write_seconds = timer.Seconds();
  return true;
}

void ListBuilder::TakeRanges(SortedParts* parts) {
  state_.plan.emplace();
  state_.plan->operands = job_.operands;
  for (auto& [number, part] : *parts) {
    state_.plan->part_of.push_back(0);
    state_.ranges[state_.ranges.size()] = std::move(part.lists);
  }
  parts->clear();
  summary_.sorted = true;
}

// Parts that an earlier load finished, and whose SSTs are there; of others all files are removed.
absl::StatusOr<SortedParts> ListBuilder::TakeParts() {
  SortedParts parts;
  std::set<std::string> known;
  for (auto& [number, part] : state_.sorted) {
    if (part.operands != job_.operands || !AreThere(part.lists)) {
      absl::Status status = job_.journal->Append(RecordOfPart(number, SortedPart()));
      if (!status.ok()) return status;
      continue;
    }
    for (const SstFile& file : part.lists.files) known.insert(file.path);
    parts[number] = std::move(part);
  }
  if (parts.size() != state_.sorted.size()) {
    options_.note(
        "--resume: some SSTs are not there or of no use any more; their rows are read again");
  }
  state_.sorted.clear();
  // Others were being written when the load was killed.
  job_.journal->RemoveUnknown(known);
  return parts;
}

// Runs that an earlier load finished, and what of the input is in them.
absl::StatusOr<std::vector<PositionRange>> ListBuilder::TakeRuns(RunMaker* maker) {
  std::vector<ChunkRead> chunks;
  std::set<std::string> known;
  for (const auto& [path, info] : state_.runs) {
    uint64_t bytes = 0;
    absl::StatusOr<std::unique_ptr<Run>> run = absl::NotFoundError("");
    if (IsOwnFile(path, &bytes)) run = Run::Open(path);
    absl::Status status = run.status();
    if (run.ok()) {
      (*run)->set_order(job_.order);
      status = Verify(**run);
    }
    if (status.ok() && (*run)->rows() != info.rows) status = absl::DataLossError("");
    // Whatever else it is, like too many open files, the run may be whole.
    if (absl::IsCancelled(status) || absl::IsInternal(status)) return status;
    if (!status.ok()) {
      options_.note(absl::StrCat(
          path, ": the run is damaged, or a part of it was given back; its rows are read again"));
      continue;
    }
    known.insert(path);
    chunks.insert(chunks.end(), info.chunks.begin(), info.chunks.end());
    maker->AddRun(*std::move(run), info);
  }
  for (const auto& [index, range] : state_.ranges) {
    for (const SstFile& file : range.files) known.insert(file.path);
  }
  // Others were being written when the load was killed.
  job_.journal->RemoveUnknown(known);
  std::sort(chunks.begin(), chunks.end(),
            [](const ChunkRead& a, const ChunkRead& b) { return a.begin < b.begin; });
  return PassOver(chunks);
}

// What is still to be merged of a run.
absl::Status ListBuilder::Verify(const Run& run) const {
  if (!state_.plan.has_value()) return run.Verify(RowRange());
  absl::Status status;
  const std::vector<RowRange>& ranges = state_.plan->ranges;
  for (size_t i = 0; i < ranges.size() && status.ok(); ++i) {
    if (!IsFinished(i)) status = run.Verify(ranges[i]);
  }
  return status;
}

// Has rejects_ told of them. REQUIRES: in order.
std::vector<PositionRange> ListBuilder::PassOver(const std::vector<ChunkRead>& chunks) {
  std::vector<PositionRange> ranges;
  for (const ChunkRead& chunk : chunks) {
    if (!chunk.rejects) rejects_->AddPassedOver(chunk.begin, chunk.end, chunk.lines);
    ranges.push_back({chunk.begin, chunk.end, chunk.rejects});
  }
  return ranges;
}

absl::Status ListBuilder::ReadRows() {
  const Timer timer;
  job_.progress->Phase("reading", job_.total_bytes, /*in_bytes=*/true);
  RunMaker::Options making;
  making.memory = memory_;
  making.threads = threads_;
  making.on_error = options_.on_error;
  making.order = job_.order;
  making.max_runs = static_cast<size_t>(options_.most_runs);
  making.folder = job_.journal->folder();
  making.first_run = state_.next_run;
  // Runs of which a part was merged and given back can only be read by ranges.
  making.merge = state_.ranges.empty();
  making.on_run = [this](const RunInfo& run, const std::vector<std::string>& replaced) {
    return job_.journal->Append(RecordOf(run, replaced));
  };
  ChunkReader::Options reading;
  reading.inputs = options_.inputs;
  reading.format = options_.format;
  maker_ = std::make_unique<RunMaker>(std::move(making), rejects_.get());
  reading.chunk_bytes = maker_->chunk_bytes();
  if (summary_.resumed) {
    absl::StatusOr<std::vector<PositionRange>> read_before = TakeRuns(maker_.get());
    if (!read_before.ok()) return read_before.status();
    reading.read_before = *std::move(read_before);
  }
  ChunkReader reader(std::move(reading));
  const auto tick = [&] { job_.progress->At(reader.file_bytes(), maker_->rows()); };
  absl::Status status = maker_->Read(&reader, tick);
  if (absl::Status rejected = rejects_->Finish(); !rejected.ok()) return rejected;
  if (!status.ok()) return status;
  LoadCounts counts;
  counts.rows = maker_->rows();
  counts.values = maker_->values();
  counts.rows_skipped = rejects_->count();
  counts.bytes_in = reader.file_bytes();
  counts.input_bytes = reader.position();
  Count(counts);
  summary_.skipped = rejects_->Account();
  const size_t writers = Writers();
  job_.progress->Phase("sorting", 0, /*in_bytes=*/false);
  status = maker_->Settle(writers * kWriterBytes + memory_ / 16, writers,
                          [&] { job_.progress->At(0, maker_->rows()); });
  summary_.runs = maker_->runs();
  summary_.run_bytes = maker_->spilled_bytes();
  summary_.read_seconds = timer.Seconds();
  return status;
}

void ListBuilder::Count(const LoadCounts& counts) {
  summary_.rows = counts.rows;
  summary_.values = counts.values;
  summary_.rows_skipped = counts.rows_skipped;
  summary_.bytes_in = counts.bytes_in;
  summary_.input_bytes = counts.input_bytes;
  state_.counts = counts;
}

size_t ListBuilder::Writers() const {
  return static_cast<size_t>(
      std::max<uint64_t>(1, std::min<uint64_t>(threads_, memory_ / (2 * kWriterBytes))));
}

// Of an SST, where there are `bytes` in all.
uint64_t ListBuilder::RangeBytes(uint64_t bytes) const {
  return std::min(kMostRange, std::max(kLeastRange, bytes / (4 * Writers()) + 1));
}

// `used`: bytes of memory that are in use while SSTs are written.
SstPlan ListBuilder::MakeSstPlan(uint64_t used) const {
  SstPlan sst;
  sst.options = job_.database->options();
  sst.options.table_properties_collector_factories.push_back(NewMarkCollectorFactory(job_.mark));
  sst.family = job_.family;
  sst.operands = job_.operands;
  sst.can_merge = job_.database->can_append();
  sst.layout = job_.database->layout();
  sst.list_bytes = options_.list_bytes;
  sst.kept_bytes = std::clamp(memory_ / (8 * Writers()), sst.kept_bytes, uint64_t{32} << 20);
  // Copies of a piece that exist at once: the builder's, which doubles, the blob, RocksDB's block,
  // and that block compressed.
  sst.piece_bytes = std::max<uint64_t>(1 << 20, (memory_ - std::min(memory_, used)) / 8);
  return sst;
}

absl::Status ListBuilder::MakePlan(const std::vector<const RowStore*>& stores) {
  WritePlan plan;
  plan.operands = job_.operands;
  uint64_t bytes = 0;
  for (const RowStore* const store : stores) bytes += store->bytes();
  plan.ranges = CutRanges(stores, *job_.order, RangeBytes(bytes),
                          static_cast<size_t>(options_.shards), &plan.part_of);
  state_.plan = std::move(plan);
  return job_.journal->Append(RecordOf(*state_.plan));
}

absl::Status ListBuilder::WriteSsts() {
  const std::vector<const RowStore*> stores = maker_->stores();
  if (stores.empty() && !(state_.plan.has_value() && !state_.ranges.empty())) {
    options_.note("the input has no rows");
    return absl::OkStatus();
  }
  const Timer timer;
  uint64_t total = 0;
  for (const RowStore* const store : stores) total += store->bytes();
  job_.progress->Phase("writing lists", total, /*in_bytes=*/true);
  if (!state_.plan.has_value()) {
    if (absl::Status status = MakePlan(stores); !status.ok()) return status;
  }
  const WritePlan& plan = *state_.plan;

  std::atomic<uint64_t> keys{0};
  std::atomic<uint64_t> bytes{0};
  std::mutex large_list;
  const size_t writers = std::min(Writers(), plan.ranges.size());
  SstPlan sst = MakeSstPlan(maker_->memory_used() + writers * kWriterBytes);
  sst.keys_written = &keys;
  sst.bytes_merged = &bytes;
  sst.large_list = &large_list;
  const size_t shared = SharedPrefix(stores, *job_.order);
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  std::mutex mutex;  // of state_.ranges
  const auto work = [&](size_t) {
    for (size_t i; (i = next++) < plan.ranges.size() && !failed;) {
      {
        const std::lock_guard<std::mutex> lock(mutex);
        if (IsFinished(i)) continue;
      }
      SstBuilder builder(sst, absl::StrCat(job_.journal->folder(), "/range-", i, "-"));
      const std::unique_ptr<SortedRows> rows =
          MergeRange(stores, plan.ranges[i], *job_.order, shared);
      absl::Status status = builder.Append(*rows, *job_.order);
      if (status.ok()) status = builder.End();
      RangeFiles files = builder.written();
      if (status.ok()) status = job_.journal->Append(RecordOf(i, files));
      if (!status.ok()) {
        failed = true;
        return status;
      }
      maker_->Discard(plan.ranges[i]);
      const std::lock_guard<std::mutex> lock(mutex);
      state_.ranges[i] = std::move(files);
    }
    return absl::OkStatus();
  };
  absl::Status status =
      RunWorkers(writers, work, [&] { job_.progress->At(bytes.load(), keys.load(), "key"); });
  if (!status.ok()) return status;
  maker_.reset();
  summary_.write_seconds = timer.Seconds();
  return absl::OkStatus();
}

absl::Status ListBuilder::RecordWritten() {
  uint64_t values = 0;
  for (const auto& [index, range] : state_.ranges) values += range.values;
  if (values == summary_.values) {
    state_.written = true;
    return job_.journal->Append(RecordOf(state_.counts));
  }
  return absl::InternalError(absl::StrCat("read ", Grouped(summary_.values), " values but wrote ",
                                          Grouped(values),
                                          ": this is a bug in sheaf; please report it"));
}

// By an earlier load.
bool ListBuilder::IsFinished(size_t range) const {
  const auto found = state_.ranges.find(range);
  return found != state_.ranges.end() && AreThere(found->second);
}

}  // namespace load
}  // namespace sheaf
