// Load: puts rows of files into a DB, all or nothing.
//
// Rows are read and grouped by key (RowTable), written as SSTs outside of the DB (SstBuilder), and
// ingested in one step. Until that step the DB is as it was; a new one is created right before it.
//
// Thread safety: one Load at a time, as it owns the process's SIGINT and SIGTERM while it runs.
//
//   LoadOptions options;
//   options.db = "lists.db";
//   options.inputs = {"rows.tsv"};
//   LoadSummary summary;
//   absl::Status status = Load(options, &summary);

#ifndef SHEAF_TOOLS_LOAD_LOADER_H_
#define SHEAF_TOOLS_LOAD_LOADER_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "sheaf/layout.h"
#include "tools/load/malformed_rows.h"
#include "tools/load/row_format.h"

namespace sheaf {
namespace load {

enum class LoadMode {
  kAppend,   // values are appended to the list that a key has
  kReplace,  // the list of a key is replaced
};

struct LoadOptions {
  // Folder of the DB. If there is none it is created.
  std::string db;
  // Files; "-" is stdin.
  std::vector<std::string> inputs = {"-"};
  // Default: by the name of each file.
  std::optional<RowFormat> format;
  LoadMode mode = LoadMode::kAppend;
  // Of a new DB. For an existing one an error if it is not the DB's.
  // Default: compact, or the DB's.
  std::optional<Layout> layout;
  // Bytes of memory: rows, index, buffers.
  uint64_t memory = uint64_t{1} << 30;
  // For sorting and for writing SSTs.
  int threads = 2;
  // Folder in which SSTs are built.
  // Default: a new folder beside the DB.
  std::string tmp;
  OnError on_error = OnError::kStop;
  bool progress = false;
  // Called with what the user should know and is no error.
  std::function<void(const std::string&)> note = [](const std::string&) {};
};

struct LoadSummary {
  uint64_t rows = 0;  // loaded, without those skipped
  uint64_t rows_skipped = 0;
  std::vector<std::string> skipped;  // a line a kind
  uint64_t keys = 0;
  uint64_t values = 0;
  uint64_t bytes_in = 0;
  uint64_t ssts = 0;
  uint64_t sst_bytes = 0;
  bool created = false;   // the DB
  bool operands = false;  // lists were ingested as operands
  double read_seconds = 0;
  double sort_seconds = 0;
  double write_seconds = 0;
  double ingest_seconds = 0;
};

// On error nothing was loaded and nothing is left behind. Errors: InvalidArgument, a malformed row;
// ResourceExhausted, memory or a list past RocksDB's limit; FailedPrecondition, a DB that is locked
// or does not fit; Cancelled, SIGINT or SIGTERM; others as they come. Messages name file and line.
absl::Status Load(const LoadOptions& options, LoadSummary* summary);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_LOADER_H_
