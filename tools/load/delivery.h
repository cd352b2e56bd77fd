// Delivery: SSTs of lists into a DB, or into a folder for somebody else to ingest.
//
// Thread safety: free functions, one thread. The DB must not be open in this process.
//
//   const Delivery delivery{&options, &preflight, mark, &lists, journal.get()};
//   absl::Status status = IngestLists(delivery, preflight.database);

#ifndef SHEAF_TOOLS_LOAD_DELIVERY_H_
#define SHEAF_TOOLS_LOAD_DELIVERY_H_

#include <string>

#include "absl/status/status.h"
#include "tools/database/database.h"
#include "tools/load/list_builder.h"
#include "tools/load/load_options.h"
#include "tools/load/output/ingestion.h"
#include "tools/load/preflight.h"
#include "tools/load/resume/load_journal.h"

namespace sheaf {
namespace load {

// All borrowed.
struct Delivery {
  const LoadOptions* options;
  const Preflight* preflight;
  LoadMark mark;
  const BuiltLists* lists;
  LoadJournal* journal;
};

// Into `database`, which is that of the preflight, or a new one elsewhere. The journal gets an
// IngestionIntent first unless the DB is new. Errors: those of Ingest().
absl::Status IngestLists(const Delivery& delivery, const Database& database);

// Into the new folder `folder`, with a manifest of `summary`. Errors: those of Publish().
absl::Status PublishLists(const Delivery& delivery, const std::string& folder,
                          const LoadSummary& summary);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_DELIVERY_H_
