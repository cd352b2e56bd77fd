#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/comparator.h"
#include "tools/common/interrupt.h"
#include "tools/common/owned_folder.h"
#include "tools/common/progress.h"
#include "tools/common/text.h"
#include "tools/load/output/ingestion.h"
#include "tools/load/output/sst_builder.h"
#include "tools/load/output/sst_family.h"
#include "tools/sheaf/command.h"
#include "tools/sheaf/list_db.h"
#include "tools/sheaf/list_pages.h"
#include "tools/sheaf/list_totals.h"

namespace sheaf {
namespace tool {
namespace {

constexpr char kName[] = "convert";

constexpr char kFooter[] =
    R"(Copies the plain lists of a column family into a new one of long lists, in sealed pages of about
SIZE and an open page, as `sheaf load --page-bytes` does. Positions begin at 0. With --page-bytes 0,
copies long lists into a new column family of plain lists: a list of more than 4 GiB - 1 bytes is
refused, and positions are lost. The new column family has the options of the other, but for its
merge operator.

The lists that are copied stay as they are: `rocksdb::DB::DropColumnFamily` drops them, when the new
ones have taken their place. No other process may have the DB open. SSTs are written into the folder
DIR.convert and ingested in one step. After an interruption, or if the command failed, the new column
family is empty: run the command again.

Examples:
  sheaf convert --db lists.db --to-cf events --page-bytes 64K
  sheaf convert --db lists.db --cf events --to-cf plain --page-bytes 0

Exit status: 0 success; 1 failed, nothing was converted; 2 bad usage; 130 or 143 interrupted by
SIGINT or SIGTERM, nothing was converted.)";

struct Arguments {
  DbName db;
  std::string to;
  uint64_t page_bytes = 0;
  bool progress = false;
};

// A folder of SSTs, which is removed with all that is in it.
class SstFolder {
 public:
  explicit SstFolder(std::string path) : path_(std::move(path)) {}
  ~SstFolder() {
    if (made_) load::RemoveTree(path_).IgnoreError();
  }
  SstFolder(const SstFolder&) = delete;
  SstFolder& operator=(const SstFolder&) = delete;

