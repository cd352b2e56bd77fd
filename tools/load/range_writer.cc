#include "tools/load/range_writer.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tools/common/worker_threads.h"
#include "tools/load/sort/row_merge.h"

namespace sheaf {
namespace load {
namespace {

// Work below this is not worth a second SST.
constexpr uint64_t kMinRangeBytes = uint64_t{16} << 20;

// The SSTs of the range with this index. `shared`: SharedPrefix() of all stores.
absl::StatusOr<RangeFiles> WriteRange(const RangeWork& work, const SstPlan& sst, size_t index,
                                      size_t shared) {
  const RowRange& keys = work.plan->ranges[index].keys;
  SstBuilder builder(sst, absl::StrCat(work.journal->folder(), "/range-", index, "-"));
  const std::unique_ptr<SortedRows> rows = MergeRange(work.stores, keys, *work.order, shared);
  absl::Status status = builder.Append(*rows, *work.order);
  if (status.ok()) status = builder.End();
  if (status.ok()) status = work.journal->Append(RecordOf(index, builder.written()));
  if (!status.ok()) return status;
  work.on_written(keys);
  return builder.written();
}

}  // namespace

WritePlan PlanRanges(const std::vector<const RowStore*>& stores, const KeyOrder& order,
                     size_t threads, uint64_t shards) {
  uint64_t bytes = 0;
  for (const RowStore* const store : stores) bytes += store->bytes();
  const uint64_t range_bytes =
      std::min(kMaxRangeBytes, std::max(kMinRangeBytes, bytes / (4 * threads) + 1));
  std::vector<size_t> shard_of;
  std::vector<RowRange> ranges =
      CutRanges(stores, order, range_bytes, static_cast<size_t>(shards), &shard_of);
  WritePlan plan;
  for (size_t i = 0; i < ranges.size(); ++i) {
    plan.ranges.push_back({std::move(ranges[i]), shard_of[i]});
  }
  return plan;
}

absl::StatusOr<std::vector<RangeFiles>> WriteRanges(const RangeWork& work) {
  std::atomic<uint64_t> keys{0};
  std::atomic<uint64_t> bytes{0};
  std::mutex large_list;
  SstPlan sst = *work.sst;
  sst.keys_written = &keys;
  sst.bytes_merged = &bytes;
  sst.large_list = &large_list;
  const size_t shared = SharedPrefix(work.stores, *work.order);
  uint64_t total = 0;
  for (const RowStore* const store : work.stores) total += store->bytes();
  work.progress->Phase("writing lists", total, /*in_bytes=*/true);
  std::vector<RangeFiles> written(work.ranges.size());
  std::atomic<size_t> next{0};
  std::atomic<bool> failed{false};
  const auto write_some = [&](size_t) {
    for (size_t i; (i = next++) < written.size() && !failed;) {
      absl::StatusOr<RangeFiles> files = WriteRange(work, sst, work.ranges[i], shared);
      if (!files.ok()) {
        failed = true;
        return files.status();
      }
      written[i] = *std::move(files);
    }
    return absl::OkStatus();
  };
  absl::Status status = RunWorkers(work.threads, write_some,
                                   [&] { work.progress->At(bytes.load(), keys.load(), "key"); });
  if (!status.ok()) return status;
  return written;
}

}  // namespace load
}  // namespace sheaf
