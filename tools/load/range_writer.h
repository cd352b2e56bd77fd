// WriteRanges: merges sorted rows and writes SSTs of lists, for several key ranges at once.
//
// Thread safety: one thread; it uses threads of its own.
//
//   const WritePlan plan = PlanRanges(maker.stores(), order, 2, 1);
//   RangeWork work;
//   work.plan = &plan;
//   work.ranges = {0, 1};
//   work.stores = maker.stores();
//   absl::StatusOr<std::vector<RangeFiles>> files = WriteRanges(work);

#ifndef SHEAF_TOOLS_LOAD_RANGE_WRITER_H_
#define SHEAF_TOOLS_LOAD_RANGE_WRITER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/common/key_order.h"
#include "tools/common/progress.h"
#include "tools/load/output/sst_builder.h"
#include "tools/load/resume/load_journal.h"
#include "tools/load/resume/load_state.h"
#include "tools/load/sort/sorted_rows.h"

namespace sheaf {
namespace load {

// An SST beyond this is not worth its index.
constexpr uint64_t kMaxRangeBytes = uint64_t{256} << 20;

// Key ranges of all stores for so many threads, in `shards` shards of about equal size. The plan is
// not of operands.
WritePlan PlanRanges(const std::vector<const RowStore*>& stores, const KeyOrder& order,
                     size_t threads, uint64_t shards);

// All borrowed.
struct RangeWork {
  const WritePlan* plan = nullptr;
  // Indexes of the plan's ranges that are to be written.
  std::vector<size_t> ranges;
  std::vector<const RowStore*> stores;
  const KeyOrder* order = nullptr;
  const SstPlan* sst = nullptr;
  size_t threads = 1;
  // SSTs are written into its folder. Gets a record of each range.
  LoadJournal* journal = nullptr;
  // Called after that record with the keys of the range, by several threads at once.
  std::function<void(const RowRange& keys)> on_written;
  Progress* progress = nullptr;
};

// The SSTs of `work.ranges`, in the same order. Errors: those of SstBuilder and of
// LoadJournal::Append().
absl::StatusOr<std::vector<RangeFiles>> WriteRanges(const RangeWork& work);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_RANGE_WRITER_H_
