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

// What lists a sub-command is about.
struct DbName {
  std::string path;
  std::string family = rocksdb::kDefaultColumnFamilyName;
  load::DbFolders folders;
};

// Reads what is known of it without opening it. Tells on stderr what the user should know of its
// OPTIONS. Errors: as load::Database::Read.
absl::StatusOr<load::Database> ReadDatabase(const DbName& name);

class ListDb {
 public:
  // Errors: as load::Database. Creates nothing. What is read is the DB of one moment, whatever
  // another process does to it.
  static absl::Status OpenForReadOnly(const DbName& name, std::unique_ptr<ListDb>* lists);
  // For writing. Errors: in addition FailedPrecondition if the merge operator is not sheaf.append;
  // `command` is what then cannot be done. kWriteSsts is for a command that makes SSTs.
  enum class Access { kReadOnly, kWrite, kWriteSsts };
  static absl::Status OpenForWrite(const DbName& name, const char* command,
                                   std::unique_ptr<ListDb>* lists, Access access = Access::kWrite);

  // A DB of which more was found out or changed before. For writing it must not be locked.
  static absl::Status Open(const load::Database& database, Access access,
                           std::unique_ptr<ListDb>* lists);

  const load::OpenedDatabase& opened() const { return *opened_; }
  rocksdb::DB& db() { return *opened_->db(); }
  rocksdb::ColumnFamilyHandle* family() { return opened_->family(); }
  Store& store() { return *store_; }
  // As load::OpenedDatabase: before a command says that it has written something.
  rocksdb::Status Acknowledge() { return opened_->Acknowledge(); }

 private:
  std::unique_ptr<load::OpenedDatabase> opened_;
  std::unique_ptr<Store> store_;  // goes before the DB
};

// Calls `open`, which reads OPTIONS or opens the DB in `path` for reading, again while it fails and
// another process changes files of the DB meanwhile.
absl::Status OpenSteadily(const std::string& path, const std::function<absl::Status()>& open);

// A rocksdb::Status as an absl::Status, for messages; `where` is what it is about.
absl::Status FromRocks(const std::string& where, const rocksdb::Status& status);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_LIST_DB_H_
