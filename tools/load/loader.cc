#include "tools/load/loader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/load/block_reader.h"
#include "tools/load/database.h"
#include "tools/load/ingestion.h"
#include "tools/load/interrupt.h"
#include "tools/load/load_journal.h"
#include "tools/load/load_state.h"
#include "tools/load/progress.h"
#include "tools/load/publish.h"
#include "tools/load/reject_log.h"
#include "tools/load/row_merge.h"
#include "tools/load/run_maker.h"
#include "tools/load/sorted_load.h"
#include "tools/load/text.h"
#include "tools/load/worker_threads.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;

// What a thread that writes SSTs takes: RocksDB's write buffer, the index of an SST of 256 MB,
// blocks being compressed.
constexpr uint64_t kWriterBytes = uint64_t{6} << 20;
// Work below this is not worth a second SST, and an SST beyond this is not worth its index.
constexpr uint64_t kLeastRange = uint64_t{16} << 20;
constexpr uint64_t kMostRange = uint64_t{256} << 20;
// Below this the loader is not; it would be all overhead.
constexpr uint64_t kLeastMemory = uint64_t{16} << 20;

class Timer {
 public:
  double Seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
  }

 private:
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

uint64_t BytesIn(const std::string& folder) {
  uint64_t bytes = 0;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const uint64_t size = at->file_size(error);
    if (!error) bytes += size;
  }
  return bytes;
}

std::string Absolute(const std::string& path) {
  std::error_code error;
  // Of a path that does not exist yet weakly_canonical() would give the relative one.
  const fs::path absolute = fs::weakly_canonical(fs::absolute(path, error), error);
  return error ? path : absolute.string();
}

class Loader {
 public:
  Loader(const LoadOptions& options, LoadSummary* summary)
      : options_(options),
        summary_(*summary),
        memory_(std::max(options.memory, kLeastMemory)),
        threads_(static_cast<size_t>(std::max(1, options.threads))),
        target_(options.sst_only.empty() ? options.db : options.sst_only),
        progress_("sheaf load", options.progress) {}

  absl::Status Run() {
    absl::Status status = FindDatabase();
    if (status.ok()) status = OpenJournal();
    if (status.ok() && !summary_.was_complete && !state_.intent.has_value()) {
      status = Build();
    }
    if (status.ok() && !summary_.was_complete) status = Deliver();
    progress_.Clear();
    if (status.ok()) status = Complete();
    if (!status.ok()) KeepOrRemove(status);
    return status;
  }

 private:
  // Before anything is read or made.
  absl::Status FindDatabase() {
    for (const std::string& input : options_.inputs) {
      if (absl::Status status = CheckInput(input); !status.ok()) return status;
    }
    const Layout layout = options_.layout.value_or(Layout::kCompact);
    if (options_.db.empty()) {
      database_ = Database::Fresh("", layout, options_.family);
    } else {
      absl::StatusOr<Database> database = Database::Exists(options_.db)
                                              ? Database::Read(options_.db, options_.family)
                                              : Database::New(options_.db, layout, options_.family);
      if (!database.ok()) return database.status();
      database_ = *std::move(database);
    }
    if (options_.layout.value_or(database_.layout()) != database_.layout()) {
      return absl::FailedPreconditionError(absl::StrCat(
          options_.db, ": the DB has layout ", LayoutName(database_.layout()), ", not ",
          LayoutName(*options_.layout), "; leave --layout out, or load into a new DB"));
    }
    if (options_.mode == LoadMode::kAppend && !database_.can_append()) {
      return absl::FailedPreconditionError(absl::StrCat(
          options_.db, ": cannot append: the DB's merge operator is ", database_.merge_operator(),
          ", not sheaf.append. Use --mode replace, or open the DB once with "
          "merge_operator = sheaf::NewAppendOperator()"));
    }
    order_ = std::make_unique<KeyOrder>(database_.options().comparator);
    if (!options_.sst_only.empty() || database_.is_new()) return absl::OkStatus();
    return database_.CheckUnlocked();
  }

