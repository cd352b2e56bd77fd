#include "tools/load/preflight.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rocksdb/comparator.h"
#include "tools/common/files.h"
#include "tools/common/text.h"
#include "tools/load/output/sst_family.h"

namespace sheaf {
namespace load {
namespace {

// A page of that size fits any --memory.
constexpr uint64_t kMinMaxPage = uint64_t{1} << 20;

// Fills `database` and `not_new`.
absl::Status FindDatabase(const LoadOptions& options, Preflight* preflight) {
  const Layout layout = options.layout.value_or(Layout::kCompact);
  const uint64_t page_bytes = options.page_bytes.value_or(0);
  if (options.db.empty()) {
    preflight->database = Database::Fresh("", layout, options.family, page_bytes);
    return absl::OkStatus();
  }
  std::string note;
  absl::StatusOr<Database> database =
      Database::Exists(options.db)
          ? Database::Read(options.db, options.family, options.folders, &note)
          : Database::New(options.db, layout, options.family, page_bytes);
  if (!database.ok() && options.resume && absl::IsFailedPrecondition(database.status()) &&
      !Database::Exists(options.db)) {
    // It may have been killed while it moved a new DB there.
    preflight->not_new = database.status();
    database = Database::Fresh(options.db, layout, options.family, page_bytes);
  }
  if (!database.ok()) return database.status();
  preflight->database = *std::move(database);
  if (!note.empty()) options.note(note);
  return absl::OkStatus();
}

// The same of long lists.
absl::Status CheckPages(const LoadOptions& options, const Database& database) {
  const uint64_t page_bytes = database.page_bytes();
  if (!database.can_append()) {
    if (absl::Status status = database.CheckPlainLists(); !status.ok()) return status;
  }
  if (options.page_bytes.value_or(page_bytes) != page_bytes) {
    return absl::FailedPreconditionError(
        page_bytes == 0
            ? absl::StrCat(options.db, ": column family ", options.family,
                           " holds plain lists, not long ones; leave --page-bytes out, or load "
                           "into a new DB")
            : absl::StrCat(options.db, ": column family ", options.family,
                           " has page_bytes=", page_bytes, ", not ", *options.page_bytes,
                           "; leave --page-bytes out, or load into a new DB"));
  }
  if (page_bytes == 0) return absl::OkStatus();
  if (database.options().comparator != rocksdb::BytewiseComparator()) {
    return absl::FailedPreconditionError(
        absl::StrCat(options.db, ": column family ", options.family,
                     " has another comparator than leveldb.BytewiseComparator, with which pages of "
                     "long lists would not be in order"));
  }
  // A builder has one page, and copies of it.
  const uint64_t max = std::max(kMinMaxPage, options.memory / 16);
  if (page_bytes <= max) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "pages of ", Bytes(page_bytes), " need --memory ", Bytes(16 * page_bytes), " at least"));
}

// That the DB is what the options say.
absl::Status CheckFits(const LoadOptions& options, const Database& database) {
  if (database.is_new() &&
      (!options.folders.wal_dir.empty() || !options.folders.db_paths.empty())) {
    return absl::FailedPreconditionError(
        "--wal-dir and --db-path: expected a DB that is there, as they say where its files are. "
        "A new DB has all files in its own folder");
  }
  if (absl::Status status = CheckPages(options, database); !status.ok()) return status;
  if (options.layout.value_or(database.layout()) != database.layout()) {
    return absl::FailedPreconditionError(
        absl::StrCat(options.db, ": the DB has layout ", LayoutName(database.layout()), ", not ",
                     LayoutName(*options.layout), "; leave --layout out, or load into a new DB"));
  }
  if (options.mode == LoadMode::kAppend && !database.can_append()) {
    const std::string others = database.OtherFamilies();
    return absl::FailedPreconditionError(
        absl::StrCat(options.db, ": cannot append: the DB's merge operator is ",
                     database.merge_operator(), ", not sheaf.append. ",
                     others.empty() ? "Use --mode replace, or open the DB once with "
                                      "merge_operator = sheaf::NewAppendOperator()"
                                    : others));
  }
  return absl::OkStatus();
}

// That a DB that is there can be ingested into, as far as it can be known beforehand. Fills
// `family_id` and `operands`.
absl::Status CheckTakesLoad(const LoadOptions& options, Preflight* preflight) {
  const Database& database = preflight->database;
  if (absl::Status status = database.CheckUnlocked(); !status.ok()) return status;
  if (access(options.db.c_str(), W_OK) != 0) {
    return absl::FailedPreconditionError(
        absl::StrCat(options.db, ": cannot write to the DB: ", ErrnoText(errno)));
  }
  if (absl::Status status = database.CheckTakesSsts("load"); !status.ok()) return status;
  if (absl::Status status = database.CheckLogs(); !status.ok()) return status;
  const auto opened = database.OpenForReadOnly();
  if (!opened.ok()) return opened.status();
  preflight->family_id = (*opened)->family()->GetID();
  const bool is_long = database.page_bytes() != 0;
  if (options.mode != LoadMode::kAppend && (!is_long || options.mode == LoadMode::kCreateOnly)) {
    return absl::OkStatus();
  }
  // Into a DB without keys values can go, which are read without merging.
  const absl::StatusOr<bool> empty = IsEmpty(**opened);
  if (!empty.ok()) return empty.status();
  if (options.mode == LoadMode::kReplace) {
    if (*empty) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat(options.db, ": column family ", options.family,
                     " has long lists, which --mode replace cannot replace, as the positions of "
                     "their values would be given again. `sheaf delete` deletes lists first; or "
                     "load into a new DB"));
  }
  preflight->operands = !*empty;
  return absl::OkStatus();
}

