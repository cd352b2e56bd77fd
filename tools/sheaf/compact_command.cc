#include <chrono>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/common/text.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_scan.h"
#include "tools/sheaf/operand_debt.h"
#include "tools/sheaf/page_scan.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "compact";

constexpr char kFooter[] =
    R"(Folds pending operands into their lists, so that reads merge nothing and copy nothing.
Rewrites each list that has an operand in the range, and all that shares its files. Leaves a range
without operands as it is. `sheaf stats --debt` shows where operands are. Of a long list only the open
page has operands; --key rewrites the pages of that list too, and frees those that were trimmed.

Give --key or --all, or any of --prefix, --from and --to, which apply together.

Examples:
  sheaf compact --db lists.db --key user:7
  sheaf compact --db lists.db --prefix user:
  sheaf compact --db lists.db --all

Exit status: 0 success, no operand is left in the range; 1 failed; 2 bad usage.)";

struct Arguments {
  DbName db;
  std::string key;
  std::string prefix;
  KeyRange range;
  bool all = false;
  bool escaped = false;
};

std::string Text(const OperandDebt& debt) {
  return absl::StrCat(load::Plural(debt.operands(), "operand"), " of ",
                      load::Plural(debt.keys(), "key"), ", ", load::Bytes(debt.bytes()));
}

class Compaction {
 public:
  Compaction(const Arguments& arguments, ListDb& lists) : arguments_(arguments), lists_(lists) {}

  // Counts what is pending. Errors: what RocksDB's iterator found.
  absl::Status Count(OperandDebt* debt) {
    const std::string& key = arguments_.key;
    if (lists_.is_long()) {
      PageScan scan(lists_, key.empty() ? arguments_.range : KeyOnly(), arguments_.prefix);
      for (; scan.Valid(); scan.Next()) debt->Add(scan.key(), scan.operands());
      return FromRocks(arguments_.db.path, scan.status());
    }
    const KeyRange range = key.empty() ? arguments_.range : KeyRange{key, ""};
    ListScan scan(lists_, range, arguments_.prefix);
    for (; scan.Valid() && (key.empty() || scan.key() == key); scan.Next()) {
      debt->Add(scan.key(), scan.operands());
      if (!key.empty()) break;
    }
    return FromRocks(arguments_.db.path, scan.status());
  }

  absl::Status Run() {
    // CompactRange includes both ends.
    KeyRange range = arguments_.key.empty() ? WithPrefix(arguments_.range, arguments_.prefix,
                                                         lists_.family()->GetComparator())
                                            : KeyRange{arguments_.key, arguments_.key};
    if (lists_.is_long()) range = StoredRange(arguments_.key.empty() ? range : KeyOnly());
    rocksdb::CompactRangeOptions options;
    options.bottommost_level_compaction = rocksdb::BottommostLevelCompaction::kForce;
    const rocksdb::Slice begin(range.begin);
    const rocksdb::Slice end(range.end);
    rocksdb::Status status =
        lists_.db().CompactRange(options, lists_.family(), range.begin.empty() ? nullptr : &begin,
                                 range.end.empty() ? nullptr : &end);
    if (status.ok()) status = lists_.Acknowledge();
    return FromRocks(arguments_.db.path, status);
  }

 private:
  KeyRange KeyOnly() const { return {arguments_.key, arguments_.key + std::string(1, '\0')}; }

  const Arguments& arguments_;
  ListDb& lists_;
};

int Run(Arguments& arguments) {
  if (!DecodeArgument(kName, "--key", arguments.escaped, &arguments.key) ||
      !DecodeArgument(kName, "--prefix", arguments.escaped, &arguments.prefix) ||
      !DecodeArgument(kName, "--from", arguments.escaped, &arguments.range.begin) ||
      !DecodeArgument(kName, "--to", arguments.escaped, &arguments.range.end)) {
    return kExitUsage;
  }
  std::unique_ptr<ListDb> lists;
  if (absl::Status status = ListDb::OpenForWrite(arguments.db, kName, &lists,
                                                 ListDb::Access::kWriteSsts, ListDb::Knows::kPages);
      !status.ok()) {
    return ExitOf(kName, status);
  }
  Compaction compaction(arguments, *lists);
  OperandDebt before;
  if (absl::Status status = compaction.Count(&before); !status.ok()) return ExitOf(kName, status);
  if (before.operands() == 0) {
    Complain(kName,
             absl::StrCat(arguments.db.path, ": no operand is pending there; nothing was done"));
    return kExitOk;
  }
  const auto began = std::chrono::steady_clock::now();
  if (absl::Status status = compaction.Run(); !status.ok()) return ExitOf(kName, status);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  OperandDebt after;
  if (absl::Status status = compaction.Count(&after); !status.ok()) return ExitOf(kName, status);
  Complain(kName, absl::StrFormat("%s: before %s; after %s; %.1f s", arguments.db.path,
                                  Text(before), Text(after), took.count()));
  if (after.operands() == 0) return kExitOk;
  Complain(kName, absl::StrCat(arguments.db.path,
                               ": operands are left: the DB's compaction style does not merge "
                               "them, or something writes"));
  return kExitFailed;
}

}  // namespace

void AddCompactCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Fold pending operands into their lists");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  AddDb(*sub, &arguments->db);
  CLI::Option* const key = AddText(*sub, "--key", &arguments->key, "Only this key")->type_name("K");
  CLI::Option* const prefix =
      AddText(*sub, "--prefix", &arguments->prefix, "Only keys that begin with P")->type_name("P");
  CLI::Option* const from =
      AddText(*sub, "--from", &arguments->range.begin, "Only keys from A on")->type_name("A");
  CLI::Option* const to =
      AddText(*sub, "--to", &arguments->range.end, "Only keys before B")->type_name("B");
  CLI::Option* const all = sub->add_flag("--all", arguments->all, "All keys");
  for (CLI::Option* const range : {prefix, from, to}) range->excludes(key)->excludes(all);
  key->excludes(all);
  sub->add_flag("--escaped", arguments->escaped, "K, P, A and B have escapes, as in tsv");
  sub->callback([arguments, key, prefix, from, to, all, exit_status] {
    // A variable of a script that is empty must not mean all keys.
    for (const CLI::Option* const bound : {key, prefix, from, to}) {
      if (bound->count() == 0 || !Unprotect(bound->results().front()).empty()) continue;
      Complain(kName, bound->get_name() +
                          ": expected one byte at least, found none; for all keys "
                          "there is --all");
      *exit_status = kExitUsage;
      return;
    }
    if (key->count() + prefix->count() + from->count() + to->count() + all->count() == 0) {
      Complain(kName, "expected --key, --prefix, --from, --to or --all");
      *exit_status = kExitUsage;
      return;
    }
    *exit_status = Run(*arguments);
  });
}

}  // namespace tool
}  // namespace sheaf