  // Without opening it, which would disturb a FIFO.
  absl::Status CheckInput(const std::string& path) {
    struct stat info;
    if (path == "-") {
      if (fstat(0, &info) == 0 && S_ISREG(info.st_mode)) {
        total_bytes_ += static_cast<uint64_t>(info.st_size);
      }
      can_resume_ = false;
      return absl::OkStatus();
    }
    const int error = stat(path.c_str(), &info) != 0    ? errno
                      : access(path.c_str(), R_OK) != 0 ? errno
                                                        : 0;
    if (error != 0) {
      const std::string message = absl::StrCat(path, ": cannot open: ", ErrnoText(error));
      return error == ENOENT ? absl::NotFoundError(message) : absl::InternalError(message);
    }
    if (S_ISDIR(info.st_mode)) {
      return absl::InvalidArgumentError(
          absl::StrCat(path, ": is a directory; expected a file, a pipe or - for stdin"));
    }
    if (S_ISREG(info.st_mode)) {
      total_bytes_ += static_cast<uint64_t>(info.st_size);
    } else {
      can_resume_ = false;
    }
    inputs_.push_back({"--input", Absolute(path), absl::StrCat(info.st_size),
                       absl::StrCat(info.st_mtim.tv_sec, ".", info.st_mtim.tv_nsec)});
    return absl::OkStatus();
  }

  // What a load that resumes has to have the same; the first tells whose folder it is.
  std::vector<LoadJournal::Record> What() const {
    std::vector<LoadJournal::Record> what = {
        {options_.sst_only.empty() ? "--db" : "--sst-only", Absolute(target_)},
        {"--db", options_.db.empty() ? "" : Absolute(options_.db)},
        {"--cf", options_.family},
        {"--mode", absl::StrCat(static_cast<int>(options_.mode))},
        {"--format",
         options_.format.has_value() ? absl::StrCat(static_cast<int>(*options_.format)) : ""},
        {"--layout", LayoutName(database_.layout())},
        {"--on-error", absl::StrCat(static_cast<int>(options_.on_error))},
        {"--rejects", options_.rejects},
        {"--shards", absl::StrCat(options_.shards)},
        {"--input", can_resume_ ? "files" : "that cannot be read again"},
    };
    what.insert(what.end(), inputs_.begin(), inputs_.end());
    return what;
  }

  absl::Status OpenJournal() {
    std::string prefix;
    if (options_.tmp.empty()) {
      prefix = target_;
      while (prefix.size() > 1 && prefix.back() == '/') prefix.pop_back();
      prefix += ".load-";
    } else {
      prefix = options_.tmp + "/sheaf-load-";
    }
    const std::vector<LoadJournal::Record> what = What();
    mark_.what = LoadJournal::Digest(what);
    if (options_.resume) {
      if (!can_resume_) {
        return absl::InvalidArgumentError(
            "--resume: expected files as --input, which can be read again, found stdin or a pipe");
      }
      absl::StatusOr<std::unique_ptr<LoadJournal>> found = LoadJournal::Find(prefix, what);
      if (!found.ok()) return found.status();
      journal_ = *std::move(found);
      if (journal_ != nullptr) return ReadJournal();
      if (absl::Status status = FindComplete(); !status.ok() || summary_.was_complete) {
        return status;
      }
      options_.note(
          "--resume: no interrupted load of these inputs was found; beginning from the start");
    } else {
      for (const std::string& folder : LoadJournal::Leftovers(prefix, what)) {
        options_.note(
            absl::StrCat(folder, " is what an interrupted load has left (", Bytes(BytesIn(folder)),
                         "): the same load with --resume goes on from it; else remove it"));
      }
    }
    if (!options_.sst_only.empty()) {
      if (absl::Status status = CheckFree(options_.sst_only); !status.ok()) return status;
    }
    absl::StatusOr<std::unique_ptr<LoadJournal>> made = LoadJournal::Create(prefix, what);
    if (!made.ok()) return made.status();
    journal_ = *std::move(made);
    mark_.id = journal_->id();
    return absl::OkStatus();
  }

