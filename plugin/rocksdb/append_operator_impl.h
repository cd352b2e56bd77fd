// The merge operator behind sheaf/append_operator.h.

#ifndef SHEAF_PLUGIN_ROCKSDB_APPEND_OPERATOR_IMPL_H_
#define SHEAF_PLUGIN_ROCKSDB_APPEND_OPERATOR_IMPL_H_

#include <deque>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "rocksdb/merge_operator.h"
#include "sheaf/append_operator.h"

namespace sheaf {
namespace internal {

class AppendOperator final : public rocksdb::MergeOperator {
 public:
  explicit AppendOperator(const AppendOptions& options);

  static const char* kClassName() { return kAppendOperatorName; }
  const char* Name() const override { return kClassName(); }
  Layout layout() const { return options_.layout; }

  const AppendOptions& options() const { return options_; }
  bool limited() const { return options_.max_values != 0 || options_.max_bytes != 0; }

  // One allocation for the result; an operand alone is passed through. Bundles what does not
  // decode. False only for a list past RocksDB's limit.
  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override;

  // Folds operands into one. False, which leaves them as they are, if one does not decode or all
  // together are past RocksDB's limit.
  bool PartialMergeMulti(const rocksdb::Slice& key, const std::deque<rocksdb::Slice>& operands,
                         std::string* folded, rocksdb::Logger* logger) const override;

  // True where older operands do not matter for a read.
  bool ShouldMerge(const std::vector<rocksdb::Slice>& backward) const override;

 private:
  // What FullMergeV2 does for operands of any kind.
  absl::Status Merge(const MergeOperationInput& in, MergeOperationOutput* out) const;

  AppendOptions options_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_APPEND_OPERATOR_IMPL_H_
