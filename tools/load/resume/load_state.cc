#include "tools/load/resume/load_state.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/common/text.h"
#include "tools/load/load_files.h"
#include "tools/load/resume/load_place.h"
#include "tools/load/resume/record_fields.h"

namespace sheaf {
namespace load {
namespace {

constexpr char kRange[] = "range";
// Not "sorted": parts had other ends under that name.
constexpr char kSorted[] = "sorted-part";
constexpr char kWritten[] = "written";
constexpr char kStaged[] = "staged";
constexpr char kBuilt[] = "built";
constexpr char kUnstaged[] = "unstaged";
constexpr char kIngest[] = "ingest";

void ReadRun(FieldReader* fields, BuildState* state) {
  RunInfo run;
  uint64_t number = 0;
  run.path = fields->Run(&number);
  run.rows = fields->Number();
  run.values = fields->Number();
  run.bytes = fields->Number();
  run.chunks = fields->Chunks();
  for (uint64_t left = fields->Count(1); left != 0; --left) {
    uint64_t replaced = 0;
    state->runs.erase(fields->Run(&replaced));
  }
  state->next_run = std::max(state->next_run, number + 1);
  const std::string path = run.path;
  state->runs[path] = std::move(run);
}

// False for a plan of nothing.
bool ReadPlan(FieldReader* fields, BuildState* state) {
  WritePlan plan;
  plan.operands = fields->Flag();
  for (uint64_t left = fields->Count(2); left != 0; --left) {
    WritePlan::Range range;
    range.shard = static_cast<size_t>(fields->Number());
    range.keys.begin = fields->Text();
    range.keys.has_begin = !plan.ranges.empty();
    if (range.keys.has_begin) {
      plan.ranges.back().keys.end = range.keys.begin;
      plan.ranges.back().keys.has_end = true;
    }
    plan.ranges.push_back(std::move(range));
  }
  const bool has_ranges = !plan.ranges.empty();
  state->plan = std::move(plan);
  state->ranges.clear();
  state->written = false;
  return has_ranges;
}

// False if the plan has no such range.
bool ReadRange(FieldReader* fields, BuildState* state) {
  const auto range = static_cast<size_t>(fields->Number());
  state->ranges[range] = fields->Files();
  return state->plan.has_value() && range < state->plan->ranges.size();
}

void ReadPart(FieldReader* fields, BuildState* state) {
  const uint64_t number = fields->Index();
  SortedPart part;
  part.operands = fields->Flag();
  part.rows = fields->Number();
  part.values = fields->Number();
  part.lists = fields->Files();
  part.chunks = fields->Chunks();
  state->next_part = std::max(state->next_part, number + 1);
  if (part.chunks.empty()) {
    state->sorted.erase(number);
  } else {
    state->sorted[number] = std::move(part);
  }
}

IngestionIntent ReadIntent(FieldReader* fields) {
  IngestionIntent intent;
  intent.sequence = fields->Number();
  intent.raises = fields->Flag();
  intent.live_files = fields->Text();
  return intent;
}

LoadCounts ReadCounts(FieldReader* fields) {
  LoadCounts counts;
  for (uint64_t* const count : {&counts.rows, &counts.values, &counts.rows_skipped,
                                &counts.bytes_in, &counts.input_bytes}) {
    *count = fields->Number();
  }
  return counts;
}

}  // namespace

absl::StatusOr<LoadState> LoadState::Read(const JournalContents& journal,
                                          const std::string& folder) {
  LoadState state;
  const std::string name = absl::StrCat(folder, "/", kJournalName);
  const std::vector<std::string> staged =
      LoadPlace::StagedBy(journal.id, folder, journal.what.empty() ? "" : journal.what[0].back());
  for (const JournalRecord& record : journal.records) {
    FieldReader fields(record, folder);
    const std::string& kind = record[0];
    bool fits = true;
    if (kind == kRunRecord) {
      ReadRun(&fields, &state.build);
    } else if (kind == kPlanRecord) {
      fits = ReadPlan(&fields, &state.build);
    } else if (kind == kRange) {
      fits = ReadRange(&fields, &state.build);
    } else if (kind == kSorted) {
      ReadPart(&fields, &state.build);
    } else if (kind == kNotSortedRecord) {
      state.build.sorted.clear();
      state.build.not_sorted = true;
    } else if (kind == kWritten) {
      state.build.written = true;
      state.build.counts = ReadCounts(&fields);
    } else if (kind == kIngest) {
      state.intent = ReadIntent(&fields);
    } else if (kind == kStaged) {
      state.staged = fields.Text();
      if (std::find(staged.begin(), staged.end(), state.staged) == staged.end()) {
        return absl::DataLossError(absl::StrCat(
            name, ": expected one of ", absl::StrJoin(staged, ", "),
            " as the folder that the load has staged, found ", Quoted(state.staged),
            ", which is left alone; no load of this DB has written that. Remove the journal's "
            "folder and load again without --resume"));
      }
    } else if (kind == kBuilt) {
      state.built = true;
    } else if (kind == kUnstaged) {
      state.staged.clear();
      state.built = false;
    } else if (kind == kDoneRecord) {
      state.done = true;
    } else {
      return absl::DataLossError(
          absl::StrCat(name, ": expected a record that this version of sheaf knows, found ",
                       Quoted(kind), "; remove the folder and load again without --resume"));
    }
    if (!fields.ok() || !fields.at_end() || !fits) {
      return absl::DataLossError(absl::StrCat(
          name, ": a record \"", kind, "\" is not one that a load writes, from its field ",
          fields.at(), " on; remove the folder and load again without --resume"));
    }
  }
  return state;
}

absl::Status LoadState::CheckPlan(const KeyOrder& order, uint64_t shards,
                                  const std::string& folder) const {
  if (!build.plan.has_value()) return absl::OkStatus();
  const std::vector<WritePlan::Range>& ranges = build.plan->ranges;
  for (size_t i = 0; i < ranges.size(); ++i) {
    const bool is_behind =
        i == 0 || (ranges[i - 1].shard <= ranges[i].shard &&
                   (i == 1 || order.Compare(ranges[i - 1].keys.begin, ranges[i].keys.begin) < 0));
    if (is_behind && ranges[i].shard < shards) continue;
    return absl::DataLossError(
        absl::StrCat(folder, "/", kJournalName, ": range ", i,
                     " of the plan is not behind the one before it, or not of a shard of this "
                     "load; remove the folder and load again without --resume"));
  }
  return absl::OkStatus();
}

JournalRecord RecordOf(const RunInfo& run, const std::vector<std::string>& replaced) {
  JournalRecord record = {kRunRecord};
  AddName(run.path, &record);
  AddNumber(run.rows, &record);
  AddNumber(run.values, &record);
  AddNumber(run.bytes, &record);
  AddChunks(run.chunks, &record);
  AddNumber(replaced.size(), &record);
  for (const std::string& path : replaced) AddName(path, &record);
  return record;
}

JournalRecord RecordOf(const WritePlan& plan) {
  JournalRecord record = {kPlanRecord};
  AddNumber(plan.operands ? 1 : 0, &record);
  AddNumber(plan.ranges.size(), &record);
  for (const WritePlan::Range& range : plan.ranges) {
    AddNumber(range.shard, &record);
    record.push_back(range.keys.begin);
  }
  return record;
}

JournalRecord RecordOf(size_t range, const RangeFiles& files) {
  JournalRecord record = {kRange};
  AddNumber(range, &record);
  AddFiles(files, &record);
  return record;
}

JournalRecord RecordOfPart(uint64_t number, const SortedPart& part) {
  JournalRecord record = {kSorted};
  AddNumber(number, &record);
  AddNumber(part.operands ? 1 : 0, &record);
  AddNumber(part.rows, &record);
  AddNumber(part.values, &record);
  AddFiles(part.lists, &record);
  AddChunks(part.chunks, &record);
  return record;
}

JournalRecord NotSortedRecord() { return {kNotSortedRecord}; }

JournalRecord RecordOf(const LoadCounts& written) {
  JournalRecord record = {kWritten};
  for (const uint64_t count : {written.rows, written.values, written.rows_skipped, written.bytes_in,
                               written.input_bytes}) {
    AddNumber(count, &record);
  }
  return record;
}

JournalRecord StagedRecord(const std::string& folder) { return {kStaged, folder}; }

JournalRecord BuiltRecord() { return {kBuilt}; }

JournalRecord UnstagedRecord() { return {kUnstaged}; }

JournalRecord RecordOf(const IngestionIntent& intent) {
  JournalRecord record = {kIngest};
  AddNumber(intent.sequence, &record);
  AddNumber(intent.raises ? 1 : 0, &record);
  record.push_back(intent.live_files);
  return record;
}

JournalRecord DoneRecord() { return {kDoneRecord}; }

}  // namespace load
}  // namespace sheaf