  // A load that was killed after it had removed its folder.
  absl::Status FindComplete() {
    if (!options_.sst_only.empty()) {
      summary_.was_complete = HasManifestOf(options_.sst_only, mark_.what);
      return absl::OkStatus();
    }
    const absl::StatusOr<bool> loaded = HasLoadOf(database_, mark_.what);
    if (!loaded.ok()) return loaded.status();
    summary_.was_complete = *loaded;
    return absl::OkStatus();
  }

  absl::Status ReadJournal() {
    mark_.id = journal_->id();
    absl::StatusOr<LoadState> state = LoadState::Read(*journal_);
    if (!state.ok()) return state.status();
    state_ = *std::move(state);
    summary_.resumed = true;
    if (!options_.sst_only.empty()) {
      state_.done = state_.done || HasManifestOf(options_.sst_only, mark_.id);
    }
    if (state_.done) {
      summary_.was_complete = true;
      return absl::OkStatus();
    }
    if (!state_.intent.has_value()) return absl::OkStatus();
    const absl::StatusOr<Ingested> ingested = WasIngested(database_, mark_.id, *state_.intent);
    if (!ingested.ok()) return ingested.status();
    if (*ingested == Ingested::kUnknown) {
      return absl::FailedPreconditionError(absl::StrCat(
          options_.db,
          ": cannot tell whether the interrupted load was ingested: another program "
          "has written to the DB since, and none of its SSTs is there. Look for one of its keys "
          "with `sheaf get`. If it was ingested, remove ",
          journal_->folder(), "; if not, load again without --resume"));
    }
    summary_.was_complete = *ingested == Ingested::kYes;
    if (!summary_.was_complete) state_.intent.reset();
    return absl::OkStatus();
  }

  // Reads, sorts and writes SSTs.
  absl::Status Build() {
    // Input that turns out not to be sorted is read again.
    const bool may_be_sorted = can_resume_ && order_->bytewise() && options_.shards == 1 &&
                               !state_.not_sorted && state_.runs.empty();
    if (may_be_sorted) {
      const absl::StatusOr<bool> sorted = BuildSorted();
      if (!sorted.ok()) return sorted.status();
      if (*sorted) return absl::OkStatus();
    }
    absl::Status status = OpenRejects();
    if (status.ok()) status = ReadRows();
    if (status.ok()) status = WriteSsts();
    return status;
  }

  absl::Status OpenRejects() {
    rejects_.reset();  // closes its file
    rejects_ = std::make_unique<RejectLog>(options_.on_error, options_.rejects, options_.note);
    return rejects_->Open();
  }

