#include "sheaf/store_stats.h"

#include "absl/strings/str_cat.h"

namespace sheaf {

const char* CopyReasonName(CopyReason reason) {
  switch (reason) {
    case CopyReason::kMemtable:
      return "memtable";
    case CopyReason::kMerge:
      return "merge";
    case CopyReason::kUncached:
      return "uncached";
    case CopyReason::kMmap:
      return "mmap";
    case CopyReason::kTableFormat:
      return "table format";
    case CopyReason::kPinDiesWithDb:
      return "pin dies with DB";
    case CopyReason::kRowCache:
      return "row cache";
    case CopyReason::kCopyReads:
      return "copy_reads";
  }
  return "?";
}

std::string StoreStats::ToString() const {
  std::string text = absl::StrCat("reads=", reads, " not_found=", not_found, " corrupt=", corrupt,
                                  " failed=", failed, " zero_copy=", zero_copy_reads);
  if (reads_not_kept != 0) absl::StrAppend(&text, " not_kept=", reads_not_kept);
  for (size_t i = 0; i < kCopyReasons; ++i) {
    if (copied_reads[i] == 0) continue;
    absl::StrAppend(&text, " copied{", CopyReasonName(static_cast<CopyReason>(i)),
                    "}=", copied_reads[i], "/", copied_bytes[i], "B");
  }
  if (operands_merged != 0) {
    absl::StrAppend(&text, " operands{merged}=", operands_merged, " max=", operands_merged_peak);
  }
  if (segments_pinned != 0) absl::StrAppend(&text, " segments=", segments_pinned);
  if (cursors_open != 0) absl::StrAppend(&text, " cursors=", cursors_open);
  absl::StrAppend(&text, " pinned=", blocks_pinned, "/", bytes_pinned,
                  "B peak=", blocks_pinned_peak, "/", bytes_pinned_peak, "B");
  return text;
}

}  // namespace sheaf
