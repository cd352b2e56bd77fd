// The merge operator behind sheaf/append_operator.h.

#ifndef SHEAF_PLUGIN_ROCKSDB_APPEND_OPERATOR_IMPL_H_
#define SHEAF_PLUGIN_ROCKSDB_APPEND_OPERATOR_IMPL_H_

#include <deque>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "rocksdb/merge_operator.h"
#include "rocksdb/status.h"
#include "sheaf/append_operator.h"

namespace sheaf {
namespace internal {

class ReadContext;

// How a program writes `layout`, for messages that say what to set.
constexpr const char* LayoutInCode(Layout layout) {
  return layout == Layout::kFixed64 ? "sheaf::Layout::kFixed64" : "sheaf::Layout::kCompact";
}

class AppendOperator final : public rocksdb::MergeOperator {
 public:
  explicit AppendOperator(const AppendOptions& options);

  static const char* kClassName() { return kAppendOperatorName; }
  const char* Name() const override { return kClassName(); }

  const AppendOptions& options() const { return options_; }

  // Reads the options of `merge_operator`, or of the one that it wraps, if that is `sheaf.append`,
  // and sets `*found`. Another Sheaf may have made it, whose objects are not laid out as ours: so
  // it is never cast, but asked by its options' names. Errors: NotSupported, naming an option that
  // this version does not know.
  static rocksdb::Status Find(const rocksdb::MergeOperator* merge_operator, bool* found,
                              AppendOptions* options);
  bool limited() const { return options_.max_values != 0 || options_.max_bytes != 0; }

  // None of these throws, whatever runs out: RocksDB's threads would end the process.

  // One allocation for the result; an operand alone is passed through. Bundles what does not
  // decode. False only for a list past RocksDB's limit, and where memory runs out.
  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override;

  // Folds operands into one. False, which leaves them as they are, if one does not decode or all
  // together are past RocksDB's limit, or memory runs out.
  bool PartialMergeMulti(const rocksdb::Slice& key, const std::deque<rocksdb::Slice>& operands,
                         std::string* folded, rocksdb::Logger* logger) const override;

  // True where older operands do not matter for the read of ours that is under way. False for all
  // others: RocksDB also asks while it reads without a place for a value, and for its row cache.
  bool ShouldMerge(const std::vector<rocksdb::Slice>& backward) const override;

 private:
  // What FullMergeV2 does. May throw std::bad_alloc.
  absl::Status Merge(const MergeOperationInput& in, MergeOperationOutput* out) const;
  // The same for operands of any kind, where `context` may be null.
  absl::Status MergeAny(const MergeOperationInput& in, ReadContext* context,
                        MergeOperationOutput* out) const;
  // Tells the LongStores of this operator of an open page that is to be sealed. Does not throw.
  void NoteLarge(const rocksdb::Slice& key, size_t bytes) const;
  // PartialMergeMulti; may throw std::bad_alloc.
  bool Fold(const std::deque<rocksdb::Slice>& operands, std::string* folded) const;

  AppendOptions options_;
};

}  // namespace internal
}  // namespace sheaf

#endif  // SHEAF_PLUGIN_ROCKSDB_APPEND_OPERATOR_IMPL_H_