  // False if rows are not in the order of their keys; then nothing was done.
  absl::StatusOr<bool> BuildSorted() {
    const Timer timer;
    if (absl::Status status = OpenRejects(); !status.ok()) return status;
    progress_.Phase("loading sorted rows", total_bytes_, /*in_bytes=*/true);
    WritePlan plan;
    if (absl::Status status = FindOperands(&plan); !status.ok()) return status;
    std::mutex large_list;
    SstPlan sst = MakeSstPlan(plan, Writers() * kWriterBytes);
    sst.large_list = &large_list;
    SortedParts parts = TakeParts(plan.operands);
    SortedLoadOptions options;
    options.inputs = options_.inputs;
    options.format = options_.format;
    options.threads = threads_;
    options.most_lanes = Writers();
    options.memory = memory_ / 2;
    options.on_error = options_.on_error;
    options.plan = &sst;
    options.prefix = journal_->folder() + "/sorted-";
    // A part is an SST, which a block more does not make too large.
    options.part_bytes = std::min(kMostRange, memory_) / 16 * 15;
    options.on_part = [this](uint64_t number, const SortedPart& part) {
      return journal_->Append(RecordOfPart(number, part), /*sync=*/false);
    };
    options.tick = [&](uint64_t bytes, uint64_t rows) { progress_.At(bytes, rows); };
    const absl::StatusOr<SortedLoad> load = LoadSorted(options, rejects_.get(), &parts);
    absl::Status status = load.status();
    if (status.ok() && load->sorted) status = rejects_->Finish();
    if (!status.ok()) return status;
    if (!load->sorted || parts.empty()) {
      state_.sorted.clear();
      RemoveUnknown({});
      status = journal_->Append(NotSortedRecord(), /*sync=*/false);
      if (!status.ok()) return status;
      return false;
    }
    uint64_t rows = 0;
    uint64_t values = 0;
    for (auto& [number, part] : parts) {
      rows += part.rows;
      values += part.values;
      plan.part_of.push_back(0);
      state_.ranges[state_.ranges.size()] = std::move(part.lists);
    }
    state_.plan = std::move(plan);
    CountRead(load->file_bytes, load->input_bytes, rows, values);
    summary_.sorted = true;
    summary_.write_seconds = timer.Seconds();
    status = CountWritten();
    if (!status.ok()) return status;
    return true;
  }

  // Parts that an earlier load finished, and whose SSTs are there; others are removed.
  SortedParts TakeParts(bool operands) {
    SortedParts parts;
    std::set<std::string> known;
    for (auto& [number, part] : state_.sorted) {
      if (part.operands != operands || !AreThere(part.lists)) continue;
      for (const SstFile& file : part.lists.files) known.insert(file.path);
      parts[number] = std::move(part);
    }
    if (parts.size() != state_.sorted.size()) {
      options_.note(
          "--resume: some SSTs are not there or of no use any more; their rows are "
          "read again");
    }
    state_.sorted.clear();
    RemoveUnknown(known);
    return parts;
  }

  void CountRead(uint64_t file_bytes, uint64_t input_bytes, uint64_t rows, uint64_t values) {
    summary_.bytes_in = file_bytes;
    summary_.input_bytes = input_bytes;
    summary_.rows = rows;
    summary_.values = values;
    summary_.rows_skipped = rejects_->count();
    summary_.skipped = rejects_->Account();
  }

  // Runs that an earlier load finished, and what of the input is in them.
  absl::StatusOr<std::vector<PositionRange>> TakeRuns(RunMaker* maker) {
    std::vector<BlockRead> blocks;
    std::set<std::string> known;
    for (const auto& [path, info] : state_.runs) {
      absl::StatusOr<std::unique_ptr<sheaf::load::Run>> run = sheaf::load::Run::Open(path);
      absl::Status status = run.status();
      if (run.ok()) {
        (*run)->set_order(order_.get());
        status = Verify(**run);
      }
      if (absl::IsCancelled(status)) return status;
      if (!status.ok()) {
        options_.note(absl::StrCat(path, ": the run is damaged; its rows are read again"));
        continue;
      }
      known.insert(path);
      blocks.insert(blocks.end(), info.blocks.begin(), info.blocks.end());
      maker->AddRun(*std::move(run), info);
    }
    for (const auto& [index, range] : state_.ranges) {
      for (const SstFile& file : range.files) known.insert(file.path);
    }
    RemoveUnknown(known);
    std::sort(blocks.begin(), blocks.end(),
              [](const BlockRead& a, const BlockRead& b) { return a.begin < b.begin; });
    return PassOver(blocks);
  }

  // What is still to be merged of a run.
  absl::Status Verify(const sheaf::load::Run& run) const {
    if (!state_.plan.has_value()) return run.Verify(RowRange());
    absl::Status status;
    const std::vector<RowRange>& ranges = state_.plan->ranges;
    for (size_t i = 0; i < ranges.size() && status.ok(); ++i) {
      if (!IsFinished(i)) status = run.Verify(ranges[i]);
    }
    return status;
  }

