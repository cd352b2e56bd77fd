// KeepFiles: keeps files of a DB that RocksDB is about to delete, in a new folder in the DB's.
//
// RocksDB does not touch folders in the DB's folder, nor what is in them.
//
// Thread safety: a free function; one at a time on a DB.
//
//   absl::StatusOr<std::string> folder =
//       KeepFiles("lists.db", "damaged-logs-000004", {"lists.db/000004.log"});

#ifndef SHEAF_TOOLS_DATABASE_KEPT_FILES_H_
#define SHEAF_TOOLS_DATABASE_KEPT_FILES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace sheaf {
namespace load {

// Makes the folder `name` in `db`, or `name`-1, `name`-2 and so on if that is there already. Puts
// copies of the files `copied` into it, and hard links to the files `linked`, which must not be
// changed any more; copies of these where the file system cannot link. What it returns, the folder,
// is on disk. If an earlier call has kept all of `linked` under one of these names, returns that
// folder and changes nothing. Errors: Internal; the folder is removed again.
absl::StatusOr<std::string> KeepFiles(const std::string& db, const std::string& name,
                                      const std::vector<std::string>& copied,
                                      const std::vector<std::string>& linked = {});

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_KEPT_FILES_H_
