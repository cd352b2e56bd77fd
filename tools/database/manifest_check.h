// Manifest check: finds a MANIFEST that RocksDB does not read to its end, and the files that it
// therefore does not name.
//
// If a record of the MANIFEST is not complete, RocksDB takes that place for the end, reports
// nothing, and opens the DB as it was before. If it opens the DB for writing, it deletes all SSTs
// and blob files that the MANIFEST does not name, and writes a new MANIFEST. After a power cut that
// is right. If a complete MANIFEST was cut, the lists in these files are lost.
//
// Not noticed: a MANIFEST that is cut between two records.
//
// Thread safety: free functions.
//
//   absl::StatusOr<std::optional<CutManifest>> cut = ScanManifest("lists.db");
//   if (cut.ok() && cut->has_value()) (*cut)->unnamed = FindUnnamed({"lists.db"}, named);

#ifndef SHEAF_TOOLS_DATABASE_MANIFEST_CHECK_H_
#define SHEAF_TOOLS_DATABASE_MANIFEST_CHECK_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "tools/database/frozen_files.h"

namespace sheaf {
namespace load {

struct CutManifest {
  FrozenFiles::Log manifest;
  uint64_t offset = 0;  // of what cannot be read
  std::string reason;
  std::vector<std::string> unnamed;  // paths of SSTs and blob files

  // For people, with the path.
  std::string Text() const;
};

// The MANIFEST of the DB in `path`, without `unnamed`; nothing if it can be read to its end, or if
// there is none. Errors: Internal if it cannot be read.
absl::StatusOr<std::optional<CutManifest>> ScanManifest(const std::string& path);

// SSTs and blob files in `folders` whose numbers are not in `named`, in the order of their numbers.
std::vector<std::string> FindUnnamed(const std::vector<std::string>& folders,
                                     const std::set<uint64_t>& named);

// Keeps `cut.unnamed`, the MANIFEST, CURRENT and the logs of the DB in `path` in a folder in the
// DB's folder. Returns that folder. Errors: as KeepFiles.
absl::StatusOr<std::string> KeepUnnamed(const CutManifest& cut, const std::string& path,
                                        const std::string& wal_folder);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_DATABASE_MANIFEST_CHECK_H_
