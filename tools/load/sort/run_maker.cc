#include "tools/load/sort/run_maker.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/common/interrupt.h"
#include "tools/common/text.h"
#include "tools/common/worker_threads.h"
#include "tools/load/input/row_parser.h"
#include "tools/load/load_files.h"
#include "tools/load/sort/row_merge.h"
#include "tools/load/sort/run_writer.h"

namespace sheaf {
namespace load {
namespace {

// A table smaller than this makes runs too small to merge in one go.
constexpr uint64_t kMinTable = uint64_t{4} << 20;
// Of a thread beside its table: a chunk of input, a block of a run.
constexpr uint64_t kThreadBytes = uint64_t{3} << 19;
constexpr size_t kChunkBytes = size_t{1} << 19;
// Of a row on its way into an SST: in RocksDB and before.
constexpr uint64_t kCopies = 5;
// What the process may take beyond the memory for a long row.
constexpr uint64_t kSlack = uint64_t{64} << 20;

size_t ThreadsFor(const RunMaker::Options& options) {
  const uint64_t max = std::max<uint64_t>(1, options.memory / (kMinTable + kThreadBytes));
  return static_cast<size_t>(std::min<uint64_t>(options.threads, max));
}

uint64_t TableBytes(uint64_t memory, size_t threads) {
  const uint64_t each = memory / threads;
  return std::max(kMinTable, each - std::min(each, kThreadBytes));
}

// The most memory that the rows of a chunk take in a table. A row has sizes of its key and body,
// their number, and an entry of the index; a value in it costs no more than it took in the input.
uint64_t MaxBytesInTable(const RowChunk& chunk) {
  const std::string_view rows = chunk.rows();
  uint64_t count = 1;
  for (const char* at = rows.data();
       const void* const found =
           std::memchr(at, '\n', static_cast<size_t>(rows.data() + rows.size() - at));) {
    at = static_cast<const char*>(found) + 1;
    ++count;
  }
  if (chunk.format() == RowFormat::kFramed) count = rows.size() / 9 + 1;
  return rows.size() + rows.size() / 64 + count * (2 * sizeof(IndexEntry) + 26);
}

class Nothing final : public RowSink {
 public:
  absl::Status Add(std::string_view, absl::Span<const std::string_view>) override {
    return absl::OkStatus();
  }
};

}  // namespace

class RunMaker::Worker {
 public:
  explicit Worker(RunMaker* maker) : table(maker->share_), maker_(maker) {}

  absl::Status Read() {
    absl::Status status = WithoutExceptions([this] { return TakeChunks(); });
    if (!status.ok()) maker_->failed_ = true;
    return status;
  }

  RowTable table;
  std::vector<ChunkRead> chunks;  // whose rows are in the table
  uint64_t longest = 0;           // bytes of the longest row that is longer than a chunk

 private:
  bool Stops() const { return maker_->log_->stopped() || maker_->failed_; }

  absl::Status TakeChunks() {
    const auto may_use = [this](uint64_t bytes) { return MayUse(bytes); };
    if (absl::Status status = table.Reserve(); !status.ok()) return status;
    while (!Stops()) {
      const absl::StatusOr<bool> more = maker_->reader_->Next(&chunk_, may_use);
      if (!spill_status_.ok()) return spill_status_;
      if (!more.ok()) return more.status();
      if (!*more) break;
      if (absl::Status status = Take(); !status.ok()) return status;
    }
    if (Stops()) return absl::OkStatus();
    absl::Status status = table.Sort(*maker_->options_.order);
    table.ReleaseRest();
    return status;
  }

