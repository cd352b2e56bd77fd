#include "tools/load/resume/recovery.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/common/files.h"
#include "tools/common/owned_folder.h"
#include "tools/common/text.h"
#include "tools/common/worker_threads.h"
#include "tools/load/output/ingestion.h"
#include "tools/load/output/publish.h"
#include "tools/load/resume/load_inputs.h"

namespace sheaf {
namespace load {
namespace {

// True if the load was killed between the ingestion into the new DB in `staged` and its record.
bool HasIngested(const ResumingLoad& load, const std::string& staged, const std::string& id) {
  const absl::StatusOr<Database> database = Database::Read(staged, load.database->family_name());
  if (!database.ok()) return false;
  const absl::StatusOr<bool> loaded = HasLoad(*database, id);
  return loaded.ok() && *loaded;
}

// Whether what was staged is complete, and where it is now.
absl::Status RecoverStaged(const ResumingLoad& load, LoadJournal* journal, Recovery* recovery) {
  LoadState& state = recovery->state;
  const absl::Status ours = CheckOwnFolder(state.staged);
  if (!ours.ok() && !absl::IsNotFound(ours)) return ours;
  const bool is_there = load.place->HasLastFile(state.staged);
  if (is_there && !state.built && load.place->is_db() &&
      HasIngested(load, state.staged, journal->id())) {
    state.built = true;
    absl::Status status = journal->Append(BuiltRecord());
    if (!status.ok()) return status;
  }
  if (state.built && !is_there) {
    recovery->is_complete = true;  // it was moved to its place
    return SyncMoved(load.place->target());
  }
  // Somebody else's, made meanwhile.
  const bool is_taken = load.place->HasLastFile(load.place->target());
  if (state.built && !is_taken) return absl::OkStatus();
  if (state.built && !load.can_read_again) {
    return absl::FailedPreconditionError(
        absl::StrCat(load.place->target(),
                     ": another process made what is there meanwhile. What this load has made "
                     "is complete in ",
                     state.staged, ": move one of them elsewhere"));
  }
  absl::Status status = Unstage(state.staged, journal);
  if (!status.ok()) return status;
  state.staged.clear();
  state.built = false;
  return absl::OkStatus();
}

// Whether SSTs are in the DB that was there before the load.
absl::Status RecoverIngestion(const ResumingLoad& load, const LoadJournal& journal,
                              Recovery* recovery) {
  const absl::StatusOr<Ingested> ingested =
      WasIngested(*load.database, journal.id(), *recovery->state.intent);
  if (!ingested.ok()) return ingested.status();
  if (*ingested == Ingested::kUnknown) {
    recovery->may_be_loaded = true;
    return absl::FailedPreconditionError(absl::StrCat(
        load.database->path(),
        ": cannot tell whether the interrupted load was ingested: another program "
        "has written to the DB since, and none of its SSTs is there. Look for one of its keys "
        "with `sheaf get`. If it was ingested, remove ",
        journal.folder(), "; if not, load again without --resume"));
  }
  recovery->is_complete = *ingested == Ingested::kYes;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LoadState> ReadState(const ResumingLoad& load, const LoadJournal& journal) {
  absl::StatusOr<LoadState> state = LoadState::Read(journal);
  if (!state.ok()) return state;
  absl::Status status = state->CheckPlan(*load.order, load.shards, journal.folder());
  if (!status.ok()) return status;
  return state;
}

Recovery Recover(const ResumingLoad& load, LoadState state, LoadJournal* journal) {
  Recovery recovery;
  recovery.state = std::move(state);
  if (recovery.state.done) {
    recovery.is_complete = true;
  } else if (!recovery.state.staged.empty()) {
    recovery.status = RecoverStaged(load, journal, &recovery);
  } else if (recovery.state.intent.has_value()) {
    recovery.status = RecoverIngestion(load, *journal, &recovery);
  }
  return recovery;
}

absl::StatusOr<bool> IsComplete(const Database& database, const LoadPlace& place,
                                const std::string& digest) {
  return place.is_db() ? HasLoadOf(database, digest) : HasManifestOf(place.target(), digest);
}

void NoteLeftovers(const std::string& prefix, const std::vector<JournalRecord>& what,
                   const LoadJournal::Note& note) {
  for (const auto& left : LoadJournal::Leftovers(prefix, what, note)) {
    const absl::StatusOr<LoadState> state = LoadState::Read(*left);
    std::string folders = left->folder();
    uint64_t bytes = DiskBytesIn(folders);
    if (state.ok() && IsOutside(state->staged, *left)) {
      bytes += DiskBytesIn(state->staged);
      absl::StrAppend(&folders, " with ", state->staged);
    }
    const absl::Status damage = state.ok() ? left->contents().damage : state.status();
    const bool can_go_on = damage.ok() && (CanReadAgain(left->what()) || state->build.written);
    note(absl::StrCat(folders, " is what an interrupted load has left (", Bytes(bytes), "): ",
                      !damage.ok() ? damage.message()
                      : can_go_on  ? "the same load with --resume goes on from it; else remove it"
                                   : "remove it"));
  }
}

bool MayGoAway(const absl::Status& error) {
  return absl::IsCancelled(error) || absl::IsInternal(error) || absl::IsAborted(error) ||
         absl::IsFailedPrecondition(error) || absl::IsDataLoss(error) || IsOutOfMemory(error);
}

bool IsOutside(const std::string& staged, const LoadJournal& journal) {
  std::error_code error;
  return !staged.empty() && staged.rfind(journal.folder() + "/", 0) != 0 &&
         std::filesystem::exists(staged, error);
}

absl::Status Unstage(const std::string& staged, LoadJournal* journal) {
  // The record comes first: what is built and not there any more would be taken for moved.
  absl::Status status = journal->Append(UnstagedRecord());
  if (!status.ok()) return status;
  RemoveTree(staged).IgnoreError();  // only takes space
  return absl::OkStatus();
}

}  // namespace load
}  // namespace sheaf
