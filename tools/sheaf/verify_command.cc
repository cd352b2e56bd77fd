#include <unistd.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "rocksdb/metadata.h"
#include "rocksdb/sst_file_reader.h"
#include "tools/common/escapes.h"
#include "tools/common/text.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_scan.h"
#include "tools/sheaf/output.h"
#include "tools/sheaf/page_check.h"
#include "tools/sheaf/page_scan.h"
#include "tools/sheaf/repeated_messages.h"
#include "tools/sheaf/salvage.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "verify";

constexpr char kFooter[] =
    R"(Checks the checksums of all SSTs (plain and cuckoo tables have none), that all logs can be
read to their end, and that the value of each key is a list. Changes nothing.

Each fault is a line on stdout:
  key TAB reason               a value that is not a list; the key has the escapes of tsv
  DB, SST or log TAB reason    what RocksDB found, a merge operator that another tool wrote, or a
                               damaged log: the offset, and how many bytes cannot be read
Of long lists, every page is checked, and that the next one begins where it ends; the reason begins
with the position of the page. A key that is not that of a page is a fault too.
A log that ends within a record is not a fault, because a crash leaves such a log. A MANIFEST that
ends within a record is not a fault either: a note on stderr lists the SSTs and blob files that
the MANIFEST does not name. A summary goes to stderr. `sheaf repair --dry-run` shows which faults
can be mended.

Of faults whose reasons differ only in numbers, the first 10 are printed, and the others counted on
stderr. --all prints all.

A column family without sheaf.append is checked only if its SSTs, its values or an older OPTIONS
file tell of lists. Any other is refused, with the names of those that have sheaf.append.

Another process may write to the DB meanwhile. The command checks the DB as it was at one moment,
and reports a fault only if it finds it again at a second moment.

Example:
  sheaf verify --db lists.db

Exit status: 0 no fault; 1 faults, or the check failed; 2 bad usage.)";

class Faults {
 public:
  // kFirst prints nothing, kSecond what was there in the first look too.
  enum class Look { kOnly, kFirst, kSecond };

  // `all`: prints every fault, not only the first ones of a kind.
  Faults(Output& out, bool all) : out_(out), all_(all) {}

  void Begin(Look look) { look_ = look; }
  void Report(const std::string& place, const std::string& reason) {
    std::string line = place + "\t";
    load::AppendEscaped(reason, &line);
    const size_t hash = std::hash<std::string>()(line);
    if (look_ == Look::kFirst) seen_.insert(hash);
    if (look_ == Look::kSecond && seen_.count(hash) == 0) return;
    ++count_;
    if (look_ == Look::kFirst) return;
    if (all_ || repeated_.Shows(reason)) out_.Write(line + "\n");
  }
  // Returns the count and resets it, for a second look.
  uint64_t ResetCount() { return std::exchange(count_, 0); }
  uint64_t count() const { return count_; }
  // What was not printed.
  std::vector<std::string> Rest() const { return repeated_.Rest(); }

 private:
  Output& out_;
  const bool all_;
  RepeatedMessages repeated_;
  Look look_ = Look::kOnly;
  std::unordered_set<size_t> seen_;  // hashes of lines
  uint64_t count_ = 0;
};

rocksdb::Status CheckFile(const rocksdb::Options& options, const std::string& path) {
  rocksdb::SstFileReader reader(options);
  rocksdb::Status status = reader.Open(path);
  if (status.ok()) status = reader.VerifyChecksum();
  // Plain and cuckoo tables have no checksums.
  return status.IsNotSupported() ? rocksdb::Status::OK() : status;
}

// DB::VerifyChecksum ends at the first fault; this goes over the files one by one.
void CheckFiles(const load::OpenedDatabase& opened, Faults& faults) {
  rocksdb::DB& db = *opened.db();
  const rocksdb::Status all = db.VerifyChecksum();
  if (all.ok()) return;
  const uint64_t before = faults.count();
  // Each family has a comparator and a table format of its own.
  std::map<std::string, rocksdb::Options> options;
  for (rocksdb::ColumnFamilyHandle* const family : opened.families()) {
    options[family->GetName()] = db.GetOptions(family);
  }
  std::vector<rocksdb::LiveFileMetaData> files;
  db.GetLiveFilesMetaData(&files);
  for (const rocksdb::LiveFileMetaData& file : files) {
    const std::string path = file.db_path + file.name;
    const rocksdb::Status status = CheckFile(options[file.column_family_name], path);
    if (!status.ok()) faults.Report(path, status.ToString());
  }
  if (faults.count() == before && !all.IsNotSupported()) {
    faults.Report(db.GetName(), all.ToString());
  }
}

// Reports each value that is no list. The number of keys.
uint64_t CheckLists(const std::string& db, ListDb& lists, const Salvager& salvager,
                    const Output& out, Faults& faults) {
  uint64_t keys = 0;
  std::string last_key;
  ListScan scan(lists, KeyRange::All());
  for (; scan.Valid() && out.ok(); scan.Next()) {
    ++keys;
    last_key.assign(scan.key());
    if (scan.list().ok()) continue;
    std::string place;
    load::AppendEscaped(scan.key(), &place);
    const absl::StatusOr<Salvaged> mended = salvager.Mend(scan.value());
    faults.Report(place, absl::StrCat("not a list: ", scan.list().status().message(),
                                      mended.ok() ? "; `sheaf repair` can mend it: " : "",
                                      mended.ok() ? mended->how : ""));
  }
  if (!scan.status().ok()) faults.Report(db, ReadingEnded(keys, last_key, scan.status()));
  return keys;
}

