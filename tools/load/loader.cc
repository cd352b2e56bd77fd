#include "tools/load/loader.h"

#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/common/files.h"
#include "tools/common/interrupt.h"
#include "tools/common/last_words.h"
#include "tools/common/memory_limit.h"
#include "tools/common/output_file.h"
#include "tools/common/owned_folder.h"
#include "tools/common/progress.h"
#include "tools/common/timer.h"
#include "tools/common/worker_threads.h"
#include "tools/load/delivery.h"
#include "tools/load/list_builder.h"
#include "tools/load/load_limits.h"
#include "tools/load/output/ingestion.h"
#include "tools/load/output/publish.h"
#include "tools/load/preflight.h"
#include "tools/load/resume/load_journal.h"
#include "tools/load/resume/load_place.h"
#include "tools/load/resume/load_state.h"
#include "tools/load/resume/recovery.h"

namespace sheaf {
namespace load {
namespace {

class Loader {
 public:
  Loader(const LoadOptions& options, const LoadLimits& limits, LoadSummary* summary)
      : options_(options),
        limits_(limits),
        summary_(*summary),
        place_(PlaceOf(options)),
        rejects_(AbsolutePath(options.rejects)),
        progress_("sheaf load", options.progress) {}

  absl::Status Run() {
    // Memory may run out on this thread too, and what is there is then kept or removed.
    absl::Status status = WithoutExceptions([this] { return RunSteps(); });
    SetLastWords("");
    progress_.Clear();
    if (status.ok()) {
      Complete();
    } else {
      KeepOrRemove(status);
    }
    return status;
  }

 private:
  absl::Status RunSteps() {
    absl::StatusOr<Preflight> preflight = CheckLoad(options_);
    if (!preflight.ok()) return preflight.status();
    preflight_ = *std::move(preflight);
    absl::Status status = OpenJournal();
    if (!status.ok() || summary_.was_complete) return status;
    SetLastWords(absl::StrCat("what was finished, if anything, is in ", journal_->folder(),
                              ": the same command with --resume goes on from there; else remove "
                              "it"));
    if (!state_.built) status = Build();
    return status.ok() ? Deliver() : status;
  }

  // Finds the journal of the interrupted load, or makes one.
  absl::Status OpenJournal() {
    const std::vector<JournalRecord> identity = IdentityOf(options_, preflight_, place_, rejects_);
    mark_.what = DigestOf(identity);
    if (options_.resume) {
      absl::StatusOr<std::unique_ptr<LoadJournal>> found =
          LoadJournal::Find(place_.prefix(), identity, options_.note);
      if (!found.ok()) return found.status();
      journal_ = *std::move(found);
      if (journal_ != nullptr) return GoOn();
      absl::Status status = BeginAnyway();
      if (!status.ok() || summary_.was_complete) return status;
    } else {
      NoteLeftovers(place_.prefix(), identity, options_.note);
    }
    if (!place_.is_db()) {
      if (absl::Status status = CheckFree(options_.sst_only); !status.ok()) return status;
    }
    NoteSharedTmp(options_);
    absl::StatusOr<std::unique_ptr<LoadJournal>> made =
        LoadJournal::Create(place_.prefix(), identity);
    if (!made.ok()) return made.status();
    journal_ = *std::move(made);
    mark_.id = journal_->id();
    return absl::OkStatus();
  }

  // From where the interrupted load has stopped.
  absl::Status GoOn() {
    found_ = true;
    mark_.id = journal_->id();
    const ResumingLoad load{&preflight_.database, &place_, &preflight_.order, options_.shards,
                            preflight_.inputs.can_read_again()};
    absl::StatusOr<LoadState> state = ReadState(load, *journal_);
    if (!state.ok()) return state.status();
    summary_.resumed = true;
    Recovery recovery = Recover(load, *std::move(state), journal_.get());
    state_ = std::move(recovery.state);
    summary_.was_complete = recovery.is_complete;
    summary_.may_be_loaded = recovery.may_be_loaded;
    if (!recovery.status.ok() || recovery.is_complete || state_.built) return recovery.status;
    return preflight_.not_new;
  }

  // --resume without an interrupted load.
  absl::Status BeginAnyway() {
    if (!preflight_.not_new.ok()) return preflight_.not_new;
    if (!preflight_.inputs.can_read_again()) {
      return absl::UnimplementedError(
          "--resume: expected files as --input, which can be read again, found stdin or a pipe");
    }
    const absl::StatusOr<bool> is_complete = IsComplete(preflight_.database, place_, mark_.what);
    if (!is_complete.ok()) return is_complete.status();
    summary_.was_complete = *is_complete;
    if (!*is_complete) {
      options_.note(
          "--resume: no interrupted load of these inputs was found; beginning from the start");
    }
    return absl::OkStatus();
  }

  // Reads, sorts and writes SSTs.
  absl::Status Build() {
    ListBuilder::Job job;
    job.options = &options_;
    job.preflight = &preflight_;
    job.sst = MakeSstPlan(options_, preflight_, mark_);
    job.sst.list_bytes = limits_.max_list_bytes;
    job.max_runs = limits_.max_runs;
    job.rejects = rejects_;
    job.journal = journal_.get();
    job.resumed = summary_.resumed;
    job.progress = &progress_;
    ListBuilder builder(job, std::move(state_.build));
    absl::StatusOr<BuiltLists> lists = builder.Build();
    Summarize(builder.summary());
    written_ = builder.summary().written;
    if (!lists.ok()) return lists.status();
    lists_ = *std::move(lists);
    for (const BuiltLists::Range& range : lists_->ranges) {
      summary_.keys += range.files.keys;
      for (const SstFile& file : range.files.files) {
        ++summary_.ssts;
        summary_.sst_bytes += file.bytes;
      }
    }
    return absl::OkStatus();
  }

