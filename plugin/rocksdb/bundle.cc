#include "plugin/rocksdb/bundle.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "plugin/codec/blob_parser.h"
#include "plugin/codec/encoder.h"
#include "plugin/codec/operand.h"

namespace sheaf {
namespace internal {

absl::Status EncodeBundle(absl::Span<const std::string_view> inputs, std::string* out) {
  return EncodeList(inputs, Layout::kCompact, disk::kBundleTag, Limit::kRocksDb, out);
}

absl::StatusOr<BlobView> ParseBundle(std::string_view value) {
  return BlobParser::ParseTagged(value, disk::kBundleTag);
}

absl::Status ExplainUndecodable(std::string_view value, Layout layout, absl::Status status) {
  const absl::StatusOr<BlobView> inputs = ParseBundle(value);
  if (!inputs.ok()) return status;
  const auto refused = [&](size_t index, std::string_view input, const absl::Status& why) {
    return absl::DataLossError(absl::StrCat("bundle of ", inputs->size(),
                                            " raw inputs that could not be merged: input ", index,
                                            " of ", input.size(), " bytes: ", why.message()));
  };
  size_t index = 0;
  std::vector<Edit> edits;
  for (const std::string_view input : *inputs) {
    // The first may be the base value, in the column family's layout; the others are operands.
    edits.clear();
    const absl::Status why = ParseOperand(input, &edits);
    if (!why.ok() && (index != 0 || !BlobView::Parse(input, layout).ok())) {
      return refused(index, input, why);
    }
    ++index;
  }
  // All are operands, so the first must have been a base of another layout.
  if (!inputs->empty()) {
    const absl::Status why = BlobView::Parse((*inputs)[0], layout).status();
    if (!why.ok()) return refused(0, (*inputs)[0], why);
  }
  return absl::DataLossError(
      absl::StrCat("bundle of ", inputs->size(), " raw inputs that could not be merged"));
}

}  // namespace internal
}  // namespace sheaf
