#include "sheaf/append_operator.h"

#include <cstddef>
#include <string_view>
#include <vector>

#include "plugin/codec/encoder.h"
#include "plugin/rocksdb/append_operator_impl.h"
#include "plugin/rocksdb/bundle.h"
#include "plugin/rocksdb/merge_watch.h"
#include "plugin/rocksdb/option_types.h"
#include "rocksdb/env.h"
#include "sheaf/blob_view.h"

namespace sheaf {
namespace internal {

SHEAF_THREAD_LOCAL MergedKeys* MergedKeys::current_ = nullptr;
SHEAF_THREAD_LOCAL uint64_t MergeWatch::merges_ = 0;

namespace {

std::string_view View(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// Parses `encoded` onto the end of `lists`; false if it does not decode.
bool Collect(std::string_view encoded, Layout layout, std::vector<BlobView>* lists) {
  absl::StatusOr<BlobView> list = BlobView::Parse(encoded, layout);
  if (!list.ok()) return false;
  lists->push_back(*list);
  return true;
}

// Raw inputs of a merge, with those of bundles among them in place of the bundle, so that any
// grouping of merges bundles the same inputs in the same order.
absl::Status Bundle(const rocksdb::MergeOperator::MergeOperationInput& in, Layout layout,
                    std::string* out) {
  std::vector<std::string_view> inputs;
  const auto add = [&inputs](std::string_view input, Layout input_layout) {
    const absl::StatusOr<BlobView> bundle = ParseBundle(input);
    if (bundle.ok() && !BlobView::Parse(input, input_layout).ok()) {
      bundle->ForEach([&inputs](std::string_view raw) { inputs.push_back(raw); });
    } else {
      inputs.push_back(input);
    }
  };
  if (in.existing_value != nullptr) add(View(*in.existing_value), layout);
  for (const rocksdb::Slice& operand : in.operand_list) add(View(operand), Layout::kCompact);
  return EncodeBundle(inputs, out);
}

}  // namespace

AppendOperator::AppendOperator(const AppendOptions& options) : options_(options) {
  RegisterOptions("layout", &options_.layout, LayoutOption());
}

bool AppendOperator::FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const {
  MergeWatch::Note(View(in.key));
  std::vector<BlobView> lists;
  lists.reserve(in.operand_list.size() + 1);
  bool decodes =
      in.existing_value == nullptr || Collect(View(*in.existing_value), options_.layout, &lists);
  for (size_t i = 0; decodes && i < in.operand_list.size(); ++i) {
    decodes = Collect(View(in.operand_list[i]), Layout::kCompact, &lists);
  }
  absl::Status status;
  if (!decodes) {
    status = Bundle(in, options_.layout, &out->new_value);
  } else if (lists.size() == 1 && lists[0].layout() == options_.layout) {
    const std::string_view only = lists[0].encoded();
    out->existing_operand = rocksdb::Slice(only.data(), only.size());
  } else {
    status = Concatenate(lists, options_.layout, &out->new_value);
  }
  if (!status.ok()) {
    rocksdb::Error(in.logger, "sheaf.append: key %s: %s", in.key.ToString(/*hex=*/true).c_str(),
                   status.ToString().c_str());
    return false;
  }
  return true;
}

bool AppendOperator::PartialMergeMulti(const rocksdb::Slice& /*key*/,
                                       const std::deque<rocksdb::Slice>& operands,
                                       std::string* folded, rocksdb::Logger* /*logger*/) const {
  std::vector<BlobView> lists;
  lists.reserve(operands.size());
  for (const rocksdb::Slice& operand : operands) {
    if (!Collect(View(operand), Layout::kCompact, &lists)) return false;
  }
  return Concatenate(lists, Layout::kCompact, folded).ok();
}

}  // namespace internal

std::shared_ptr<rocksdb::MergeOperator> NewAppendOperator(const AppendOptions& options) {
  return std::make_shared<internal::AppendOperator>(options);
}

}  // namespace sheaf
