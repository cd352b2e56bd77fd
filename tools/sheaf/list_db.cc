#include "tools/sheaf/list_db.h"

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/sheaf/list_evidence.h"

namespace sheaf {
namespace tool {

namespace {

void Tell(const std::string& note) {
  if (!note.empty()) std::fputs(("sheaf: " + note + "\n").c_str(), stderr);
}

}  // namespace

absl::Status FromRocks(const std::string& where, const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(where, ": ", status.ToString()));
}

absl::Status OpenSteadily(const std::string& path, const std::function<absl::Status()>& open) {
  for (int attempt = 1;; ++attempt) {
    const std::string before = load::FrozenFiles::Fingerprint(path);
    absl::Status status = open();
    if (status.ok() || attempt == load::kOpenAttempts ||
        before == load::FrozenFiles::Fingerprint(path)) {
      return status;
    }
  }
}

absl::StatusOr<load::Database> ReadDatabase(const DbName& name) {
  std::string note;
  absl::StatusOr<load::Database> database = absl::UnknownError("");
  OpenSteadily(name.path, [&] {
    note.clear();
    database = load::Database::Read(name.path, name.family, name.folders, &note);
    return database.status();
  }).IgnoreError();  // is in `database`
  Tell(note);
  return database;
}

absl::Status ListDb::Open(const load::Database& database, Access access,
                          std::unique_ptr<ListDb>* lists, Knows knows) {
  if (knows == Knows::kPlain || !database.can_append()) {
    if (absl::Status status = database.CheckPlainLists(); !status.ok()) return status;
  }
  if (access != Access::kReadOnly) {
    if (absl::Status status = database.CheckUnlocked(); !status.ok()) return status;
  }
  auto opened = access == Access::kReadOnly ? database.OpenForReadOnly() : database.Open();
  if (!opened.ok()) return opened.status();
  auto result = std::make_unique<ListDb>();
  result->opened_ = *std::move(opened);
  Tell(result->opened_->note());
  if (access == Access::kReadOnly && !database.OptionsTellOfLists()) {
    absl::Status status = CheckHoldsLists(database, *result->opened_);
    if (!status.ok()) return status;
  }
  result->layout_ = database.layout();
  result->page_bytes_ = database.page_bytes();
  rocksdb::Status status;
  if (!result->is_long()) {
    StoreOptions options;
    options.layout = database.layout();
    options.read_only = access == Access::kReadOnly;
    status =
        Store::Open(result->opened_->db(), result->opened_->family(), options, &result->store_);
  } else if (knows == Knows::kLong) {
    LongStoreOptions options;
    options.layout = database.layout();
    options.seal_in_background = false;
    options.read_only = access == Access::kReadOnly;
    status = LongStore::Open(result->opened_->db(), result->opened_->family(), options,
                             &result->long_store_);
  }
  if (!status.ok()) return FromRocks(database.path(), status);
  *lists = std::move(result);
  return absl::OkStatus();
}

absl::Status ListDb::OpenForReadOnly(const DbName& name, std::unique_ptr<ListDb>* lists,
                                     Knows knows) {
  return OpenSteadily(name.path, [&] {
    const absl::StatusOr<load::Database> database = ReadDatabase(name);
    if (!database.ok()) return database.status();
    return Open(*database, Access::kReadOnly, lists, knows);
  });
}

absl::Status ListDb::OpenForWrite(const DbName& name, const char* command,
                                  std::unique_ptr<ListDb>* lists, Access access, Knows knows) {
  const absl::StatusOr<load::Database> database = ReadDatabase(name);
  if (!database.ok()) return database.status();
  if (!database->can_append()) {
    if (absl::Status status = database->CheckPlainLists(); !status.ok()) return status;
    const std::string others = database->OtherFamilies();
    return absl::FailedPreconditionError(absl::StrCat(
        name.path, ": cannot ", command, ": the DB's merge operator is ",
        database->merge_operator(), ", not sheaf.append. ",
        others.empty()
            ? "If it was before, `sheaf repair` puts it back; else open the DB once with "
              "merge_operator = sheaf::NewAppendOperator(), or export its lists and load them into "
              "a new DB"
            : absl::StrCat(others, ". If column family ", name.family,
                           " had it before, `sheaf repair` puts it back")));
  }
  if (access == Access::kWriteSsts) {
    // First, as what another process changes meanwhile may look as if files were missing.
    if (absl::Status status = database->CheckUnlocked(); !status.ok()) return status;
    if (absl::Status status = database->CheckTakesSsts(command); !status.ok()) return status;
  }
  return Open(*database, access, lists, knows);
}

}  // namespace tool
}  // namespace sheaf
