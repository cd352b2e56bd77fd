// Database: describes a DB without opening it, and opens it with its own options.
//
// The tool must never create a DB by mistake, or leave OPTIONS in a DB that its application did not
// write. open_policy.h says how the tool treats each option.
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
  // `frozen`: the files of a DB that is opened for reading.
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
  // In a DB that was opened for reading: logs that were not read to their end. Values are missing.
  const std::vector<LogFault>& log_faults() const { return frozen_.log_faults; }
  // True if a file could not be read because another process deleted it. Errors of RocksDB about
  // such a file are not faults of the DB.
  bool missed_files() const { return frozen_.missed(); }
  // A note for the user about a MANIFEST that is cut (manifest_check.h); empty if it is not.
  const std::string& note() const { return note_; }
  // The column family of the lists.
  rocksdb::ColumnFamilyHandle* family() const { return family_; }
  // All column families.
  const std::vector<rocksdb::ColumnFamilyHandle*>& families() const { return handles_; }

  // If it returns OK, whoever opens the DB next sees what was written: it is on disk, and in SSTs
  // if the application does not read the log.
  rocksdb::Status Acknowledge() const;

 private:
  friend class Database;

  // Destroyed after the DB.
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
  // the lists. `folders`: the folders that the user gave. `note`, if not null, gets a note for the
  // user about OPTIONS.
  // Errors: NotFound if there is no DB, naming what is there, or no such column family, naming
  // those that the DB has; DataLoss if no OPTIONS file is whole; FailedPrecondition if the options
  // name objects that this program does not have, or something that the tool refuses.
  static absl::StatusOr<Database> Read(
      const std::string& path, const std::string& family = rocksdb::kDefaultColumnFamilyName,
      const DbFolders& folders = {}, std::string* note = nullptr);

  // Like Read(), for a DB whose OPTIONS are lost: takes default options, with sheaf.append and
  // sheaf.stats of `layout` for `family`. Open() writes them as OPTIONS.
  static absl::StatusOr<Database> ReadWithoutOptions(const std::string& path,
                                                     const std::string& family,
                                                     const DbFolders& folders, Layout layout);

  // A DB that does not exist yet: default options, sheaf.append and sheaf.stats of `layout`.
  // Also makes the default column family if `family` is another one. Errors: FailedPrecondition if
  // `path` holds other files, or its parent folder is missing.
  // `page_bytes`: not 0 for long lists.
  static absl::StatusOr<Database> New(const std::string& path, Layout layout,
                                      const std::string& family = rocksdb::kDefaultColumnFamilyName,
                                      uint64_t page_bytes = 0);

  // What New() returns, without looking at `path`.
  static Database Fresh(const std::string& path, Layout layout, const std::string& family,
                        uint64_t page_bytes = 0);

  // For a DB that had sheaf.append, but whose OPTIONS were rewritten by a program that does not
  // know it (such as RocksDB's `ldb`). Replaces StringAppendOperator, or no operator, with
  // sheaf.append and the options that it has in the newest OPTIONS file that names it; also
  // restores sheaf.stats if it was there. `layout`: for the column family of the lists, if no file
  // names it. Writes nothing until the DB is opened for writing. Sets `*change` to what was
  // changed; empty if nothing was.
  //
  // Errors: FailedPrecondition for any other merge operator, if nothing shows that this was a DB of
  // lists, and if `layout` is not that of the DB.
  absl::Status RestoreAppend(std::optional<Layout> layout, std::string* change);

  // The same DB in folder `path`, where a new DB is made before it is moved to its place.
  Database At(const std::string& path) const;

  // True if Read() would find a DB.
  static bool Exists(const std::string& path);

  const std::string& path() const { return path_; }
  bool is_new() const { return is_new_; }

  // The layout of the lists: that of the merge operator sheaf.append, else of the collector
  // sheaf.stats, else compact.
  Layout layout() const { return layout_; }
  // AppendOptions::page_bytes of the column family: not 0 if its lists are long lists. Taken from
  // the newest OPTIONS file that names sheaf.append, as another tool may have written OPTIONS
  // since.
  uint64_t page_bytes() const { return page_bytes_; }
  // FailedPrecondition if the lists are long lists, or were before a tool took sheaf.append: for
  // what can only treat each key as a list.
  absl::Status CheckPlainLists() const;
  // True if the merge operator of the column family is sheaf.append.
  bool can_append() const { return can_append_; }
  // Its name, "none" if OPTIONS name none.
  const std::string& merge_operator() const { return merge_operator_; }

  // The names of all column families.
  std::vector<std::string> FamilyNames() const;
  // The same DB with another column family for the lists. REQUIRES: one of FamilyNames().
  Database WithFamily(const std::string& name) const;
  // Makes column family `name`, empty: with the options of this one, but for `page_bytes` and
  // limits of a list. An interrupted call can be repeated. Errors: as Open(); Internal with
  // RocksDB's reason.
  absl::Status MakeFamily(const std::string& name, uint64_t page_bytes) const;
  // True if OPTIONS say that the column family holds lists: they name sheaf.append or sheaf.stats
  // for it, or an older OPTIONS file names sheaf.append. False says nothing.
  bool OptionsTellOfLists() const;
  // For messages about a column family without sheaf.append: names those that have it, and --cf.
  // Empty if there is none.
  std::string OtherFamilies() const;

  // The options of the DB and of the column family of the lists.
  rocksdb::Options options() const;
  const std::string& family_name() const { return family_name_; }

  // FailedPrecondition if another process has the DB open for writing. Touches nothing.
  absl::Status CheckUnlocked() const;

  // Checks that `command` may make SSTs. Errors: FailedPrecondition if the DB's options would drop
  // them, or if nothing shows that the application looks for SSTs in the known folder.
  absl::Status CheckTakesSsts(const char* command) const;

  // Returns FailedPrecondition, saying what to do, if opening the DB for writing would delete a log
  // that cannot be read to its end (log_check.h). Changes nothing. Open() calls it too.
  absl::Status CheckLogs() const;

  // Recovers a DB that CheckLogs() refuses, so that it does not refuse it any more. Copies each
  // damaged log and the logs after it into a new folder in the DB's folder, and lets RocksDB
  // recover what it can read from them. kStop: up to the first damage; kSkip: also what is after
  // it. Returns the folder's name, empty if there was nothing to do. `*note`: as
  // OpenedDatabase::note().
  enum class LogRecovery { kStop, kSkip };
  absl::StatusOr<std::string> RecoverLogs(LogRecovery how, std::string* note) const;

  // Both open all column families. OpenForReadOnly() works while another process writes to the DB,
  // and shows the DB as it was at one moment (open_frozen.h). It writes nothing, not even LOG.
  // Open() keeps the application's OPTIONS. It flushes no log into an SST unless it is known that
  // the application looks for SSTs in that folder. Errors: Internal with RocksDB's reason;
  // FailedPrecondition if the DB is locked, or if files are not in the known folders.
  absl::StatusOr<std::unique_ptr<OpenedDatabase>> OpenForReadOnly() const;
  absl::StatusOr<std::unique_ptr<OpenedDatabase>> Open() const;

 private:
  const rocksdb::ColumnFamilyOptions& family() const;
  rocksdb::ColumnFamilyOptions& family();
  rocksdb::ColumnFamilyHandle* HandleOf(
      const std::vector<rocksdb::ColumnFamilyHandle*>& handles) const;
  void FindLayout();
  void FindPageBytes();
  // Finds `gone_`.
  void FindGone();
  // Sets `families_` and `db_options_` from what the application said.
  void DeriveOptions();
  static absl::StatusOr<Database> Of(const std::string& path, const std::string& family,
                                     const DbFolders& folders, OptionsFile said);
  // True if the application may look elsewhere for new SSTs. If the first of its db_paths is not
  // the DB's folder, RocksDB itself puts a wal_dir into OPTIONS.
  bool MayBeElsewhere(const FileSurvey& survey) const {
    return !said_.db_options.wal_dir.empty() || survey.other_paths;
  }
  absl::Status CheckFiles(const FileSurvey& survey) const;
  // Returns the MANIFEST if it is cut and there are files that it does not name; `named` returns
  // the files that it names. Returns nothing while another process writes to the DB, which may be
  // in the middle of a record.
  std::optional<CutManifest> FindCutManifest(
      const std::function<std::set<uint64_t>()>& named) const;
  // Keeps the files that opening the DB for writing would delete because the MANIFEST is cut. Adds
  // what it found and kept to `*note`.
  absl::Status KeepUnnamedFiles(const FileSurvey& survey, std::string* note) const;
  absl::Status CheckSstFolder(const char* command) const;
  // The machine's environment, except that only the DB's own folders can be written to, or none.
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
  uint64_t page_bytes_ = 0;
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
