// Ingestion: gives SSTs to a DB, once.
//
// RocksDB ingests all files in one atomic step, but does not tell a later process whether that step
// was taken. So each SST has the id of its load among its properties, and before the step the
// journal gets the DB's sequence number, which the step is made to raise. A load that is resumed
// looks for the id; without it, an unchanged sequence number says that nothing was ingested. If
// both fail, because another program wrote to the DB and compacted all of the files away, it
// refuses.
//
// Thread safety: free functions; the DB must not be open in this process.

#ifndef SHEAF_TOOLS_LOAD_OUTPUT_INGESTION_H_
#define SHEAF_TOOLS_LOAD_OUTPUT_INGESTION_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "rocksdb/table_properties.h"
#include "tools/database/database.h"

namespace sheaf {
namespace load {

// What a load is called in the properties of its SSTs.
struct LoadMark {
  // Of the inputs and options: the same whenever they are.
  std::string what;
  // Of this load.
  std::string id;
};

// Puts `mark` into the properties of SSTs.
std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> NewMarkCollectorFactory(
    const LoadMark& mark);

// What is written down before an ingestion.
struct IngestionIntent {
  uint64_t sequence = 0;
  // Ingesting raises the sequence number.
  bool raises = false;
  // Of the DB's SSTs.
  std::string live_files;
};

// True if the DB has no key in the column family.
absl::StatusOr<bool> IsEmpty(const OpenedDatabase& opened);

enum class Ingested { kNo, kYes, kUnknown };

// Whether the SSTs of load `id` are in the DB. Opens the DB without writing to it.
absl::StatusOr<Ingested> WasIngested(const Database& database, const std::string& id,
                                     const IngestionIntent& intent);

// The same of a DB that nobody else can have written to.
absl::StatusOr<bool> HasLoad(const Database& database, const std::string& id);

// Whether a load of `what` is in the DB, as far as its SSTs can tell.
absl::StatusOr<bool> HasLoadOf(const Database& database, const std::string& what);

struct IngestionOptions {
  std::vector<std::string> files;
  // Files hold values that are right only while the column family has no key.
  bool must_be_empty = false;
  // Files must have no key that the DB has.
  bool create_only = false;
  // Called right before the step; an error ends it.
  std::function<absl::Status(const IngestionIntent&)> before;
  // Gets what the user should know of the DB.
  std::function<void(const std::string&)> note = [](const std::string&) {};
};

// Opens the DB, creating a new one, and ingests. Errors: FailedPrecondition if the DB is locked;
// AlreadyExists, naming a key, for create_only; Aborted if another process wrote to the DB
// meanwhile so that the files do not fit; Internal with RocksDB's reason. The DB is then as before;
// a new one has to be removed.
absl::Status Ingest(const Database& database, const IngestionOptions& options);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_OUTPUT_INGESTION_H_