  void Summarize(const BuildSummary& built) {
    Summarize(built.counts);
    summary_.operands = preflight_.operands;
    summary_.skipped = built.skipped;
    summary_.sorted = built.sorted;
    summary_.runs = built.runs;
    summary_.run_bytes = built.run_bytes;
    summary_.read_seconds = built.read_seconds;
    summary_.write_seconds = built.write_seconds;
  }

  void Summarize(const LoadCounts& counts) {
    summary_.rows = counts.rows;
    summary_.values = counts.values;
    summary_.rows_skipped = counts.rows_skipped;
    summary_.bytes_in = counts.bytes_in;
    summary_.input_bytes = counts.input_bytes;
  }

  // To its place. Cannot be interrupted: it is short, and ends with all or nothing.
  absl::Status Deliver() {
    if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
    const Timer timer;
    progress_.Phase(place_.is_db() ? "ingesting" : "moving SSTs", 0, /*in_bytes=*/false);
    absl::Status status;
    if (place_.is_db() && !preflight_.database.is_new()) {
      status = IngestLists(DeliveryJob(), preflight_.database);
    } else {
      if (!state_.built) status = Stage();
      if (status.ok()) status = MoveFolder(state_.staged, place_.target(), place_.last_file());
      // It is at its place, and may not have reached the disk.
      summary_.may_be_loaded = !status.ok() && state_.built && !place_.HasLastFile(state_.staged);
      summary_.created = status.ok() && place_.is_db();
    }
    summary_.ingest_seconds = timer.Seconds();
    return status;
  }

  // Makes the folder that is then moved.
  absl::Status Stage() {
    state_.staged = place_.StagedFor(mark_.id, journal_->folder());
    absl::Status status = journal_->Append(StagedRecord(state_.staged));
    if (status.ok()) status = RemoveTree(state_.staged);
    if (status.ok()) {
      status = place_.is_db() ? IngestLists(DeliveryJob(), preflight_.database.At(state_.staged))
                              : PublishLists(DeliveryJob(), state_.staged, summary_);
    }
    // First its name: what is built and not there any more is taken for moved.
    if (status.ok()) status = SyncMoved(state_.staged);
    if (status.ok()) status = journal_->Append(BuiltRecord());
    if (status.ok()) {
      state_.built = true;
    } else {
      DropStaged();
    }
    return status;
  }

  // Removes what was staged, if anything: it is of no use.
  void DropStaged() {
    if (state_.staged.empty() || !Unstage(state_.staged, journal_.get()).ok()) return;
    state_.staged.clear();
    state_.built = false;
  }

  Delivery DeliveryJob() const { return {&options_, &preflight_, mark_, &*lists_, journal_.get()}; }

  // The load is at its place. Only the rejects can fail from here on.
  void Complete() {
    if (lists_.has_value()) {
      summary_.rejects = lists_->rejects->Commit();
    } else {
      if (journal_ != nullptr) {
        summary_.rejects = RejectLog::CommitLeft(rejects_, journal_->folder());
      }
      Summarize(state_.build.counts);
    }
    if (journal_ == nullptr) return;
    if (!state_.staged.empty()) RemoveTree(state_.staged).IgnoreError();  // its files were moved
    // If it is lost, the load is found in the DB.
    journal_->Append(DoneRecord()).IgnoreError();
    if (!summary_.rejects.ok() && !OutputFile::IsInPlace(rejects_)) {
      lists_.reset();  // closes files
      journal_->RemoveUnknown({});
      summary_.left = journal_->folder();
      return;
    }
    journal_->Remove();
  }

  // Keeps what is finished where trying again may help.
  void KeepOrRemove(const absl::Status& status) {
    if (journal_ == nullptr) return;
    const bool can_go_on = state_.built || (preflight_.inputs.can_read_again()
                                                ? journal_->worth_keeping()
                                                : written_ && summary_.rows_skipped == 0);
    const bool keeps = found_ || (MayGoAway(status) && can_go_on);
    lists_.reset();  // closes files
    if (!keeps) {
      DropStaged();
      journal_->Remove();
      return;
    }
    summary_.left = journal_->folder();
    summary_.left_bytes = DiskBytesIn(summary_.left);
    if (IsOutside(state_.staged, *journal_)) summary_.left_staged = state_.staged;
  }

  const LoadOptions& options_;
  const LoadLimits& limits_;
  LoadSummary& summary_;
  const LoadPlace place_;
  const std::string rejects_;  // LoadOptions::rejects, the same from whatever folder
  Progress progress_;
  Preflight preflight_;
  std::unique_ptr<LoadJournal> journal_;
  bool found_ = false;  // `journal_`: it is of an interrupted load
  LoadMark mark_;
  LoadState state_;       // Build() takes `state_.build`
  bool written_ = false;  // all rows are in SSTs
  std::optional<BuiltLists> lists_;
};

}  // namespace

absl::Status Load(const LoadOptions& options, LoadSummary* summary) {
  return LoadWithLimits(options, LoadLimits(), summary);
}

absl::Status LoadWithLimits(const LoadOptions& options, const LoadLimits& limits,
                            LoadSummary* summary) {
  *summary = LoadSummary();
  LoadOptions fitting = options;
  absl::Status status =
      FitMemory(AddressSpaceLeft(), options.threads, options.note, &fitting.memory);
  if (!status.ok()) return status;
  const InterruptScope interrupts;
  return Loader(fitting, limits, summary).Run();
}

}  // namespace load
}  // namespace sheaf
