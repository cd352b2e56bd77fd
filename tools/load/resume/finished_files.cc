#include "tools/load/resume/finished_files.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "tools/common/owned_folder.h"

namespace sheaf {
namespace load {
namespace {

bool AreThere(const RangeFiles& range) {
  return std::all_of(range.files.begin(), range.files.end(), [](const SstFile& file) {
    uint64_t bytes = 0;
    return IsOwnFile(file.path, &bytes) && bytes == file.bytes;
  });
}

bool IsOfUse(const SortedPart& part, bool operands) {
  return part.operands == operands && AreThere(part.lists);
}

void AddPaths(const RangeFiles& range, std::set<std::string>* paths) {
  for (const SstFile& file : range.files) paths->insert(file.path);
}

// What is still to be merged of a run.
absl::Status Verify(const BuildState& state, const Run& run) {
  if (!state.plan.has_value()) return run.Verify(RowRange());
  absl::Status status;
  const std::vector<WritePlan::Range>& ranges = state.plan->ranges;
  for (size_t i = 0; i < ranges.size() && status.ok(); ++i) {
    if (!IsFinished(state, i)) status = run.Verify(ranges[i].keys);
  }
  return status;
}

// Errors: Cancelled; Internal; others if the run is not whole.
absl::StatusOr<std::unique_ptr<Run>> OpenRun(const BuildState& state, const RunInfo& info,
                                             const KeyOrder* order) {
  uint64_t bytes = 0;
  if (!IsOwnFile(info.path, &bytes)) return absl::NotFoundError("");
  absl::StatusOr<std::unique_ptr<Run>> run = Run::Open(info.path);
  if (!run.ok()) return run;
  (*run)->set_order(order);
  if (absl::Status status = Verify(state, **run); !status.ok()) return status;
  if ((*run)->rows() != info.rows) return absl::DataLossError("");
  return run;
}

}  // namespace

bool IsFinished(const BuildState& state, size_t range) {
  const auto found = state.ranges.find(range);
  return found != state.ranges.end() && AreThere(found->second);
}

bool AreFinished(const BuildState& state, bool operands) {
  if (!state.plan.has_value()) {
    return !state.sorted.empty() &&
           std::all_of(state.sorted.begin(), state.sorted.end(),
                       [=](const auto& part) { return IsOfUse(part.second, operands); });
  }
  for (size_t i = 0; i < state.plan->ranges.size(); ++i) {
    if (!IsFinished(state, i)) return false;
  }
  return true;
}

// NOLINTNEXTLINE(performance-unnecessary-value-param): what it holds is moved
absl::StatusOr<SortedParts> KeepParts(SortedParts parts, bool operands, LoadJournal* journal,
                                      const LoadJournal::Note& note) {
  SortedParts kept;
  std::set<std::string> known;
  for (auto& [number, part] : parts) {
    if (!IsOfUse(part, operands)) {
      absl::Status status = journal->Append(RecordOfPart(number, SortedPart()));
      if (!status.ok()) return status;
      continue;
    }
    AddPaths(part.lists, &known);
    kept[number] = std::move(part);
  }
  if (kept.size() != parts.size()) {
    note("--resume: some SSTs are not there or of no use any more; their rows are read again");
  }
  journal->RemoveUnknown(known);
  return kept;
}

absl::StatusOr<std::vector<KeptRun>> KeepRuns(const BuildState& state, const KeyOrder* order,
                                              LoadJournal* journal, const LoadJournal::Note& note) {
  std::vector<KeptRun> kept;
  std::set<std::string> known;
  for (const auto& [path, info] : state.runs) {
    absl::StatusOr<std::unique_ptr<Run>> run = OpenRun(state, info, order);
    // Whatever else it is, like too many open files, the run may be whole.
    if (absl::IsCancelled(run.status()) || absl::IsInternal(run.status())) return run.status();
    if (!run.ok()) {
      note(absl::StrCat(
          path, ": the run is damaged, or a part of it was given back; its rows are read again"));
      continue;
    }
    known.insert(path);
    kept.push_back({*std::move(run), &info});
  }
  for (const auto& [index, range] : state.ranges) AddPaths(range, &known);
  journal->RemoveUnknown(known);
  return kept;
}

std::vector<ChunkRead> ChunksOf(const std::vector<KeptRun>& runs) {
  std::vector<ChunkRead> chunks;
  for (const KeptRun& kept : runs) {
    chunks.insert(chunks.end(), kept.info->chunks.begin(), kept.info->chunks.end());
  }
  std::sort(chunks.begin(), chunks.end(),
            [](const ChunkRead& a, const ChunkRead& b) { return a.begin < b.begin; });
  return chunks;
}

}  // namespace load
}  // namespace sheaf
