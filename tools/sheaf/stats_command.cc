#include <unistd.h>

#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/common/escapes.h"
#include "tools/common/progress.h"
#include "tools/common/text.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/histogram_text.h"
#include "tools/sheaf/json.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_scan.h"
#include "tools/sheaf/list_totals.h"
#include "tools/sheaf/operand_debt.h"
#include "tools/sheaf/output.h"
#include "tools/sheaf/page_totals.h"

namespace sheaf {
namespace tool {
namespace {

using internal::Histogram;

constexpr char kName[] = "stats";

// A DB with less than that is scanned in the blink of an eye.
constexpr uint64_t kQuickScan = uint64_t{64} << 20;

constexpr uint64_t kBytesAProgress = uint64_t{1} << 20;

constexpr char kFooter[] =
    R"(`bytes` counts the values. `encoded_bytes` counts the lists as they are stored, without keys
and before compression. median and p99 are estimated within their bucket.

A small DB (64 MB) is scanned. For a larger one, the command adds up the properties that the
collector sheaf.stats writes into each SST, which takes no time. The result is exact if the SSTs
hold each key once and nothing else is there. Otherwise it is an estimate, and lines
"estimate: ..." say why. --exact and --debt scan the DB; so does the command if the properties are
missing. Properties do not show bytes that were damaged later: `sheaf verify` reads everything.

Long lists are always scanned, as the properties of SSTs count pages. Their open pages alone have
pending operands. --key K looks at the long list of K alone: the positions of its values are `first`
and those behind, before `end`.

--debt also counts pending operands. Each read of a key that has some merges them and copies the
list. `sheaf compact` folds them. `bytes` there counts the operands.

Formats:
  text    numbers and bars: a range, how many are in it, their share, the share up to its end
  json    {"layout":"compact","keys":N,"values":N,"bytes":N,"encoded_bytes":N,
          "values_per_key":[{"from":1,"to":1,"count":N},{"from":2,"to":3,"count":N},...],
          "bytes_per_value":[...],"exact":true} in one line. Empty buckets are left out. If not
          exact, also "reasons":["..."]. With --debt, also "debt":{"operands":N,
          "bytes":N,"keys":N,"top":[{"key":"...","operands":N,"bytes":N},...]}. Of long lists,
          also "page_bytes":N,"sealed_pages":N,"open_pages":N before "keys", and "bytes_per_page"
          after "bytes_per_value". With --key: {"layout":"compact","page_bytes":N,"key":"...",
          "first":N,"end":N,"values":N,"bytes":N,"encoded_bytes":N,"sealed_pages":N,
          "open_page_values":N}

Examples:
  sheaf stats --db lists.db
  sheaf stats --db lists.db --format json
  sheaf stats --db lists.db --debt --top 20
  sheaf stats --db events.db --key user:7

Exit status: 0 success; 1 failed, or a value is not a list and was not counted, or a log is
damaged and what follows the damage was not counted; 2 bad usage.)";

// What is printed. Exact if there are no reasons why not.
struct Stats {
  Layout layout;
  std::optional<PageTotals> pages;  // of long lists
  ListTotals totals;
  std::vector<std::string> reasons;
  uint64_t scan_bytes = 0;
  std::optional<OperandDebt> debt;
};

void AppendJson(const Histogram& histogram, std::string* out) {
  out->push_back('[');
  const char* comma = "";
  for (size_t i = 0; i < Histogram::kBuckets; ++i) {
    if (histogram.counts()[i] == 0) continue;
    absl::StrAppend(out, comma, "{\"from\":", Histogram::From(i), ",\"to\":", Histogram::To(i),
                    ",\"count\":", histogram.counts()[i], "}");
    comma = ",";
  }
  out->push_back(']');
}

void AppendJson(const OperandDebt& debt, std::string* out) {
  absl::StrAppend(out, "{\"operands\":", debt.operands(), ",\"bytes\":", debt.bytes(),
                  ",\"keys\":", debt.keys(), ",\"top\":[");
  const char* comma = "";
  for (const OperandDebt::Key& key : debt.Top()) {
    absl::StrAppend(out, comma, "{\"key\":");
    AppendJsonText(key.key, out);
    absl::StrAppend(out, ",\"operands\":", key.operands, ",\"bytes\":", key.bytes, "}");
    comma = ",";
  }
  out->append("]}");
}

std::string Json(const Stats& stats) {
  const ListTotals& totals = stats.totals;
  std::string out = absl::StrCat("{\"layout\":\"", LayoutName(stats.layout), "\"");
  if (stats.pages.has_value()) {
    absl::StrAppend(&out, ",\"page_bytes\":", stats.pages->page_bytes,
                    ",\"sealed_pages\":", stats.pages->sealed,
                    ",\"open_pages\":", stats.pages->open);
  }
  absl::StrAppend(&out, ",\"keys\":", totals.keys, ",\"values\":", totals.values,
                  ",\"bytes\":", totals.bytes, ",\"encoded_bytes\":", totals.encoded_bytes,
                  ",\"values_per_key\":");
  AppendJson(totals.values_per_key, &out);
  out.append(",\"bytes_per_value\":");
  AppendJson(totals.bytes_per_value, &out);
  if (stats.pages.has_value()) {
    out.append(",\"bytes_per_page\":");
    AppendJson(stats.pages->bytes_per_page, &out);
  }
  absl::StrAppend(&out, ",\"exact\":", stats.reasons.empty() ? "true" : "false");
  if (!stats.reasons.empty()) {
    out.append(",\"reasons\":");
    const char* comma = "[";
    for (const std::string& reason : stats.reasons) {
      out.append(comma);
      AppendJsonText(reason, &out);
      comma = ",";
    }
    out.push_back(']');
  }
  if (stats.debt.has_value()) {
    out.append(",\"debt\":");
    AppendJson(*stats.debt, &out);
  }
  out.append("}\n");
  return out;
}

void AppendText(const OperandDebt& debt, std::string* out) {
  absl::StrAppend(out, "\npending ", load::Plural(debt.operands(), "operand"), " of ",
                  load::Plural(debt.keys(), "key"), ", ", load::Bytes(debt.bytes()), "\n");
  if (debt.keys() == 0) return;
  absl::StrAppendFormat(out, "  %14s  %14s  %s\n", "operands", "bytes", "key");
  for (const OperandDebt::Key& key : debt.Top()) {
    absl::StrAppendFormat(out, "  %14s  %14s  ", load::Grouped(key.operands),
                          load::Grouped(key.bytes));
    load::AppendEscaped(key.key, out);
    out->push_back('\n');
  }
}

void AppendLine(const char* name, const std::string& text, std::string* out) {
  absl::StrAppendFormat(out, "%-14s %s\n", name, text);
}

std::string BytesText(uint64_t count) {
  return absl::StrCat(load::Grouped(count),
                      count >= 1024 ? absl::StrCat(" (", load::Bytes(count), ")") : "");
}

// Of one long list.
std::string KeyText(const Stats& stats) {
  const PageTotals& pages = *stats.pages;
  std::string out;
  AppendLine("layout", LayoutName(stats.layout), &out);
  AppendLine("page bytes", BytesText(pages.page_bytes), &out);
  AppendLine("first", load::Grouped(pages.first), &out);
  AppendLine("end", load::Grouped(pages.end), &out);
  AppendLine("values", load::Grouped(stats.totals.values), &out);
  AppendLine("bytes", BytesText(stats.totals.bytes), &out);
  AppendLine("encoded bytes", BytesText(stats.totals.encoded_bytes), &out);
  AppendLine("sealed pages", load::Grouped(pages.sealed), &out);
  AppendLine("in open page", load::Plural(pages.in_open, "value"), &out);
  return out;
}

std::string KeyJson(const Stats& stats, const std::string& key) {
  const PageTotals& pages = *stats.pages;
  std::string out = absl::StrCat("{\"layout\":\"", LayoutName(stats.layout),
                                 "\",\"page_bytes\":", pages.page_bytes, ",\"key\":");
  AppendJsonText(key, &out);
  absl::StrAppend(
      &out, ",\"first\":", pages.first, ",\"end\":", pages.end, ",\"values\":", stats.totals.values,
      ",\"bytes\":", stats.totals.bytes, ",\"encoded_bytes\":", stats.totals.encoded_bytes,
      ",\"sealed_pages\":", pages.sealed, ",\"open_page_values\":", pages.in_open, "}\n");
  return out;
}

std::string Text(const Stats& stats) {
  const ListTotals& totals = stats.totals;
  std::string out;
  for (const std::string& reason : stats.reasons) absl::StrAppend(&out, "estimate: ", reason, "\n");
  if (!stats.reasons.empty()) {
    absl::StrAppend(&out, "estimate: --exact reads all lists instead, about ",
                    load::Bytes(stats.scan_bytes), "\n\n");
  }
  AppendLine("layout", LayoutName(stats.layout), &out);
  if (stats.pages.has_value()) {
    AppendLine("page bytes", BytesText(stats.pages->page_bytes), &out);
    AppendLine("sealed pages", load::Grouped(stats.pages->sealed), &out);
    AppendLine("open pages", load::Grouped(stats.pages->open), &out);
  }
  AppendLine("keys", load::Grouped(totals.keys), &out);
  AppendLine("values", load::Grouped(totals.values), &out);
  AppendLine("bytes", BytesText(totals.bytes), &out);
  AppendLine("encoded bytes", BytesText(totals.encoded_bytes), &out);
  AppendBars("values a key", "keys", totals.values_per_key, Unit::kCount, &out);
  AppendBars("bytes a value", "values", totals.bytes_per_value, Unit::kBytes, &out);
  if (stats.pages.has_value()) {
    AppendBars("bytes a page", "pages", stats.pages->bytes_per_page, Unit::kBytes, &out);
  }
  if (stats.debt.has_value()) AppendText(*stats.debt, &out);
  return out;
}

struct Arguments {
  DbName db;
  std::optional<std::string> key;
  bool escaped = false;
  bool json = false;
  bool exact = false;
  bool estimate = false;
  bool debt = false;
  bool progress = false;
  uint64_t top = 10;
};

rocksdb::Status Scan(ListDb& lists, const Arguments& arguments, Stats* stats) {
  load::Progress progress("sheaf stats", load::Progress::Wanted(arguments.progress));
  progress.Phase("reading lists", stats->scan_bytes, /*in_bytes=*/true);
  OperandDebt debt(arguments.top);
  ListTotals totals;
  uint64_t read = 0;
  uint64_t told = 0;
  ListScan scan(lists, KeyRange::All());
  for (; scan.Valid(); scan.Next()) {
    debt.Add(scan.key(), scan.operands());
    if (scan.list().ok()) {
      totals.Add(*scan.list());
    } else {
      ++totals.undecodable;
    }
    read += scan.key().size() + scan.value().size();
    if (read - told < kBytesAProgress) continue;
    told = read;
    progress.At(read, 0);
  }
  stats->totals = totals;
  stats->reasons.clear();
  if (arguments.debt) stats->debt.emplace(std::move(debt));
  return scan.status();
}

// The same of long lists.
rocksdb::Status ScanPages(ListDb& lists, const Arguments& arguments, Stats* stats) {
  load::Progress progress("sheaf stats", load::Progress::Wanted(arguments.progress));
  TableStats tables;
  TableStats::Read(lists, &tables).PermitUncheckedError();
  progress.Phase("reading pages", arguments.key.has_value() ? 0 : tables.scan_bytes,
                 /*in_bytes=*/true);
  OperandDebt debt(arguments.top);
  stats->pages.emplace();
  const rocksdb::Status status =
      CountPages(lists, arguments.key, &progress, &stats->totals, &*stats->pages, &debt);
  if (arguments.debt) stats->debt.emplace(std::move(debt));
  return status;
}

rocksdb::Status Collect(ListDb& lists, const Arguments& arguments, Stats* stats) {
  stats->layout = lists.layout();
  if (lists.is_long()) return ScanPages(lists, arguments, stats);
  TableStats tables;
  rocksdb::Status status = TableStats::Read(lists, &tables);
  // A scan tells better what is wrong with an SST.
  if (status.ok()) {
    stats->scan_bytes = tables.scan_bytes;
    // Where no SST has the properties, there is nothing to estimate from.
    const bool scan = arguments.exact || arguments.debt || tables.scan_bytes < kQuickScan ||
                      tables.tables_without == tables.tables;
    if (arguments.estimate || !scan) {
      stats->totals = tables.totals;
      stats->reasons = tables.reasons;
      return status;
    }
  }
  return Scan(lists, arguments, stats);
}

int Run(Arguments& arguments) {
  const std::string& db = arguments.db.path;
  if (arguments.key.has_value() &&
      !DecodeArgument(kName, "--key", arguments.escaped, &*arguments.key)) {
    return kExitUsage;
  }
  std::unique_ptr<ListDb> lists;
  if (absl::Status status = ListDb::OpenForReadOnly(arguments.db, &lists, ListDb::Knows::kPages);
      !status.ok()) {
    return ExitOf(kName, status);
  }
  if (arguments.key.has_value() && !lists->is_long()) {
    Complain(kName, absl::StrCat(db,
                                 ": --key is for long lists; `sheaf count KEY` counts the values "
                                 "of a plain list"));
    return kExitFailed;
  }
  if (arguments.estimate && lists->is_long()) {
    Complain(kName, absl::StrCat(db,
                                 ": --estimate: the properties of SSTs count the pages of long "
                                 "lists, not the lists; leave it out"));
    return kExitFailed;
  }
  const bool whole = HasAllLogs(kName, *lists);
  Stats stats;
  if (const rocksdb::Status status = Collect(*lists, arguments, &stats); !status.ok()) {
    return ExitOf(kName, FromRocks(db, status));
  }
  if (arguments.key.has_value() && stats.totals.keys == 0) {
    Complain(kName, absl::StrCat(db, ": key not found: ", load::Quoted(*arguments.key)));
    return kExitFailed;
  }
  Output out(STDOUT_FILENO, "stdout");
  if (arguments.key.has_value()) {
    out.Write(arguments.json ? KeyJson(stats, *arguments.key) : KeyText(stats));
  } else {
    out.Write(arguments.json ? Json(stats) : Text(stats));
  }
  const int written = ExitOf(kName, out.Finish());
  const uint64_t undecodable = stats.totals.undecodable;
  if (undecodable == 0) return whole ? written : kExitFailed;
  if (lists->is_long()) {
    Complain(kName, absl::StrCat(db, ": ", load::Plural(undecodable, "page"),
                                 " that cannot be read, not counted; sheaf verify names them"));
    return kExitFailed;
  }
  Complain(kName, absl::StrCat(db, ": ", load::Plural(undecodable, "key"),
                               " with a value that is not a list, not counted; sheaf verify names "
                               "them"));
  return kExitFailed;
}

}  // namespace

void AddStatsCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Count keys, values and bytes");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  AddDb(*sub, &arguments->db);
  AddJson(*sub, &arguments->json);
  CLI::Option* const exact =
      sub->add_flag("--exact", arguments->exact, "Read all lists, however long it takes");
  CLI::Option* const estimate = sub->add_flag("--estimate", arguments->estimate,
                                              "Read only the properties of SSTs, exact or not");
  CLI::Option* const debt = sub->add_flag("--debt", arguments->debt, "Also count pending operands");
  AddNumber(
      *sub, "--top", 0, std::numeric_limits<uint32_t>::max(),
      [arguments](uint64_t top) { arguments->top = top; },
      "With --debt: the N keys with the most operands (default: 10)")
      ->needs(debt);
  estimate->excludes(exact)->excludes(debt);
  sub->add_option_function<std::string>(
         "--key", [arguments](const std::string& key) { arguments->key = Unprotect(key); },
         "Only the long list of this key")
      ->type_name("K")
      ->excludes(debt)
      ->excludes(estimate);
  sub->add_flag("--escaped", arguments->escaped, "K has escapes, as in tsv");
  sub->add_flag("--progress", arguments->progress, "Print progress even if stderr is no terminal");
  sub->callback([arguments, exit_status] { *exit_status = Run(*arguments); });
}

}  // namespace tool
}  // namespace sheaf
