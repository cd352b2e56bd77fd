// Ingestion: gives SSTs to a DB, once.
//
// RocksDB ingests all files in one atomic step. It does not tell a later process whether that step
// was taken. So each SST has the id of its load among its properties. Also, the step is made to
// raise the DB's sequence number, and the journal gets that number before the step. A load that is
// resumed looks for the id. If it finds none, an unchanged sequence number says that nothing was
// ingested. Else another program wrote to the DB, and may have compacted the files away: then the
// load refuses.
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

// The names of a load in the properties of its SSTs.
struct LoadMark {
  // A name of the inputs and options: the same whenever they are.
  std::string what;
  // A name of this load.
  std::string id;
};

// Puts `mark` into the properties of SSTs.
std::shared_ptr<rocksdb::TablePropertiesCollectorFactory> NewMarkCollectorFactory(
    const LoadMark& mark);

// What the journal gets before an ingestion.
struct IngestionIntent {
  // The DB's sequence number.
  uint64_t sequence = 0;
  // Ingesting raises the sequence number.
  bool raises = false;
  // The names of the DB's SSTs.
  std::string live_files;
};

// True if the DB has no key in the column family.
absl::StatusOr<bool> IsEmpty(const OpenedDatabase& opened);

enum class Ingested { kNo, kYes, kUnknown };

// Says whether the SSTs of load `id` are in the DB. Opens the DB without writing to it.
absl::StatusOr<Ingested> WasIngested(const Database& database, const std::string& id,
                                     const IngestionIntent& intent);

// The same, for a DB that nobody else can have written to.
absl::StatusOr<bool> HasLoad(const Database& database, const std::string& id);

// True if the DB has an SST of a load of `what`. Such a load may be there without one, if its files
// were compacted away.
absl::StatusOr<bool> HasLoadOf(const Database& database, const std::string& what);

struct IngestionOptions {
  std::vector<std::string> files;
  // The files are right only if the column family has no key.
  bool must_be_empty = false;
  // The files must have no key that the DB has.
  bool create_only = false;
  // The files have long lists. Their sealed pages must follow what is there.
  bool long_lists = false;
  // Called right before the step; an error ends it.
  std::function<absl::Status(const IngestionIntent&)> before;
  // Gets what the user should know of the DB.
  std::function<void(const std::string&)> note = [](const std::string&) {};
};

// Opens the DB, or creates it, and ingests the files. Errors: FailedPrecondition if the DB is
// locked; AlreadyExists, naming a key, for create_only; Aborted for must_be_empty and long_lists,
// if another process wrote to the DB meanwhile; Internal with RocksDB's reason. The DB is then as
// before. A new one has to be removed.
absl::Status Ingest(const Database& database, const IngestionOptions& options);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_OUTPUT_INGESTION_H_
