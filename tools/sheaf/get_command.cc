#include <unistd.h>

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "tools/common/escapes.h"
#include "tools/common/text.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_text.h"
#include "tools/sheaf/output.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "get";

constexpr char kFooter[] =
    R"(Formats:
  text    one value a line, with the escapes of tsv. Of several keys, one `key TAB value` a line,
          as `sheaf scan` prints; a key with an empty list is then a line without TAB.
  json    {"key":"...","layout":"compact","count":2,"zero_copy":true,"values":[...]}
          in one line for each key. Bytes that are not UTF-8 are {"base64":"..."}. With --index
          or --last, `values` holds only these values, and `count` is still the length of the
          list.
  raw     the bytes of the values, with nothing between them
  tsv, jsonl, framed, csv
          rows, as `sheaf export` writes them and `sheaf load` reads them: see `sheaf export
          --help`. All but jsonl leave out keys with an empty list, which they cannot express.

Keys are printed in the order in which they are given. A key without a list, or without the value
of --index, is named on stderr, and the others are printed.

KEY is taken literally. With --escaped, \t \n \\ and \xHH in it are replaced. Put -- before a KEY
that begins with -.

Examples:
  sheaf get --db lists.db user:7
  sheaf get --db lists.db --last 20 user:7 user:8
  sheaf get --db lists.db --index 0 --format raw image:3 > image.png
  sheaf get --db lists.db --escaped '\x00\x07' --format json
  sheaf get --db lists.db --last 20 --format csv --header user:7 user:8

Exit status: 0 success; 1 failed: no such key, no such index, not a list, a key left out, or a log
is damaged (the list as it was before the damage is printed); 2 bad usage.)";

struct Arguments {
  DbName db;
  std::vector<std::string> keys;
  bool escaped = false;
  std::optional<uint64_t> index;
  std::optional<uint64_t> last;
  ListFormatArguments format;
};

// Returns false, with a complaint, if there is nothing to print.
bool Print(const Arguments& arguments, const std::string& key, ListDb& lists, ListText& text) {
  PinnedBlob list;
  const rocksdb::Status found = lists.store().Get(rocksdb::ReadOptions(), key, &list);
  if (found.IsNotFound()) {
    Complain(kName, absl::StrCat(arguments.db.path, ": key not found: ", load::Quoted(key)));
    return false;
  }
  if (!found.ok()) return ExitOf(kName, FromRocks(arguments.db.path, found)) == kExitOk;
  if (arguments.index.has_value() && *arguments.index >= list.size()) {
    Complain(kName, absl::StrCat(
                        "--index ", *arguments.index, ": the list of key ", load::Quoted(key),
                        " has ", load::Plural(list.size(), "value"),
                        list.empty() ? "" : absl::StrCat("; the last index is ", list.size() - 1)));
    return false;
  }
  text.zero_copy = list.zero_copy();
  text.Write(key, list.view());
  return true;
}

int Run(Arguments& arguments) {
  const ListFormatArguments& format = arguments.format;
  if (!CheckHeader(kName, format.header, format.format == ListFormat::kCsv)) return kExitUsage;
  for (std::string& key : arguments.keys) {
    if (!DecodeArgument(kName, "KEY", arguments.escaped, &key)) return kExitUsage;
  }
  std::unique_ptr<ListDb> lists;
  if (absl::Status status = ListDb::OpenForReadOnly(arguments.db, &lists); !status.ok()) {
    return ExitOf(kName, status);
  }
  bool all = HasAllLogs(kName, *lists);
  Output out(STDOUT_FILENO, "stdout");
  ListText text(format, out);
  text.with_key = arguments.keys.size() > 1;
  text.index = arguments.index;
  text.last = arguments.last;
  for (const std::string& key : arguments.keys) {
    if (!out.ok()) break;
    all = Print(arguments, key, *lists, text) && all;
  }
  const int written = ExitOf(kName, out.Finish());
  all = text.CheckAllWritten(kName) && all;
  return all ? written : kExitFailed;
}

}  // namespace

void AddGetCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Print the lists of keys");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  AddDb(*sub, &arguments->db);
  AddTexts(*sub, "KEY", &arguments->keys, "The keys")->required();
  sub->add_flag("--escaped", arguments->escaped, "KEY has escapes, as in tsv");
  CLI::Option* const index = AddNumber(
      *sub, "--index", 0, std::numeric_limits<uint64_t>::max(),
      [arguments](uint64_t index) { arguments->index = index; },
      "Print one value only; the first is 0");
  index->type_name("I");
  AddNumber(
      *sub, "--last", 1, std::numeric_limits<uint64_t>::max(),
      [arguments](uint64_t last) { arguments->last = last; }, "Print only the last N values")
      ->excludes(index);
  AddListFormat(*sub, &arguments->format);
  sub->callback([arguments, exit_status] { *exit_status = Run(*arguments); });
}

}  // namespace tool
}  // namespace sheaf
