#include "tools/load/list_builder.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/common/memory_limit.h"
#include "tools/common/text.h"
#include "tools/common/timer.h"
#include "tools/load/range_writer.h"
#include "tools/load/resume/finished_files.h"

namespace sheaf {
namespace load {
namespace {

// What a thread that writes SSTs takes: RocksDB's write buffer, the index of an SST of 256 MB,
// blocks being compressed.
constexpr uint64_t kWriterBytes = uint64_t{6} << 20;

uint64_t ValuesIn(const std::vector<BuiltLists::Range>& ranges) {
  uint64_t values = 0;
  for (const BuiltLists::Range& range : ranges) values += range.files.values;
  return values;
}

// Sorted rows are of one shard.
// NOLINTNEXTLINE(performance-unnecessary-value-param): what it holds is moved
std::vector<BuiltLists::Range> RangesOf(SortedParts parts) {
  std::vector<BuiltLists::Range> ranges;
  for (auto& [number, part] : parts) ranges.push_back({0, std::move(part.lists)});
  return ranges;
}

}  // namespace

ListBuilder::ListBuilder(const Job& job, BuildState state)
    : job_(job),
      options_(*job.options),
      inputs_(job.preflight->inputs),
      order_(job.preflight->order),
      memory_(std::max(job.options->memory, kMinMemory)),
      threads_(static_cast<size_t>(std::max(1, job.options->threads))),
      state_(std::move(state)) {}

absl::StatusOr<BuiltLists> ListBuilder::Build() {
  if (state_.plan.has_value() && state_.plan->operands != job_.sst.operands) {
    options_.note("--resume: somebody else wrote to the DB, so the lists are written again");
    state_.plan.reset();
    state_.ranges.clear();
    state_.written = false;
  }
  if (absl::Status status = OpenRejects(); !status.ok()) return status;
  std::optional<Ranges> written = LoadWritten();
  if (written.has_value()) return BuiltLists{*std::move(written), std::move(rejects_)};
  if (job_.resumed && !inputs_.can_read_again()) {
    return absl::FailedPreconditionError(
        "--resume: not all rows of that load are in SSTs, and its input cannot be read again; "
        "load again without --resume");
  }
  absl::StatusOr<Ranges> built = BuildRanges();
  if (!built.ok()) return built.status();
  if (absl::Status status = RecordWritten(*built); !status.ok()) return status;
  return BuiltLists{*std::move(built), std::move(rejects_)};
}

absl::Status ListBuilder::OpenRejects() {
  rejects_.reset();  // closes its file
  // Input may be read twice. The log is given out: it may not borrow from this.
  const auto note = [note = options_.note, noted = noted_](const std::string& text) {
    if (noted->insert(text).second) note(text);
  };
  rejects_ = std::make_unique<RejectLog>(options_.on_error, job_.rejects, note);
  return rejects_->Open(job_.journal->folder());
}

// What an interrupted load has written, if that is all and still there.
std::optional<ListBuilder::Ranges> ListBuilder::LoadWritten() {
  // Rejects are known by reading.
  if (!state_.written || (!job_.rejects.empty() && state_.counts.rows_skipped != 0) ||
      !AreFinished(state_, job_.sst.operands)) {
    return std::nullopt;
  }
  Ranges ranges;
  if (state_.plan.has_value()) {
    for (const auto& [index, files] : state_.ranges) {
      ranges.push_back({state_.plan->ranges[index].shard, files});
    }
  } else {
    ranges = RangesOf(state_.sorted);
  }
  if (ValuesIn(ranges) != state_.counts.values) {
    state_.plan.reset();
    state_.ranges.clear();
    state_.sorted.clear();
    return std::nullopt;
  }
  summary_.written = true;
  summary_.counts = state_.counts;
  summary_.sorted = !state_.plan.has_value();
  return ranges;
}

absl::StatusOr<ListBuilder::Ranges> ListBuilder::BuildRanges() {
  if (MayBeSorted()) {
    absl::StatusOr<std::optional<Ranges>> sorted = BuildSorted();
    if (!sorted.ok()) return sorted.status();
    if (sorted->has_value()) return **std::move(sorted);
    // The input is read again.
    if (absl::Status status = OpenRejects(); !status.ok()) return status;
  }
  if (absl::Status status = ReadRows(); !status.ok()) return status;
  return WriteRows();
}

bool ListBuilder::MayBeSorted() const {
  return inputs_.can_read_again() && order_.bytewise() && options_.shards == 1 &&
         !state_.not_sorted && state_.runs.empty();
}

// None if rows are not in the order of their keys; then nothing was done.
absl::StatusOr<std::optional<ListBuilder::Ranges>> ListBuilder::BuildSorted() {
  const Timer timer;
  job_.progress->Phase("loading sorted rows", inputs_.total_bytes(), /*in_bytes=*/true);
  const SstPlan sst = SizedSstPlan(Writers() * kWriterBytes);
  absl::StatusOr<SortedParts> kept =
      KeepParts(std::move(state_.sorted), job_.sst.operands, job_.journal, options_.note);
  if (!kept.ok()) return kept.status();
  SortedParts parts = *std::move(kept);
  SortedLoadOptions options;
  options.inputs = options_.inputs;
  options.format = options_.format;
  options.csv = options_.csv;
  options.threads = threads_;
  options.max_lanes = Writers();
  options.memory = memory_ / 2;
  options.on_error = options_.on_error;
  options.plan = &sst;
  options.prefix = job_.journal->folder() + "/sorted-";
  options.first_number = state_.next_part;
  // A part is an SST, which a chunk more does not make too large.
  options.part_bytes = std::min(kMaxRangeBytes, memory_) / 16 * 15;
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
    return std::nullopt;
  }
  LoadCounts& counts = summary_.counts;
  for (const auto& [number, part] : parts) {
    counts.rows += part.rows;
    counts.values += part.values;
  }
  counts.rows_skipped = rejects_->count();
  counts.bytes_in = load->file_bytes;
  counts.input_bytes = load->input_bytes;
  summary_.skipped = rejects_->Account();
  summary_.sorted = true;
  summary_.write_seconds = timer.Seconds();
  return RangesOf(std::move(parts));
}

absl::Status ListBuilder::ReadRows() {
  const Timer timer;
  job_.progress->Phase("reading", inputs_.total_bytes(), /*in_bytes=*/true);
  RunMaker::Options making;
  making.memory = memory_;
  making.threads = threads_;
  making.on_error = options_.on_error;
  making.order = &order_;
  making.max_runs = job_.max_runs;
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
  reading.csv = options_.csv;
  maker_ = std::make_unique<RunMaker>(std::move(making), rejects_.get());
  reading.chunk_bytes = maker_->chunk_bytes();
  if (job_.resumed) {
    absl::StatusOr<std::vector<PositionRange>> read_before = AddKeptRuns();
    if (!read_before.ok()) return read_before.status();
    reading.read_before = *std::move(read_before);
  }
  ChunkReader reader(std::move(reading));
  const auto tick = [&] { job_.progress->At(reader.file_bytes(), maker_->rows()); };
  absl::Status status = maker_->Read(&reader, tick);
  absl::Status rejected = rejects_->Finish();
  // Rows behind one that could not be read are not reached, and say nothing. A malformed row before
  // it is the first fault.
  if (!status.ok() && !absl::IsInvalidArgument(rejected)) return status;
  if (!rejected.ok()) return rejected;
  LoadCounts& counts = summary_.counts;
  counts.rows = maker_->rows();
  counts.values = maker_->values();
  counts.rows_skipped = rejects_->count();
  counts.bytes_in = reader.file_bytes();
  counts.input_bytes = reader.position();
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

// Gives the runs of the interrupted load to maker_, and tells which chunks of the input they have.
absl::StatusOr<std::vector<PositionRange>> ListBuilder::AddKeptRuns() {
  absl::StatusOr<std::vector<KeptRun>> runs =
      KeepRuns(state_, &order_, job_.journal, options_.note);
  if (!runs.ok()) return runs.status();
  const std::vector<ChunkRead> chunks = ChunksOf(*runs);
  for (KeptRun& kept : *runs) maker_->AddRun(std::move(kept.run), *kept.info);
  std::vector<PositionRange> positions;
  for (const ChunkRead& chunk : chunks) {
    if (!chunk.rejects) rejects_->AddPassedOver(chunk.begin, chunk.end, chunk.lines);
    positions.push_back({chunk.begin, chunk.end, chunk.rejects});
  }
  return positions;
}

size_t ListBuilder::Writers() const {
  return static_cast<size_t>(
      std::max<uint64_t>(1, std::min<uint64_t>(threads_, memory_ / (2 * kWriterBytes))));
}

// `used`: bytes of memory that are in use while SSTs are written.
SstPlan ListBuilder::SizedSstPlan(uint64_t used) const {
  SstPlan sst = job_.sst;
  sst.kept_bytes = std::clamp(memory_ / (8 * Writers()), sst.kept_bytes, uint64_t{32} << 20);
  // Copies of a piece that exist at once: the builder's, which doubles, the blob, RocksDB's block,
  // and that block compressed.
  sst.piece_bytes = std::max<uint64_t>(1 << 20, (memory_ - std::min(memory_, used)) / 8);
  return sst;
}

// What maker_ has, merged.
absl::StatusOr<ListBuilder::Ranges> ListBuilder::WriteRows() {
  RangeWork work;
  work.stores = maker_->stores();
  if (work.stores.empty() && (!state_.plan.has_value() || state_.ranges.empty())) {
    options_.note("the input has no rows");
    return Ranges();
  }
  const Timer timer;
  if (!state_.plan.has_value()) {
    state_.plan = PlanRanges(work.stores, order_, Writers(), options_.shards);
    state_.plan->operands = job_.sst.operands;
    absl::Status status = job_.journal->Append(RecordOf(*state_.plan));
    if (!status.ok()) return status;
  }
  const WritePlan& plan = *state_.plan;
  Ranges built(plan.ranges.size());
  for (size_t i = 0; i < built.size(); ++i) {
    built[i].shard = plan.ranges[i].shard;
    if (IsFinished(state_, i)) {
      built[i].files = std::move(state_.ranges[i]);
    } else {
      work.ranges.push_back(i);
    }
  }
  work.plan = &plan;
  work.order = &order_;
  work.threads = std::min(Writers(), plan.ranges.size());
  const SstPlan sst = SizedSstPlan(maker_->memory_used() + work.threads * kWriterBytes);
  work.sst = &sst;
  work.journal = job_.journal;
  work.on_written = [this](const RowRange& keys) { maker_->Discard(keys); };
  work.progress = job_.progress;
  absl::StatusOr<std::vector<RangeFiles>> written = WriteRanges(work);
  if (!written.ok()) return written.status();
  for (size_t i = 0; i < written->size(); ++i) {
    built[work.ranges[i]].files = std::move((*written)[i]);
  }
  maker_.reset();
  summary_.write_seconds = timer.Seconds();
  return built;
}

absl::Status ListBuilder::RecordWritten(const Ranges& ranges) {
  const uint64_t values = ValuesIn(ranges);
  if (values == summary_.counts.values) {
    summary_.written = true;
    return job_.journal->Append(RecordOf(summary_.counts));
  }
  return absl::InternalError(absl::StrCat("read ", Grouped(summary_.counts.values),
                                          " values but wrote ", Grouped(values),
                                          ": this is a bug in sheaf; please report it"));
}

}  // namespace load
}  // namespace sheaf
