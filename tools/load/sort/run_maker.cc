#include "tools/load/sort/run_maker.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "tools/common/text.h"
#include "tools/common/worker_threads.h"
#include "tools/load/input/chunk_parser.h"

namespace sheaf {
namespace load {
namespace {

// A table smaller than this makes runs too small to merge in one go.
constexpr uint64_t kMinTable = uint64_t{4} << 20;
// What a thread needs beside its table: a chunk of input, a block of a run.
constexpr uint64_t kThreadBytes = uint64_t{3} << 19;
constexpr size_t kChunkBytes = size_t{1} << 19;
// Copies of a row on its way into an SST: in RocksDB and before.
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

}  // namespace

class RunMaker::Worker {
 public:
  Worker(RunMaker* maker, ChunkReader* reader)
      : table(maker->share_),
        maker_(*maker),
        parser_(reader, maker->options_.on_error, maker->log_) {}

  absl::Status Read() {
    absl::Status status = WithoutExceptions([this] { return ReadChunks(); });
    if (!status.ok()) maker_.failed_ = true;
    return status;
  }

  // Writes the table as a run, and empties it.
  absl::Status Spill(bool release) {
    if (absl::Status status = table.Sort(*maker_.options_.order); !status.ok()) return status;
    RunInfo info;
    info.rows = table.rows();
    info.values = table.values();
    info.chunks = std::exchange(chunks_, {});
    const std::unique_ptr<SortedRows> rows = table.Read(RowRange());
    absl::Status status = maker_.runs_.Write(*rows, table.positions(), std::move(info));
    table.Clear(release);
    return status;
  }

  RowTable table;
  uint64_t longest = 0;  // bytes of the longest row that is longer than a chunk

 private:
  bool Stops() const { return maker_.log_->stopped() || maker_.failed_; }

  absl::Status ReadChunks() {
    const auto may_use = [this](uint64_t bytes) { return MayUse(bytes); };
    if (absl::Status status = table.Reserve(); !status.ok()) return status;
    while (!Stops()) {
      const absl::StatusOr<bool> more = parser_.Next(may_use);
      if (!spill_status_.ok()) return spill_status_;
      if (!more.ok()) return more.status();
      if (!*more) break;
      absl::Status status = MakeRoom();
      if (status.ok()) status = AddRows();
      if (!status.ok()) return status;
    }
    if (Stops()) return absl::OkStatus();
    absl::Status status = table.Sort(*maker_.options_.order);
    table.ReleaseRest();
    return status;
  }

  // A run has whole chunks, so the table is written before a chunk that it may not have room for.
  absl::Status MakeRoom() {
    const RowChunk& chunk = parser_.chunk();
    const uint64_t bytes = chunk.rows().size();
    const uint64_t room = table.memory() - std::min(table.memory(), table.memory_used() + reserve_);
    const bool is_full = bytes * 20 > room && MaxBytesInTable(chunk) > room;
    if (!table.empty() && (is_full || !table.has_room_for_chunk())) {
      if (absl::Status status = Spill(/*release=*/false); !status.ok()) return status;
      reserve_ = parser_.is_long() ? 2 * bytes : 0;
    }
    if (!table.empty() || !maker_.runs_.HasMany()) return absl::OkStatus();
    table.Clear(/*release=*/true);
    return maker_.runs_.MergeSome(table.memory() - reserve_);
  }

  absl::Status AddRows() {
    const RowChunk& chunk = parser_.chunk();
    const uint64_t rows = table.rows();
    const uint64_t values = table.values();
    if (!chunk.again()) table.BeginChunk(chunk.position());
    const absl::StatusOr<ChunkRead> read = parser_.Parse(table);
    if (absl::IsResourceExhausted(read.status())) {
      return absl::ResourceExhaustedError(absl::StrCat(
          chunk.name(), ": offset ", chunk.offset(), ": rows of ", Bytes(chunk.rows().size()),
          " do not fit into the ", Bytes(table.memory()),
          " that one of --threads has of --memory; raise --memory, or lower --threads"));
    }
    if (!read.ok()) return read.status();
    if (chunk.again()) return absl::OkStatus();
    maker_.rows_.fetch_add(table.rows() - rows, std::memory_order_relaxed);
    maker_.values_.fetch_add(table.values() - values, std::memory_order_relaxed);
    chunks_.push_back(*read);
    if (parser_.is_long()) longest = std::max<uint64_t>(longest, chunk.rows().size());
    return absl::OkStatus();
  }

