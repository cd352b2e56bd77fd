#include "tools/load/loader.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
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
#include "tools/common/text.h"
#include "tools/common/worker_threads.h"
#include "tools/database/database.h"
#include "tools/load/list_builder.h"
#include "tools/load/output/ingestion.h"
#include "tools/load/output/publish.h"
#include "tools/load/output/sst_family.h"
#include "tools/load/resume/load_inputs.h"
#include "tools/load/resume/load_journal.h"
#include "tools/load/resume/load_place.h"
#include "tools/load/resume/load_state.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;

class Loader {
 public:
  Loader(const LoadOptions& options, LoadSummary* summary)
      : options_(options),
        summary_(*summary),
        to_db_(options.sst_only.empty()),
        place_(to_db_ ? options.db : options.sst_only, options.tmp),
        last_(to_db_ ? "CURRENT" : kManifest),
        rejects_(AbsolutePath(options.rejects)),
        progress_("sheaf load", options.progress) {}

  absl::Status Run() {
    // Memory may run out on this thread too, and what is there is then kept or removed.
    absl::Status status = WithoutExceptions([this] { return DoAll(); });
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
  absl::Status DoAll() {
    absl::Status status = FindDatabase();
    if (status.ok()) status = OpenJournal();
    if (!status.ok() || summary_.was_complete) return status;
    SetLastWords(absl::StrCat("what was finished, if anything, is in ", journal_->folder(),
                              ": the same command with --resume goes on from there; else remove "
                              "it"));
    if (!state_.built) status = Build();
    return status.ok() ? Deliver() : status;
  }

  // Before anything is read or made.
  absl::Status FindDatabase() {
    if (absl::Status status = inputs_.Look(options_.inputs); !status.ok()) return status;
    const Layout layout = options_.layout.value_or(Layout::kCompact);
    std::string note;
    if (options_.db.empty()) {
      database_ = Database::Fresh("", layout, options_.family);
    } else {
      absl::StatusOr<Database> database =
          Database::Exists(options_.db)
              ? Database::Read(options_.db, options_.family, options_.folders, &note)
              : Database::New(options_.db, layout, options_.family);
      if (!database.ok() && options_.resume && absl::IsFailedPrecondition(database.status()) &&
          !Database::Exists(options_.db)) {
        // It may have been killed while it moved a new DB there.
        not_new_ = database.status();
        database = Database::Fresh(options_.db, layout, options_.family);
      }
      if (!database.ok()) return database.status();
      database_ = *std::move(database);
      if (!note.empty()) options_.note(note);
    }
    if (database_.is_new() &&
        (!options_.folders.wal_dir.empty() || !options_.folders.db_paths.empty())) {
      return absl::FailedPreconditionError(
          "--wal-dir and --db-path: expected a DB that is there, as they say where its files are. "
          "A new DB has all files in its own folder");
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
    if (!to_db_) {
      operands_ = options_.mode == LoadMode::kAppend;
      return absl::OkStatus();
    }
    if (!database_.is_new()) return CheckDatabase();
    // RocksDB numbers families as they are made: the default one first.
    family_id_ = options_.family == rocksdb::kDefaultColumnFamilyName ? 0 : 1;
    return absl::OkStatus();
  }

  // Of a DB that is there: that it can be ingested into, as far as it can be known beforehand.
  absl::Status CheckDatabase() {
    if (absl::Status status = database_.CheckUnlocked(); !status.ok()) return status;
    if (access(options_.db.c_str(), W_OK) != 0) {
      return absl::FailedPreconditionError(
          absl::StrCat(options_.db, ": cannot write to the DB: ", ErrnoText(errno)));
    }
    if (absl::Status status = database_.CheckTakesSsts("load"); !status.ok()) return status;
    if (absl::Status status = database_.CheckLogs(); !status.ok()) return status;
    const auto opened = database_.OpenForReadOnly();
    if (!opened.ok()) return opened.status();
    family_id_ = (*opened)->family()->GetID();
    if (options_.mode != LoadMode::kAppend) return absl::OkStatus();
    // Into a DB without keys values can go, which are read without merging.
    const absl::StatusOr<bool> empty = IsEmpty(**opened);
    if (!empty.ok()) return empty.status();
    operands_ = !*empty;
    return absl::OkStatus();
  }

  // What a load that resumes has to have the same; the first tells whose folder it is.
  std::vector<LoadJournal::Record> What() const {
    std::vector<LoadJournal::Record> what = {
        {to_db_ ? "--db" : "--sst-only", place_.target()},
        {"--db", options_.db.empty() ? "" : CanonicalPath(options_.db)},
        // A family that is dropped and made again has another number.
        {"--cf", options_.family, absl::StrCat(family_id_)},
        {"--mode", absl::StrCat(static_cast<int>(options_.mode))},
        {"--format",
         options_.format.has_value() ? absl::StrCat(static_cast<int>(*options_.format)) : ""},
        {"--layout", LayoutName(database_.layout())},
        {"--on-error", absl::StrCat(static_cast<int>(options_.on_error))},
        {"--rejects", rejects_},
        {"--shards", absl::StrCat(options_.shards)},
        {"--input", inputs_.can_read_again() ? "files" : kReadOnce},
    };
    what.insert(what.end(), inputs_.records().begin(), inputs_.records().end());
    return what;
  }

  absl::Status OpenJournal() {
    const std::vector<LoadJournal::Record> what = What();
    mark_.what = DigestOf(what);
    if (options_.resume) {
      absl::StatusOr<std::unique_ptr<LoadJournal>> found =
          LoadJournal::Find(place_.prefix(), what, options_.note);
      if (!found.ok()) return found.status();
      journal_ = *std::move(found);
      if (journal_ != nullptr) return ReadJournal();
      if (!not_new_.ok()) return not_new_;
      if (!inputs_.can_read_again()) {
        return absl::UnimplementedError(
            "--resume: expected files as --input, which can be read again, found stdin or a pipe");
      }
      if (absl::Status status = FindComplete(); !status.ok() || summary_.was_complete) {
        return status;
      }
      options_.note(
          "--resume: no interrupted load of these inputs was found; beginning from the start");
    } else {
      NoteLeftovers(what);
    }
    if (!to_db_) {
      if (absl::Status status = CheckFree(options_.sst_only); !status.ok()) return status;
    }
    struct stat tmp;
    if (stat(options_.tmp.c_str(), &tmp) == 0 && (tmp.st_mode & S_IWOTH) != 0 &&
        (tmp.st_mode & S_ISVTX) == 0) {
      options_.note(absl::StrCat("--tmp ", options_.tmp,
                                 ": all users may write to it, and it has no sticky bit, so that "
                                 "they can replace files of the load; chmod +t it"));
    }
    absl::StatusOr<std::unique_ptr<LoadJournal>> made = LoadJournal::Create(place_.prefix(), what);
    if (!made.ok()) return made.status();
    journal_ = *std::move(made);
    mark_.id = journal_->id();
    return absl::OkStatus();
  }

  void NoteLeftovers(const std::vector<LoadJournal::Record>& what) {
    for (const auto& left : LoadJournal::Leftovers(place_.prefix(), what, options_.note)) {
      const absl::StatusOr<LoadState> state = LoadState::Read(*left);
      std::string folders = left->folder();
      uint64_t bytes = DiskBytesIn(folders);
      if (state.ok() && IsOutside(state->staged, *left)) {
        bytes += DiskBytesIn(state->staged);
        absl::StrAppend(&folders, " with ", state->staged);
      }
      bool read_once = false;
      for (const LoadJournal::Record& record : left->what())
        read_once |= record.back() == kReadOnce;
      const absl::Status damage = state.ok() ? left->contents().damage : state.status();
      const bool can_go_on = damage.ok() && (!read_once || state->written);
      options_.note(
          absl::StrCat(folders, " is what an interrupted load has left (", Bytes(bytes), "): ",
                       !damage.ok() ? damage.message()
                       : can_go_on  ? "the same load with --resume goes on from it; else remove it"
                                    : "remove it"));
    }
  }

  // Staged, but not in the folder of temporary files, and still there.
  static bool IsOutside(const std::string& staged, const LoadJournal& journal) {
    std::error_code error;
    return !staged.empty() && staged.rfind(journal.folder() + "/", 0) != 0 &&
           fs::exists(staged, error);
  }

  // A load that was killed after it had removed its folder.
  absl::Status FindComplete() {
    if (!to_db_) {
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
    if (absl::Status status = state->CheckPlan(*order_, options_.shards, journal_->folder());
        !status.ok()) {
      return status;
    }
    state_ = *std::move(state);
    summary_.resumed = true;
    if (state_.done) {
      summary_.was_complete = true;
      return absl::OkStatus();
    }
    if (!state_.staged.empty()) {
      if (absl::Status status = ReadStaged(); !status.ok()) return status;
    } else if (state_.intent.has_value()) {
      if (absl::Status status = ReadIntent(); !status.ok()) return status;
    }
    if (!summary_.was_complete && !state_.built) return not_new_;
    return absl::OkStatus();
  }

  // Whether what was staged is complete, and where it is now.
  absl::Status ReadStaged() {
    const absl::Status ours = CheckOwnFolder(state_.staged);
    if (!ours.ok() && !absl::IsNotFound(ours)) return ours;
    std::error_code error;
    const bool is_there = fs::exists(state_.staged + "/" + last_, error);
    if (is_there && !state_.built && to_db_) {
      // Killed between the ingestion and its record?
      const absl::StatusOr<Database> staged = Database::Read(state_.staged, options_.family);
      const absl::StatusOr<bool> loaded =
          staged.ok() ? HasLoad(*staged, mark_.id) : absl::StatusOr<bool>(false);
      if (loaded.ok() && *loaded) {
        state_.built = true;
        absl::Status status = journal_->Append(BuiltRecord());
        if (!status.ok()) return status;
      }
    }
    if (state_.built && !is_there) {
      summary_.was_complete = true;  // it was moved to its place
      return SyncMoved(place_.target());
    }
    // Somebody else's, made meanwhile.
    const bool is_taken = fs::exists(place_.target() + "/" + last_, error);
    if (state_.built && is_taken && !inputs_.can_read_again()) {
      return absl::FailedPreconditionError(
          absl::StrCat(place_.target(),
                       ": another process made what is there meanwhile. What this load has made "
                       "is complete in ",
                       state_.staged, ": move one of them elsewhere"));
    }
    return state_.built && !is_taken ? absl::OkStatus() : Unstage();
  }

  absl::Status Unstage() {
    // First: what is built and not there any more would be taken for moved.
    absl::Status status = journal_->Append(UnstagedRecord());
    if (!status.ok()) return status;
    RemoveTree(state_.staged).IgnoreError();  // only takes space
    state_.staged.clear();
    state_.built = false;
    return absl::OkStatus();
  }

  absl::Status ReadIntent() {
    const absl::StatusOr<Ingested> ingested = WasIngested(database_, mark_.id, *state_.intent);
    if (!ingested.ok()) return ingested.status();
    if (*ingested == Ingested::kUnknown) {
      summary_.may_be_loaded = true;
      return absl::FailedPreconditionError(absl::StrCat(
          options_.db,
          ": cannot tell whether the interrupted load was ingested: another program "
          "has written to the DB since, and none of its SSTs is there. Look for one of its keys "
          "with `sheaf get`. If it was ingested, remove ",
          journal_->folder(), "; if not, load again without --resume"));
    }
    summary_.was_complete = *ingested == Ingested::kYes;
    return absl::OkStatus();
  }

  // Reads, sorts and writes SSTs.
  absl::Status Build() {
    ListBuilder::Job job;
    job.options = &options_;
    job.database = &database_;
    job.order = order_.get();
    job.mark = mark_;
    if (to_db_) {
      job.family =
          std::make_shared<SstFamily>(options_.family, family_id_, database_.options().comparator);
    }
    job.operands = operands_;
    job.rejects = rejects_;
    job.can_read_again = inputs_.can_read_again();
    job.total_bytes = inputs_.total_bytes();
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
    progress_.Phase(to_db_ ? "ingesting" : "moving SSTs", 0, /*in_bytes=*/false);
    absl::Status status;
    if (to_db_ && !database_.is_new()) {
      status = IngestInto(database_);
    } else {
      if (!state_.built) status = Stage();
      if (status.ok()) status = MoveFolder(state_.staged, place_.target(), last_);
      std::error_code error;
      // It is at its place, and may not have reached the disk.
      summary_.may_be_loaded =
          !status.ok() && state_.built && !fs::exists(state_.staged + "/" + last_, error);
      summary_.created = status.ok() && to_db_;
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
      status = to_db_ ? IngestInto(database_.At(state_.staged)) : PublishTo(state_.staged);
    }
    // First its name: what is built and not there any more is taken for moved.
    if (status.ok()) status = SyncMoved(state_.staged);
    if (status.ok()) status = journal_->Append(BuiltRecord());
    if (status.ok()) {
      state_.built = true;
    } else {
      Unstage().IgnoreError();
    }
    return status;
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
    ingestion.must_be_empty = options_.mode == LoadMode::kAppend && !operands_;
    ingestion.create_only = options_.mode == LoadMode::kCreateOnly;
    ingestion.before = [this](const IngestionIntent& intent) {
      return database_.is_new() ? absl::OkStatus() : journal_->Append(RecordOf(intent));
    };
    ingestion.note = options_.note;
    return Ingest(database, ingestion);
  }

  absl::Status PublishTo(const std::string& folder) {
    SstSet set;
    set.mark = absl::StrCat(mark_.what, ":", mark_.id);
    set.comparator = order_->comparator()->Name();
    set.layout = LayoutName(operands_ ? Layout::kCompact : database_.layout());
    set.family = options_.family;
    set.operands = operands_;
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
    const bool can_go_on =
        state_.built || (inputs_.can_read_again() ? journal_->worth_keeping()
                                                  : state_.written && summary_.rows_skipped == 0);
    const bool keeps = summary_.resumed || (may_go_away && can_go_on);
    builder_.reset();  // closes files
    if (!keeps) {
      if (!state_.staged.empty()) Unstage().IgnoreError();
      journal_->Remove();
      return;
    }
    summary_.left = journal_->folder();
    summary_.left_bytes = DiskBytesIn(summary_.left);
    if (IsOutside(state_.staged, *journal_)) summary_.left_staged = state_.staged;
  }

  static constexpr char kReadOnce[] = "that cannot be read again";

  const LoadOptions& options_;
  LoadSummary& summary_;
  const bool to_db_;
  const LoadPlace place_;
  const std::string last_;     // file that makes a folder what is wanted
  const std::string rejects_;  // LoadOptions::rejects, the same from whatever folder
  Progress progress_;
  LoadInputs inputs_;
  Database database_;
  absl::Status not_new_;    // why no new DB can be made, unless one was being moved there
  bool operands_ = false;   // lists are written as operands, not as values
  uint32_t family_id_ = 0;  // of the DB's column family
  std::unique_ptr<KeyOrder> order_;
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
