// Recovery: what an interrupted load has left, and how far it came.
//
// LoadJournal::Find() finds the folder of the load, ReadState() reads what its journal says, and
// Recover() looks where the load has put what it made: what it had recorded last may have been done
// or not.
//
// Thread safety: free functions; one thread.
//
//   absl::StatusOr<LoadState> state = ReadState(load, *journal);
//   if (!state.ok()) return state.status();
//   const Recovery recovery = Recover(load, *std::move(state), journal.get());
//   if (recovery.status.ok() && recovery.is_complete) journal->Remove();

#ifndef SHEAF_TOOLS_LOAD_RESUME_RECOVERY_H_
#define SHEAF_TOOLS_LOAD_RESUME_RECOVERY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tools/common/key_order.h"
#include "tools/database/database.h"
#include "tools/load/resume/load_journal.h"
#include "tools/load/resume/load_place.h"
#include "tools/load/resume/load_state.h"

namespace sheaf {
namespace load {

// The load that is to go on. All borrowed.
struct ResumingLoad {
  // That is loaded into, or whose options SSTs for others have.
  const Database* database = nullptr;
  const LoadPlace* place = nullptr;
  const KeyOrder* order = nullptr;
  uint64_t shards = 1;
  bool can_read_again = true;  // the inputs
};

struct Recovery {
  // Why the load cannot go on. What follows holds as well if this is an error.
  absl::Status status;
  // What is finished and still there.
  LoadState state;
  // What the load made is at its place.
  bool is_complete = false;
  // With an error: nothing tells whether it is.
  bool may_be_loaded = false;
};

// Errors: DataLoss, if the journal has what no load like this one writes.
absl::StatusOr<LoadState> ReadState(const ResumingLoad& load, const LoadJournal& journal);

// `state`: what ReadState() gave. Records in `journal` what it finds out, and removes what was
// staged if the load cannot go on from it. Errors: FailedPrecondition, with what to do, if it
// cannot tell whether the load is complete, if another process has made what is at its place
// meanwhile, or if the staged folder is another user's; Internal.
Recovery Recover(const ResumingLoad& load, LoadState state, LoadJournal* journal);

// True if a load with this digest of inputs and options (DigestOf()) is complete at `place`. Such
// a load was killed after it had removed its folder.
absl::StatusOr<bool> IsComplete(const Database& database, const LoadPlace& place,
                                const std::string& digest);

// Tells `note` of each folder that an interrupted load into the same place has left. `prefix` and
// `what`: as for LoadJournal::Leftovers().
void NoteLeftovers(const std::string& prefix, const std::vector<JournalRecord>& what,
                   const LoadJournal::Note& note);

// True if the same load may succeed later: what it has finished is worth keeping.
bool MayGoAway(const absl::Status& error);

// True if `staged` is there, but not in the folder of `journal`.
bool IsOutside(const std::string& staged, const LoadJournal& journal);

// Removes the staged folder, after a record of that. Errors: those of LoadJournal::Append(); then
// nothing is removed.
absl::Status Unstage(const std::string& staged, LoadJournal* journal);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_RESUME_RECOVERY_H_
