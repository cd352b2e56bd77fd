#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/common/escapes.h"
#include "tools/common/text.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/json.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_pages.h"
#include "tools/sheaf/output.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "count";

constexpr char kFooter[] =
    R"(With KEYs: the number of values of each list. Without: the number of lists and of their values, of
all keys or of those of --prefix, --from and --to, which apply together. All of it is read;
`sheaf stats` is faster if an estimate will do.

Formats:
  text    of one KEY the number alone; of several, `key TAB number` a line, with the escapes of
          tsv. Without KEY, a line `lists N` and a line `values N`.
  json    {"key":"...","count":N} a line; without KEY {"lists":N,"values":N}

A KEY without a list is named on stderr, and the others are printed. KEY is taken literally. With
--escaped, \t \n \\ and \xHH in it are replaced. Put -- before a KEY that begins with -.

Examples:
  sheaf count --db lists.db
  sheaf count --db lists.db --prefix user:
  sheaf count --db lists.db user:7 user:8

Exit status: 0 success; 1 failed: no such key, a value that is not a list and was not counted, or a
log is damaged (the lists as they were before the damage are counted); 2 bad usage.)";

struct Arguments {
  DbName db;
  std::vector<std::string> keys;
  RangeArguments range;
  bool json = false;
};

// Returns false, with a complaint, if there is nothing to count.
bool CountKey(const Arguments& arguments, const std::string& key, ListDb& lists, Output& out) {
  uint64_t first = 0;
  uint64_t end = 0;
  rocksdb::Status found;
  if (lists.is_long()) {
    found = lists.long_store().Bounds(rocksdb::ReadOptions(), key, &first, &end);
  } else {
    PinnedBlob list;
    found = lists.store().Get(rocksdb::ReadOptions(), key, &list);
    end = list.size();
  }
  if (found.IsNotFound()) {
    Complain(kName, absl::StrCat(arguments.db.path, ": key not found: ", load::Quoted(key)));
    return false;
  }
  if (!found.ok()) return ExitOf(kName, FromRocks(arguments.db.path, found)) == kExitOk;
  std::string line;
  if (arguments.json) {
    line.append("{\"key\":");
    AppendJsonText(key, &line);
    absl::StrAppend(&line, ",\"count\":", end - first, "}");
  } else {
    if (arguments.keys.size() > 1) {
      load::AppendEscaped(key, &line);
      line.push_back('\t');
    }
    absl::StrAppend(&line, end - first);
  }
  out.Write(line + "\n");
  return true;
}

// As CountKey().
bool CountRange(const Arguments& arguments, ListDb& lists, Output& out) {
  uint64_t keys = 0;
  uint64_t values = 0;
  uint64_t undecodable = 0;
  ListPages scan(lists, arguments.range.range, arguments.range.prefix);
  for (; scan.Valid(); scan.Next()) {
    if (scan.fault().has_value()) {
      ++undecodable;
      continue;
    }
    ++keys;
    values += scan.end() - scan.first();
  }
  if (!scan.status().ok()) {
    return ExitOf(kName, FromRocks(arguments.db.path, scan.status())) == kExitOk;
  }
  out.Write(arguments.json ? absl::StrCat("{\"lists\":", keys, ",\"values\":", values, "}\n")
                           : absl::StrCat("lists ", keys, "\nvalues ", values, "\n"));
  if (undecodable == 0) return true;
  Complain(kName, absl::StrCat(arguments.db.path, ": ", load::Plural(undecodable, "key"),
                               " with a value that is not a list, not counted; `sheaf verify` "
                               "names them"));
  return false;
}

int Run(Arguments& arguments) {
  for (std::string& key : arguments.keys) {
    if (!DecodeArgument(kName, "KEY", arguments.range.escaped, &key)) return kExitUsage;
  }
  if (!DecodeRange(kName, &arguments.range)) return kExitUsage;
  std::unique_ptr<ListDb> lists;
  if (absl::Status status = ListDb::OpenForReadOnly(arguments.db, &lists, ListDb::Knows::kLong);
      !status.ok()) {
    return ExitOf(kName, status);
  }
  bool all = HasAllLogs(kName, *lists);
  Output out(STDOUT_FILENO, "stdout");
  for (const std::string& key : arguments.keys) all = CountKey(arguments, key, *lists, out) && all;
  if (arguments.keys.empty()) all = CountRange(arguments, *lists, out) && all;
  const int written = ExitOf(kName, out.Finish());
  return all ? written : kExitFailed;
}

}  // namespace

void AddCountCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Count lists and values");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  AddDb(*sub, &arguments->db);
  CLI::Option* const keys =
      AddTexts(*sub, "KEY", &arguments->keys, "The keys (default: all, or those of a range)");
  for (CLI::Option* const option : AddRange(*sub, &arguments->range)) option->excludes(keys);
  AddJson(*sub, &arguments->json);
  sub->callback([arguments, exit_status] { *exit_status = Run(*arguments); });
}

}  // namespace tool
}  // namespace sheaf
