#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/common/escapes.h"
#include "tools/common/text.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_evidence.h"
#include "tools/sheaf/list_scan.h"
#include "tools/sheaf/output.h"
#include "tools/sheaf/page_check.h"
#include "tools/sheaf/page_scan.h"
#include "tools/sheaf/repeated_messages.h"
#include "tools/sheaf/salvage.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "repair";

constexpr char kFooter[] =
    R"(Finds every key whose value is not a list, and mends what can be mended:
  - operands that a tool without sheaf.append joined, as `ldb compact` does: separated at the
    delimiter D and merged. Values may contain D.
  - a plain value that other software put: becomes a list of that one value
  - bundles, which sheaf.append makes of what it cannot merge: each input is mended as above, then
    all are merged
Of a long list, a page is mended in its place, so that positions stay: a sealed page only if it has as
many values then as the position of the next one says. `sheaf get` reads the pages around one that is
left, and `sheaf trim --before` drops it with all before it.
Everything else is left as it is: values that are cut off or damaged, operands of a later version,
lists past 4 GiB.

A tool without sheaf.append also writes another merge operator into the DB's OPTIONS. If they name
StringAppendOperator or none, the command restores sheaf.append, with the layout of the newest
OPTIONS file that still names it, or that of --layout. In such a DB it adopts plain values only
with --adopt, because they may be as they should be. If no OPTIONS file is left, --layout makes
one with RocksDB's defaults and sheaf.append.

A column family without sheaf.append is refused if no OPTIONS file, no SST and no value tells that
it held lists. The message names those that have sheaf.append: use --cf. --layout and --adopt
together make lists of plain values all the same.

If a log is damaged (`sheaf verify` names it), the command changes nothing unless --damaged-logs
says what to recover from that log and later ones:
  stop    what was written before the damage: lists as they were at one moment
  skip    also the records after it that can be read. An edit may then act on a list that lacks
          values.
Both first copy these logs into the folder damaged-logs-NUMBER in the DB's folder. --dry-run reads
what stop would recover, and then exits with 1.

RocksDB deletes SSTs and blob files that a cut MANIFEST does not name. Like append, load and
compact, this command keeps them in the folder cut-manifest-NUMBER in the DB's folder.

For each such key, stdout gets a line: key TAB what was done, or why nothing was done. The key has
the escapes of tsv. Of lines that differ only in the key and in numbers, the first 10 are printed,
and the others counted on stderr; --all prints all, for a record of what was changed. A summary
goes to stderr. --dry-run prints the same and changes nothing; it also works while another process
has the DB open. Each key is written by itself, so after an interruption the command can be run
again. It mends the lists of one column family, that of --cf.

Examples:
  sheaf repair --db lists.db --dry-run
  sheaf repair --db lists.db

Exit status: 0 all mended, or nothing to mend; 1 failed, or a key was left; 2 bad usage.)";

struct Arguments {
  DbName db;
  bool dry_run = false;
  bool all = false;
  std::optional<Layout> layout;
  std::string delimiter = ":";
  bool escaped = false;
  bool adopt = false;
  std::optional<load::Database::LogRecovery> damaged_logs;
};

struct Counts {
  uint64_t keys = 0;
  uint64_t mended = 0;
  uint64_t left = 0;
  RepeatedMessages repeated;  // what was done, or why nothing was
};

class Repair {
 public:
  Repair(const Arguments& arguments, const Salvager& salvager, ListDb& lists, Output& out,
         Counts* counts)
      : arguments_(arguments), salvager_(salvager), lists_(lists), out_(out), counts_(*counts) {}

  absl::Status Run() {
    absl::Status status = lists_.is_long() ? MendPages() : MendLists();
    if (!status.ok() && !absl::IsInternal(status)) return status;
    if (!arguments_.dry_run) {
      const rocksdb::Status written = lists_.Acknowledge();
      if (!written.ok()) return FromRocks(arguments_.db.path, written);
    }
    return status;
  }

 private:
  // A reader of stdout that goes away does not end what is being mended.
  bool GoesOn() const { return out_.ok() || !arguments_.dry_run; }

  absl::Status MendLists() {
    ListScan scan(lists_, KeyRange::All());
    for (; scan.Valid() && GoesOn(); scan.Next()) {
      ++counts_.keys;
      last_key_.assign(scan.key());
      if (scan.list().ok()) continue;
      absl::Status status =
          Mend(scan.key(), scan.key(), scan.value(), "", [](const BlobView&) { return ""; });
      if (!status.ok()) return status;
    }
    return EndOf(scan.status());
  }

