#include "tools/load/output/sorted_lane.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "tools/common/worker_threads.h"
#include "tools/load/output/chunk_lists.h"

namespace sheaf {
namespace load {
namespace {

// The first list behind a lane is mostly short.
constexpr size_t kChunkBehind = size_t{1} << 16;

}  // namespace

Lane::Lane(SharedLanes* shared, const PlainInputs* plain, uint64_t begin, uint64_t end,
           std::vector<PositionRange> read_before)
    : shared_(*shared),
      plain_(plain),
      end_(end),
      reader_(Reading(std::move(read_before))),
      writer_(&shared->parts, begin == 0) {}

absl::Status Lane::Work() {
  absl::Status status = WithoutExceptions([this] { return WriteChunks(); });
  if (!status.ok()) {
    turns_.End();  // nobody waits for a chunk whose thread is gone
    shared_.failed = true;
  }
  return status;
}

absl::Status Lane::End() {
  absl::Status status = end_ == kToTheEnd ? absl::OkStatus() : WriteListBehind();
  if (status.ok() && shared_.sorted) status = writer_.End();
  if (!status.ok()) shared_.failed = true;
  return status;
}

ChunkReader::Options Lane::Reading(std::vector<PositionRange> read_before) const {
  ChunkReader::Options reading;
  reading.inputs = shared_.options.inputs;
  reading.format = shared_.options.format;
  reading.csv = shared_.options.csv;
  reading.chunk_bytes = shared_.limits.chunk_bytes;
  reading.read_before = std::move(read_before);
  return reading;
}

// False at the end, and at a row that is too long.
absl::StatusOr<bool> Lane::Next(ChunkParser* parser) {
  // The parser needs most: simdjson 14 bytes a byte.
  absl::StatusOr<bool> more =
      parser->Next([this](uint64_t bytes) { return 20 * bytes <= shared_.thread_memory; });
  if (!absl::IsResourceExhausted(more.status())) return more;
  shared_.sorted = false;  // sorting has more memory for such a row
  return false;
}

absl::Status Lane::WriteChunks() {
  ChunkParser parser(&reader_, shared_.options.on_error, shared_.log);
  const RowChunk& chunk = parser.chunk();
  ChunkLists lists(BlobLayout(shared_.parts.plan));
  absl::Status status;
  while (!Stops() && !turns_.ended()) {
    const absl::StatusOr<bool> more = Next(&parser);
    if (!(status = more.status()).ok()) break;
    if (!*more) return absl::OkStatus();
    if (shared_.log->stopped_before(chunk.position())) break;
    lists.Clear();
    const absl::StatusOr<ChunkRead> read = parser.Parse(lists);
    shared_.bytes.fetch_add(chunk.rows().size(), std::memory_order_relaxed);
    if (read.ok() && read->rejects && shared_.options.on_error == OnError::kStop) break;
    if (absl::IsFailedPrecondition(read.status())) {
      shared_.sorted = false;
      break;
    }
    // Lines before the one that stops are still counted, and may have one that stops themselves.
    if (shared_.log->stopped()) continue;
    status = read.ok() ? lists.Finish() : read.status();
    if (!turns_.Wait(chunk.number())) break;
    bool sorted = true;
    if (status.ok()) status = writer_.Add(chunk, *read, lists, &sorted);
    if (!sorted) shared_.sorted = false;
    if (!status.ok()) break;
    turns_.Done();
  }
  turns_.End();
  return status;
}

// Rejects of these chunks are reported by the lane that has them, or were by an earlier load.
absl::Status Lane::WriteListBehind() {
  ChunkReader::Options reading = Reading(plain_->Except(end_, kToTheEnd));
  reading.chunk_bytes = std::min(kChunkBehind, reading.chunk_bytes);
  ChunkReader reader(std::move(reading));
  ChunkParser parser(&reader, shared_.options.on_error, /*log=*/nullptr);
  ChunkLists lists(BlobLayout(shared_.parts.plan));
  for (bool goes_on = true; goes_on && !Stops();) {
    const absl::StatusOr<bool> more = Next(&parser);
    if (!more.ok()) return more.status();
    if (!*more) break;
    lists.Clear();
    const absl::StatusOr<ChunkRead> read = parser.Parse(lists);
    if (read.ok() && read->rejects) break;
    bool sorted = !absl::IsFailedPrecondition(read.status());
    absl::Status status = read.ok() ? lists.Finish() : read.status();
    if (status.ok()) status = writer_.AddBehind(lists, &goes_on, &sorted);
    if (!sorted) {
      shared_.sorted = false;
      break;
    }
    if (!status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace load
}  // namespace sheaf