  // Has rejects_ told of them. REQUIRES: in order.
  std::vector<PositionRange> PassOver(const std::vector<BlockRead>& blocks) {
    std::vector<PositionRange> ranges;
    for (const BlockRead& block : blocks) {
      if (!block.rejects) rejects_->AddPassedOver(block.begin, block.end, block.lines);
      ranges.push_back({block.begin, block.end, block.rejects});
    }
    return ranges;
  }

  // Files that were being written when the load was killed.
  void RemoveUnknown(const std::set<std::string>& known) {
    std::error_code error;
    std::vector<fs::path> unknown;
    for (const fs::directory_entry& entry : fs::directory_iterator(journal_->folder(), error)) {
      const fs::path& path = entry.path();
      if (path.filename() != "journal" && known.count(path.string()) == 0) unknown.push_back(path);
    }
    for (const fs::path& path : unknown) fs::remove(path, error);
  }

  absl::Status ReadRows() {
    const Timer timer;
    progress_.Phase("reading", total_bytes_, /*in_bytes=*/true);
    RunMaker::Options making;
    making.memory = memory_;
    making.threads = threads_;
    making.on_error = options_.on_error;
    making.order = order_.get();
    making.most_runs = static_cast<size_t>(options_.most_runs);
    making.folder = [this]() -> absl::StatusOr<std::string> { return journal_->folder(); };
    making.on_run = [this](const RunInfo& run, const std::vector<std::string>& replaced) {
      return journal_->Append(RecordOf(run, replaced), /*sync=*/false);
    };
    BlockReader::Options reading;
    reading.inputs = options_.inputs;
    reading.format = options_.format;
    maker_ = std::make_unique<RunMaker>(std::move(making), rejects_.get());
    if (summary_.resumed) {
      absl::StatusOr<std::vector<PositionRange>> read_before = TakeRuns(maker_.get());
      if (!read_before.ok()) return read_before.status();
      reading.read_before = *std::move(read_before);
    }
    BlockReader reader(std::move(reading));
    const auto tick = [&] { progress_.At(reader.file_bytes(), maker_->rows()); };
    absl::Status status = maker_->Read(&reader, tick);
    if (absl::Status rejected = rejects_->Finish(); !rejected.ok()) return rejected;
    if (!status.ok()) return status;
    CountRead(reader.file_bytes(), reader.position(), maker_->rows(), maker_->values());
    const size_t writers = Writers();
    progress_.Phase("sorting", 0, /*in_bytes=*/false);
    // Runs of which a part was merged and given back can only be read by ranges.
    const bool whole = state_.ranges.empty();
    status = maker_->Settle(writers * kWriterBytes + memory_ / 16, writers, /*merge=*/whole,
                            [&] { progress_.At(0, maker_->rows()); });
    summary_.runs = maker_->runs();
    summary_.run_bytes = maker_->spilled_bytes();
    summary_.read_seconds = timer.Seconds();
    return status;
  }

  size_t Writers() const {
    return static_cast<size_t>(
        std::max<uint64_t>(1, std::min<uint64_t>(threads_, memory_ / (2 * kWriterBytes))));
  }

  // Of an SST, where there are `bytes` in all.
  uint64_t RangeBytes(uint64_t bytes) const {
    return std::min(kMostRange, std::max(kLeastRange, bytes / (4 * Writers()) + 1));
  }

  absl::Status FindOperands(WritePlan* plan) {
    if (options_.mode != LoadMode::kAppend) return absl::OkStatus();
    // Into a DB without keys values can go, which are read without merging.
    bool empty = options_.sst_only.empty();
    if (empty && !database_.is_new()) {
      const auto opened = database_.OpenForReadOnly();
      if (!opened.ok()) return opened.status();
      const absl::StatusOr<bool> is_empty = IsEmpty(**opened);
      if (!is_empty.ok()) return is_empty.status();
      empty = *is_empty;
    }
    plan->operands = !empty;
    return absl::OkStatus();
  }