  // Keys stay, and so do positions: a page gets as many values as the next one needs.
  absl::Status MendPages() {
    PageScan scan(lists_, KeyRange::All());
    for (; scan.Valid() && GoesOn(); scan.Next()) {
      if (scan.is_page() && scan.begins_list()) ++counts_.keys;
      last_key_.assign(scan.key());
      if (!scan.is_page()) {
        Tell(scan.key(), "left as it is: not the key of a page");
        ++counts_.left;
        continue;
      }
      if (scan.list().ok()) continue;
      absl::Status status = Mend(scan.key(), scan.stored_key(), scan.value(), PlaceOf(scan) + ": ",
                                 [&](const BlobView& mended) { return WhyNotAPage(scan, mended); });
      if (!status.ok()) return status;
    }
    return EndOf(scan.status());
  }

  // Why `mended` cannot take the place of a sealed page; empty if it can.
  std::string WhyNotAPage(const PageScan& page, const BlobView& mended) {
    if (page.is_open()) return "";
    rocksdb::ReadOptions options;
    options.total_order_seek = true;
    const std::unique_ptr<rocksdb::Iterator> at(lists_.db().NewIterator(options, lists_.family()));
    at->Seek(rocksdb::Slice(page.stored_key().data(), page.stored_key().size()));
    if (at->Valid()) at->Next();
    uint64_t next = internal::StoredKey::kOpen;
    if (!at->Valid() || !internal::StoredKey(page.key()).Has(at->key().ToStringView(), &next) ||
        next == internal::StoredKey::kOpen) {
      return "it is the last sealed page, and nothing says how many values it had";
    }
    const uint64_t had = next - page.position();
    if (mended.size() == had) return "";
    return absl::StrCat("the next page is at position ", next, ", so it had ",
                        load::Plural(had, "value"), ", and ", load::Grouped(mended.size()),
                        " can be read");
  }

  // `refuse` returns why a list cannot take the value's place, or nothing.
  absl::Status Mend(std::string_view key, std::string_view stored_key, std::string_view value,
                    const std::string& place,
                    const std::function<std::string(const BlobView&)>& refuse) {
    absl::StatusOr<Salvaged> mended = salvager_.Mend(value);
    std::string why = mended.ok() ? "" : std::string(mended.status().message());
    if (mended.ok()) {
      const absl::StatusOr<BlobView> list = BlobView::Parse(mended->list, lists_.layout());
      why = list.ok() ? refuse(*list) : std::string(list.status().message());
    }
    if (!why.empty()) {
      ++counts_.left;
      Tell(key, absl::StrCat(place, "left as it is: ", why));
      return absl::OkStatus();
    }
    ++counts_.mended;
    if (!arguments_.dry_run) {
      const rocksdb::Status put =
          lists_.db().Put(rocksdb::WriteOptions(), lists_.family(),
                          rocksdb::Slice(stored_key.data(), stored_key.size()), mended->list);
      if (!put.ok()) return absl::AbortedError(FromRocks(arguments_.db.path, put).message());
    }
    Tell(key, place + mended->how);
    return absl::OkStatus();
  }

  void Tell(std::string_view key, const std::string& outcome) {
    if (!counts_.repeated.Shows(outcome) && !arguments_.all) return;
    std::string line;
    load::AppendEscaped(key, &line);
    line.push_back('\t');
    load::AppendEscaped(outcome, &line);
    out_.Write(line + "\n");
  }

  absl::Status EndOf(const rocksdb::Status& scan) const {
    if (scan.ok()) return absl::OkStatus();
    return absl::InternalError(
        absl::StrCat(arguments_.db.path, ": ", ReadingEnded(counts_.keys, last_key_, scan)));
  }

  const Arguments& arguments_;
  const Salvager& salvager_;
  ListDb& lists_;
  Output& out_;
  Counts& counts_;
  std::string last_key_;
};

// Tells what was done.
absl::Status RecoverLogs(const Arguments& arguments, const load::Database& database) {
  std::string note;
  const absl::StatusOr<std::string> copies = database.RecoverLogs(*arguments.damaged_logs, &note);
  if (!note.empty()) Complain(kName, note);
  if (!copies.ok()) return copies.status();
  Complain(kName, absl::StrCat(arguments.db.path, ": ",
                               copies->empty() ? "no log is damaged"
                                               : "recovered the damaged logs; copies are in ",
                               *copies));
  return absl::OkStatus();
}

// Refuses a column family that never held lists, before it gets sheaf.append. --layout and --adopt
// together say that its values shall become lists.
absl::Status CheckLists(const Arguments& arguments, const load::Database& database,
                        bool options_are_lost) {
  if (arguments.adopt && arguments.layout.has_value()) return absl::OkStatus();
  if (!options_are_lost && database.OptionsTellOfLists()) return absl::OkStatus();
  absl::StatusOr<std::unique_ptr<load::OpenedDatabase>> opened = absl::UnknownError("");
  OpenSteadily(arguments.db.path, [&] {
    opened = database.OpenForReadOnly();
    return opened.status();
  }).IgnoreError();
  // If it cannot be opened, opening it for the repair tells why.
  if (!opened.ok()) return absl::OkStatus();
  return CheckHoldsLists(database, **opened, arguments.delimiter);
}

