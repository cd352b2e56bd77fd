#include "tools/load/output/sorted_load.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <limits>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/common/worker_threads.h"
#include "tools/load/input/plain_inputs.h"
#include "tools/load/input/row_parser.h"
#include "tools/load/output/chunk_lists.h"

namespace sheaf {
namespace load {
namespace {

constexpr uint64_t kToTheEnd = std::numeric_limits<uint64_t>::max();
// Of one lane: one writes while others parse.
constexpr size_t kMaxTakingTurns = 4;
// The first list behind a lane is mostly short.
constexpr size_t kChunkBehind = size_t{1} << 16;

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

// What all lanes share.
struct Shared {
  Shared(const SortedLoadOptions& load_options, RejectLog* reject_log, SortedParts* load_parts)
      : options(load_options), plan(*load_options.plan), log(reject_log), parts(*load_parts) {
    for (const auto& [number, part] : parts) rows += part.rows;
    next_number = options.first_number;
  }

  const SortedLoadOptions& options;
  SstPlan plan;
  std::mutex large_list;  // of `plan`, where a thread has a lane by itself
  RejectLog* const log;
  uint64_t thread_memory = 0;
  std::atomic<bool> sorted{true};
  std::atomic<bool> failed{false};
  std::atomic<uint64_t> rows{0};
  std::atomic<uint64_t> bytes{0};  // of chunks
  std::atomic<uint64_t> next_number{0};
  std::mutex mutex;  // of parts and on_part()
  SortedParts& parts;
};

// Parsers of a thread.
class Parsers {
 public:
  explicit Parsers(OnError on_error) : on_error_(on_error) {}

  RowParser& For(RowFormat format) {
    std::unique_ptr<RowParser>& parser = parsers_[static_cast<size_t>(format)];
    if (parser == nullptr) parser = NewRowParser(format, on_error_);
    return *parser;
  }

 private:
  const OnError on_error_;
  std::array<std::unique_ptr<RowParser>, 3> parsers_;
};

// The SSTs of a lane: takes the lists of its chunks in the order of the input.
class PartWriter {
 public:
  // `begins_input`: there is no lane before, which would have the first list.
  PartWriter(Shared* shared, bool begins_input) : shared_(*shared), skips_(!begins_input) {}

