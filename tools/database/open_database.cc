// Database: opening it.

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "sheaf/append_operator.h"
#include "sheaf/long_store.h"
#include "tools/common/silent_logger.h"
#include "tools/common/text.h"
#include "tools/database/database.h"
#include "tools/database/guarded_file_system.h"

namespace sheaf {
namespace load {
namespace {

// So many logs are read before what is in them is flushed, where that can be done.
constexpr uint64_t kMaxLogs = 8;

// Bytes of memory that an entry of a log takes at most, by its bytes in the log; for short ones
// most of it is the skip list's.
constexpr uint64_t kMemoryOfLog = 32;
// For what a command writes itself.
constexpr uint64_t kRoom = uint64_t{16} << 20;

constexpr char kSayPaths[] =
    "nothing says in which folder the application looks for SSTs. Its OPTIONS look like those of "
    "an application with db_paths, which OPTIONS do not hold. Name all of them in the same order: "
    "--db-path DIR --db-path DIR; if there are none, --db-path ";

}  // namespace

rocksdb::Status OpenedDatabase::Acknowledge() const {
  rocksdb::Status status = db_->FlushWAL(/*sync=*/true);
  if (status.ok() && !log_is_read_) status = db_->Flush(rocksdb::FlushOptions(), handles_);
  return status;
}

std::optional<CutManifest> Database::FindCutManifest(
    const std::function<std::set<uint64_t>()>& named) const {
  absl::StatusOr<std::optional<CutManifest>> cut = ScanManifest(path_);
  // Where it cannot be read, opening the DB tells why.
  if (!cut.ok() || !cut->has_value()) return std::nullopt;
  // Of families that are not opened nobody knows which files they have.
  std::vector<std::string> names;
  if (!rocksdb::DB::ListColumnFamilies({}, path_, &names).ok()) return std::nullopt;
  if (names.size() != families_.size()) return std::nullopt;
  std::vector<std::string> folders = {path_};
  for (const rocksdb::DbPath& folder : db_options_.db_paths) folders.push_back(folder.path);
  (*cut)->unnamed = FindUnnamed(folders, named());
  if ((*cut)->unnamed.empty() || !CheckUnlocked().ok()) return std::nullopt;
  // Another process may have opened, changed and closed the DB since.
  const std::optional<FrozenFiles::Log> now = FrozenFiles::ManifestNow(path_);
  const FrozenFiles::Log& then = (*cut)->manifest;
  const bool is_same = now.has_value() && now->path == then.path && now->size == then.size;
  return is_same ? *std::move(cut) : std::nullopt;
}

absl::Status Database::KeepUnnamedFiles(const FileSurvey& survey, std::string* note) const {
  const std::optional<CutManifest> cut = FindCutManifest([&survey] { return survey.named; });
  if (!cut.has_value()) return absl::OkStatus();
  const absl::StatusOr<std::string> kept = KeepUnnamed(*cut, path_, WalFolder(db_options_, path_));
  if (!kept.ok()) return kept.status();
  absl::StrAppend(
      note, cut->Text(),
      ". RocksDB deletes them, so they are kept, with MANIFEST, CURRENT and the logs, in ", *kept,
      ". After a power cut they hold nothing that was acknowledged, and the folder can be removed. "
      "Otherwise lists are missing: put the MANIFEST back from a backup, or run `ldb repair` on a "
      "copy of the DB with these files in it");
  return absl::OkStatus();
}

absl::Status Database::CheckFiles(const FileSurvey& survey) const {
  if (survey.missing == 0) return absl::OkStatus();
  const std::optional<CutManifest> cut = FindCutManifest([&survey] { return survey.named; });
  const char* const where = folders_.db_paths.empty() ? "its folder" : "the folders of --db-path";
  return absl::FailedPreconditionError(absl::StrCat(
      path_, ": ", Grouped(survey.missing), " of the ", Plural(survey.files, "file"),
      " of this DB ", survey.missing == 1 ? "is" : "are", " not in ", where, " (",
      survey.first_missing,
      "). If its application opens it with db_paths, which OPTIONS do not hold, name all of them "
      "in the same order: --db-path DIR --db-path DIR. With cf_paths only the application can open "
      "it. If it has neither, these files are lost: restore them from a backup",
      cut.has_value() ? absl::StrCat(". ", cut->Text(),
                                     ": they may have what is missing. Run "
                                     "`ldb repair` on a copy of the DB")
                      : ""));
}

absl::Status Database::CannotOpen(const rocksdb::Status& status) const {
  const std::string text = status.ToString();
  // Not "lock": a path may have that in it.
  if (status.IsIOError() &&
      (absl::StrContains(text, "While lock file") || absl::StrContains(text, "lock hold by"))) {
    return Locked();
  }
  if (!is_new_) {
    const absl::StatusOr<FileSurvey> survey = SurveyFiles(path_, db_options_, families_);
    if (survey.ok() && survey->missing != 0) return CheckFiles(*survey);
  }
  const bool two_phase = absl::StrContains(text, "prepared transactions") ||
                         absl::StrContains(text, "write_after_commit");
  if (absl::StrContains(text, "olumn families not opened")) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, ": cannot open the DB for writing: ", said_.name,
                     " does not name all of its column families: ", text,
                     ". Open the DB once with the application, which writes OPTIONS anew"));
  }
  return absl::InternalError(absl::StrCat(
      path_, ": cannot open the DB: ", text,
      two_phase ? ". Its log holds transactions that are prepared: open it with the application's "
                  "TransactionDB, and flush it"
                : ""));
}

