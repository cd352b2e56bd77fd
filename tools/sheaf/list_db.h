// ListDb: an existing DB of lists, opened for a sub-command.
//
// Ownership: owns the DB and the Store or LongStore on it. Thread safety: as these.
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
#include "sheaf/long_store.h"
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
  // Which lists a command knows. Of long lists kPages reads the stored keys itself: there is then
  // no LongStore, which would refuse a column family that also has other keys.
  enum class Knows { kPlain, kLong, kPages };

  // Creates nothing. Reads show the DB as it was at one moment, whatever another process does to
  // it. Errors: as load::Database; NotFound if the column family holds no lists (list_evidence.h);
  // FailedPrecondition for long lists that the command does not know.
  static absl::Status OpenForReadOnly(const DbName& name, std::unique_ptr<ListDb>* lists,
                                      Knows knows = Knows::kPlain);
  // For writing. kWriteSsts is for a command that makes SSTs. Errors: as load::Database;
  // FailedPrecondition if the merge operator is not sheaf.append, or for long lists that the
  // command does not know. The message says that the DB cannot do `command`.
  enum class Access { kReadOnly, kWrite, kWriteSsts };
  static absl::Status OpenForWrite(const DbName& name, const char* command,
                                   std::unique_ptr<ListDb>* lists, Access access = Access::kWrite,
                                   Knows knows = Knows::kPlain);

  // Opens a DB whose description was read, and perhaps changed, before. To write, the DB must not
  // be locked. Errors: to read, NotFound if the column family holds no lists (list_evidence.h).
  static absl::Status Open(const load::Database& database, Access access,
                           std::unique_ptr<ListDb>* lists, Knows knows = Knows::kPlain);

  const load::OpenedDatabase& opened() const { return *opened_; }
  rocksdb::DB& db() { return *opened_->db(); }
  rocksdb::ColumnFamilyHandle* family() { return opened_->family(); }
  Layout layout() const { return layout_; }
  // AppendOptions::page_bytes; 0: plain lists.
  uint64_t page_bytes() const { return page_bytes_; }
  bool is_long() const { return page_bytes_ != 0; }
  // REQUIRES: !is_long().
  Store& store() { return *store_; }
  // Seals only by hand. REQUIRES: is_long(), and the command knows more than pages.
  LongStore& long_store() { return *long_store_; }
  // As load::OpenedDatabase::Acknowledge(). Call it before a command says that it has written.
  rocksdb::Status Acknowledge() { return opened_->Acknowledge(); }

 private:
  std::unique_ptr<load::OpenedDatabase> opened_;
  Layout layout_ = Layout::kCompact;
  uint64_t page_bytes_ = 0;
  // Go before the DB.
  std::unique_ptr<Store> store_;
  std::unique_ptr<LongStore> long_store_;
};

// Calls `open`, which reads OPTIONS or opens the DB in `path` for reading. Calls it again as long
// as it fails and another process changed files of the DB meanwhile.
absl::Status OpenSteadily(const std::string& path, const std::function<absl::Status()>& open);

// Converts a rocksdb::Status to an absl::Status for messages; `where` names what it is about.
absl::Status FromRocks(const std::string& where, const rocksdb::Status& status);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_LIST_DB_H_