  // `used`: bytes of memory that are in use while SSTs are written.
  SstPlan MakeSstPlan(const WritePlan& plan, uint64_t used) const {
    SstPlan sst;
    sst.options = database_.options();
    sst.options.table_properties_collector_factories.push_back(NewMarkCollectorFactory(mark_));
    sst.operands = plan.operands;
    sst.can_merge = database_.can_append();
    sst.layout = database_.layout();
    sst.list_bytes = options_.list_bytes;
    // Copies of a piece that exist at once: the builder's, which doubles, the blob, RocksDB's
    // block, and that block compressed.
    sst.piece_bytes = std::max<uint64_t>(1 << 20, (memory_ - std::min(memory_, used)) / 8);
    return sst;
  }

  absl::Status MakePlan(const std::vector<const RowStore*>& stores, WritePlan* plan) {
    if (absl::Status status = FindOperands(plan); !status.ok()) return status;
    uint64_t bytes = 0;
    for (const RowStore* const store : stores) bytes += store->bytes();
    plan->ranges = CutRanges(stores, *order_, RangeBytes(bytes),
                             static_cast<size_t>(options_.shards), &plan->part_of);
    return journal_->Append(RecordOf(*plan), /*sync=*/false);
  }

  absl::Status WriteSsts() {
    const std::vector<const RowStore*> stores = maker_->stores();
    if (stores.empty() && !(state_.plan.has_value() && !state_.ranges.empty())) {
      options_.note("the input has no rows");
      return absl::OkStatus();
    }
    const Timer timer;
    uint64_t total = 0;
    for (const RowStore* const store : stores) total += store->bytes();
    progress_.Phase("writing lists", total, /*in_bytes=*/true);
    if (!state_.plan.has_value()) {
      state_.plan.emplace();
      if (absl::Status status = MakePlan(stores, &*state_.plan); !status.ok()) return status;
    }
    const WritePlan& plan = *state_.plan;

    std::atomic<uint64_t> keys{0};
    std::atomic<uint64_t> bytes{0};
    std::mutex large_list;
    const size_t writers = std::min(Writers(), plan.ranges.size());
    SstPlan sst = MakeSstPlan(plan, maker_->memory_used() + writers * kWriterBytes);
    sst.keys_written = &keys;
    sst.bytes_merged = &bytes;
    sst.large_list = &large_list;
    const size_t shared = SharedPrefix(stores, *order_);
    std::atomic<size_t> next{0};
    std::atomic<bool> failed{false};
    std::mutex mutex;  // of state_.ranges
    const auto work = [&](size_t) {
      for (size_t i; (i = next++) < plan.ranges.size() && !failed;) {
        {
          const std::lock_guard<std::mutex> lock(mutex);
          if (IsFinished(i)) continue;
        }
        SstBuilder builder(sst, absl::StrCat(journal_->folder(), "/range-", i, "-"));
        const std::unique_ptr<SortedRows> rows =
            MergeRange(stores, plan.ranges[i], *order_, shared);
        absl::Status status = builder.Append(*rows, *order_);
        if (status.ok()) status = builder.End();
        RangeFiles files = builder.written();
        if (status.ok()) status = journal_->Append(RecordOf(i, files), /*sync=*/false);
        if (!status.ok()) {
          failed = true;
          return status;
        }
        maker_->Discard(plan.ranges[i]);
        const std::lock_guard<std::mutex> lock(mutex);
        state_.ranges[i] = std::move(files);
      }
      return absl::OkStatus();
    };
    absl::Status status =
        RunWorkers(writers, work, [&] { progress_.At(bytes.load(), keys.load(), "key"); });
    if (!status.ok()) return status;
    maker_.reset();
    summary_.write_seconds = timer.Seconds();
    return CountWritten();
  }