// Looks long lists up in a DB, which is opened for the first of them.
std::function<absl::StatusOr<std::optional<LongListEnd>>(std::string_view)> ListFinder(
    const Database& database) {
  struct State {
    explicit State(const Database& db) : database(db) {}
    const Database database;
    std::mutex mutex;
    std::unique_ptr<OpenedDatabase> opened;
    std::unique_ptr<LongLists> lists;  // goes before the DB
  };
  return [state = std::make_shared<State>(database)](
             std::string_view key) -> absl::StatusOr<std::optional<LongListEnd>> {
    const std::lock_guard<std::mutex> lock(state->mutex);
    if (state->lists == nullptr) {
      auto opened = state->database.OpenForReadOnly();
      if (!opened.ok()) return opened.status();
      state->opened = *std::move(opened);
      auto lists = LongLists::Open(*state->opened, state->database.layout());
      if (!lists.ok()) return lists.status();
      state->lists = *std::move(lists);
    }
    return state->lists->Find(key);
  };
}

}  // namespace

LoadPlace PlaceOf(const LoadOptions& options) {
  return options.sst_only.empty()
             ? LoadPlace(LoadPlace::Kind::kDb, options.db, options.tmp)
             : LoadPlace(LoadPlace::Kind::kSsts, options.sst_only, options.tmp);
}

absl::StatusOr<Preflight> CheckLoad(const LoadOptions& options) {
  Preflight preflight;
  absl::Status status = preflight.inputs.Look(options.inputs);
  if (status.ok()) status = FindDatabase(options, &preflight);
  if (status.ok()) status = CheckFits(options, preflight.database);
  if (!status.ok()) return status;
  preflight.order = KeyOrder(preflight.database.options().comparator);
  if (!options.sst_only.empty()) {
    preflight.operands = options.mode == LoadMode::kAppend;
  } else if (preflight.database.is_new()) {
    // RocksDB numbers families as they are made: the default one first.
    preflight.family_id = options.family == rocksdb::kDefaultColumnFamilyName ? 0 : 1;
  } else {
    status = CheckTakesLoad(options, &preflight);
    if (!status.ok()) return status;
  }
  return preflight;
}

std::vector<JournalRecord> IdentityOf(const LoadOptions& options, const Preflight& preflight,
                                      const LoadPlace& place, const std::string& rejects) {
  JournalRecord format = {"--format", options.format.has_value()
                                          ? absl::StrCat(static_cast<int>(*options.format))
                                          : ""};
  if (!options.csv.is_default()) {
    format.push_back(options.csv.header ? "--header" : "");
    format.push_back(options.csv.key);
    format.insert(format.end(), options.csv.values.begin(), options.csv.values.end());
  }
  std::vector<JournalRecord> identity = {
      {place.is_db() ? "--db" : "--sst-only", place.target()},
      {"--db", options.db.empty() ? "" : CanonicalPath(options.db)},
      // A family that is dropped and made again has another number.
      {"--cf", options.family, absl::StrCat(preflight.family_id)},
      {"--mode", absl::StrCat(static_cast<int>(options.mode))},
      format,
      {"--layout", LayoutName(preflight.database.layout())},
      {"--on-error", absl::StrCat(static_cast<int>(options.on_error))},
      {"--rejects", rejects},
      {"--shards", absl::StrCat(options.shards)},
  };
  if (const uint64_t page_bytes = preflight.database.page_bytes(); page_bytes != 0) {
    identity.push_back({"--page-bytes", absl::StrCat(page_bytes)});
  }
  const std::vector<JournalRecord> inputs = preflight.inputs.Records();
  identity.insert(identity.end(), inputs.begin(), inputs.end());
  return identity;
}

SstPlan MakeSstPlan(const LoadOptions& options, const Preflight& preflight, const LoadMark& mark) {
  SstPlan plan;
  plan.options = preflight.database.options();
  plan.options.table_properties_collector_factories.push_back(NewMarkCollectorFactory(mark));
  if (options.sst_only.empty()) {
    plan.family = std::make_shared<SstFamily>(options.family, preflight.family_id,
                                              preflight.order.comparator());
  }
  plan.operands = preflight.operands;
  plan.can_merge = preflight.database.can_append();
  plan.layout = preflight.database.layout();
  plan.page_bytes = preflight.database.page_bytes();
  if (plan.page_bytes != 0 && plan.operands && options.sst_only.empty()) {
    plan.find_list = ListFinder(preflight.database);
  }
  return plan;
}

void NoteSharedTmp(const LoadOptions& options) {
  struct stat tmp;
  if (stat(options.tmp.c_str(), &tmp) != 0 || (tmp.st_mode & S_IWOTH) == 0 ||
      (tmp.st_mode & S_ISVTX) != 0) {
    return;
  }
  options.note(absl::StrCat("--tmp ", options.tmp,
                            ": all users may write to it, and it has no sticky bit, so that "
                            "they can replace files of the load; chmod +t it"));
}

}  // namespace load
}  // namespace sheaf
