// LoadInputs: the inputs of a load, as they are known without opening them.
//
// Thread safety: none.
//
//   LoadInputs inputs;
//   absl::Status status = inputs.Look({"rows.tsv", "-"});
//   if (!inputs.can_read_again()) return absl::UnimplementedError("stdin is read once");

#ifndef SHEAF_TOOLS_LOAD_RESUME_LOAD_INPUTS_H_
#define SHEAF_TOOLS_LOAD_RESUME_LOAD_INPUTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "tools/load/resume/journal_records.h"

namespace sheaf {
namespace load {

class LoadInputs {
 public:
  // "-" is stdin. Opens nothing, as that would disturb a FIFO. Errors, naming the first that cannot
  // be read: NotFound; InvalidArgument, a folder; Internal with the reason.
  absl::Status Look(const std::vector<std::string>& paths);

  // All are regular files, so that a load can read them twice or go on after a kill.
  bool can_read_again() const { return can_read_again_; }
  // Of the regular files.
  uint64_t total_bytes() const { return total_bytes_; }
  // Whether they can be read again, and path, size and time of change of each file: a load that
  // resumes must have the same.
  std::vector<JournalRecord> Records() const;

 private:
  absl::Status LookAt(const std::string& path);

  bool can_read_again_ = true;
  uint64_t total_bytes_ = 0;
  std::vector<JournalRecord> files_;
};

// can_read_again() of the load whose journal begins with `what`, Records() among it.
bool CanReadAgain(const std::vector<JournalRecord>& what);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_RESUME_LOAD_INPUTS_H_
