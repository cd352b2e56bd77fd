// Open policy: how the tool opens a DB that it did not make.
//
// The DB's OPTIONS say how the application opens it. The tool is another program, perhaps on
// another machine, and the DB may be a copy of the one that OPTIONS describe. So every option has a
// rule here: the tool takes it over, or sets it and says why, or refuses the DB and says what to do
// instead. OPTIONS on disk keep what the application wrote.
//
// Thread safety: free functions.
//
//   absl::Status status = ResolveFolders(path, folders, &db_options);
//   ApplyOpenPolicy(&db_options, &families);

#ifndef SHEAF_TOOLS_DATABASE_OPEN_POLICY_H_
#define SHEAF_TOOLS_DATABASE_OPEN_POLICY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"

namespace sheaf {
namespace load {

// Folders of a DB that only the user can know. Empty: everything is in the DB's folder.
struct DbFolders {
  // The folder of the DB's write-ahead log.
  std::string wal_dir;
  // The application's DBOptions::db_paths, in the same order.
  std::vector<std::string> db_paths;
};

// kTakenOver: the application's value is used. kSet: the tool sets the value that `why` gives.
// kAsked: the tool refuses a command, as `why` says, unless the user gives more information.
struct OptionRule {
  enum class Treatment { kTakenOver, kSet, kAsked };
  const char* name;  // as in OPTIONS
  Treatment treatment;
  const char* why;  // empty if taken over
};

// A rule for each option that OPTIONS can hold. All options of tables are taken over.
const std::vector<OptionRule>& DbOptionRules();
const std::vector<OptionRule>& FamilyOptionRules();

// Sets the options as the rules say.
void ApplyOpenPolicy(rocksdb::DBOptions* db_options,
                     std::vector<rocksdb::ColumnFamilyDescriptor>* families);

// Finds the folders of the log and of the SSTs of the DB in `path`; `folders` are those that the
// user gave. Trusts a `wal_dir` in OPTIONS only if it is the DB's own folder: a copy, a checkpoint
// and a moved DB have the OPTIONS of the original, and nothing on disk tells them apart.
// Errors: FailedPrecondition, with what to do.
absl::Status ResolveFolders(const std::string& path, const DbFolders& folders,
                            rocksdb::DBOptions* db_options);

// Checks that `command` may make SSTs. Errors: FailedPrecondition for a compaction style that would
// drop what is in them.
absl::Status CheckKeepsSsts(const std::string& path, const char* command,
                            const rocksdb::ColumnFamilyOptions& family);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_OPEN_POLICY_H_
