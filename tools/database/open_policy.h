// Open policy: how the tool opens a DB that it did not make.
//
// The DB's OPTIONS say how the application opens it. The tool is another program on, perhaps,
// another machine, and the DB may be a copy of the one that OPTIONS speak of. So every option has a
// rule here: the tool takes it over, or sets it and says why, or refuses the DB and says what to do
// instead. OPTIONS on disk keep what the application said.
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

// Folders of a DB that only the user can know. Empty: all is in the DB's folder.
struct DbFolders {
  // The folder of the DB's log.
  std::string wal_dir;
  // As the application's DBOptions::db_paths, in this order.
  std::vector<std::string> db_paths;
};

// kSet: to what `why` says. kAsked: a command is refused, as `why` says, or the user says more.
struct OptionRule {
  enum class Treatment { kTakenOver, kSet, kAsked };
  const char* name;  // as in OPTIONS
  Treatment treatment;
  const char* why;  // empty for what is taken over
};

// A rule for each option that OPTIONS can hold. Those of tables are all taken over.
const std::vector<OptionRule>& DbOptionRules();
const std::vector<OptionRule>& FamilyOptionRules();

// Sets what the rules say.
void ApplyOpenPolicy(rocksdb::DBOptions* db_options,
                     std::vector<rocksdb::ColumnFamilyDescriptor>* families);

// Finds the folder of the log and those of SSTs of the DB in `path`; `folders` is what the user
// said. Believes a `wal_dir` of OPTIONS only if it is the DB's own folder: a copy, a checkpoint and
// a moved DB have the OPTIONS of the original, and nothing on disk tells them from it.
// Errors: FailedPrecondition, with what to do.
absl::Status ResolveFolders(const std::string& path, const DbFolders& folders,
                            rocksdb::DBOptions* db_options);

// For commands that make SSTs, as `command`. Errors: FailedPrecondition for a compaction style that
// would drop what is in them.
absl::Status CheckKeepsSsts(const std::string& path, const char* command,
                            const rocksdb::ColumnFamilyOptions& family);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_OPEN_POLICY_H_
