// Database: what is known of a DB without opening it, and opening it with its own options.
//
// Sheaf's tool must never create a DB by mistake, nor leave other OPTIONS in one than its
// application wrote. How options are treated is in open_policy.h.
//
// Ownership: an OpenedDatabase owns the rocksdb::DB and its column family handles.
// Thread safety: immutable after reading.
//
//   absl::StatusOr<Database> database = Database::Read("lists.db");
//   auto opened = database->OpenForReadOnly();
//   (*opened)->db()->Get(...)

#ifndef SHEAF_TOOLS_DATABASE_DATABASE_H_
#define SHEAF_TOOLS_DATABASE_DATABASE_H_

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "sheaf/layout.h"
#include "tools/database/file_survey.h"
#include "tools/database/manifest_check.h"
#include "tools/database/open_frozen.h"
#include "tools/database/open_policy.h"
#include "tools/database/options_file.h"

namespace sheaf {
namespace load {

class OpenedDatabase {
 public:
  // `env`: what `db` was opened with, null for the default one. `family`: one of `handles`.
  // `frozen`: what a DB opened for reading reads.
  OpenedDatabase(std::unique_ptr<rocksdb::Env> env, rocksdb::DB* db,
                 std::vector<rocksdb::ColumnFamilyHandle*> handles,
                 rocksdb::ColumnFamilyHandle* family, FrozenDb frozen = {})
      : env_(std::move(env)),
        frozen_(std::move(frozen)),
        db_(db),
        handles_(std::move(handles)),
        family_(family) {}
  ~OpenedDatabase();
  OpenedDatabase(const OpenedDatabase&) = delete;
  OpenedDatabase& operator=(const OpenedDatabase&) = delete;

  rocksdb::DB* db() const { return db_.get(); }
  // Logs that were not read to their end, where opened for reading: values are missing.
  const std::vector<LogFault>& log_faults() const { return frozen_.log_faults; }
  // A file that another process deleted could not be read: what RocksDB says of it is no fault.
  bool missed_files() const { return frozen_.missed(); }
  // What the user should know of a MANIFEST that is cut (manifest_check.h); empty if it is not.
  const std::string& note() const { return note_; }
  // Of the lists.
  rocksdb::ColumnFamilyHandle* family() const { return family_; }
  // All of them.
  const std::vector<rocksdb::ColumnFamilyHandle*>& families() const { return handles_; }

  // When it returns OK, what was written is there for whoever opens the DB next: on disk, and in
  // SSTs if the application reads no log.
  rocksdb::Status Acknowledge() const;

 private:
  friend class Database;

  // These go after the DB.
  std::unique_ptr<rocksdb::Env> env_;
  const FrozenDb frozen_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  rocksdb::ColumnFamilyHandle* family_;
  bool log_is_read_ = true;
  std::string note_;
};

class Database {
 public:
  // Reads the OPTIONS of the DB in folder `path`; creates nothing. `family`: the column family of
  // the lists. `folders`: where the user said that files are. `note`, if not null, gets what the
  // user should know of OPTIONS.
  // Errors: NotFound if there is no DB there, naming what there is, or no such column family,
  // naming those that it has; DataLoss if no OPTIONS are whole; FailedPrecondition if its options
  // name objects that this program does not have, or say what the tool refuses.
  static absl::StatusOr<Database> Read(
      const std::string& path, const std::string& family = rocksdb::kDefaultColumnFamilyName,
      const DbFolders& folders = {}, std::string* note = nullptr);

  // As Read(), of a DB whose OPTIONS are lost: default options, which Open() writes as OPTIONS, and
  // sheaf.append and sheaf.stats of `layout` for `family`.
  static absl::StatusOr<Database> ReadWithoutOptions(const std::string& path,
                                                     const std::string& family,
                                                     const DbFolders& folders, Layout layout);

  // A DB that does not exist yet: default options, sheaf.append and sheaf.stats of `layout`.
  // Errors: FailedPrecondition if `path` holds other files, or its parent folder is missing.
  // Column families other than the default one are made beside it.
  static absl::StatusOr<Database> New(
      const std::string& path, Layout layout,
      const std::string& family = rocksdb::kDefaultColumnFamilyName);

  // What New() gives, without looking at `path`.
  static Database Fresh(const std::string& path, Layout layout, const std::string& family);

  // Of a DB that had sheaf.append, and whose OPTIONS another program wrote that does not know it
  // (as RocksDB's `ldb` does): puts sheaf.append in the place of a StringAppendOperator or of
  // nothing, with the options that the newest OPTIONS file has that still names it, and sheaf.stats
  // if it was there. `layout`: for the column family of the lists, where no file names it. Nothing
  // is written until the DB is opened for writing. `*change` tells what was changed; empty if
  // nothing was.
  //
  // Errors: FailedPrecondition for any other merge operator, where nothing says that this was a DB
  // of lists, and for a `layout` that is not that of the DB.
  absl::Status RestoreAppend(std::optional<Layout> layout, std::string* change);

