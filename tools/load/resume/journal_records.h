// Records of a load's journal, as bytes: lines of XXH3 of the rest, then fields, escaped as in tsv.
//
// A journal begins with a header: `load`, a `what` for each input and option, `begun`. The header
// reaches the disk as a whole before anything follows it. So does each record behind it, unless its
// kind MayBeLost(). A power cut can lose some sectors of what had not reached the disk and leave
// those behind them: they read as zeros. So zeros are of no account if nothing behind them had to
// reach the disk, and damage otherwise. Any other change is damage, unless it cuts off the end.
//
// Thread safety: pure functions.
//
//   const JournalContents contents = ParseJournal(bytes, "x.load-Zk3bQx/journal");
//   if (!contents.damage.ok()) return contents.damage;
//   const size_t finished = contents.begun ? contents.records.size() : 0;

#ifndef SHEAF_TOOLS_LOAD_RESUME_JOURNAL_RECORDS_H_
#define SHEAF_TOOLS_LOAD_RESUME_JOURNAL_RECORDS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace sheaf {
namespace load {

// Kind, then fields. Never empty.
using JournalRecord = std::vector<std::string>;

// Kinds whose loss costs time only: what they tell is found out or done again.
constexpr char kRunRecord[] = "run";
constexpr char kPlanRecord[] = "plan";
constexpr char kNotSortedRecord[] = "not-sorted";
constexpr char kDoneRecord[] = "done";
bool MayBeLost(std::string_view kind);

struct JournalContents {
  // All of the header is there: what follows is known.
  bool begun = false;
  // 24 hex digits.
  std::string id;
  // Each has a name and a value at least.
  std::vector<JournalRecord> what;
  // Those behind the header.
  std::vector<JournalRecord> records;
  // Bytes at the front that are whole records. If there is no damage, what is behind them was never
  // written.
  uint64_t whole = 0;
  // DataLoss, with the offset, if a record is damaged. Those before it are here.
  absl::Status damage;
};

// Any bytes may be given. `name`: of the journal, for messages.
JournalContents ParseJournal(std::string_view bytes, const std::string& name);

// With its end of line.
std::string JournalLine(const JournalRecord& record);
// All lines of the header.
std::string JournalHeader(const std::string& id, const std::vector<JournalRecord>& what);

// A name for `what` that has one size.
std::string DigestOf(const std::vector<JournalRecord>& what);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_RESUME_JOURNAL_RECORDS_H_