// The same of long lists: also each page that does not begin where the one before ends.
uint64_t CheckPages(const std::string& db, ListDb& lists, const Salvager& salvager,
                    const Output& out, Faults& faults) {
  PageCheck check(
      [&faults](const std::string& key, const std::string& reason) { faults.Report(key, reason); },
      [&salvager](const PageScan& page) {
        if (!page.is_open()) return std::string();
        const absl::StatusOr<Salvaged> mended = salvager.Mend(page.value());
        return mended.ok() ? absl::StrCat("`sheaf repair` can mend it: ", mended->how)
                           : std::string();
      });
  std::string last_key;
  PageScan scan(lists, KeyRange::All());
  for (; scan.Valid() && out.ok(); scan.Next()) {
    last_key.assign(scan.key());
    check.Add(scan);
  }
  if (!scan.status().ok()) faults.Report(db, ReadingEnded(check.lists(), last_key, scan.status()));
  return check.lists();
}

// Errors: the DB cannot be checked, which is no fault of it.
absl::Status Check(const DbName& name, load::Database database, const Output& out, Faults& faults,
                   uint64_t* keys) {
  const std::string& db = name.path;
  SalvageOptions options;
  options.adopt = database.can_append();
  const std::string was = database.merge_operator();
  std::string change;
  if (was != "none" && database.RestoreAppend({}, &change).ok() && !change.empty()) {
    // The lists are read as repair reads them: operands that are pending are not lost, although
    // another operator would join them.
    faults.Report(db, absl::StrCat("OPTIONS name the merge operator ", was,
                                   ": a tool wrote them that does not know sheaf.append; `sheaf "
                                   "repair` puts that back"));
  }
  // Without sheaf.append there are no operands; what is mended is as if there were.
  AppendOptions append;
  append.layout = database.layout();
  const std::shared_ptr<rocksdb::MergeOperator> merge_operator =
      database.can_append() ? database.options().merge_operator : NewAppendOperator(append);
  std::unique_ptr<ListDb> lists;
  bool is_first = true;
  absl::Status status = OpenSteadily(db, [&] {
    // Another process may have made or dropped column families.
    if (!std::exchange(is_first, false)) {
      absl::StatusOr<load::Database> now = ReadDatabase(name);
      if (!now.ok()) return now.status();
      database = *std::move(now);
      if (!database.can_append()) database.RestoreAppend({}, &change).IgnoreError();
    }
    return ListDb::Open(database, ListDb::Access::kReadOnly, &lists, ListDb::Knows::kPages);
  });
  if (absl::IsAborted(status) || absl::IsNotFound(status)) return status;
  if (!status.ok()) {
    faults.Report(db, std::string(status.message()));
    return absl::OkStatus();
  }
  for (const load::LogFault& fault : lists->opened().log_faults()) {
    faults.Report(fault.path, fault.Text());
  }
  CheckFiles(lists->opened(), faults);
  const Salvager salvager(merge_operator, database.layout(), std::move(options));
  const auto check = lists->is_long() ? CheckPages : CheckLists;
  *keys = check(db, *lists, salvager, out, faults);
  if (!lists->opened().missed_files()) return absl::OkStatus();
  return absl::AbortedError(absl::StrCat(
      db,
      ": another process deleted files of the DB before they were checked, as they are more than "
      "this process may have open. Raise `ulimit -n`, or check a checkpoint of the DB"));
}

struct Arguments {
  DbName db;
  bool all = false;
};

int Run(const Arguments& arguments) {
  const DbName& name = arguments.db;
  const std::string& db = name.path;
  const absl::StatusOr<load::Database> database = ReadDatabase(name);
  if (!database.ok()) return ExitOf(kName, database.status());
  Output out(STDOUT_FILENO, "stdout");
  Faults faults(out, arguments.all);
  uint64_t keys = 0;
  const bool is_shared = !database->CheckUnlocked().ok();
  if (is_shared) faults.Begin(Faults::Look::kFirst);
  absl::Status status = Check(name, *database, out, faults, &keys);
  if (is_shared && status.ok() && faults.ResetCount() != 0) {
    faults.Begin(Faults::Look::kSecond);
    const absl::StatusOr<load::Database> again = ReadDatabase(name);
    status = again.ok() ? Check(name, *again, out, faults, &keys) : again.status();
  }
  const int written = ExitOf(kName, out.Finish());
  if (!status.ok()) return ExitOf(kName, status);
  for (const std::string& rest : faults.Rest()) {
    Complain(kName, absl::StrCat(db, ": ", rest, ". --all prints them"));
  }
  Complain(kName, absl::StrCat(db, ": ", load::Plural(keys, "key"), " checked, ",
                               load::Plural(faults.count(), "fault")));
  return faults.count() == 0 ? written : kExitFailed;
}

}  // namespace

void AddVerifyCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Check that all lists can be read");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  AddDb(*sub, &arguments->db);
  sub->add_flag("--all", arguments->all, "Print all faults, not only the first 10 of a kind");
  sub->callback([arguments, exit_status] { *exit_status = Run(*arguments); });
}

}  // namespace tool
}  // namespace sheaf