  absl::Status CountWritten() {
    summary_.operands = state_.plan->operands;
    uint64_t values = 0;
    for (const auto& [index, range] : state_.ranges) {
      summary_.keys += range.keys;
      values += range.values;
      for (const SstFile& file : range.files) {
        ++summary_.ssts;
        summary_.sst_bytes += file.bytes;
      }
    }
    if (values == summary_.values) return absl::OkStatus();
    return absl::InternalError(absl::StrCat("read ", Grouped(summary_.values), " values but wrote ",
                                            Grouped(values),
                                            ": this is a bug in sheaf; please report it"));
  }

  // By an earlier load.
  bool IsFinished(size_t range) const {
    const auto found = state_.ranges.find(range);
    return found != state_.ranges.end() && AreThere(found->second);
  }

  static bool AreThere(const RangeFiles& range) {
    return std::all_of(range.files.begin(), range.files.end(), [](const SstFile& file) {
      std::error_code error;
      return fs::file_size(file.path, error) == file.bytes;
    });
  }

  // All files of these ranges, those first that are no pieces of a list.
  static std::vector<SstFile> InOrder(const std::vector<const RangeFiles*>& ranges) {
    std::vector<SstFile> files;
    for (const bool pieces : {false, true}) {
      for (const RangeFiles* const range : ranges) {
        for (const SstFile& file : range->files) {
          if (file.piece == pieces) files.push_back(file);
        }
      }
    }
    return files;
  }

  // From here on signals are not looked at: it is short, and ends with all or nothing.
  absl::Status Deliver() {
    if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
    const Timer timer;
    progress_.Phase(options_.sst_only.empty() ? "ingesting" : "moving SSTs", 0,
                    /*in_bytes=*/false);
    absl::Status status = options_.sst_only.empty() ? IngestFiles() : PublishFiles();
    summary_.ingest_seconds = timer.Seconds();
    return status;
  }

  absl::Status IngestFiles() {
    std::vector<const RangeFiles*> ranges;
    for (const auto& [index, range] : state_.ranges) ranges.push_back(&range);
    IngestionOptions ingestion;
    for (const SstFile& file : InOrder(ranges)) ingestion.files.push_back(file.path);
    if (ingestion.files.empty() && !database_.is_new()) return absl::OkStatus();
    ingestion.must_be_empty = options_.mode == LoadMode::kAppend && !summary_.operands;
    ingestion.create_only = options_.mode == LoadMode::kCreateOnly;
    ingestion.before = [this](const IngestionIntent& intent) {
      LoadCounts counts;
      counts.rows = summary_.rows;
      counts.keys = summary_.keys;
      counts.values = summary_.values;
      counts.rows_skipped = summary_.rows_skipped;
      counts.bytes_in = summary_.bytes_in;
      return journal_->Append(RecordOf(intent, counts), /*sync=*/true);
    };
    if (!database_.is_new()) return Ingest(database_, ingestion);
    summary_.created = true;
    return database_.has_folder() ? Ingest(database_, ingestion) : IngestIntoNew(ingestion);
  }

  // A new DB is made elsewhere and moved to its place, so that it is there with its lists or not
  // at all.
  absl::Status IngestIntoNew(const IngestionOptions& ingestion) {
    std::string place = target_;
    while (place.size() > 1 && place.back() == '/') place.pop_back();
    const std::string staged =
        options_.tmp.empty() ? journal_->folder() + "/db" : place + ".new-" + mark_.id;
    std::error_code error;
    fs::remove_all(staged, error);
    absl::Status status = Ingest(database_.At(staged), ingestion);
    if (status.ok()) {
      fs::rename(staged, place, error);  // an empty folder is replaced
      if (error && Database::Exists(target_)) {
        status = absl::AbortedError(
            absl::StrCat(target_, ": another process created this DB meanwhile; run this again"));
      } else if (error) {
        status =
            absl::InternalError(absl::StrCat(target_, ": cannot make the DB: ", error.message()));
      }
    }
    if (status.ok()) {
      SyncFolder(fs::path(place).parent_path().string());
    } else {
      fs::remove_all(staged, error);
    }
    return status;
  }

