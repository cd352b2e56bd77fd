// Database: what is known of a DB without opening it, and opening it with its own options.
//
// Sheaf's tool must never create a DB by mistake nor open one with other options than its own: a
// wrong merge operator would be written into its OPTIONS.
//
// Ownership: an OpenedDatabase owns the rocksdb::DB and its column family handles.
// Thread safety: immutable after reading.
//
//   absl::StatusOr<Database> database = Database::Read("lists.db");
//   auto opened = database->OpenForReadOnly();
//   (*opened)->db()->Get(...)

#ifndef SHEAF_TOOLS_LOAD_DATABASE_H_
#define SHEAF_TOOLS_LOAD_DATABASE_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "sheaf/layout.h"
#include "tools/load/open_frozen.h"

namespace sheaf {
namespace load {

class OpenedDatabase {
 public:
  // `family`: one of `handles`. `frozen`: what a DB opened for reading reads.
  OpenedDatabase(rocksdb::DB* db, std::vector<rocksdb::ColumnFamilyHandle*> handles,
                 rocksdb::ColumnFamilyHandle* family, FrozenDb frozen = {})
      : frozen_(std::move(frozen)), db_(db), handles_(std::move(handles)), family_(family) {}
  ~OpenedDatabase();
  OpenedDatabase(const OpenedDatabase&) = delete;
  OpenedDatabase& operator=(const OpenedDatabase&) = delete;

  rocksdb::DB* db() const { return db_.get(); }
  // Logs that were not read to their end, where opened for reading: values are missing.
  const std::vector<LogFault>& log_faults() const { return frozen_.log_faults; }
  // A file that another process deleted could not be read: what RocksDB says of it is no fault.
  bool missed_files() const { return frozen_.missed(); }
  // Of the lists.
  rocksdb::ColumnFamilyHandle* family() const { return family_; }
  // All of them.
  const std::vector<rocksdb::ColumnFamilyHandle*>& families() const { return handles_; }

 private:
  const FrozenDb frozen_;  // goes after the DB
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  rocksdb::ColumnFamilyHandle* family_;
};

class Database {
 public:
  // Reads the OPTIONS of the DB in folder `path`; creates nothing. `family`: the column family of
  // the lists.
  // Errors: NotFound if there is no DB there, naming what there is, or no such column family,
  // naming those that it has; FailedPrecondition if its options name objects that this program does
  // not have.
  static absl::StatusOr<Database> Read(
      const std::string& path, const std::string& family = rocksdb::kDefaultColumnFamilyName);

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
  // if it was there. `layout`: for the default column family, where no file names it. Nothing is
  // written until the DB is opened for writing. `*change` tells what was changed; empty if nothing
  // was.
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
  // Its name, "none" if there is none.
  std::string merge_operator() const;

  // Of the DB and the column family of the lists.
  rocksdb::Options options() const;
  const std::string& family_name() const { return family_name_; }

  // FailedPrecondition if another process has the DB open for writing. Touches nothing.
  absl::Status CheckUnlocked() const;

  // FailedPrecondition, saying what to do, if opening the DB for writing would delete a log that
  // cannot be read to its end (log_check.h). Changes nothing. Open() asks it too.
  absl::Status CheckLogs() const;

  // Makes a DB that CheckLogs() refuses one that it does not: copies each damaged log and those
  // after it into a new folder in the DB's, which it gives back, and has RocksDB take from them
  // what it can read. kStop: up to the first damage; kSkip: also what is behind it. The folder's
  // name is empty if there was nothing to do.
  enum class LogRecovery { kStop, kSkip };
  absl::StatusOr<std::string> RecoverLogs(LogRecovery how) const;

  // All column families. Errors: Internal with RocksDB's reason; FailedPrecondition if locked.
  // OpenForReadOnly works while another process has the DB open and writes, and gives what the DB
  // was at one moment (open_frozen.h). Writes nothing, not even LOG.
  absl::StatusOr<std::unique_ptr<OpenedDatabase>> OpenForReadOnly() const;
  absl::StatusOr<std::unique_ptr<OpenedDatabase>> Open() const;

 private:
  const rocksdb::ColumnFamilyOptions& family() const;
  rocksdb::ColumnFamilyOptions& family();
  rocksdb::ColumnFamilyHandle* HandleOf(
      const std::vector<rocksdb::ColumnFamilyHandle*>& handles) const;
  void FindLayout();

  std::string path_;
  std::string family_name_ = rocksdb::kDefaultColumnFamilyName;
  bool is_new_ = false;
  Layout layout_ = Layout::kCompact;
  bool can_append_ = false;
  rocksdb::DBOptions db_options_;
  std::vector<rocksdb::ColumnFamilyDescriptor> families_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_DATABASE_H_
