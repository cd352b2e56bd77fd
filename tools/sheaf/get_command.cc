#include <unistd.h>

#include <algorithm>
#include <cstdint>
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
#include "tools/sheaf/list_pages.h"
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
          in one line for each key. Bytes that are not UTF-8 are {"base64":"..."}. With --index,
          --last, --from or --count, `values` holds only these values, and `count` is still the
          length of the list. A long list has "first":P instead of "zero_copy": the position of
          its first value.
  raw     the bytes of the values, with nothing between them
  tsv, jsonl, framed, csv
          rows, as `sheaf export` writes them and `sheaf load` reads them: see `sheaf export
          --help`. All but jsonl leave out keys with an empty list, which they cannot express.

Positions count from the list's beginning, 0 for the first value. Those of a long list stay as they
are when older values are trimmed: --from P --count N prints the values at P up to P + N - 1 that
are there, and nothing past the end. So a consumer goes on where it left off. --index takes a
position too. Of a long list, only the pages of the values that are printed are read, one at a time.
A page that does not decode is named on stderr, and the others are printed.

Keys are printed in the order in which they are given. A key without a list, or without the value
of --index, is named on stderr, and the others are printed.

KEY is taken literally. With --escaped, \t \n \\ and \xHH in it are replaced. Put -- before a KEY
that begins with -.

Examples:
  sheaf get --db lists.db user:7
  sheaf get --db lists.db --last 20 user:7 user:8
  sheaf get --db events.db --from 120000 --count 1000 user:7
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
  uint64_t from = 0;
  uint64_t count = std::numeric_limits<uint64_t>::max();
  ListFormatArguments format;
};

// The positions of `arguments` among those of a list, [first, end).
struct Wanted {
  uint64_t begin;
  uint64_t end;
};

// Behind the last position of --from and --count.
uint64_t StopOf(const Arguments& arguments) {
  constexpr uint64_t kMax = std::numeric_limits<uint64_t>::max();
  return arguments.count > kMax - arguments.from ? kMax : arguments.from + arguments.count;
}

Wanted WantedOf(const Arguments& arguments, uint64_t first, uint64_t end) {
  if (arguments.index.has_value()) return {*arguments.index, *arguments.index + 1};
  if (arguments.last.has_value()) return {end - std::min(*arguments.last, end - first), end};
  const uint64_t begin = std::clamp(arguments.from, first, end);
  return {begin, std::clamp(StopOf(arguments), begin, end)};
}

// Complains if the value of --index is not there.
bool HasIndex(const Arguments& arguments, const std::string& key, uint64_t first, uint64_t end) {
  if (!arguments.index.has_value() || (*arguments.index >= first && *arguments.index < end)) {
    return true;
  }
  const char* const which =
      *arguments.index < first ? "; the first index is " : "; the last index is ";
  Complain(
      kName,
      absl::StrCat(
          "--index ", *arguments.index, ": the list of key ", load::Quoted(key), " has ",
          load::Plural(end - first, "value"),
          end == first ? "" : absl::StrCat(which, *arguments.index < first ? first : end - 1)));
  return false;
}

bool NotFound(const Arguments& arguments, const std::string& key) {
  Complain(kName, absl::StrCat(arguments.db.path, ": key not found: ", load::Quoted(key)));
  return false;
}

// Returns false, with a complaint, if there is nothing to print.
bool PrintPlain(const Arguments& arguments, const std::string& key, ListDb& lists, ListText& text) {
  PinnedBlob list;
  const rocksdb::Status found = lists.store().Get(rocksdb::ReadOptions(), key, &list);
  if (found.IsNotFound()) return NotFound(arguments, key);
  if (!found.ok()) return ExitOf(kName, FromRocks(arguments.db.path, found)) == kExitOk;
  if (!HasIndex(arguments, key, 0, list.size())) return false;
  text.zero_copy = list.zero_copy();
  const Wanted wanted = WantedOf(arguments, 0, list.size());
  text.Begin(key, {lists.layout(), std::nullopt, list.size(), wanted.begin != wanted.end});
  text.Add(list.view(), wanted.begin, wanted.end);
  text.End();
  return true;
}

