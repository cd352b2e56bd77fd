// OptionsFile: what the application said when it opened its DB: the DB's file OPTIONS.
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
  // The newest file of the DB in folder `path` that is whole. `note` names newer ones that are not.
  // Errors: DataLoss if none is whole, with the reason for each; FailedPrecondition if a file
  // cannot be read, or names an object that this program does not have.
  static absl::StatusOr<OptionsFile> ReadLatest(const std::string& path);

  // One file. Errors: DataLoss if it is cut off or damaged.
  static absl::StatusOr<OptionsFile> Read(const std::string& path, const std::string& name);

  // Names of the files in `path`, the newest first.
  static std::vector<std::string> Names(const std::string& path);

  // Default options for the column families that the MANIFEST of the DB in `path` has.
  // Errors: FailedPrecondition with RocksDB's reason.
  static absl::StatusOr<OptionsFile> Default(const std::string& path);

  // `text` again, of `db_options` and `families`. Compaction filters stay as they were.
  void Rewrite();

  std::string name;
  std::string text;
  rocksdb::DBOptions db_options;
  // Without compaction filters: the tool calls none, and need not have the application's.
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  std::map<std::string, std::string> filters;  // section and option -> the line of the text
  std::string note;                            // for the user; empty for none
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_OPTIONS_FILE_H_
