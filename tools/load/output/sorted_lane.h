// Lane: a piece of the input, whose rows it writes as SSTs. tools/load/output/sorted_load.h says
// how lanes meet.
//
// Ownership: borrows SharedLanes and the inputs. Thread safety: Work() from several threads, which
// parse at the same time and take turns at the SST; End() when all of them have returned.
//
//   Lane lane(&shared, &plain, begin, end, plain.Except(begin, end));
//   absl::Status status = lane.Work();
//   if (status.ok() && !log->stopped()) status = lane.End();

#ifndef SHEAF_TOOLS_LOAD_OUTPUT_SORTED_LANE_H_
#define SHEAF_TOOLS_LOAD_OUTPUT_SORTED_LANE_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <limits>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/load/input/chunk_parser.h"
#include "tools/load/input/chunk_reader.h"
#include "tools/load/input/plain_inputs.h"
#include "tools/load/input/reject_log.h"
#include "tools/load/output/lane_limits.h"
#include "tools/load/output/part_writer.h"
#include "tools/load/output/sorted_load.h"

namespace sheaf {
namespace load {

// What all lanes share.
struct SharedLanes {
  SharedLanes(const LaneLimits& lane_limits, const SortedLoadOptions& load_options,
              RejectLog* reject_log, SortedParts* load_parts)
      : limits(lane_limits),
        options(load_options),
        parts(load_options, load_parts),
        log(reject_log) {}

  const LaneLimits limits;
  const SortedLoadOptions& options;
  SharedParts parts;
  std::mutex large_list;  // of parts.plan, if a thread has a lane by itself
  RejectLog* const log;
  uint64_t thread_memory = 0;
  std::atomic<bool> sorted{true};
  std::atomic<bool> failed{false};
  std::atomic<uint64_t> bytes{0};  // of chunks
};

// Threads that do something one after the other, in the order of numbers from 0.
class Turns {
 public:
  // Waits until all before `number` are done. Returns false after End().
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

class Lane {
 public:
  static constexpr uint64_t kToTheEnd = std::numeric_limits<uint64_t>::max();

  // From position `begin` on, and before `end`, which may be kToTheEnd. `read_before`: what the
  // reader passes over. `plain`: null if there is only this lane.
  Lane(SharedLanes* shared, const PlainInputs* plain, uint64_t begin, uint64_t end,
       std::vector<PositionRange> read_before);

  // Writes the rows of the lane. Sets SharedLanes::sorted to false, and returns OK, if rows are not
  // in order or one is too long.
  absl::Status Work();
  // Writes the rest of the last list, which is behind the lane, and finishes the last part.
  absl::Status End();

  const ChunkReader& reader() const { return reader_; }

 private:
  ChunkReader::Options Reading(std::vector<PositionRange> read_before) const;
  bool Stops() const { return !shared_.sorted || shared_.failed; }
  absl::StatusOr<bool> Next(ChunkParser* parser);
  absl::Status WriteChunks();
  absl::Status WriteListBehind();

  SharedLanes& shared_;
  const PlainInputs* const plain_;
  const uint64_t end_;
  ChunkReader reader_;
  Turns turns_;
  PartWriter writer_;  // of whose turn it is
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_OUTPUT_SORTED_LANE_H_