  absl::Status Take() {
    // A run has whole chunks.
    const uint64_t room = table.memory() - std::min(table.memory(), table.memory_used() + reserve_);
    const bool is_full = chunk_.rows().size() * 20 > room && MaxBytesInTable(chunk_) > room;
    if (!table.empty() && (is_full || !table.has_room_for_chunk())) {
      if (absl::Status status = maker_->Spill(table, &chunks, false); !status.ok()) return status;
      reserve_ = IsLong() ? 2 * chunk_.rows().size() : 0;
    }
    if (table.empty() && maker_->HasManyRuns()) {
      table.Clear(/*release=*/true);
      absl::Status status = maker_->MergeSome(table.memory() - reserve_);
      if (!status.ok()) return status;
    }
    std::unique_ptr<RowParser>& parser = parsers_[static_cast<size_t>(chunk_.format())];
    if (parser == nullptr) parser = NewRowParser(chunk_.format(), maker_->options_.on_error);
    const uint64_t rows = table.rows();
    const uint64_t values = table.values();
    ChunkReport report = maker_->log_->NewReport();
    if (chunk_.again()) {
      Nothing nothing;
      absl::Status status = parser->Parse(chunk_, nothing, &report);
      maker_->log_->Add(chunk_, std::move(report));
      return status;
    }
    table.BeginChunk(chunk_.position());
    absl::Status status = parser->Parse(chunk_, table, &report);
    if (absl::IsResourceExhausted(status)) {
      return absl::ResourceExhaustedError(absl::StrCat(
          chunk_.name(), ": offset ", chunk_.offset(), ": rows of ", Bytes(chunk_.rows().size()),
          " do not fit into the ", Bytes(table.memory()),
          " that one of --threads has of --memory; raise --memory, or lower --threads"));
    }
    if (!status.ok()) return status;
    maker_->rows_.fetch_add(table.rows() - rows, std::memory_order_relaxed);
    maker_->values_.fetch_add(table.values() - values, std::memory_order_relaxed);
    chunks.push_back({chunk_.position(), chunk_.position() + chunk_.rows().size(), report.lines,
                      !report.rejects.empty()});
    maker_->log_->Add(chunk_, std::move(report));
    if (IsLong()) {
      longest = std::max<uint64_t>(longest, chunk_.rows().size());
      parser.reset();  // keeps what it needed
    }
    return absl::OkStatus();
  }

  // A row that is longer than a chunk has to be in this thread's share three times: in the chunk,
  // in the table, and in the parser, or later in what writes a run.
  bool MayUse(uint64_t bytes) {
    const bool json = chunk_.format() == RowFormat::kJsonl;  // simdjson: 14 bytes a byte
    const uint64_t beside = (json ? 15 : 2) * bytes;
    if (beside + bytes > table.memory()) return false;
    // Later each thread reads two runs at least, with a block of that size each.
    const uint64_t copies = 2 * maker_->threads_ + kCopies;
    if (copies * bytes > maker_->options_.memory + kSlack) return false;
    if (!table.empty() &&
        table.memory_used() + std::max(reserve_, beside) + bytes > table.memory()) {
      spill_status_ = maker_->Spill(table, &chunks, true);
      if (!spill_status_.ok()) return false;
      reserve_ = 0;
    }
    reserve_ = std::max(reserve_, 2 * bytes);
    return true;
  }

  bool IsLong() const { return chunk_.rows().size() > maker_->reader_->chunk_bytes(); }

