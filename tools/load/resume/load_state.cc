#include "tools/load/resume/load_state.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "tools/common/text.h"
#include "tools/load/load_files.h"
#include "tools/load/resume/load_place.h"
#include "tools/load/sort/run_maker.h"

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

std::string NameOf(const std::string& path) {
  return std::filesystem::path(path).filename().string();
}

void Add(uint64_t number, LoadJournal::Record* record) { record->push_back(absl::StrCat(number)); }

// Takes fields in the order in which they were written; after a field that is not there or is not
// what a load writes, all are empty and ok() is false.
class Fields {
 public:
  // `folder`: of the files that the record names.
  Fields(const LoadJournal::Record& record, const std::string& folder)
      : record_(record), folder_(folder) {}

  std::string Text() {
    if (ok_ && at_ < record_.size()) return record_[at_++];
    ok_ = false;
    return "";
  }
  uint64_t Number() {
    uint64_t number = 0;
    if (absl::SimpleAtoi(Text(), &number)) return number;
    ok_ = false;
    return 0;
  }
  // Of a range or part, of which the next one has a number too.
  uint64_t Index() {
    const uint64_t index = Number();
    ok_ = ok_ && index < kMostIndex;
    return ok_ ? index : 0;
  }
  // Number of things that follow, of `fields` each.
  uint64_t Count(uint64_t fields) {
    const uint64_t count = Number();
    if (!ok_ || count > (record_.size() - at_) / fields) ok_ = false;
    return ok_ ? count : 0;
  }
  // Paths of files.
  std::string Run(uint64_t* number) {
    const std::string name = Text();
    ok_ = ok_ && ParseRunName(name, number);
    return ok_ ? absl::StrCat(folder_, "/", name) : "";
  }
  std::string Sst() {
    const std::string name = Text();
    ok_ = ok_ && IsSstName(name);
    return ok_ ? absl::StrCat(folder_, "/", name) : "";
  }
  bool ok() const { return ok_; }
  bool at_end() const { return at_ == record_.size(); }
  size_t at() const { return at_; }

 private:
  static constexpr uint64_t kMostIndex = uint64_t{1} << 48;

  const LoadJournal::Record& record_;
  const std::string& folder_;
  size_t at_ = 1;
  bool ok_ = true;
};

void Add(const std::vector<ChunkRead>& chunks, LoadJournal::Record* record) {
  Add(chunks.size(), record);
  for (const ChunkRead& chunk : chunks) {
    Add(chunk.begin, record);
    Add(chunk.end, record);
    Add(chunk.lines, record);
    Add(chunk.rejects ? 1 : 0, record);
  }
}

std::vector<ChunkRead> TakeChunks(Fields* fields) {
  std::vector<ChunkRead> chunks;
  for (uint64_t left = fields->Count(4); left != 0; --left) {
    ChunkRead chunk;
    chunk.begin = fields->Number();
    chunk.end = fields->Number();
    chunk.lines = fields->Number();
    chunk.rejects = fields->Number() != 0;
    chunks.push_back(chunk);
  }
  return chunks;
}

void Add(const RangeFiles& files, LoadJournal::Record* record) {
  Add(files.keys, record);
  Add(files.values, record);
  Add(files.files.size(), record);
  for (const SstFile& file : files.files) {
    record->push_back(NameOf(file.path));
    record->push_back(file.smallest);
    record->push_back(file.largest);
    Add(file.bytes, record);
    Add(file.keys, record);
    Add(file.piece ? 1 : 0, record);
  }
}

RangeFiles TakeFiles(Fields* fields) {
  RangeFiles files;
  files.keys = fields->Number();
  files.values = fields->Number();
  for (uint64_t left = fields->Count(6); left != 0; --left) {
    SstFile file;
    file.path = fields->Sst();
    file.smallest = fields->Text();
    file.largest = fields->Text();
    file.bytes = fields->Number();
    file.keys = fields->Number();
    file.piece = fields->Number() != 0;
    files.files.push_back(std::move(file));
  }
  return files;
}

}  // namespace

LoadJournal::Record RecordOf(const RunInfo& run, const std::vector<std::string>& replaced) {
  LoadJournal::Record record = {kRunRecord, NameOf(run.path)};
  Add(run.rows, &record);
  Add(run.values, &record);
  Add(run.bytes, &record);
  Add(run.chunks, &record);
  Add(replaced.size(), &record);
  for (const std::string& path : replaced) record.push_back(NameOf(path));
  return record;
}

LoadJournal::Record RecordOf(const WritePlan& plan) {
  LoadJournal::Record record = {kPlanRecord};
  Add(plan.operands ? 1 : 0, &record);
  Add(plan.ranges.size(), &record);
  for (size_t i = 0; i < plan.ranges.size(); ++i) {
    Add(plan.part_of[i], &record);
    record.push_back(plan.ranges[i].begin);
  }
  return record;
}

LoadJournal::Record RecordOf(size_t range, const RangeFiles& files) {
  LoadJournal::Record record = {kRange};
  Add(range, &record);
  Add(files, &record);
  return record;
}

LoadJournal::Record RecordOfPart(uint64_t number, const SortedPart& part) {
  LoadJournal::Record record = {kSorted};
  Add(number, &record);
  Add(part.operands ? 1 : 0, &record);
  Add(part.rows, &record);
  Add(part.values, &record);
  Add(part.lists, &record);
  Add(part.chunks, &record);
  return record;
}

LoadJournal::Record NotSortedRecord() { return {kNotSortedRecord}; }