  // `*sorted` becomes false if the chunk is not behind the one before.
  absl::Status Add(const RowChunk& chunk, const ChunkRead& read, const ChunkLists& lists,
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

  // A chunk behind the lane; `*more` becomes false if the first list does not go on behind it.
  absl::Status AddBehind(const ChunkLists& lists, bool* more, bool* sorted) {
    if (lists.empty() || !IsBehind(lists, sorted)) return absl::OkStatus();
    if (behind_.empty()) behind_ = std::string(lists.first_key());
    *more = lists.first_key() == behind_ && lists.size() == 1;
    // The list may be the one that the lane leaves out, all through.
    if (lists.first_key() != behind_ || SkipsFirst(lists)) return absl::OkStatus();
    return Append(lists, 0, 1);
  }

  // Finishes a part.
  absl::Status End() {
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

 private:
  bool IsBehind(const ChunkLists& lists, bool* sorted) {
    *sorted = last_key_ <= lists.first_key();
    last_key_.assign(lists.last_key());
    return *sorted;
  }

  // The first list of the lane, as far as it goes, is the lane's before.
  bool SkipsFirst(const ChunkLists& lists) {
    if (!skips_) return false;
    if (skipped_.empty()) skipped_ = std::string(lists.first_key());
    skips_ = lists.last_key() == skipped_;
    return lists.first_key() == skipped_;
  }

  absl::Status Append(const ChunkLists& lists, size_t begin, size_t end) {
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

  Shared& shared_;
  std::unique_ptr<SstBuilder> builder_;  // of part_; null until it has a list
  uint64_t number_ = 0;                  // of part_
  SortedPart part_;
  std::string last_key_;  // empty before the first
  bool skips_;
  std::string skipped_;  // key of the list that is the lane's before; empty before the first
  std::string behind_;   // key of the first list behind the lane
};

// A part of the input, and its SSTs.
class Lane {
 public:
  // From position `begin` on, and before `end`, if that is not kToTheEnd. `plain`: null if there is
  // only this lane.
  Lane(Shared* shared, const PlainInputs* plain, uint64_t begin, uint64_t end,
       std::vector<PositionRange> read_before)
      : shared_(*shared),
        plain_(plain),
        end_(end),
        reader_(Reading(std::move(read_before))),
        writer_(shared, begin == 0) {}

  // May be called by several threads, which then take turns.
  absl::Status Work() {
    absl::Status status = WithoutExceptions([this] { return TakeChunks(); });
    if (!status.ok()) {
      turns_.End();  // nobody waits for a chunk whose thread is gone
      shared_.failed = true;
    }
    return status;
  }

  // Once all of them are done, if nothing stopped them.
  absl::Status End() {
    absl::Status status = end_ == kToTheEnd ? absl::OkStatus() : TakeListBehind();
    if (status.ok() && shared_.sorted) status = writer_.End();
    if (!status.ok()) shared_.failed = true;
    return status;
  }

  const ChunkReader& reader() const { return reader_; }

 private:
  ChunkReader::Options Reading(std::vector<PositionRange> read_before) const {
    ChunkReader::Options reading;
    reading.inputs = shared_.options.inputs;
    reading.format = shared_.options.format;
    reading.chunk_bytes = shared_.options.chunk_bytes;
    reading.read_before = std::move(read_before);
    return reading;
  }

  // The parser takes most: simdjson 14 bytes a byte.
  bool MayUse(uint64_t bytes) const { return 20 * bytes <= shared_.thread_memory; }

  bool Stops() const { return !shared_.sorted || shared_.failed; }

  absl::Status TakeChunks() {
    RowChunk chunk;
    ChunkLists lists(BlobLayout(shared_.plan));
    Parsers parsers(shared_.options.on_error);
    const auto may_use = [this](uint64_t bytes) { return MayUse(bytes); };
    absl::Status status;
    while (!Stops() && !turns_.ended()) {
      const absl::StatusOr<bool> more = reader_.Next(&chunk, may_use);
      if (!more.ok() && absl::IsResourceExhausted(more.status())) {
        shared_.sorted = false;  // a long row: there is more memory for it where rows are sorted
        break;
      }
      if (!(status = more.status()).ok()) break;
      if (!*more) return absl::OkStatus();
      if (shared_.log->stopped_before(chunk.position())) break;
      lists.Clear();
      ChunkReport report = shared_.log->NewReport();
      status = parsers.For(chunk.format()).Parse(chunk, lists, &report);
      const ChunkRead read = {chunk.position(), chunk.position() + chunk.rows().size(),
                              report.lines, !report.rejects.empty()};
      shared_.log->Add(chunk, std::move(report));
      shared_.bytes.fetch_add(chunk.rows().size(), std::memory_order_relaxed);
      if (read.rejects && shared_.options.on_error == OnError::kStop) break;
      if (absl::IsFailedPrecondition(status)) {
        status = absl::OkStatus();
        shared_.sorted = false;
        break;
      }
      // Lines before the one that stops are still counted, and may have one that stops themselves.
      if (shared_.log->stopped()) {
        status = absl::OkStatus();
        continue;
      }
      if (status.ok()) status = lists.Finish();
      if (chunk.again()) lists.Clear();
      if (!turns_.Wait(chunk.number())) break;
      bool sorted = true;
      if (status.ok()) status = writer_.Add(chunk, read, lists, &sorted);
      if (!sorted) shared_.sorted = false;
      if (!status.ok()) break;
      turns_.Done();
    }
    turns_.End();
    return status;
  }

  // Reports of these chunks are for the lane that has them, or were given by an earlier load.
  absl::Status TakeListBehind() {
    ChunkReader::Options reading = Reading(plain_->Except(end_, kToTheEnd));
    reading.chunk_bytes = std::min(kChunkBehind, reading.chunk_bytes);
    ChunkReader reader(std::move(reading));
    RowChunk chunk;
    ChunkLists lists(BlobLayout(shared_.plan));
    Parsers parsers(shared_.options.on_error);
    for (bool more = true; more && !Stops();) {
      const absl::StatusOr<bool> next =
          reader.Next(&chunk, [this](uint64_t bytes) { return MayUse(bytes); });
      if (!next.ok() && absl::IsResourceExhausted(next.status())) {
        shared_.sorted = false;
        break;
      }
      if (!next.ok()) return next.status();
      if (!*next) break;
      lists.Clear();
      ChunkReport report;
      absl::Status status = parsers.For(chunk.format()).Parse(chunk, lists, &report);
      if (!report.rejects.empty()) break;
      bool sorted = !absl::IsFailedPrecondition(status);
      if (sorted && status.ok()) status = lists.Finish();
      if (sorted && status.ok()) status = writer_.AddBehind(lists, &more, &sorted);
      if (!sorted) {
        shared_.sorted = false;
        break;
      }
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }

  Shared& shared_;
  const PlainInputs* const plain_;
  const uint64_t end_;
  ChunkReader reader_;
  Turns turns_;
  PartWriter writer_;  // of whose turn it is
};

// Keeps parts that can be gone on from: none over another, and where reading cannot begin in the
// middle, none behind what is missing. Returns them in the order of the input.
std::vector<const SortedPart*> KeepUsable(bool anywhere, SortedParts* parts) {
  std::vector<SortedParts::iterator> order;
  for (auto part = parts->begin(); part != parts->end();) {
    if (part->second.chunks.empty()) {
      part = parts->erase(part);
    } else {
      order.push_back(part++);
    }
  }
  std::sort(order.begin(), order.end(),
            [](const auto& a, const auto& b) { return a->second.begin() < b->second.begin(); });
  std::vector<const SortedPart*> kept;
  uint64_t end = 0;
  for (const SortedParts::iterator part : order) {
    const uint64_t begin = part->second.begin();
    if (begin < end || (begin != end && !anywhere)) {
      parts->erase(part);
    } else {
      end = part->second.end();
      kept.push_back(&part->second);
    }
  }
  return kept;
}

struct Gap {
  uint64_t begin;
  uint64_t end;
};

std::vector<Gap> GapsBetween(const std::vector<const SortedPart*>& parts, uint64_t bytes) {
  std::vector<Gap> gaps;
  uint64_t end = 0;
  for (const SortedPart* const part : parts) {
    if (end < part->begin()) gaps.push_back({end, part->begin()});
    end = part->end();
  }
  if (end < bytes) gaps.push_back({end, bytes});
  return gaps;
}

}  // namespace

absl::StatusOr<SortedLoad> LoadSorted(const SortedLoadOptions& options, RejectLog* log,
                                      SortedParts* parts) {
  std::optional<PlainInputs> plain;
  size_t at_once = std::min(options.threads, options.max_lanes);
  if (at_once > 1 && options.on_error == OnError::kStop) {
    plain = PlainInputs::Open(options.inputs, options.format);
  }
  SortedParts had = *parts;
  const std::vector<const SortedPart*> finished = KeepUsable(plain.has_value(), parts);
  for (const auto& [number, part] : had) {
    if (parts->count(number) != 0) continue;
    absl::Status status = options.on_part(number, SortedPart());
    if (!status.ok()) return status;
  }
  std::vector<PositionRange> read_before;
  for (const SortedPart* const part : finished) {
    for (const ChunkRead& chunk : part->chunks) {
      if (!chunk.rejects) log->AddPassedOver(chunk.begin, chunk.end, chunk.lines);
      read_before.push_back({chunk.begin, chunk.end, chunk.rejects});
    }
  }

  Shared shared(options, log, parts);
  std::vector<std::unique_ptr<Lane>> lanes;
  std::function<uint64_t()> file_bytes;
  absl::Status status;
  if (plain.has_value()) {
    shared.plan.large_list = &shared.large_list;
    uint64_t missing = 0;
    const std::vector<Gap> gaps = GapsBetween(finished, plain->bytes());
    for (const Gap& gap : gaps) missing += gap.end - gap.begin;
    const uint64_t lane_bytes = std::max<uint64_t>(options.min_lane_bytes, missing / at_once);
    for (const Gap& gap : gaps) {
      const uint64_t count = (gap.end - gap.begin + lane_bytes / 2) / lane_bytes;
      uint64_t begin = gap.begin;
      const auto add = [&](uint64_t end) {
        lanes.push_back(std::make_unique<Lane>(&shared, &*plain, begin,
                                               end == plain->bytes() ? kToTheEnd : end,
                                               plain->Except(begin, end)));
        begin = end;
      };
      for (const uint64_t cut : plain->Cut(gap.begin, gap.end, count)) add(cut);
      add(gap.end);
    }
    at_once = std::max<size_t>(1, std::min(at_once, lanes.size()));
    shared.thread_memory = options.memory / at_once;
    shared.bytes = plain->bytes() - missing;
    file_bytes = [&shared] { return shared.bytes.load(); };
    std::atomic<size_t> next{0};
    status = RunWorkers(
        at_once,
        [&](size_t) {
          absl::Status done;
          for (size_t i; done.ok() && (i = next++) < lanes.size();) {
            // Ends here, whatever happens: it may hold the lock of large lists.
            const std::unique_ptr<Lane> lane = std::move(lanes[i]);
            done = lane->Work();
            if (done.ok() && !log->stopped()) done = lane->End();
          }
          return done;
        },
        [&] { options.tick(file_bytes(), shared.rows); });
  } else {
    const uint64_t begin = finished.empty() ? 0 : finished.back()->end();
    const size_t threads = std::min(options.threads, kMaxTakingTurns);
    shared.thread_memory = options.memory / threads;
    lanes.push_back(
        std::make_unique<Lane>(&shared, nullptr, begin, kToTheEnd, std::move(read_before)));
    Lane& lane = *lanes.back();
    file_bytes = [&lane] { return lane.reader().file_bytes(); };
    status = RunWorkers(
        threads, [&](size_t) { return lane.Work(); },
        [&] { options.tick(file_bytes(), shared.rows); });
    if (status.ok() && shared.sorted && !log->stopped()) status = lane.End();
  }
  const bool changed = plain.has_value() && plain->Changed();
  if (!status.ok() && (!changed || absl::IsCancelled(status))) return status;
  SortedLoad load;
  load.sorted = shared.sorted && !changed;
  load.file_bytes = file_bytes();
  load.input_bytes = plain.has_value() ? load.file_bytes : lanes.back()->reader().position();
  return load;
}

}  // namespace load
}  // namespace sheaf