  RunMaker* const maker_;
  RowChunk chunk_;
  uint64_t reserve_ = 0;       // of the share: what rows longer than a chunk take beside the table
  absl::Status spill_status_;  // of MayUse(), which can only say no
  std::array<std::unique_ptr<RowParser>, 3> parsers_;
};

RunMaker::RunMaker(Options options, RejectLog* log)
    : options_(std::move(options)),
      log_(log),
      threads_(ThreadsFor(options_)),
      share_(TableBytes(options_.memory, threads_)),
      next_run_(options_.first_run) {}

RunMaker::~RunMaker() = default;

void RunMaker::AddRun(std::unique_ptr<Run> run, const RunInfo& info) {
  run->set_order(options_.order);
  rows_ += info.rows;
  values_ += info.values;
  spilled_bytes_ += info.bytes;
  runs_.push_back({std::move(run), info});
}

absl::Status RunMaker::Read(ChunkReader* reader, const std::function<void()>& tick) {
  reader_ = reader;
  for (size_t i = 0; i < threads_; ++i) workers_.push_back(std::make_unique<Worker>(this));
  return RunWorkers(
      threads_, [this](size_t i) { return workers_[i]->Read(); }, tick);
}

// A row of 3 bytes, which is the shortest, takes 37 while it is sorted.
size_t RunMaker::chunk_bytes() const {
  return static_cast<size_t>(std::min<uint64_t>(kChunkBytes, share_ / 20));
}

absl::Status RunMaker::WriteRun(SortedRows& rows, const std::vector<uint64_t>& positions,
                                RunInfo info, const std::vector<std::string>& replaced) {
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
  spilled_bytes_ += info.bytes;
  const std::lock_guard<std::mutex> lock(mutex_);
  status = options_.on_run(info, replaced);
  runs_.push_back({*std::move(run), std::move(info)});
  return status;
}

absl::Status RunMaker::Spill(RowTable& table, std::vector<ChunkRead>* chunks, bool release) {
  if (absl::Status status = table.Sort(*options_.order); !status.ok()) return status;
  RunInfo info;
  info.rows = table.rows();
  info.values = table.values();
  info.chunks = std::move(*chunks);
  chunks->clear();
  const std::unique_ptr<SortedRows> rows = table.Read(RowRange());
  absl::Status status = WriteRun(*rows, table.positions(), std::move(info), {});
  table.Clear(release);
  return status;
}

absl::Status RunMaker::Settle(uint64_t needed, size_t readers, const std::function<void()>& tick) {
  uint64_t longest = 0;
  for (const auto& worker : workers_) longest = std::max(longest, worker->longest);
  for (const FinishedRun& run : runs_) longest = std::max(longest, run.run->reading_bytes());
  // Half of what is left is for blocks of two runs at least, half for copies of a row on its way
  // into an SST.
  needed += (runs_.empty() ? kCopies : std::max<uint64_t>(4 * readers, 2 * kCopies)) * longest;
  if (memory_used() + needed > options_.memory) {
    absl::Status status = RunWorkers(
        workers_.size(),
        [this](size_t i) {
          Worker& worker = *workers_[i];
          if (worker.table.empty()) return absl::OkStatus();
          return Spill(worker.table, &worker.chunks, true);
        },
        tick);
    if (!status.ok()) return status;
    workers_.clear();
  }
  if (!options_.merge) return absl::OkStatus();
  const uint64_t left = options_.memory - std::min(options_.memory, memory_used());
  return RunWorkers(
      1, [&](size_t) { return MergeRuns(left / 2 / readers); }, tick);
}

// The smallest runs are merged first, so that each row is written as few times as possible.
size_t RunMaker::Fitting(uint64_t memory) {
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

absl::Status RunMaker::MergeRuns(uint64_t memory) {
  for (;;) {
    const size_t max = std::max<size_t>(Fitting(memory), 2);
    if (runs_.size() <= max) return absl::OkStatus();
    absl::Status status = Merge(TakeRuns(std::min(max, runs_.size() - max + 1)));
    if (!status.ok()) return status;
  }
}

bool RunMaker::HasManyRuns() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return options_.merge && runs_.size() > options_.max_runs;
}

absl::Status RunMaker::MergeSome(uint64_t memory) {
  std::vector<FinishedRun> runs;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    const size_t max = Fitting(memory);
    // Of rows so long that two cannot be read there are not that many runs.
    if (max < 2 || runs_.size() <= options_.max_runs) return absl::OkStatus();
    // One that is larger than all before it together waits for its like, so that no row is written
    // too often.
    uint64_t bytes = runs_[0].info.bytes;
    size_t count = 1;
    do {
      bytes += runs_[count++].info.bytes;
    } while (count < max && runs_[count].info.bytes <= bytes);
    runs = TakeRuns(count);
  }
  return Merge(runs);
}

std::vector<RunMaker::FinishedRun> RunMaker::TakeRuns(size_t count) {
  const auto end = runs_.begin() + static_cast<ptrdiff_t>(count);
  std::vector<FinishedRun> runs(std::make_move_iterator(runs_.begin()),
                                std::make_move_iterator(end));
  runs_.erase(runs_.begin(), end);
  return runs;
}

absl::Status RunMaker::Merge(const std::vector<FinishedRun>& runs) {
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
  absl::Status status = WriteRun(*rows, positions, std::move(info), replaced);
  if (!status.ok()) return status;
  for (const std::string& path : replaced) unlink(path.c_str());
  return absl::OkStatus();
}

void RunMaker::Discard(const RowRange& range) const {
  for (const FinishedRun& run : runs_) run.run->Discard(range);
}

std::vector<const RowStore*> RunMaker::stores() const {
  std::vector<const RowStore*> stores;
  for (const FinishedRun& run : runs_) stores.push_back(run.run.get());
  for (const auto& worker : workers_) {
    if (!worker->table.empty()) stores.push_back(&worker->table);
  }
  return stores;
}

uint64_t RunMaker::memory_used() const {
  uint64_t bytes = 0;
  for (const auto& worker : workers_) bytes += worker->table.memory_used();
  return bytes;
}

}  // namespace load
}  // namespace sheaf
