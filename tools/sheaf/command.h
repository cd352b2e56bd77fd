// Commands: helpers that all sub-commands of `sheaf` share.
//
// Each sub-command is a file `<name>_command.cc` with one function Add<Name>Command, which adds the
// sub-command to the parser. (Those that edit a list share edit_commands.cc.) If the user chooses
// the sub-command, it runs and sets `*exit_status`.
//
// Exit status: 0 success; 1 the operation failed, or verify found a fault; 2 bad usage.

#ifndef SHEAF_TOOLS_SHEAF_COMMAND_H_
#define SHEAF_TOOLS_SHEAF_COMMAND_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "tools/common/input_files.h"
#include "tools/common/text.h"
#include "tools/sheaf/list_db.h"

namespace sheaf {
namespace tool {

constexpr int kExitOk = 0;
constexpr int kExitFailed = 1;
constexpr int kExitUsage = 2;

// How get and scan print lists. From kTsv on: as rows, as export does.
enum class ListFormat { kText, kJson, kRaw, kTsv, kJsonl, kFramed, kCsv };
struct ListFormatArguments {
  ListFormat format = ListFormat::kText;
  bool header = false;  // of csv
};

void AddLoadCommand(CLI::App& app, int* exit_status);
void AddGetCommand(CLI::App& app, int* exit_status);
// append, put, delete, trim, remove and clear.
void AddEditCommands(CLI::App& app, int* exit_status);
void AddScanCommand(CLI::App& app, int* exit_status);
void AddKeysCommand(CLI::App& app, int* exit_status);
void AddCountCommand(CLI::App& app, int* exit_status);
void AddExportCommand(CLI::App& app, int* exit_status);
void AddFamiliesCommand(CLI::App& app, int* exit_status);
void AddStatsCommand(CLI::App& app, int* exit_status);
void AddCompactCommand(CLI::App& app, int* exit_status);
void AddVerifyCommand(CLI::App& app, int* exit_status);
void AddRepairCommand(CLI::App& app, int* exit_status);
void AddConvertCommand(CLI::App& app, int* exit_status);
void AddInspectCommand(CLI::App& app, int* exit_status);

// Where several arguments are allowed, CLI11 splits `[a,b]` into `a` and `b`, which would change a
// value like `[1,2]`. So main() protects arguments before it parses them. Text options remove the
// protection: AddText() does so itself; for raw results, call Unprotect().
std::string Protect(std::string argument);
std::string Unprotect(std::string argument);
CLI::Option* AddText(CLI::App& app, const std::string& name, std::string* text,
                     const std::string& help);
// A positional argument that may be given several times.
CLI::Option* AddTexts(CLI::App& app, const std::string& name, std::vector<std::string>* texts,
                      const std::string& help);
CLI::Option* AddFamily(CLI::App& app, std::string* family);
// --wal-dir and --db-path.
void AddFolders(CLI::App& app, load::DbFolders* folders);
// --db of an existing DB.
void AddDbFolder(CLI::App& app, DbName* db);
// --db, --cf, --wal-dir and --db-path of an existing DB.
void AddDb(CLI::App& app, DbName* db);

// The keys that a command reads: --prefix, --from, --to and --escaped.
struct RangeArguments {
  std::string prefix;
  KeyRange range;
  bool escaped = false;
};
// Returns the options, without --escaped.
std::vector<CLI::Option*> AddRange(CLI::App& app, RangeArguments* range);
// As DecodeArgument().
bool DecodeRange(std::string_view command, RangeArguments* range);

// Returns InvalidArgument if stdout or stderr is one of `inputs`. If stderr is one, messages go to
// stdout from then on, or nowhere, because stderr would write them into the input.
absl::Status CheckStreams(const load::InputFiles& inputs);

// Adds an option that takes one of the names of `choices`; calls `set` with the value for that
// name.
template <typename T>
CLI::Option* AddChoice(CLI::App& app, const std::string& name,
                       std::vector<std::pair<std::string, T>> choices, std::function<void(T)> set,
                       const std::string& help) {
  const auto choose = [name, choices, set](const std::string& argument) {
    std::string names;
    for (size_t i = 0; i < choices.size(); ++i) {
      if (argument == choices[i].first) return set(choices[i].second);
      names += (i == 0 ? "" : i + 1 < choices.size() ? ", " : " or ") + choices[i].first;
    }
    throw CLI::ValidationError(name, "expected " + names + ", found " + load::Quoted(argument));
  };
  return app.add_option_function<std::string>(name, choose, help);
}

// Adds an option that takes a whole number from `min` to `max`.
CLI::Option* AddNumber(CLI::App& app, const std::string& name, uint64_t min, uint64_t max,
                       const std::function<void(uint64_t)>& set, const std::string& help);

// --page-bytes. Ends with bad usage if it is not a size, or more than LongStore takes.
CLI::Option* AddPageBytes(CLI::App& app, const std::function<void(uint64_t)>& set,
                          const std::string& help);
// --format text or json.
CLI::Option* AddJson(CLI::App& app, bool* json);
// --format and --header of get and scan.
void AddListFormat(CLI::App& app, ListFormatArguments* arguments);
// --header of what writes csv.
void AddHeader(CLI::App& app, bool* header);
// On --header with another format, which is bad usage, complains and returns false.
bool CheckHeader(std::string_view command, bool header, bool is_csv);

// Prints "sheaf <command>: <text>" on stderr.
void Complain(std::string_view command, std::string_view text);

// Returns the exit status for `status`. Complains if it is an error.
int ExitOf(std::string_view command, const absl::Status& status);

// True if all logs of `lists` were read to their end. Otherwise complains about each that was not:
// values are missing. The command then prints the DB as it was before the damage, and exits with 1.
bool HasAllLogs(std::string_view command, const ListDb& lists);

// Replaces escapes (tools/common/escapes.h) in `*text` if `escaped`. On a bad escape, which is bad
// usage, complains about `what` and returns false.
bool DecodeArgument(std::string_view command, std::string_view what, bool escaped,
                    std::string* text);

}  // namespace tool
}  // namespace sheaf

#endif  // SHEAF_TOOLS_SHEAF_COMMAND_H_
