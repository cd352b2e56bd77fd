#include <unistd.h>

#include <limits>
#include <memory>
#include <string>

#include "tools/common/escapes.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/json.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_pages.h"
#include "tools/sheaf/output.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "keys";

constexpr char kFooter[] =
    R"(Keys are in the order of the DB's comparator. --prefix, --from and --to apply together. A key with
an empty list, or with a value that is not a list, is a key too.

Formats:
  text    one key a line, with the escapes of tsv
  json    one string a line. A key that is not UTF-8 is {"base64":"..."}.

Examples:
  sheaf keys --db lists.db --prefix user: --limit 10
  sheaf keys --db lists.db --from 2024-01 --to 2024-02 --format json

Exit status: 0 success; 1 failed, or a log is damaged (the keys as they were before the damage are
printed); 2 bad usage.)";

struct Arguments {
  DbName db;
  RangeArguments range;
  uint64_t limit = std::numeric_limits<uint64_t>::max();
  bool json = false;
};

int Run(Arguments& arguments) {
  if (!DecodeRange(kName, &arguments.range)) return kExitUsage;
  std::unique_ptr<ListDb> lists;
  if (absl::Status status = ListDb::OpenForReadOnly(arguments.db, &lists, ListDb::Knows::kLong);
      !status.ok()) {
    return ExitOf(kName, status);
  }
  const bool whole = HasAllLogs(kName, *lists);
  Output out(STDOUT_FILENO, "stdout");
  std::string line;
  ListPages scan(*lists, arguments.range.range, arguments.range.prefix);
  for (uint64_t keys = 0; scan.Valid() && keys < arguments.limit && out.ok(); scan.Next(), ++keys) {
    line.clear();
    if (arguments.json) {
      AppendJsonText(scan.key(), &line);
    } else {
      load::AppendEscaped(scan.key(), &line);
    }
    line.push_back('\n');
    out.Write(line);
  }
  const int written = ExitOf(kName, out.Finish());
  if (!scan.status().ok()) return ExitOf(kName, FromRocks(arguments.db.path, scan.status()));
  return whole ? written : kExitFailed;
}

}  // namespace

void AddKeysCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Print the keys of a range");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  AddDb(*sub, &arguments->db);
  AddRange(*sub, &arguments->range);
  AddNumber(
      *sub, "--limit", 0, std::numeric_limits<uint64_t>::max(),
      [arguments](uint64_t limit) { arguments->limit = limit; }, "At most N keys (default: all)");
  AddJson(*sub, &arguments->json);
  sub->callback([arguments, exit_status] { *exit_status = Run(*arguments); });
}

}  // namespace tool
}  // namespace sheaf