int Run(Arguments& arguments) {
  if (!DecodeArgument(kName, "--delimiter", arguments.escaped, &arguments.delimiter)) {
    return kExitUsage;
  }
  absl::StatusOr<load::Database> database = ReadDatabase(arguments.db);
  std::string change;
  if (absl::IsDataLoss(database.status()) && arguments.layout.has_value()) {
    change = absl::StrCat("OPTIONS are lost; default options, and sheaf.append with layout ",
                          LayoutName(*arguments.layout));
    database = load::Database::ReadWithoutOptions(arguments.db.path, arguments.db.family,
                                                  arguments.db.folders, *arguments.layout);
  }
  if (!database.ok()) return ExitOf(kName, database.status());
  SalvageOptions options;
  options.delimiter = arguments.delimiter;
  options.adopt = arguments.adopt || (database->can_append() && change.empty());
  absl::Status status = CheckLists(arguments, *database, /*options_are_lost=*/!change.empty());
  if (!status.ok()) return ExitOf(kName, status);
  std::string restored;
  status = database->RestoreAppend(arguments.layout, &restored);
  if (!status.ok()) return ExitOf(kName, status);
  if (!restored.empty()) change = restored;
  if (arguments.damaged_logs.has_value() && !arguments.dry_run) {
    status = RecoverLogs(arguments, *database);
    if (!status.ok()) return ExitOf(kName, status);
  }
  std::unique_ptr<ListDb> lists;
  using Access = ListDb::Access;
  status = arguments.dry_run
               ? OpenSteadily(arguments.db.path,
                              [&] {
                                return ListDb::Open(*database, Access::kReadOnly, &lists,
                                                    ListDb::Knows::kPages);
                              })
               : ListDb::Open(*database, Access::kWrite, &lists, ListDb::Knows::kPages);
  if (!status.ok()) return ExitOf(kName, status);
  const bool whole = HasAllLogs(kName, *lists);
  if (!change.empty()) {
    Complain(kName, absl::StrCat(arguments.db.path, ": ", change,
                                 arguments.dry_run ? "; not written, it is a dry run" : ""));
  }
  const Salvager salvager(database->options().merge_operator, database->layout(),
                          std::move(options));
  Output out(STDOUT_FILENO, "stdout");
  Counts counts;
  status = Repair(arguments, salvager, *lists, out, &counts).Run();
  const int written = ExitOf(kName, out.Finish());
  if (!arguments.all) {
    for (const std::string& rest : counts.repeated.Rest()) {
      Complain(kName, absl::StrCat(arguments.db.path, ": ", rest,
                                   arguments.dry_run ? ". --all prints them" : ""));
    }
  }
  Complain(kName, absl::StrCat(arguments.db.path, ": ", load::Plural(counts.keys, "key"),
                               " checked, ", load::Grouped(counts.mended),
                               arguments.dry_run ? " can be mended, " : " mended, ",
                               load::Grouped(counts.left), " left as ",
                               counts.left == 1 ? "it is" : "they are",
                               arguments.dry_run ? "; nothing was changed" : ""));
  if (!status.ok()) return ExitOf(kName, status);
  return counts.left == 0 && whole ? written : kExitFailed;
}

}  // namespace

void AddRepairCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Mend values that are not lists");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  AddDb(*sub, &arguments->db);
  sub->add_flag("--dry-run", arguments->dry_run, "Print what would be done, and change nothing");
  sub->add_flag("--all", arguments->all,
                "Print a line for every such key, not only the first 10 of a kind");
  AddChoice<Layout>(
      *sub, "--layout",
      {{LayoutName(Layout::kCompact), Layout::kCompact},
       {LayoutName(Layout::kFixed64), Layout::kFixed64}},
      [arguments](Layout layout) { arguments->layout = layout; },
      "compact or fixed64, if the DB's OPTIONS do not name it or are lost. fixed64: sizes of 8 "
      "bytes; not values of 64 bits")
      ->type_name("LAYOUT");
  AddText(*sub, "--delimiter", &arguments->delimiter,
          "Delimiter between joined operands (default: \":\", as ldb writes)")
      ->type_name("D");
  sub->add_flag("--escaped", arguments->escaped, "D has escapes, as in tsv");
  using LogRecovery = load::Database::LogRecovery;
  AddChoice<LogRecovery>(
      *sub, "--damaged-logs", {{"stop", LogRecovery::kStop}, {"skip", LogRecovery::kSkip}},
      [arguments](LogRecovery how) { arguments->damaged_logs = how; },
      "stop or skip: recover damaged logs, and keep copies of them")
      ->type_name("HOW");
  sub->add_flag("--adopt", arguments->adopt, "Adopt plain values even if sheaf.append is restored");
  sub->callback([arguments, exit_status] { *exit_status = Run(*arguments); });
}

}  // namespace tool
}  // namespace sheaf