absl::Status Database::CheckTakesSsts(const char* command) const {
  if (is_new_) return absl::OkStatus();
  if (absl::Status status = CheckKeepsSsts(path_, command, family()); !status.ok()) return status;
  return CheckSstFolder(command);
}

absl::Status Database::CheckSstFolder(const char* command) const {
  const absl::StatusOr<FileSurvey> survey = SurveyFiles(path_, db_options_, families_);
  if (!survey.ok()) return survey.status();
  if (absl::Status status = CheckFiles(*survey); !status.ok()) return status;
  const bool settled = survey->settled.count(family_name_) != 0 || !folders_.db_paths.empty();
  if (settled || !MayBeElsewhere(*survey)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path_, ": cannot ", command, ", as that makes SSTs: ", kSayPaths, path_));
}

std::unique_ptr<rocksdb::Env> Database::ReadingEnv() const {
  return rocksdb::NewCompositeEnv(std::make_shared<GuardedFileSystem>(std::vector<std::string>{}));
}

std::unique_ptr<rocksdb::Env> Database::WritingEnv() const {
  std::vector<std::string> writable = {path_};
  if (!db_options_.wal_dir.empty()) writable.push_back(db_options_.wal_dir);
  for (const rocksdb::DbPath& folder : db_options_.db_paths) writable.push_back(folder.path);
  return rocksdb::NewCompositeEnv(std::make_shared<GuardedFileSystem>(writable, said_.text));
}

absl::StatusOr<std::unique_ptr<OpenedDatabase>> Database::OpenForReadOnly() const {
  rocksdb::DBOptions options = db_options_;
  std::unique_ptr<rocksdb::Env> env = ReadingEnv();
  options.env = env.get();
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  FrozenDb frozen;
  absl::Status status = OpenFrozen(options, path_, families_, &handles, &db, &frozen);
  if (!status.ok()) {
    const bool damaged = frozen.opened.ok() || !frozen.log_faults.empty() || frozen.missed();
    if (damaged) return status;
    const absl::Status error = CannotOpen(frozen.opened);
    if (frozen.logs_read.ok()) return error;
    // A log that cannot be read either, which RocksDB may not have come to.
    return absl::Status(error.code(),
                        absl::StrCat(error.message(), "; ", frozen.logs_read.message()));
  }
  const std::optional<CutManifest> cut = FindCutManifest([&] { return NamedFiles(db, handles); });
  rocksdb::ColumnFamilyHandle* const family = HandleOf(handles);
  auto opened = std::make_unique<OpenedDatabase>(std::move(env), db, std::move(handles), family,
                                                 std::move(frozen));
  if (cut.has_value()) {
    opened->note_ = absl::StrCat(
        cut->Text(),
        ". After a power cut they hold nothing that was acknowledged. Otherwise lists are missing "
        "in what is read. A command that writes keeps these files, and tells what to do");
  }
  return opened;
}

absl::StatusOr<std::unique_ptr<OpenedDatabase>> Database::OpenNew() const {
  // Not error_if_exists: it would stay in the new DB's OPTIONS.
  if (Exists(path_)) {
    return absl::AbortedError(
        absl::StrCat(path_, ": another process created this DB meanwhile; run this again"));
  }
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  rocksdb::DBOptions options = db_options_;
  options.info_log = std::make_shared<SilentLogger>();
  const rocksdb::Status status = rocksdb::DB::Open(options, path_, families_, &handles, &db);
  if (!status.ok()) return CannotOpen(status);
  rocksdb::ColumnFamilyHandle* const family = HandleOf(handles);
  return std::make_unique<OpenedDatabase>(nullptr, db, std::move(handles), family);
}

