// Names of the files that a load makes in its temporary folder.
//
// A journal may name these and no others: whatever else it names, no load has written it.
//
// Thread safety: free functions.
//
//   uint64_t number = 0;
//   if (ParseRunName("run-000007", &number)) EXPECT_EQ(RunName(number), "run-000007");

#ifndef SHEAF_TOOLS_LOAD_LOAD_FILES_H_
#define SHEAF_TOOLS_LOAD_LOAD_FILES_H_

#include <cstdint>
#include <string>
#include <string_view>

namespace sheaf {
namespace load {

constexpr char kJournalName[] = "journal";
// A new DB, or SSTs for others, until they are moved to their place.
constexpr char kStagedName[] = "new";
// Rows that were skipped, until the load succeeded.
constexpr char kRejectsName[] = "rejects";

// "run-000007".
std::string RunName(uint64_t number);
// True for what RunName() returns; then `*number` is set. It is less than 10^15.
bool ParseRunName(std::string_view name, uint64_t* number);

// "range-3-0.sst", "sorted-3-piece-1.sst": numbers of a range or a part, and of its file.
bool IsSstName(std::string_view name);

// Any of them.
bool IsLoadFileName(std::string_view name);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_LOAD_FILES_H_
