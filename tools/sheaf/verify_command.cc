#include <unistd.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "rocksdb/metadata.h"
#include "rocksdb/sst_file_reader.h"
#include "tools/load/escapes.h"
#include "tools/load/text.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_scan.h"
#include "tools/sheaf/output.h"
#include "tools/sheaf/salvage.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "verify";

constexpr char kFooter[] =
    "Checks the checksums of all SSTs, and that the value of each key is a list.\n"
    "\n"
    "Each fault is a line on stdout:\n"
    "  key TAB reason          a value that is not a list; the key with the escapes of tsv\n"
    "  DB or SST TAB reason    what RocksDB found, or a merge operator that another tool wrote\n"
    "A summary goes to stderr. Nothing is changed. `sheaf repair --dry-run` tells what of it can "
    "be\n"
    "mended.\n"
    "\n"
    "Example:\n"
    "  sheaf verify --db lists.db\n"
    "\n"
    "Exit status: 0 no fault; 1 faults, or the check failed; 2 bad usage.";

class Faults {
 public:
  explicit Faults(Output& out) : out_(out) {}

  void Report(const std::string& place, const std::string& reason) {
    ++count_;
    std::string line = place + "\t";
    load::AppendEscaped(reason, &line);
    out_.Write(line + "\n");
  }
  uint64_t count() const { return count_; }

 private:
  Output& out_;
  uint64_t count_ = 0;
};

// DB::VerifyChecksum ends at the first fault; this goes over the files one by one.
void CheckFiles(rocksdb::DB& db, Faults& faults) {
  const rocksdb::Status all = db.VerifyChecksum();
  if (all.ok()) return;
  const uint64_t before = faults.count();
  std::vector<rocksdb::LiveFileMetaData> files;
  db.GetLiveFilesMetaData(&files);
  for (const rocksdb::LiveFileMetaData& file : files) {
    const std::string path = file.db_path + file.name;
    rocksdb::SstFileReader reader(db.GetOptions());
    rocksdb::Status status = reader.Open(path);
    if (status.ok()) status = reader.VerifyChecksum();
    if (!status.ok()) faults.Report(path, status.ToString());
  }
  if (faults.count() == before) faults.Report(db.GetName(), all.ToString());
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

int Run(const DbName& name) {
  const std::string& db = name.path;
  absl::StatusOr<load::Database> database = ReadDatabase(name);
  if (!database.ok()) return ExitOf(kName, database.status());
  Output out(STDOUT_FILENO, "stdout");
  Faults faults(out);
  SalvageOptions options;
  options.adopt = database->can_append();
  const std::string was = database->merge_operator();
  std::string change;
  if (was != "none" && database->RestoreAppend({}, &change).ok() && !change.empty()) {
    // The lists are read as repair reads them: operands that are pending are not lost, although
    // another operator would join them.
    faults.Report(db, absl::StrCat("OPTIONS name the merge operator ", was,
                                   ": a tool wrote them that does not know sheaf.append; `sheaf "
                                   "repair` puts that back"));
  }
  // Without sheaf.append there are no operands; what is mended is as if there were.
  AppendOptions append;
  append.layout = database->layout();
  const std::shared_ptr<rocksdb::MergeOperator> merge_operator =
      database->can_append() ? database->options().merge_operator : NewAppendOperator(append);
  std::unique_ptr<ListDb> lists;
  uint64_t keys = 0;
  if (absl::Status status = ListDb::Open(*database, ListDb::Access::kReadOnly, &lists);
      !status.ok()) {
    faults.Report(db, std::string(status.message()));
  } else {
    CheckFiles(lists->db(), faults);
    const Salvager salvager(merge_operator, database->layout(), std::move(options));
    keys = CheckLists(db, *lists, salvager, out, faults);
  }
  const int written = ExitOf(kName, out.Finish());
  Complain(kName, absl::StrCat(db, ": ", load::Plural(keys, "key"), " checked, ",
                               load::Plural(faults.count(), "fault")));
  return faults.count() == 0 ? written : kExitFailed;
}

}  // namespace

void AddVerifyCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Check that all lists can be read");
  sub->footer(kFooter);
  auto db = std::make_shared<DbName>();
  AddDb(*sub, db.get());
  sub->callback([db, exit_status] { *exit_status = Run(*db); });
}

}  // namespace tool
}  // namespace sheaf