absl::StatusOr<std::unique_ptr<OpenedDatabase>> Database::Open() const {
  if (is_new_) return OpenNew();
  if (absl::Status status = CheckLogs(); !status.ok()) return status;
  const absl::StatusOr<FileSurvey> survey = SurveyFiles(path_, db_options_, families_);
  if (!survey.ok()) return survey.status();
  if (absl::Status status = CheckFiles(*survey); !status.ok()) return status;
  const LogSize logs = SizeOfLogs(WalFolder(db_options_, path_));
  const bool known = !folders_.db_paths.empty();
  const char* const why = said_.db_options.best_efforts_recovery
                              ? "the application reads no log (best_efforts_recovery=true)"
                          : db_options_.allow_2pc && logs.bytes > 0
                              ? "RocksDB makes SSTs of the log at once (allow_2pc=true)"
                              : nullptr;
  if (why != nullptr && survey->settled.empty() && !known && MayBeElsewhere(*survey)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path_, ": cannot open the DB for writing: ", why, ", and ", kSayPaths, path_));
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> families = families_;
  for (rocksdb::ColumnFamilyDescriptor& family : families) {
    if (known || survey->settled.count(family.name) != 0) continue;
    // No memtable gets so full that it is flushed.
    family.options.write_buffer_size =
        std::max<uint64_t>(family.options.write_buffer_size, kMemoryOfLog * logs.bytes + kRoom);
  }
  std::unique_ptr<rocksdb::Env> env = WritingEnv();
  rocksdb::DBOptions options = db_options_;
  options.env = env.get();
  options.info_log = std::make_shared<SilentLogger>();
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  std::string note;
  if (absl::Status kept = KeepUnnamedFiles(*survey, &note); !kept.ok()) return kept;
  const auto failed = [&](const rocksdb::Status& why) {
    const absl::Status error = CannotOpen(why);
    if (note.empty()) return error;
    return absl::Status(error.code(), absl::StrCat(error.message(), ". ", note));
  };
  const rocksdb::Status status = rocksdb::DB::Open(options, path_, families, &handles, &db);
  if (!status.ok()) return failed(status);
  rocksdb::ColumnFamilyHandle* const family = HandleOf(handles);
  auto opened = std::make_unique<OpenedDatabase>(std::move(env), db, handles, family);
  opened->note_ = note;
  opened->log_is_read_ = !said_.db_options.best_efforts_recovery;
  if (logs.files < kMaxLogs) return opened;
  // Each opening reads all logs, and each leaves one more.
  std::vector<rocksdb::ColumnFamilyHandle*> flushed;
  for (rocksdb::ColumnFamilyHandle* const handle : handles) {
    if (known || survey->settled.count(handle->GetName()) != 0) flushed.push_back(handle);
  }
  if (flushed.empty()) return opened;
  const rocksdb::Status flush = db->Flush(rocksdb::FlushOptions(), flushed);
  if (!flush.ok()) return failed(flush);
  return opened;
}

absl::Status Database::MakeFamily(const std::string& name, uint64_t page_bytes) const {
  AppendOptions append;
  append.layout = layout_;
  append.page_bytes = page_bytes;
  // OPTIONS name it first: without them, the DB could not be opened for writing any more.
  Database writer = *this;
  std::vector<rocksdb::ColumnFamilyDescriptor>& said = writer.said_.families;
  said.erase(std::remove_if(said.begin(), said.end(),
                            [&name](const auto& family) { return family.name == name; }),
             said.end());
  rocksdb::ColumnFamilyOptions options;
  for (const rocksdb::ColumnFamilyDescriptor& family : said) {
    if (family.name == family_name_) options = family.options;
  }
  options.merge_operator = NewAppendOperator(append);
  options.sst_partitioner_factory = page_bytes == 0 ? nullptr : NewPagePartitionerFactory();
  said.emplace_back(name, options);
  writer.said_.Rewrite();
  auto opened = writer.Open();
  if (!opened.ok()) return opened.status();
  rocksdb::DBOptions db_options;
  std::vector<rocksdb::ColumnFamilyDescriptor> families = {{name, options}};
  ApplyOpenPolicy(&db_options, &families);
  rocksdb::ColumnFamilyHandle* handle = nullptr;
  rocksdb::Status status = (*opened)->db()->CreateColumnFamily(families[0].options, name, &handle);
  if (status.ok()) status = (*opened)->db()->DestroyColumnFamilyHandle(handle);
  if (status.ok()) return absl::OkStatus();
  return absl::InternalError(
      absl::StrCat(path_, ": cannot make column family ", name, ": ", status.ToString()));
}

}  // namespace load
}  // namespace sheaf