  // Takes the place of what an interrupted conversion has left.
  absl::Status Make() {
    absl::Status status = load::RemoveTree(path_);
    if (!status.ok()) return status;
    if (mkdir(path_.c_str(), S_IRWXU) != 0) {
      return absl::InternalError(
          absl::StrCat(path_, ": cannot make the folder: ", load::ErrnoText(errno)));
    }
    made_ = true;
    return absl::OkStatus();
  }
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  bool made_ = false;
};

absl::Status Refused(const Arguments& arguments, const std::string& why) {
  return absl::FailedPreconditionError(absl::StrCat(arguments.db.path, ": ", why));
}

// That the lists of `source` can become such lists.
absl::Status CheckSource(const Arguments& arguments, const load::Database& source) {
  const std::string family = absl::StrCat("column family ", source.family_name());
  if (!source.can_append()) {
    return Refused(arguments, absl::StrCat("cannot convert: the merge operator of ", family, " is ",
                                           source.merge_operator(), ", not sheaf.append"));
  }
  if ((source.page_bytes() == 0) == (arguments.page_bytes == 0)) {
    return Refused(arguments,
                   absl::StrCat(family, source.page_bytes() == 0 ? " holds plain lists already"
                                                                 : " holds long lists already"));
  }
  if (source.options().comparator != rocksdb::BytewiseComparator()) {
    return Refused(arguments,
                   absl::StrCat(family, " has the comparator ", source.options().comparator->Name(),
                                ", and long lists need leveldb.BytewiseComparator"));
  }
  return absl::OkStatus();
}

// The column family that takes the lists, made if it is not there.
absl::StatusOr<load::Database> MakeTarget(const Arguments& arguments,
                                          const load::Database& source) {
  const std::vector<std::string> names = source.FamilyNames();
  if (std::find(names.begin(), names.end(), arguments.to) == names.end()) {
    absl::Status status = source.MakeFamily(arguments.to, arguments.page_bytes);
    if (!status.ok()) return status;
  }
  DbName name = arguments.db;
  name.family = arguments.to;
  absl::StatusOr<load::Database> target = ReadDatabase(name);
  if (!target.ok()) return target;
  const bool fits = target->can_append() && target->page_bytes() == arguments.page_bytes &&
                    target->layout() == source.layout();
  const auto opened = target->OpenForReadOnly();
  if (!opened.ok()) return opened.status();
  const absl::StatusOr<bool> empty = load::IsEmpty(**opened);
  if (!empty.ok()) return empty.status();
  if (*empty && fits) return target;
  return Refused(
      arguments,
      absl::StrCat("column family ", arguments.to,
                   *empty ? " is there, and has other options than it needs"
                          : " is there, and is not empty: a conversion was done already, "
                            "or it has something else",
                   "; name a new one"));
}

load::SstPlan PlanOf(const load::Database& target, const load::OpenedDatabase& opened) {
  load::SstPlan plan;
  plan.options = target.options();
  for (rocksdb::ColumnFamilyHandle* const handle : opened.families()) {
    if (handle->GetName() != target.family_name()) continue;
    plan.family = std::make_shared<load::SstFamily>(handle->GetName(), handle->GetID(),
                                                    plan.options.comparator);
  }
  plan.layout = target.layout();
  plan.page_bytes = target.page_bytes();
  return plan;
}

// Writes SSTs of all lists.
absl::Status Build(const Arguments& arguments, ListDb& lists, load::SstBuilder* builder) {
  load::Progress progress("sheaf convert", load::Progress::Wanted(arguments.progress));
  TableStats tables;
  TableStats::Read(lists, &tables).PermitUncheckedError();
  progress.Phase("writing", tables.scan_bytes, /*in_bytes=*/true);
  uint64_t read = 0;
  uint64_t values = 0;
  absl::Status status;
  rocksdb::Status reading;
  ListPages scan(lists, KeyRange::All());
  for (; scan.Valid() && status.ok() && reading.ok(); scan.Next()) {
    // An empty list is a list too.
    status = builder->AddPart(scan.key(), BlobView());
    if (!status.ok()) break;
    reading = scan.ForEach(
        0,
        [&](uint64_t /*position*/, const BlobView& page) {
          status = builder->AddPart(scan.key(), page);
          read += page.encoded().size();
          values += page.size();
          progress.At(read, values);
          return status.ok();
        },
        [&](const ListFault& fault) {
          status = Refused(arguments, absl::StrCat(fault.Text(),
                                                   ". `sheaf verify` names all faults, "
                                                   "`sheaf repair` mends those that "
                                                   "it can"));
          return false;
        });
  }
  progress.Clear();
  if (status.ok()) status = FromRocks(arguments.db.path, reading);
  if (status.ok()) status = FromRocks(arguments.db.path, scan.status());
  return status.ok() ? builder->End() : status;
}

absl::Status Convert(const Arguments& arguments) {
  const absl::StatusOr<load::Database> source = ReadDatabase(arguments.db);
  if (!source.ok()) return source.status();
  absl::Status status = CheckSource(arguments, *source);
  if (status.ok()) status = source->CheckUnlocked();
  if (status.ok()) status = source->CheckTakesSsts(kName);
  if (status.ok()) status = source->CheckLogs();
  if (!status.ok()) return status;
  const absl::StatusOr<load::Database> target = MakeTarget(arguments, *source);
  if (!target.ok()) return target.status();
  SstFolder folder(arguments.db.path + ".convert");
  status = folder.Make();
  if (!status.ok()) return status;
  std::unique_ptr<ListDb> lists;
  status = ListDb::OpenForReadOnly(arguments.db, &lists, ListDb::Knows::kLong);
  if (!status.ok()) return status;
  const load::SstPlan plan = PlanOf(*target, lists->opened());
  load::SstBuilder builder(plan, folder.path() + "/");
  status = Build(arguments, *lists, &builder);
  if (!status.ok()) return status;
  const uint64_t sequence = lists->db().GetLatestSequenceNumber();
  lists.reset();
  load::IngestionOptions ingestion;
  for (const load::SstFile& file : builder.written().files) ingestion.files.push_back(file.path);
  ingestion.must_be_empty = true;
  ingestion.before = [&](const load::IngestionIntent& intent) {
    if (intent.sequence == sequence) return absl::OkStatus();
    return absl::AbortedError(
        absl::StrCat(arguments.db.path,
                     ": another process wrote to the DB meanwhile; close it and run this again"));
  };
  ingestion.note = [](const std::string& note) { Complain(kName, note); };
  status = load::Ingest(*target, ingestion);
  if (!status.ok()) return status;
  Complain(kName,
           absl::StrCat(arguments.db.path, ": ", load::Plural(builder.written().keys, "list"), ", ",
                        load::Plural(builder.written().values, "value"), " of column family ",
                        source->family_name(), " copied into ", arguments.to, ", as ",
                        arguments.page_bytes == 0 ? "plain lists" : "long lists"));
  return absl::OkStatus();
}

int Run(Arguments& arguments) {
  if (arguments.to == arguments.db.family) {
    Complain(kName,
             absl::StrCat("--to-cf: expected another column family than that of --cf, found ",
                          load::Quoted(arguments.to)));
    return kExitUsage;
  }
  const load::InterruptScope interrupts;
  const absl::Status status = Convert(arguments);
  const int exit_status = ExitOf(kName, status);
  return absl::IsCancelled(status) ? 128 + load::InterruptSignal() : exit_status;
}

}  // namespace

void AddConvertCommand(CLI::App& app, int* exit_status) {
  CLI::App* const sub = app.add_subcommand(kName, "Make long lists of plain ones, or back");
  sub->footer(kFooter);
  auto arguments = std::make_shared<Arguments>();
  AddDb(*sub, &arguments->db);
  AddText(*sub, "--to-cf", &arguments->to, "The new column family")->required()->type_name("NEW");
  AddPageBytes(
      *sub, [arguments](uint64_t bytes) { arguments->page_bytes = bytes; },
      "Size of pages; K and M are units of 1024. 0: plain lists")
      ->required();
  sub->add_flag("--progress", arguments->progress, "Print progress even if stderr is no terminal");
  sub->callback([arguments, exit_status] { *exit_status = Run(*arguments); });
}

}  // namespace tool
}  // namespace sheaf
