// Any bytes at all, as the journal of a load in a folder that somebody left: `--resume` takes it or
// says why not, and what it takes is read as the same again, with what is appended to it.
//
// The first byte chooses how much of the journal is right: nothing (0), the checksum of each line
// (1), or also the records that a load begins with (2).

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#define XXH_INLINE_ALL
#include "absl/strings/str_cat.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/scratch.h"
#include "tools/load/resume/load_journal.h"
#include "tools/load/resume/load_state.h"
#include "xxhash.h"

namespace sheaf {
namespace load {
namespace {

using fuzz::Check;
using Record = LoadJournal::Record;

std::string Line(std::string_view fields) {
  return absl::StrCat(absl::Hex(XXH3_64bits(fields.data(), fields.size()), absl::kZeroPad16), "\t",
                      absl::string_view(fields.data(), fields.size()), "\n");
}

void CheckStatus(const absl::Status& status) {
  Check(absl::IsDataLoss(status) || absl::IsFailedPrecondition(status), "a journal is refused",
        status.ToString());
  Check(!status.message().empty(), "a refusal says why");
}

std::vector<Record> CheckFound(const LoadJournal& journal) {
  const absl::StatusOr<LoadState> state = LoadState::Read(journal);
  if (!state.ok()) CheckStatus(state.status());
  // Numbers of files that are made go on behind those that are there.
  for (size_t i = 0; state.ok() && i < state->build.runs.size(); ++i) {
    Check(!state->build.runs.empty(), "runs have names");
  }
  return journal.records();
}

void CheckJournal(fuzz::Input input) {
  const unsigned right = input.Byte() % 3;
  const std::vector<Record> what = {{"--db", "/lists.db"}, {"--input", "rows.tsv", "12"}};
  const std::string prefix = fuzz::ScratchFolder() + "/sheaf-load-";
  const std::string folder = fuzz::NewFolder("sheaf-load-abcdef");
  std::string journal;
  if (right == 2) {
    journal = Line("load\t1\t0123456789abcdef01234567") + Line("what\t--db\t/lists.db") +
              Line("what\t--input\trows.tsv\t12");
  }
  while (right != 0 && !input.empty()) journal += Line(input.Until("\n"));
  if (right == 0) journal = std::string(input.Rest());
  fuzz::WriteFile(folder + "/journal", journal);

  LoadJournal::Leftovers(prefix, what);
  auto found = LoadJournal::Find(prefix, what);
  if (!found.ok()) return CheckStatus(found.status());
  if (*found == nullptr) return;
  Check((*found)->what() == what, "what is found is a load of the same");
  Check(!(*found)->id().empty(), "a load has a name");
  std::vector<Record> records = CheckFound(**found);
  records.push_back({"done", "a\tb\n", ""});
  Check((*found)->Append(records.back()).ok(), "a record can be appended");
  found->reset();  // its lock
  found = LoadJournal::Find(prefix, what);
  Check(found.ok() && *found != nullptr, "it is found again", found.status().ToString());
  Check((*found)->records() == records, "its records are as before, and what was appended");
}

}  // namespace
}  // namespace load
}  // namespace sheaf

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sheaf::load::CheckJournal(sheaf::fuzz::Input(data, size));
  return 0;
}