LoadJournal::Record RecordOf(const LoadCounts& written) {
  LoadJournal::Record record = {kWritten};
  for (const uint64_t count : {written.rows, written.values, written.rows_skipped, written.bytes_in,
                               written.input_bytes}) {
    Add(count, &record);
  }
  return record;
}

LoadJournal::Record StagedRecord(const std::string& folder) { return {kStaged, folder}; }

LoadJournal::Record BuiltRecord() { return {kBuilt}; }

LoadJournal::Record UnstagedRecord() { return {kUnstaged}; }

LoadJournal::Record RecordOf(const IngestionIntent& intent) {
  LoadJournal::Record record = {kIngest};
  Add(intent.sequence, &record);
  Add(intent.raises ? 1 : 0, &record);
  record.push_back(intent.live_files);
  return record;
}

LoadJournal::Record DoneRecord() { return {kDoneRecord}; }

absl::Status LoadState::CheckPlan(const KeyOrder& order, uint64_t shards,
                                  const std::string& folder) const {
  if (!plan.has_value()) return absl::OkStatus();
  for (size_t i = 0; i < plan->ranges.size(); ++i) {
    const bool behind =
        i == 0 || (plan->part_of[i - 1] <= plan->part_of[i] &&
                   (i == 1 || order.Compare(plan->ranges[i - 1].begin, plan->ranges[i].begin) < 0));
    if (behind && plan->part_of[i] < shards) continue;
    return absl::DataLossError(
        absl::StrCat(folder, "/", kJournalName, ": range ", i,
                     " of the plan is not behind the one before it, or not of a shard of this "
                     "load; remove the folder and load again without --resume"));
  }
  return absl::OkStatus();
}

absl::StatusOr<LoadState> LoadState::Read(const JournalContents& journal,
                                          const std::string& folder) {
  LoadState state;
  const std::vector<std::string> staged =
      LoadPlace::StagedBy(journal.id, folder, journal.what.empty() ? "" : journal.what[0].back());
  for (const LoadJournal::Record& record : journal.records) {
    Fields fields(record, folder);
    const std::string& kind = record[0];
    bool fits = true;
    if (kind == kRunRecord) {
      RunInfo run;
      uint64_t number = 0;
      run.path = fields.Run(&number);
      run.rows = fields.Number();
      run.values = fields.Number();
      run.bytes = fields.Number();
      run.chunks = TakeChunks(&fields);
      for (uint64_t left = fields.Count(1); left != 0; --left) {
        uint64_t replaced = 0;
        state.runs.erase(fields.Run(&replaced));
      }
      state.next_run = std::max(state.next_run, number + 1);
      const std::string path = run.path;
      state.runs[path] = std::move(run);
    } else if (kind == kPlanRecord) {
      WritePlan plan;
      plan.operands = fields.Number() != 0;
      for (uint64_t left = fields.Count(2); left != 0; --left) {
        RowRange range;
        plan.part_of.push_back(static_cast<size_t>(fields.Number()));
        range.begin = fields.Text();
        range.has_begin = !plan.ranges.empty();
        if (range.has_begin) {
          plan.ranges.back().end = range.begin;
          plan.ranges.back().has_end = true;
        }
        plan.ranges.push_back(std::move(range));
      }
      fits = !plan.ranges.empty();
      state.plan = std::move(plan);
      state.ranges.clear();
      state.written = false;
    } else if (kind == kRange) {
      const auto range = static_cast<size_t>(fields.Number());
      fits = state.plan.has_value() && range < state.plan->ranges.size();
      state.ranges[range] = TakeFiles(&fields);
    } else if (kind == kSorted) {
      const uint64_t number = fields.Index();
      SortedPart part;
      part.operands = fields.Number() != 0;
      part.rows = fields.Number();
      part.values = fields.Number();
      part.lists = TakeFiles(&fields);
      part.chunks = TakeChunks(&fields);
      state.next_part = std::max(state.next_part, number + 1);
      if (part.chunks.empty()) {
        state.sorted.erase(number);
      } else {
        state.sorted[number] = std::move(part);
      }
    } else if (kind == kNotSortedRecord) {
      state.sorted.clear();
      state.not_sorted = true;
    } else if (kind == kIngest) {
      IngestionIntent intent;
      intent.sequence = fields.Number();
      intent.raises = fields.Number() != 0;
      intent.live_files = fields.Text();
      state.intent = std::move(intent);
    } else if (kind == kWritten) {
      state.written = true;
      for (uint64_t* const count :
           {&state.counts.rows, &state.counts.values, &state.counts.rows_skipped,
            &state.counts.bytes_in, &state.counts.input_bytes}) {
        *count = fields.Number();
      }
    } else if (kind == kStaged) {
      state.staged = fields.Text();
      if (std::find(staged.begin(), staged.end(), state.staged) == staged.end()) {
        return absl::DataLossError(absl::StrCat(
            folder, "/", kJournalName, ": expected one of ", absl::StrJoin(staged, ", "),
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
      return absl::DataLossError(absl::StrCat(
          folder, "/", kJournalName, ": expected a record that this version of sheaf knows, found ",
          Quoted(kind), "; remove the folder and load again without --resume"));
    }
    if (!fields.ok() || !fields.at_end() || !fits) {
      return absl::DataLossError(
          absl::StrCat(folder, "/", kJournalName, ": a record \"", kind,
                       "\" is not one that a load writes, from its field ", fields.at(),
                       " on; remove the folder and load again without --resume"));
    }
  }
  return state;
}

}  // namespace load
}  // namespace sheaf