// The same. A page that does not decode is named, and the others are printed.
bool PrintLong(const Arguments& arguments, const std::string& key, ListDb& lists, Output& out,
               ListText& text) {
  const ListPages list = ListPages::Of(lists, key);
  const auto complain = [&](const ListFault& fault) {
    Complain(kName, absl::StrCat(arguments.db.path, ": ", fault.Text()));
    return true;
  };
  if (!list.Valid()) {
    if (list.status().ok()) return NotFound(arguments, key);
    return ExitOf(kName, FromRocks(arguments.db.path, list.status())) == kExitOk;
  }
  ListText::Whole whole;
  whole.layout = lists.layout();
  Wanted wanted = {arguments.from, StopOf(arguments)};
  if (!list.fault().has_value()) {
    if (!HasIndex(arguments, key, list.first(), list.end())) return false;
    wanted = WantedOf(arguments, list.first(), list.end());
    whole.first = list.first();
    whole.count = list.end() - list.first();
    whole.any_wanted = wanted.begin != wanted.end;
  } else {
    // Where it ends is not known, but what is before can be read.
    if (arguments.last.has_value() || arguments.format.format == ListFormat::kJson) {
      complain(*list.fault());
      return false;
    }
    if (arguments.index.has_value()) wanted = {*arguments.index, *arguments.index + 1};
    whole.count = 1;
  }
  text.Begin(key, whole);
  bool all = true;
  rocksdb::Status read;
  const auto add = [&](uint64_t position, const BlobView& page) {
    if (position >= wanted.end || !out.ok()) return false;
    const uint64_t from = std::max(wanted.begin, position) - position;
    const uint64_t to = std::min<uint64_t>(wanted.end - position, page.size());
    text.Add(page, std::min(from, to), to);
    return position + page.size() < wanted.end;
  };
  if (wanted.begin != wanted.end) {
    read = list.ForEach(wanted.begin, add, [&](const ListFault& fault) {
      all = false;
      return complain(fault);
    });
  }
  text.End();
  return ExitOf(kName, FromRocks(arguments.db.path, read)) == kExitOk && all;
}

int Run(Arguments& arguments) {
  const ListFormatArguments& format = arguments.format;
  if (!CheckHeader(kName, format.header, format.format == ListFormat::kCsv)) return kExitUsage;
  for (std::string& key : arguments.keys) {
    if (!DecodeArgument(kName, "KEY", arguments.escaped, &key)) return kExitUsage;
  }
  std::unique_ptr<ListDb> lists;
  if (absl::Status status = ListDb::OpenForReadOnly(arguments.db, &lists, ListDb::Knows::kLong);
      !status.ok()) {
    return ExitOf(kName, status);
  }
  bool all = HasAllLogs(kName, *lists);
  Output out(STDOUT_FILENO, "stdout");
  ListText text(format, out);
  text.with_key = arguments.keys.size() > 1;
  for (const std::string& key : arguments.keys) {
    if (!out.ok()) break;
    const bool printed = lists->is_long() ? PrintLong(arguments, key, *lists, out, text)
                                          : PrintPlain(arguments, key, *lists, text);
    all = printed && all;
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
  CLI::Option* const last = AddNumber(
      *sub, "--last", 1, std::numeric_limits<uint64_t>::max(),
      [arguments](uint64_t last) { arguments->last = last; }, "Print only the last N values");
  last->excludes(index);
  AddNumber(
      *sub, "--from", 0, std::numeric_limits<uint64_t>::max(),
      [arguments](uint64_t from) { arguments->from = from; },
      "Print only the values from position P on")
      ->excludes(index)
      ->excludes(last)
      ->type_name("P");
  AddNumber(
      *sub, "--count", 1, std::numeric_limits<uint64_t>::max(),
      [arguments](uint64_t count) { arguments->count = count; },
      "Print at most N values, from position 0 or P on")
      ->excludes(index)
      ->excludes(last);
  AddListFormat(*sub, &arguments->format);
  sub->callback([arguments, exit_status] { *exit_status = Run(*arguments); });
}

}  // namespace tool
}  // namespace sheaf
