// Load: puts rows of files into a DB, all or nothing.
//
// The steps of a load:
//   1. CheckLoad (preflight.h) finds what would stop the load later.
//   2. LoadJournal records what is finished. With --resume, Recover (resume/recovery.h) finds out
//      how far an interrupted load came.
//   3. ListBuilder makes SSTs of the rows, outside of the DB.
//   4. IngestLists (delivery.h) gives the SSTs to the DB in one step. Until then the DB is as it
//   was.
//      A new DB is made elsewhere and moved to its place (resume/load_place.h).
//   5. What is left of the load is removed, or kept for --resume if the load failed.
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

#include "absl/status/status.h"
#include "tools/load/load_options.h"

namespace sheaf {
namespace load {

// On error nothing was loaded; what was finished is kept for --resume if the error is one that may
// go away. Errors: InvalidArgument, a malformed row; ResourceExhausted, a row that memory does not
// hold, a list past RocksDB's limit, or a limit of address space that leaves too little;
// Unavailable, memory ran out; AlreadyExists, kCreateOnly; FailedPrecondition, a DB that is locked
// or does not fit; Cancelled, SIGINT or SIGTERM; Unimplemented, `resume` of input that cannot be
// read again; others as they come. Messages name file and line.
absl::Status Load(const LoadOptions& options, LoadSummary* summary);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_LOADER_H_
