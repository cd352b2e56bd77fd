#include <unistd.h>

#include <limits>
#include <memory>

#include "absl/strings/str_cat.h"
#include "tools/common/text.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_pages.h"
#include "tools/sheaf/list_text.h"
#include "tools/sheaf/output.h"
#include "tools/sheaf/repeated_messages.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "scan";

constexpr char kFooter[] =
    R"(Keys are in the order of the DB's comparator. --prefix, --from and --to apply together.

Formats:
  text    one `key TAB value` a line, with the escapes of tsv. A key with an empty list is a line
          without TAB.
  json    one {"key":"...","layout":"compact","count":2,"values":[...]} a line. Bytes that are
          not UTF-8 are {"base64":"..."}. A long list has "first":P before "count": the position
          of its first value.
  raw     the bytes of all values, with nothing between them
  tsv, jsonl, framed, csv
          rows, as `sheaf export` writes them and `sheaf load` reads them: see `sheaf export
          --help`. All but jsonl leave out keys with an empty list, which they cannot express.

Examples:
  sheaf scan --db lists.db --prefix user: --limit 10
  sheaf scan --db lists.db --from 2024-01 --to 2024-02 --format json
  sheaf scan --db lists.db --limit 100 --format csv --header

Exit status: 0 success; 1 failed, or a value is not a list, or a key is left out (the others are
printed), or a log is damaged (the lists as they were before the damage are printed); 2 bad
usage.)";

struct Arguments {
  DbName db;
  RangeArguments range;
  uint64_t limit = std::numeric_limits<uint64_t>::max();
  ListFormatArguments format;
};

int Run(Arguments& arguments) {
  const ListFormatArguments& format = arguments.format;
  if (!CheckHeader(kName, format.header, format.format == ListFormat::kCsv)) return kExitUsage;
  if (!DecodeRange(kName, &arguments.range)) return kExitUsage;
  std::unique_ptr<ListDb> lists;
  if (absl::Status status = ListDb::OpenForReadOnly(arguments.db, &lists, ListDb::Knows::kLong);
      !status.ok()) {
    return ExitOf(kName, status);
  }
  const bool whole = HasAllLogs(kName, *lists);
  Output out(STDOUT_FILENO, "stdout");
  ListText text(format, out);
  uint64_t keys = 0;
  uint64_t undecodable = 0;
  RepeatedMessages repeated;
  rocksdb::Status read;
  const auto tell = [&](const ListFault& fault) {
    ++undecodable;
    if (repeated.Shows(fault.why)) {
      Complain(kName, absl::StrCat(arguments.db.path, ": ", fault.Text()));
    }
    return true;
  };
  ListPages scan(*lists, arguments.range.range, arguments.range.prefix);
  for (; scan.Valid() && keys < arguments.limit && out.ok() && read.ok(); scan.Next()) {
    ++keys;
    if (scan.fault().has_value()) {
      tell(*scan.fault());
      continue;
    }
    ListText::Whole whole;
    whole.layout = lists->layout();
    if (lists->is_long()) whole.first = scan.first();
    whole.count = scan.end() - scan.first();
    text.Begin(scan.key(), whole);
    read = scan.ForEach(
        0,
        [&](uint64_t /*position*/, const BlobView& page) {
          text.Add(page, 0, page.size());
          return out.ok();
        },
        tell);
    text.End();
  }
  const int written = ExitOf(kName, out.Finish());
  for (const std::string& rest : repeated.Rest()) {
    Complain(kName, absl::StrCat(arguments.db.path, ": ", rest, ". `sheaf verify` names them"));
  }
  if (!read.ok()) return ExitOf(kName, FromRocks(arguments.db.path, read));
  if (!scan.status().ok()) return ExitOf(kName, FromRocks(arguments.db.path, scan.status()));
  const bool all = text.CheckAllWritten(kName) && undecodable == 0 && whole;
  return all ? written : kExitFailed;
}

}  // namespace

void AddScanCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Print the lists of a range of keys");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  AddDb(*sub, &arguments->db);
  AddRange(*sub, &arguments->range);
  AddNumber(
      *sub, "--limit", 0, std::numeric_limits<uint64_t>::max(),
      [arguments](uint64_t limit) { arguments->limit = limit; }, "At most N keys (default: all)");
  AddListFormat(*sub, &arguments->format);
  sub->callback([arguments, exit_status] { *exit_status = Run(*arguments); });
}

}  // namespace tool
}  // namespace sheaf
