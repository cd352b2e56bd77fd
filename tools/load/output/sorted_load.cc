#include "tools/load/output/sorted_load.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tools/common/worker_threads.h"
#include "tools/load/input/plain_inputs.h"
#include "tools/load/output/lane_limits.h"
#include "tools/load/output/sorted_lane.h"

namespace sheaf {
namespace load {
namespace {

// Of one lane: one writes while others parse.
constexpr size_t kMaxTakingTurns = 4;

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
  return LoadSortedWithin(LaneLimits(), options, log, parts);
}

absl::StatusOr<SortedLoad> LoadSortedWithin(const LaneLimits& limits,
                                            const SortedLoadOptions& options, RejectLog* log,
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

  SharedLanes shared(limits, options, log, parts);
  std::vector<std::unique_ptr<Lane>> lanes;
  std::function<uint64_t()> file_bytes;
  absl::Status status;
  if (plain.has_value()) {
    shared.parts.plan.large_list = &shared.large_list;
    uint64_t missing = 0;
    const std::vector<Gap> gaps = GapsBetween(finished, plain->bytes());
    for (const Gap& gap : gaps) missing += gap.end - gap.begin;
    const uint64_t lane_bytes = std::max<uint64_t>(limits.min_lane_bytes, missing / at_once);
    for (const Gap& gap : gaps) {
      const uint64_t count = (gap.end - gap.begin + lane_bytes / 2) / lane_bytes;
      uint64_t begin = gap.begin;
      const auto add = [&](uint64_t end) {
        lanes.push_back(std::make_unique<Lane>(&shared, &*plain, begin,
                                               end == plain->bytes() ? Lane::kToTheEnd : end,
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
        [&] { options.tick(file_bytes(), shared.parts.rows); });
  } else {
    const uint64_t begin = finished.empty() ? 0 : finished.back()->end();
    const size_t threads = std::min(options.threads, kMaxTakingTurns);
    shared.thread_memory = options.memory / threads;
    lanes.push_back(
        std::make_unique<Lane>(&shared, nullptr, begin, Lane::kToTheEnd, std::move(read_before)));
    Lane& lane = *lanes.back();
    file_bytes = [&lane] { return lane.reader().file_bytes(); };
    status = RunWorkers(
        threads, [&](size_t) { return lane.Work(); },
        [&] { options.tick(file_bytes(), shared.parts.rows); });
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
