// Store::GetSegments.

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/container/fixed_array.h"
#include "plugin/codec/blob_parser.h"
#include "plugin/codec/blob_view_access.h"
#include "plugin/rocksdb/db_pins.h"
#include "plugin/rocksdb/pinnable_block.h"
#include "plugin/rocksdb/store_core.h"
#include "sheaf/store.h"

namespace sheaf {
namespace internal {
namespace {

using SegmentBlock = PinnableBlock<SegmentHold>;
using Blocks = std::vector<std::unique_ptr<SegmentBlock>>;

// The base and operands of `key`, each in a block.
rocksdb::Status ReadOperands(const StoreCore& core, const rocksdb::ReadOptions& options,
                             const rocksdb::Slice& key, Blocks* blocks) {
  int capacity = 16;
  for (;;) {
    absl::FixedArray<rocksdb::PinnableSlice, 16> operands(static_cast<size_t>(capacity));
    rocksdb::GetMergeOperandsOptions merge_options;
    merge_options.expected_max_number_of_operands = capacity;
    int found = 0;
    const rocksdb::Status s =
        core.db->GetMergeOperands(options, core.cf, key, operands.data(), &merge_options, &found);
    // Others append meanwhile, so there may be more again.
    if (s.IsIncomplete() && found > capacity) {
      capacity = found + found / 8;
      continue;
    }
    if (!s.ok()) return s;
    if (found == 0) return rocksdb::Status::NotFound();
    blocks->reserve(static_cast<size_t>(found));
    for (int i = 0; i < found; ++i) {
      blocks->push_back(std::make_unique<SegmentBlock>());
      blocks->back()->MoveFrom(std::move(operands[static_cast<size_t>(i)]));
    }
    return s;
  }
}

// Whether the operator's limits would drop a value of a list that large.
bool IsLimited(const AppendOptions& options, uint64_t values, uint64_t bytes) {
  return (options.max_values != 0 && values > options.max_values) ||
         (options.max_bytes != 0 && bytes > options.max_bytes);
}

// Parses the lists in `blocks`. False if they are not what a merge would put one behind the other.
bool ParseSegments(const StoreCore& core, const Blocks& blocks, std::vector<PinnedBlob>* segments) {
  uint64_t values = 0;
  uint64_t bytes = 0;
  segments->resize(blocks.size());
  for (size_t i = 0; i < blocks.size(); ++i) {
    const auto parse = [&](Layout layout) {
      BlobView* const view = BlobViewAccess::view(&(*segments)[i]);
      *view = BlobView();
      return BlobParser::ParseInto(blocks[i]->value().ToStringView(), layout,
                                   BlobParser::Extent::kWhole, view)
          .ok();
    };
    // Only the first may be the base, and RocksDB does not tell.
    const bool is_operand = parse(Layout::kCompact);
    if (i == 0 && core.layout != Layout::kCompact) {
      const bool is_base = parse(core.layout);
      if (is_base == is_operand) return false;
      if (is_operand) parse(Layout::kCompact);
    } else if (!is_operand) {
      return false;
    }
    values += (*segments)[i].size();
    bytes += (*segments)[i].view().contents().size();
  }
  return !IsLimited(core.append_options, values, bytes);
}

}  // namespace
}  // namespace internal

rocksdb::Status Store::GetSegments(const rocksdb::ReadOptions& options, const rocksdb::Slice& key,
                                   std::vector<PinnedBlob>* segments) {
  segments->clear();
  const auto merged = [&] {
    segments->clear();
    PinnedBlob list;
    rocksdb::Status s = Get(options, key, &list);
    if (s.ok()) segments->push_back(std::move(list));
    return s;
  };
  // Without the operator there are no operands; and a closed Store says so itself. RocksDB's
  // GetMergeOperands reads another thing than the instance shows, or says OK where a part of it is
  // not in a cache; and what it finds in a row cache it may leave out.
  if (!core_->can_append || core_->closed() || core_->instance.reads_one_by_one() ||
      core_->has_row_cache || options.read_tier == rocksdb::kBlockCacheTier) {
    return merged();
  }

  // While this is counted, Close() waits for the caller to come again.
  const std::shared_ptr<internal::DbPins>& pins = core_->db_pins;
  if (!pins->AddSegments(1)) return merged();
  const absl::Cleanup done = [&pins] { pins->DropSegments(1); };

  internal::Blocks blocks;
  rocksdb::Status s = internal::ReadOperands(*core_, options, key, &blocks);
  if (s.IsNotFound()) {
    core_->ledger->CountNotFound();
    return s;
  }
  // Get may know better: RocksDB 7.8.3 has no operands of entities, nor of keys with a deletion in
  // a full memtable.
  if (!s.ok()) return merged();
  // A list that nothing is pending for is pinned where it may outlive the DB.
  if (blocks.size() == 1 || !internal::ParseSegments(*core_, blocks, segments)) {
    blocks.clear();
    return merged();
  }
  uint64_t bytes = 0;
  for (const auto& block : blocks) bytes += block->value().size();
  // RocksDB pins all of them or copies all of them.
  const bool can_pin = internal::HoldsPin(blocks[0]->value());
  const bool is_pinned = can_pin && !core_->copy_reads;
  const auto group = std::make_shared<internal::SegmentGroup>();
  if (is_pinned) group->pins = pins;
  group->entry = core_->ledger->CountFound(bytes);
  if (!is_pinned) {
    core_->ledger->CountCopied(can_pin ? CopyReason::kCopyReads : CopyReason::kMerge, bytes);
  }
  if (core_->copy_reads) {
    for (const auto& block : blocks) block->Copy();
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    internal::SegmentBlock::Seal(std::move(blocks[i]), is_pinned, internal::SegmentHold(group),
                                 &(*segments)[i]);
  }
  return s;
}

}  // namespace sheaf