  // The same DB in another folder, where a new one is made before it gets its place.
  Database At(const std::string& path) const;

  // True if Read() would find a DB.
  static bool Exists(const std::string& path);

  const std::string& path() const { return path_; }
  bool is_new() const { return is_new_; }

  // Of the lists: `layout` of the merge operator sheaf.append, else of the collector sheaf.stats,
  // else compact.
  Layout layout() const { return layout_; }
  // The merge operator of the column family is sheaf.append.
  bool can_append() const { return can_append_; }
  // Its name, "none" if OPTIONS name none.
  const std::string& merge_operator() const { return merge_operator_; }

  // Of the DB and the column family of the lists.
  rocksdb::Options options() const;
  const std::string& family_name() const { return family_name_; }

  // FailedPrecondition if another process has the DB open for writing. Touches nothing.
  absl::Status CheckUnlocked() const;

  // For `command`, which makes SSTs. Errors: FailedPrecondition if the DB's options would drop
  // them, or nothing says that the application looks for SSTs in the folder that is known.
  absl::Status CheckTakesSsts(const char* command) const;

  // FailedPrecondition, saying what to do, if opening the DB for writing would delete a log that
  // cannot be read to its end (log_check.h). Changes nothing. Open() asks it too.
  absl::Status CheckLogs() const;

  // Makes a DB that CheckLogs() refuses one that it does not: copies each damaged log and those
  // after it into a new folder in the DB's, which it gives back, and has RocksDB take from them
  // what it can read. kStop: up to the first damage; kSkip: also what is behind it. The folder's
  // name is empty if there was nothing to do. `*note`: as of OpenedDatabase.
  enum class LogRecovery { kStop, kSkip };
  absl::StatusOr<std::string> RecoverLogs(LogRecovery how, std::string* note) const;

  // All column families. Errors: Internal with RocksDB's reason; FailedPrecondition if locked, or
  // if files are not in the folders that are known.
  // OpenForReadOnly works while another process has the DB open and writes, and gives what the DB
  // was at one moment (open_frozen.h). It writes nothing, not even LOG.
  // Open leaves the application's OPTIONS, and makes no SST of the log where it is not known that
  // the application looks for SSTs there.
  absl::StatusOr<std::unique_ptr<OpenedDatabase>> OpenForReadOnly() const;
  absl::StatusOr<std::unique_ptr<OpenedDatabase>> Open() const;

 private:
  const rocksdb::ColumnFamilyOptions& family() const;
  rocksdb::ColumnFamilyOptions& family();
  rocksdb::ColumnFamilyHandle* HandleOf(
      const std::vector<rocksdb::ColumnFamilyHandle*>& handles) const;
  void FindLayout();
  // Finds `gone_`.
  void FindGone();
  // `families_` and `db_options_` of what the application said.
  void DeriveOptions();
  static absl::StatusOr<Database> Of(const std::string& path, const std::string& family,
                                     const DbFolders& folders, OptionsFile said);
  // True if the application may look elsewhere for new SSTs. With a first path that is not the DB's
  // folder RocksDB itself puts a wal_dir into OPTIONS.
  bool MayBeElsewhere(const FileSurvey& survey) const {
    return !said_.db_options.wal_dir.empty() || survey.other_paths;
  }
  absl::Status CheckFiles(const FileSurvey& survey) const;
  // A MANIFEST that is cut, if there are files that it does not name; `named` gives those that it
  // does. Nothing while another process writes to the DB: it may be within a record.
  std::optional<CutManifest> FindCutManifest(
      const std::function<std::set<uint64_t>()>& named) const;
  // Keeps the files that opening the DB for writing would delete as a MANIFEST is cut. What
  // was found and kept is added to `*note`.
  absl::Status KeepUnnamedFiles(const FileSurvey& survey, std::string* note) const;
  absl::Status CheckSstFolder(const char* command) const;
  // That of the machine, but for what may not be written to.
  std::unique_ptr<rocksdb::Env> ReadingEnv() const;
  std::unique_ptr<rocksdb::Env> WritingEnv() const;
  absl::Status Locked() const;
  absl::Status CannotOpen(const rocksdb::Status& status) const;
  absl::StatusOr<std::unique_ptr<OpenedDatabase>> OpenNew() const;

  std::string path_;
  std::string family_name_ = rocksdb::kDefaultColumnFamilyName;
  bool is_new_ = false;
  Layout layout_ = Layout::kCompact;
  bool can_append_ = false;
  std::string merge_operator_ = "none";
  DbFolders folders_;
  OptionsFile said_;            // what the application said; empty for a new DB
  std::set<std::string> gone_;  // column families that OPTIONS name and MANIFEST does not
  // What the DB is opened with.
  rocksdb::DBOptions db_options_;
  std::vector<rocksdb::ColumnFamilyDescriptor> families_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_DATABASE_H_