  static void SyncFolder(const std::string& folder) {
    const int fd = open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return;
    fsync(fd);
    close(fd);
  }

  absl::Status PublishFiles() {
    SstSet set;
    set.mark = absl::StrCat(mark_.what, ":", mark_.id);
    set.comparator = order_->comparator()->Name();
    set.layout = LayoutName(summary_.operands ? Layout::kCompact : database_.layout());
    set.family = options_.family;
    set.operands = summary_.operands;
    std::vector<PublishedFile> files;
    for (size_t shard = 0; shard < options_.shards; ++shard) {
      SstSet::Shard one;
      one.folder =
          options_.shards == 1 ? "." : absl::StrCat("shard-", absl::Dec(shard, absl::kZeroPad4));
      std::vector<const RangeFiles*> ranges;
      for (const auto& [index, range] : state_.ranges) {
        if (state_.plan->part_of[index] != shard) continue;
        ranges.push_back(&range);
        one.keys += range.keys;
      }
      for (SstFile& file : InOrder(ranges)) {
        const std::string name = absl::StrCat(absl::Dec(one.files.size(), absl::kZeroPad6), ".sst");
        files.push_back({file.path, one.folder + "/" + name});
        file.path = name;
        one.files.push_back(std::move(file));
      }
      set.shards.push_back(std::move(one));
    }
    return Publish(options_.sst_only, files, options_.manifest(set, summary_));
  }

  // The load is in the DB. Nothing of it may fail from here on.
  absl::Status Complete() {
    if (summary_.was_complete) {
      if (journal_ != nullptr) RejectLog::CommitLeft(options_.rejects);
      summary_.rows = state_.counts.rows;
      summary_.keys = state_.counts.keys;
      summary_.values = state_.counts.values;
      summary_.rows_skipped = state_.counts.rows_skipped;
      summary_.bytes_in = state_.counts.bytes_in;
    } else if (rejects_ != nullptr) {
      absl::Status status = rejects_->Commit();
      if (status.ok()) return Clean();
      options_.note(absl::StrCat(status.message()));
    }
    return Clean();
  }

  absl::Status Clean() {
    if (journal_ == nullptr) return absl::OkStatus();
    journal_->Append(DoneRecord(), /*sync=*/false).IgnoreError();
    journal_->Remove();
    return absl::OkStatus();
  }

  // Keeps what is finished where trying again may help.
  void KeepOrRemove(const absl::Status& status) {
    if (journal_ == nullptr) return;
    maker_.reset();
    const bool may_go_away = absl::IsCancelled(status) || absl::IsInternal(status) ||
                             absl::IsAborted(status) || absl::IsFailedPrecondition(status) ||
                             absl::IsDataLoss(status);
    if (summary_.resumed || (may_go_away && can_resume_ && journal_->worth_keeping())) {
      summary_.left = journal_->folder();
      summary_.left_bytes = BytesIn(summary_.left);
    } else {
      journal_->Remove();
    }
  }

  const LoadOptions& options_;
  LoadSummary& summary_;
  const uint64_t memory_;
  const size_t threads_;
  const std::string target_;  // beside which the load's folder is
  Progress progress_;
  uint64_t total_bytes_ = 0;
  std::vector<LoadJournal::Record> inputs_;
  bool can_resume_ = true;
  Database database_;
  std::unique_ptr<KeyOrder> order_;
  std::unique_ptr<LoadJournal> journal_;
  LoadMark mark_;
  LoadState state_;
  std::unique_ptr<RejectLog> rejects_;
  std::unique_ptr<RunMaker> maker_;
};

}  // namespace

absl::Status Load(const LoadOptions& options, LoadSummary* summary) {
  *summary = LoadSummary();
  const InterruptScope interrupts;
  return Loader(options, summary).Run();
}

}  // namespace load
}  // namespace sheaf