  // A row that is longer than a chunk has to be in this thread's share three times: in the chunk,
  // in the table, and in the parser, or later in what writes a run.
  bool MayUse(uint64_t bytes) {
    const bool json = parser_.chunk().format() == RowFormat::kJsonl;  // simdjson: 14 bytes a byte
    const uint64_t beside = (json ? 15 : 2) * bytes;
    if (beside + bytes > table.memory()) return false;
    // Later each thread reads two runs at least, with a block of that size each.
    const uint64_t copies = 2 * maker_.threads_ + kCopies;
    if (copies * bytes > maker_.options_.memory + kSlack) return false;
    if (!table.empty() &&
        table.memory_used() + std::max(reserve_, beside) + bytes > table.memory()) {
      spill_status_ = Spill(/*release=*/true);
      if (!spill_status_.ok()) return false;
      reserve_ = 0;
    }
    reserve_ = std::max(reserve_, 2 * bytes);
    return true;
  }

  RunMaker& maker_;
  ChunkParser parser_;
  std::vector<ChunkRead> chunks_;  // whose rows are in the table
  uint64_t reserve_ = 0;       // of the share: what rows longer than a chunk take beside the table
  absl::Status spill_status_;  // of MayUse(), which can only say no
};

RunMaker::RunMaker(Options options, RejectLog* log)
    : options_(std::move(options)),
      log_(log),
      threads_(ThreadsFor(options_)),
      share_(TableBytes(options_.memory, threads_)),
      runs_(options_) {}

RunMaker::~RunMaker() = default;

void RunMaker::AddRun(std::unique_ptr<Run> run, const RunInfo& info) {
  rows_ += info.rows;
  values_ += info.values;
  runs_.Add(std::move(run), info);
}

absl::Status RunMaker::Read(ChunkReader* reader, const std::function<void()>& tick) {
  for (size_t i = 0; i < threads_; ++i) workers_.push_back(std::make_unique<Worker>(this, reader));
  return RunWorkers(
      threads_, [this](size_t i) { return workers_[i]->Read(); }, tick);
}

// A row of 3 bytes, which is the shortest, takes 37 while it is sorted.
size_t RunMaker::chunk_bytes() const {
  return static_cast<size_t>(std::min<uint64_t>(kChunkBytes, share_ / 20));
}

absl::Status RunMaker::Settle(uint64_t needed, size_t readers, const std::function<void()>& tick) {
  uint64_t longest = runs_.max_reading_bytes();
  for (const auto& worker : workers_) longest = std::max(longest, worker->longest);
  // Half of what is left is for blocks of two runs at least, half for copies of a row on its way
  // into an SST.
  needed += (runs_.empty() ? kCopies : std::max<uint64_t>(4 * readers, 2 * kCopies)) * longest;
  if (memory_used() + needed > options_.memory) {
    absl::Status status = RunWorkers(
        workers_.size(),
        [this](size_t i) {
          Worker& worker = *workers_[i];
          return worker.table.empty() ? absl::OkStatus() : worker.Spill(/*release=*/true);
        },
        tick);
    if (!status.ok()) return status;
    workers_.clear();
  }
  const uint64_t left = options_.memory - std::min(options_.memory, memory_used());
  return RunWorkers(
      1, [&](size_t) { return runs_.MergeUntilReadable(left / 2 / readers); }, tick);
}

std::vector<const RowStore*> RunMaker::stores() const {
  std::vector<const RowStore*> stores = runs_.stores();
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
