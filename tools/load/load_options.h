// LoadOptions and LoadSummary: what a load is to do, and what it did.
//
// Thread safety: plain data. Load() calls `note` from any of its threads, one at a time.
//
//   LoadOptions options;
//   options.db = "lists.db";
//   options.inputs = {"a.tsv", "b.jsonl.gz"};
//   options.note = [](const std::string& text) { std::cerr << text << "\n"; };

#ifndef SHEAF_TOOLS_LOAD_LOAD_OPTIONS_H_
#define SHEAF_TOOLS_LOAD_LOAD_OPTIONS_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "rocksdb/db.h"
#include "sheaf/layout.h"
#include "tools/common/row_format.h"
#include "tools/database/open_policy.h"
#include "tools/load/input/csv.h"
#include "tools/load/input/rejects.h"
#include "tools/load/output/sst_builder.h"

namespace sheaf {
namespace load {

enum class LoadMode {
  kAppend,      // values are appended to the list that a key has
  kReplace,     // the list of a key is replaced
  kCreateOnly,  // a key that exists is an error
};

// SSTs for somebody else to ingest.
struct SstSet {
  struct Shard {
    std::string folder;          // in the folder of all, "." if there is one shard
    std::vector<SstFile> files;  // in the order of ingestion; paths are names in the folder
    uint64_t keys = 0;
  };
  std::string mark;  // tells this load from others
  std::string comparator;
  std::string layout;
  std::string family;
  bool operands = false;
  std::vector<Shard> shards;
};

struct LoadSummary;

struct LoadOptions {
  // Folder of the DB. If there is none it is created; with `sst_only` it may be empty.
  std::string db;
  // Where files of an existing DB are.
  DbFolders folders;
  // The column family of the lists; made in a new DB.
  std::string family = rocksdb::kDefaultColumnFamilyName;
  // Files; "-" is stdin.
  std::vector<std::string> inputs = {"-"};
  // Default: by the name of each file.
  std::optional<RowFormat> format;
  CsvOptions csv;
  LoadMode mode = LoadMode::kAppend;
  // Of a new DB. For an existing one an error if it is not the DB's.
  // Default: compact, or the DB's.
  std::optional<Layout> layout;
  // Of a new DB: not 0 for long lists, whose pages have about so many bytes. For an existing one an
  // error if it is not the DB's.
  // Default: 0, or the DB's
  std::optional<uint64_t> page_bytes;
  // Bytes of memory, at most: rows, index, buffers. 32 TB at most; less where the process's address
  // space is limited.
  uint64_t memory = uint64_t{1} << 30;
  // For parsing, sorting and writing SSTs.
  int threads = 2;
  // Folder in which runs and SSTs are built. Default: a new folder beside the DB.
  std::string tmp;
  OnError on_error = OnError::kStop;
  // File for rows that were skipped; empty for none.
  std::string rejects;
  // Go on from what an interrupted load of the same has finished.
  bool resume = false;
  // SSTs go into this folder, which is made, instead of into the DB; empty for the DB.
  std::string sst_only;
  // With `sst_only`: key ranges, each in a folder of its own.
  uint64_t shards = 1;
  // With `sst_only`: the text of the file manifest.json.
  std::function<std::string(const SstSet&, const LoadSummary&)> manifest;
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
  uint64_t bytes_in = 0;     // of the files
  uint64_t input_bytes = 0;  // the same after decompression
  bool sorted = false;       // rows came in the order of their keys
  uint64_t runs = 0;
  uint64_t run_bytes = 0;
  uint64_t ssts = 0;
  uint64_t sst_bytes = 0;
  bool created = false;   // the DB
  bool operands = false;  // lists were ingested as operands
  bool resumed = false;
  // It was complete already, and --resume had nothing to do.
  bool was_complete = false;
  double read_seconds = 0;  // and sort
  double write_seconds = 0;
  double ingest_seconds = 0;
  // On error: the folder of what is finished, from which --resume goes on; empty if there is none.
  std::string left;
  uint64_t left_bytes = 0;
  // The same of a new DB that is complete and could not be moved to its place.
  std::string left_staged;
  // On error: it may have been loaded by an earlier call.
  bool may_be_loaded = false;
  // The load is done, but the rejects could not get their name: why. `left` is then the folder that
  // has them, from which --resume writes them; empty if it cannot.
  absl::Status rejects;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_LOAD_OPTIONS_H_
