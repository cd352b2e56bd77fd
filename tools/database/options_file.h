// OptionsFile: a DB's OPTIONS file, with the options with which the application opened the DB.
//
// Ownership: values. Thread safety: immutable.
//
//   absl::StatusOr<OptionsFile> options = OptionsFile::ReadLatest("lists.db");

#ifndef SHEAF_TOOLS_DATABASE_OPTIONS_FILE_H_
#define SHEAF_TOOLS_DATABASE_OPTIONS_FILE_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/db.h"
#include "rocksdb/options.h"

namespace sheaf {
namespace load {

struct OptionsFile {
  // Reads the newest whole OPTIONS file of the DB in folder `path`. `note` names newer files that
  // are not whole.
  // Errors: DataLoss if none is whole, with the reason for each; FailedPrecondition if a file
  // cannot be read, or names an object that this program does not have.
  static absl::StatusOr<OptionsFile> ReadLatest(const std::string& path);

  // Reads one file. Errors: DataLoss if it is cut off or damaged.
  static absl::StatusOr<OptionsFile> Read(const std::string& path, const std::string& name);

  // Names of the OPTIONS files in `path`, the newest first.
  static std::vector<std::string> Names(const std::string& path);

  // Default options for the column families that the MANIFEST of the DB in `path` names.
  // Errors: FailedPrecondition with RocksDB's reason.
  static absl::StatusOr<OptionsFile> Default(const std::string& path);

  // Makes `text` anew from `db_options` and `families`. Compaction filters stay as they were.
  void Rewrite();

  std::string name;
  std::string text;
  rocksdb::DBOptions db_options;
  // Without compaction filters: the tool calls none, and does not need the application's.
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  std::map<std::string, std::string> filters;  // section and option -> the line of the text
  std::string note;                            // for the user; empty for none
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_OPTIONS_FILE_H_
