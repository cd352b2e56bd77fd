// Preflight: what can be known of a load before anything is read or made.
//
// A load can take hours. What would stop it at its end is looked for first: inputs that cannot be
// read, a DB that is locked, damaged, or cannot take the SSTs.
//
// Thread safety: free functions. The DB must not be open in this process.
//
//   absl::StatusOr<Preflight> preflight = CheckLoad(options);
//   if (!preflight.ok()) return preflight.status();

#ifndef SHEAF_TOOLS_LOAD_PREFLIGHT_H_
#define SHEAF_TOOLS_LOAD_PREFLIGHT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/comparator.h"
#include "tools/common/key_order.h"
#include "tools/database/database.h"
#include "tools/load/load_options.h"
#include "tools/load/output/ingestion.h"
#include "tools/load/output/sst_builder.h"
#include "tools/load/resume/journal_records.h"
#include "tools/load/resume/load_inputs.h"
#include "tools/load/resume/load_place.h"

namespace sheaf {
namespace load {

struct Preflight {
  LoadInputs inputs;
  // That is loaded into, or whose options SSTs for others have: of LoadOptions::db, or a new one.
  Database database;
  KeyOrder order{rocksdb::BytewiseComparator()};
  // Number of the column family.
  uint32_t family_id = 0;
  // Lists are written as operands, not as values.
  bool operands = false;
  // With LoadOptions::resume: why no new DB can be made, unless an interrupted load was moving one
  // to its place.
  absl::Status not_new;
};

// Where the load puts what it makes.
LoadPlace PlaceOf(const LoadOptions& options);

// Tells `options.note` what is no error. Errors: those of LoadInputs::Look() and of reading a DB;
// FailedPrecondition if the DB is not as `options` say, or cannot take the load.
absl::StatusOr<Preflight> CheckLoad(const LoadOptions& options);

// What a load must have the same to go on from an interrupted one; the first tells whose folder it
// is. `rejects`: LoadOptions::rejects, absolute.
std::vector<JournalRecord> IdentityOf(const LoadOptions& options, const Preflight& preflight,
                                      const LoadPlace& place, const std::string& rejects);

// How SSTs are written, but for sizes.
SstPlan MakeSstPlan(const LoadOptions& options, const Preflight& preflight, const LoadMark& mark);

// Tells `options.note` if other users can replace files in `options.tmp`.
void NoteSharedTmp(const LoadOptions& options);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_PREFLIGHT_H_
