#include "tools/load/loader.h"

#include <chrono>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/common/files.h"
#include "tools/common/interrupt.h"
#include "tools/common/last_words.h"
#include "tools/common/memory_limit.h"
#include "tools/common/output_file.h"
#include "tools/common/owned_folder.h"
#include "tools/common/progress.h"
#include "tools/common/worker_threads.h"
#include "tools/database/database.h"
#include "tools/load/list_builder.h"
#include "tools/load/output/ingestion.h"
#include "tools/load/output/publish.h"
#include "tools/load/output/sst_family.h"
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
  Loader(const LoadOptions& options, LoadSummary* summary)
      : options_(options),
        summary_(*summary),
        place_(options.sst_only.empty()
                   ? LoadPlace(LoadPlace::Kind::kDb, options.db, options.tmp)
                   : LoadPlace(LoadPlace::Kind::kSsts, options.sst_only, options.tmp)),
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
    mark_.id = journal_->id();
    ResumingLoad load;
    load.database = &preflight_.database;
    load.place = &place_;
    load.order = &preflight_.order;
    load.shards = options_.shards;
    load.can_read_again = preflight_.inputs.can_read_again();
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
    job.database = &preflight_.database;
    job.order = &preflight_.order;
    job.mark = mark_;
    if (place_.is_db()) {
      job.family = std::make_shared<SstFamily>(options_.family, preflight_.family_id,
                                               preflight_.database.options().comparator);
    }
    job.operands = preflight_.operands;
    job.rejects = rejects_;
    job.can_read_again = preflight_.inputs.can_read_again();
    job.total_bytes = preflight_.inputs.total_bytes();
    job.journal = journal_.get();
    job.progress = &progress_;
    builder_ = std::make_unique<ListBuilder>(job, &state_, &summary_);
    absl::Status status = builder_->Build();
    if (!status.ok()) return status;
    for (const auto& [index, range] : state_.ranges) {
      summary_.keys += range.keys;
      for (const SstFile& file : range.files) {
        ++summary_.ssts;
        summary_.sst_bytes += file.bytes;
      }
    }
    return absl::OkStatus();
  }

  // From here on signals are not looked at: it is short, and ends with all or nothing.
  absl::Status Deliver() {
    if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
    const auto began = std::chrono::steady_clock::now();
    progress_.Phase(place_.is_db() ? "ingesting" : "moving SSTs", 0, /*in_bytes=*/false);
    absl::Status status;
    if (place_.is_db() && !preflight_.database.is_new()) {
      status = IngestInto(preflight_.database);
    } else {
      if (!state_.built) status = Stage();
      if (status.ok()) status = MoveFolder(state_.staged, place_.target(), place_.last_file());
      // It is at its place, and may not have reached the disk.
      summary_.may_be_loaded = !status.ok() && state_.built && !place_.HasLastFile(state_.staged);
      summary_.created = status.ok() && place_.is_db();
    }
    summary_.ingest_seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
    return status;
  }

  absl::Status Stage() {
    state_.staged = place_.StagedFor(mark_.id, journal_->folder());
    absl::Status status = journal_->Append(StagedRecord(state_.staged));
    if (status.ok()) status = RemoveTree(state_.staged);
    if (status.ok()) {
      status = place_.is_db() ? IngestInto(preflight_.database.At(state_.staged))
                              : PublishTo(state_.staged);
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

  absl::Status IngestInto(const Database& database) {
    std::vector<const RangeFiles*> ranges;
    for (const auto& [index, range] : state_.ranges) ranges.push_back(&range);
    IngestionOptions ingestion;
    for (const SstFile& file : InOrder(ranges)) ingestion.files.push_back(file.path);
    if (ingestion.files.empty() && !database.is_new()) return absl::OkStatus();
    ingestion.must_be_empty = options_.mode == LoadMode::kAppend && !preflight_.operands;
    ingestion.create_only = options_.mode == LoadMode::kCreateOnly;
    ingestion.before = [this](const IngestionIntent& intent) {
      return preflight_.database.is_new() ? absl::OkStatus() : journal_->Append(RecordOf(intent));
    };
    return Ingest(database, ingestion);
  }

  absl::Status PublishTo(const std::string& folder) {
    SstSet set;
    set.mark = absl::StrCat(mark_.what, ":", mark_.id);
    set.comparator = preflight_.order.comparator()->Name();
    set.layout = LayoutName(preflight_.operands ? Layout::kCompact : preflight_.database.layout());
    set.family = options_.family;
    set.operands = preflight_.operands;
    std::vector<std::string> folders;
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
      folders.push_back(one.folder);
      set.shards.push_back(std::move(one));
    }
    return Publish(folder, folders, files, options_.manifest(set, summary_));
  }

  // The load is at its place. Only the rejects can fail from here on.
  void Complete() {
    if (builder_ != nullptr) {
      summary_.rejects = builder_->rejects()->Commit();
    } else {
      if (journal_ != nullptr) {
        summary_.rejects = RejectLog::CommitLeft(rejects_, journal_->folder());
      }
      summary_.rows = state_.counts.rows;
      summary_.values = state_.counts.values;
      summary_.rows_skipped = state_.counts.rows_skipped;
      summary_.bytes_in = state_.counts.bytes_in;
      summary_.input_bytes = state_.counts.input_bytes;
    }
    if (journal_ == nullptr) return;
    if (!state_.staged.empty()) RemoveTree(state_.staged).IgnoreError();  // its files were moved
    // If it is lost, the load is found in the DB.
    journal_->Append(DoneRecord()).IgnoreError();
    if (!summary_.rejects.ok() && !OutputFile::IsInPlace(rejects_)) {
      builder_.reset();  // closes files
      journal_->RemoveUnknown({});
      summary_.left = journal_->folder();
      return;
    }
    journal_->Remove();
  }

  // Keeps what is finished where trying again may help.
  void KeepOrRemove(const absl::Status& status) {
    if (journal_ == nullptr) return;
    const bool may_go_away = absl::IsCancelled(status) || absl::IsInternal(status) ||
                             absl::IsAborted(status) || absl::IsFailedPrecondition(status) ||
                             absl::IsDataLoss(status) || IsOutOfMemory(status);
    const bool can_go_on = state_.built || (preflight_.inputs.can_read_again()
                                                ? journal_->worth_keeping()
                                                : state_.written && summary_.rows_skipped == 0);
    const bool keeps = summary_.resumed || (may_go_away && can_go_on);
    builder_.reset();  // closes files
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
  LoadSummary& summary_;
  const LoadPlace place_;
  const std::string rejects_;  // LoadOptions::rejects, the same from whatever folder
  Progress progress_;
  Preflight preflight_;
  std::unique_ptr<LoadJournal> journal_;
  LoadMark mark_;
  LoadState state_;
  std::unique_ptr<ListBuilder> builder_;
};

}  // namespace

absl::Status Load(const LoadOptions& options, LoadSummary* summary) {
  *summary = LoadSummary();
  LoadOptions fitting = options;
  absl::Status status =
      FitMemory(AddressSpaceLeft(), options.threads, options.note, &fitting.memory);
  if (!status.ok()) return status;
  const InterruptScope interrupts;
  return Loader(fitting, summary).Run();
}

}  // namespace load
}  // namespace sheaf
