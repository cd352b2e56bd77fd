// OpenFrozen: opens a DB for reading as it was at one moment, whatever another process does to it.
//
// Ownership: the caller owns DB and handles; FrozenDb must outlive them. Thread safety: a free
// function.
//
//   FrozenDb frozen;
//   absl::Status status = OpenFrozen(options, path, families, &handles, &db, &frozen);
//   for (const LogFault& fault : frozen.log_faults) ...   // values are missing

#ifndef SHEAF_TOOLS_DATABASE_OPEN_FROZEN_H_
#define SHEAF_TOOLS_DATABASE_OPEN_FROZEN_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"
#include "tools/database/frozen_files.h"
#include "tools/database/log_check.h"

namespace sheaf {
namespace load {

struct FrozenDb {
  std::shared_ptr<FrozenFiles> files;   // null if the DB has no CURRENT or MANIFEST
  std::unique_ptr<rocksdb::Env> env;    // shows `files`
  std::unique_ptr<ReplayWatch> replay;  // null if the DB is not opened for reading
  std::vector<LogFault> log_faults;
  absl::Status logs_read;  // what CheckLogs said
  rocksdb::Status opened;  // what RocksDB said

  // True if a file was deleted before it could be opened. Errors of RocksDB are then not faults of
  // the DB.
  bool missed() const { return files != nullptr && files->missed(); }
};

// Reads logs up to the first damage. Tries again, up to kOpenAttempts times, if files were deleted
// or overwritten meanwhile. Sets `*frozen` even if it fails. Errors: Internal with RocksDB's
// reason; Aborted if the DB changes too fast; as CheckLogs.
constexpr int kOpenAttempts = 20;
absl::Status OpenFrozen(const rocksdb::DBOptions& options, const std::string& path,
                        const std::vector<rocksdb::ColumnFamilyDescriptor>& families,
                        std::vector<rocksdb::ColumnFamilyHandle*>* handles, rocksdb::DB** db,
                        FrozenDb* frozen);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_OPEN_FROZEN_H_
