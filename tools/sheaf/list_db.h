// ListDb: an existing DB of lists, opened for a sub-command.
//
// Ownership: owns the DB and the Store on it. Thread safety: as rocksdb::DB and Store.
//
//   std::unique_ptr<ListDb> lists;
//   if (absl::Status s = ListDb::OpenForReadOnly(name, &lists); !s.ok()) return ExitOf("get", s);
//   lists->store().Get(...)

#ifndef SHEAF_TOOLS_SHEAF_LIST_DB_H_
#define SHEAF_TOOLS_SHEAF_LIST_DB_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "sheaf/store.h"
#include "tools/database/database.h"

namespace sheaf {
namespace tool {

// Names the lists of a sub-command.
struct DbName {
  std::string path;
  std::string family = rocksdb::kDefaultColumnFamilyName;
  load::DbFolders folders;
};

// Reads the description of the DB without opening it. Prints on stderr what the user should know
// about its OPTIONS. Errors: as load::Database::Read().
absl::StatusOr<load::Database> ReadDatabase(const DbName& name);

class ListDb {
 public:
  // Creates nothing. Reads show the DB as it was at one moment, whatever another process does to
  // it. Errors: as load::Database; NotFound if the column family holds no lists (list_evidence.h).
  static absl::Status OpenForReadOnly(const DbName& name, std::unique_ptr<ListDb>* lists);
  // For writing. kWriteSsts is for a command that makes SSTs. Errors: as load::Database;
  // FailedPrecondition if the merge operator is not sheaf.append. The message says that the DB
  // cannot do `command`.
  enum class Access { kReadOnly, kWrite, kWriteSsts };
  static absl::Status OpenForWrite(const DbName& name, const char* command,
                                   std::unique_ptr<ListDb>* lists, Access access = Access::kWrite);

  // Opens a DB whose description was read, and perhaps changed, before. To write, the DB must not
  // be locked. Errors: to read, NotFound if the column family holds no lists (list_evidence.h).
  static absl::Status Open(const load::Database& database, Access access,
                           std::unique_ptr<ListDb>* lists);

  const load::OpenedDatabase& opened() const { return *opened_; }
  rocksdb::DB& db() { return *opened_->db(); }
  rocksdb::ColumnFamilyHandle* family() { return opened_->family(); }
  Store& store() { return *store_; }
  // As load::OpenedDatabase::Acknowledge(). Call it before a command says that it has written.
  rocksdb::Status Acknowledge() { return opened_->Acknowledge(); }

 private:
  std::unique_ptr<load::OpenedDatabase> opened_;
  std::unique_ptr<Store> store_;  // goes before the DB
};

// Calls `open`, which reads OPTIONS or opens the DB in `path` for reading. Calls it again as long
// as it fails and another process changed files of the DB meanwhile.
absl::Status OpenSteadily(const std::string& path, const std::function<absl::Status()>& open);

// Converts a rocksdb::Status to an absl::Status for messages; `where` names what it is about.
absl::Status FromRocks(const std::string& where, const rocksdb::Status& status);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_LIST_DB_H_
