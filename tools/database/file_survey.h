// FileSurvey: finds the files that a DB's MANIFEST names, without reading the DB's log.
//
// OPTIONS do not hold the application's db_paths and cf_paths, so files may be elsewhere, and new
// files may have to go elsewhere. The MANIFEST holds the number of each file's path.
//
// Thread safety: immutable.
//
//   absl::StatusOr<FileSurvey> survey = SurveyFiles(path, db_options, families);

#ifndef SHEAF_TOOLS_DATABASE_FILE_SURVEY_H_
#define SHEAF_TOOLS_DATABASE_FILE_SURVEY_H_

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"

namespace sheaf {
namespace load {

struct FileSurvey {
  uint64_t files = 0;         // SSTs and blob files
  uint64_t missing = 0;       // in none of the known folders
  std::string first_missing;  // for a message
  bool other_paths = false;   // some are not in the first path
  // Column families that have a file of the first path in the first folder: new files go there.
  std::set<std::string> settled;
  std::set<uint64_t> named;  // numbers of all of them
};

// The numbers of the SSTs and blob files that the column families `handles` of `db` have.
std::set<uint64_t> NamedFiles(rocksdb::DB* db,
                              const std::vector<rocksdb::ColumnFamilyHandle*>& handles);

// `db_options`: its db_paths are the known folders; none means the DB's own. Writes nothing.
// Errors: FailedPrecondition with RocksDB's reason.
absl::StatusOr<FileSurvey> SurveyFiles(
    const std::string& path, const rocksdb::DBOptions& db_options,
    const std::vector<rocksdb::ColumnFamilyDescriptor>& families);

// Bytes and number of the logs in folder `path`.
struct LogSize {
  uint64_t files = 0;
  uint64_t bytes = 0;
};
LogSize SizeOfLogs(const std::string& path);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_FILE_SURVEY_H_
