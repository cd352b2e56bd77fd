// KeepFiles: keeps files of a DB that RocksDB is about to delete, in a new folder in the DB's
// folder.
//
// RocksDB does not touch folders in the DB's folder, or the files in them.
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

// Makes the folder `name` in `db`, or `name`-1, `name`-2 and so on if that is there already. Copies
// the files `copied` into it, and puts hard links to the files `linked` there, or copies if the
// file system cannot link. Nobody may change `linked` files any more. Returns the folder, which is
// then on disk. If an earlier call has kept all of `linked` under one of these names, returns that
// folder and changes nothing. Errors: Internal; the folder is removed again.
absl::StatusOr<std::string> KeepFiles(const std::string& db, const std::string& name,
                                      const std::vector<std::string>& copied,
                                      const std::vector<std::string>& linked = {});

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_KEPT_FILES_H_
