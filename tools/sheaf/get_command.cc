#include <unistd.h>

#include <limits>
#include <memory>
#include <optional>

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
  text    one value a line, with the escapes of tsv
  json    {"key":"...","layout":"compact","count":2,"zero_copy":true,"values":[...]}
          in one line. Bytes that are not UTF-8 are {"base64":"..."}. With --index, `values`
          holds that one value, and `count` is still the length of the list.
  raw     the bytes of the values, with nothing between them

KEY is taken literally. With --escaped, \t \n \\ and \xHH in it are replaced. Put -- before a KEY
that begins with -.

Examples:
  sheaf get --db lists.db user:7
  sheaf get --db lists.db --index 0 --format raw image:3 > image.png
  sheaf get --db lists.db --escaped '\x00\x07' --format json

Exit status: 0 success; 1 failed: no such key, no such index, not a list, or a log is damaged (the
list as it was before the damage is printed); 2 bad usage.)";

struct Arguments {
  DbName db;
  std::string key;
  bool escaped = false;
  std::optional<uint64_t> index;
  ListFormat format = ListFormat::kText;
};

int Run(Arguments& arguments) {
  if (!DecodeArgument(kName, "KEY", arguments.escaped, &arguments.key)) return kExitUsage;
  std::unique_ptr<ListDb> lists;
  if (absl::Status status = ListDb::OpenForReadOnly(arguments.db, &lists); !status.ok()) {
    return ExitOf(kName, status);
  }
  const bool whole = HasAllLogs(kName, *lists);
  PinnedBlob list;
  const rocksdb::Status found = lists->store().Get(rocksdb::ReadOptions(), arguments.key, &list);
  if (found.IsNotFound()) {
    Complain(kName,
             absl::StrCat(arguments.db.path, ": key not found: ", load::Quoted(arguments.key)));
    return kExitFailed;
  }
  if (!found.ok()) return ExitOf(kName, FromRocks(arguments.db.path, found));
  if (arguments.index.has_value() && *arguments.index >= list.size()) {
    Complain(kName, absl::StrCat(
                        "--index ", *arguments.index, ": the list of key ",
                        load::Quoted(arguments.key), " has ", load::Plural(list.size(), "value"),
                        list.empty() ? "" : absl::StrCat("; the last index is ", list.size() - 1)));
    return kExitFailed;
  }
  Output out(STDOUT_FILENO, "stdout");
  ListText text;
  text.format = arguments.format;
  text.with_key = false;
  text.zero_copy = list.zero_copy();
  text.index = arguments.index;
  text.Write(arguments.key, list.view(), out);
  const int written = ExitOf(kName, out.Finish());
  return whole ? written : kExitFailed;
}

}  // namespace

void AddGetCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Print the list of a key");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  AddDb(*sub, &arguments->db);
  AddText(*sub, "KEY", &arguments->key, "The key")->required()->type_name("");
  sub->add_flag("--escaped", arguments->escaped, "KEY has escapes, as in tsv");
  AddNumber(
      *sub, "--index", 0, std::numeric_limits<uint64_t>::max(),
      [arguments](uint64_t index) { arguments->index = index; },
      "Print one value only; the first is 0")
      ->type_name("I");
  AddListFormat(*sub, &arguments->format);
  sub->callback([arguments, exit_status] { *exit_status = Run(*arguments); });
}

}  // namespace tool
}  // namespace sheaf
