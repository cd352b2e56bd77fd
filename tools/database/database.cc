#include "tools/database/database.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "rocksdb/convenience.h"
#include "rocksdb/merge_operator.h"
#include "sheaf/append_operator.h"
#include "sheaf/long_store.h"
#include "sheaf/plugin.h"
#include "tools/common/text.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;

// What RocksDB leaves in a folder in which opening a DB failed, a file system, and loads.
bool IsLeftover(const std::string& name) {
  return name == "LOCK" || name == "IDENTITY" || absl::StartsWith(name, "LOG") ||
         name == "lost+found" || absl::StartsWith(name, ".load-") ||
         absl::StartsWith(name, ".new-");
}

// The option `layout` of one of Sheaf's objects.
bool GetLayout(const rocksdb::Configurable& object, Layout* layout) {
  std::string name;
  if (!object.GetOption(rocksdb::ConfigOptions(), "layout", &name).ok()) return false;
  *layout = name == LayoutName(Layout::kFixed64) ? Layout::kFixed64 : Layout::kCompact;
  return true;
}

void SetLists(Layout layout, uint64_t page_bytes, rocksdb::ColumnFamilyOptions* family) {
  AppendOptions append;
  append.page_bytes = page_bytes;
  append.layout = layout;
  family->merge_operator = NewAppendOperator(append);
  if (page_bytes != 0) family->sst_partitioner_factory = NewPagePartitionerFactory();
  family->table_properties_collector_factories.push_back(NewStatsCollectorFactory(layout));
}

constexpr char kGone[] =
    "OPTIONS name it, but MANIFEST does not. It was dropped, or lost by `ldb repair`, which keeps "
    "no column family without SSTs";

}  // namespace

OpenedDatabase::~OpenedDatabase() {
  for (rocksdb::ColumnFamilyHandle* const handle : handles_) {
    db_->DestroyColumnFamilyHandle(handle);
  }
  // Its status is not looked at: a command that wrote has called Acknowledge(), or ingested.
  db_->Close();
}

bool Database::Exists(const std::string& path) {
  std::error_code error;
  return fs::exists(fs::path(path) / "CURRENT", error);
}

absl::StatusOr<Database> Database::Read(const std::string& path, const std::string& family_name,
                                        const DbFolders& folders, std::string* note) {
  std::error_code error;
  if (!Exists(path)) {
    if (access((path + "/CURRENT").c_str(), F_OK) != 0 && errno != ENOENT && errno != ENOTDIR) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, ": cannot look for a DB there: ", ErrnoText(errno)));
    }
    const char* const found = !fs::exists(path, error)        ? "there is no such folder"
                              : fs::is_directory(path, error) ? "the folder has no file CURRENT"
                                                              : "it is not a folder";
    return absl::NotFoundError(
        absl::StrCat(path, ": no RocksDB DB here: ", found, ". `sheaf load` creates a DB"));
  }
  absl::StatusOr<OptionsFile> said = OptionsFile::ReadLatest(path);
  if (!said.ok()) return said.status();
  std::string about = said->note;
  absl::StatusOr<Database> database = Of(path, family_name, folders, *std::move(said));
  if (!database.ok()) return database;
  database->FindGone();
  if (database->gone_.count(family_name) != 0) {
    return absl::NotFoundError(absl::StrCat(path, ": no column family ", family_name,
                                            " here any more: ", kGone,
                                            ". The application can make it again, empty"));
  }
  for (const std::string& gone : database->gone_) {
    absl::StrAppend(&about, about.empty() ? "" : "; ", path, ": column family ", gone,
                    " is not here any more: ", kGone);
  }
  if (note != nullptr) *note = about;
  return database;
}

void Database::FindGone() {
  if (said_.families.size() == 1) return;  // the default one is always there
  std::vector<std::string> names;
  // Where it cannot be read, opening the DB tells why.
  if (!rocksdb::DB::ListColumnFamilies({}, path_, &names).ok()) return;
  const std::set<std::string> there(names.begin(), names.end());
  for (const rocksdb::ColumnFamilyDescriptor& family : said_.families) {
    if (there.count(family.name) == 0) gone_.insert(family.name);
  }
  DeriveOptions();
}

absl::StatusOr<Database> Database::ReadWithoutOptions(const std::string& path,
                                                      const std::string& family_name,
                                                      const DbFolders& folders, Layout layout) {
  RegisterPlugin();
  absl::StatusOr<OptionsFile> said = OptionsFile::Default(path);
  if (!said.ok()) return said.status();
  absl::StatusOr<Database> database = Of(path, family_name, folders, *std::move(said));
  if (!database.ok()) return database.status();
  for (rocksdb::ColumnFamilyDescriptor& family : database->said_.families) {
    if (family.name == family_name) SetLists(layout, /*page_bytes=*/0, &family.options);
  }
  database->said_.Rewrite();
  database->DeriveOptions();
  return database;
}

absl::StatusOr<Database> Database::Of(const std::string& path, const std::string& family_name,
                                      const DbFolders& folders, OptionsFile said) {
  Database database;
  database.path_ = path;
  database.family_name_ = family_name;
  database.folders_ = folders;
  database.said_ = std::move(said);
  std::string names;
  bool found = false;
  for (const rocksdb::ColumnFamilyDescriptor& family : database.said_.families) {
    found = found || family.name == family_name;
    absl::StrAppend(&names, names.empty() ? "" : ", ", family.name);
    if (family.options.comparator->timestamp_size() != 0) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, ": column family ", family.name,
                       " has user-defined timestamps, which sheaf does not support"));
    }
  }
  if (!found) {
    return absl::NotFoundError(
        absl::StrCat(path, ": no column family ", family_name, " here; the DB has ", names));
  }
  rocksdb::DBOptions resolved = database.said_.db_options;
  if (absl::Status status = ResolveFolders(path, folders, &resolved); !status.ok()) return status;
  database.db_options_ = std::move(resolved);
  database.DeriveOptions();
  return database;
}

void Database::DeriveOptions() {
  const std::string wal_dir = db_options_.wal_dir;
  const std::vector<rocksdb::DbPath> db_paths = db_options_.db_paths;
  db_options_ = said_.db_options;
  db_options_.wal_dir = wal_dir;
  db_options_.db_paths = db_paths;
  families_.clear();
  for (const rocksdb::ColumnFamilyDescriptor& family : said_.families) {
    if (gone_.count(family.name) == 0) families_.push_back(family);
  }
  FindLayout();  // of what the application said
  ApplyOpenPolicy(&db_options_, &families_);
}

absl::StatusOr<Database> Database::New(const std::string& path, Layout layout,
                                       const std::string& family_name, uint64_t page_bytes) {
  std::error_code error;
  if (fs::exists(path, error)) {
    if (!fs::is_directory(path, error)) {
      return absl::FailedPreconditionError(absl::StrCat(path, ": is a file; expected a DB folder"));
    }
    for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
      const std::string name = entry.path().filename().string();
      if (!IsLeftover(name)) {
        return absl::FailedPreconditionError(absl::StrCat(
            path, ": is no DB but holds other files (", name,
            "); name a new or an empty folder. (If a load was interrupted while it made a DB "
            "there, the same command with --resume completes it)"));
      }
    }
    if (!error && access(path.c_str(), W_OK) != 0) {
      error = std::error_code(errno, std::generic_category());
    }
    if (error) return absl::FailedPreconditionError(absl::StrCat(path, ": ", error.message()));
  } else {
    fs::path parent = fs::absolute(path, error).lexically_normal();
    if (!parent.has_filename()) parent = parent.parent_path();  // "a/b/" names b
    parent = parent.parent_path();
    if (!fs::is_directory(parent, error)) {
      return absl::FailedPreconditionError(
          absl::StrCat(path, ": the parent folder ", parent.string(), " does not exist; make it"));
    }
  }
  Database database = Fresh(path, layout, family_name, page_bytes);
  return database;
}

Database Database::Fresh(const std::string& path, Layout layout, const std::string& family_name,
                         uint64_t page_bytes) {
  RegisterPlugin();
  Database database;
  database.path_ = path;
  database.is_new_ = true;
  database.db_options_.create_if_missing = true;
  rocksdb::ColumnFamilyOptions family;
  SetLists(layout, page_bytes, &family);
  if (family_name != rocksdb::kDefaultColumnFamilyName) {
    database.db_options_.create_missing_column_families = true;
    database.families_.emplace_back(rocksdb::kDefaultColumnFamilyName,
                                    rocksdb::ColumnFamilyOptions());
  }
  database.family_name_ = family_name;
  database.families_.emplace_back(family_name, family);
  database.FindLayout();
  return database;
}

const rocksdb::ColumnFamilyOptions& Database::family() const {
  for (const rocksdb::ColumnFamilyDescriptor& family : families_) {
    if (family.name == family_name_) return family.options;
  }
  return families_.front().options;  // Read() and New() have seen to it that there is one
}

rocksdb::ColumnFamilyHandle* Database::HandleOf(
    const std::vector<rocksdb::ColumnFamilyHandle*>& handles) const {
  for (rocksdb::ColumnFamilyHandle* const handle : handles) {
    if (handle->GetName() == family_name_) return handle;
  }
  return handles.front();
}

rocksdb::ColumnFamilyOptions& Database::family() {
  return const_cast<rocksdb::ColumnFamilyOptions&>(std::as_const(*this).family());
}

absl::Status Database::CheckPlainLists() const {
  if (page_bytes_ == 0) return absl::OkStatus();
  const std::string what = absl::StrCat(path_, ": column family ", family_name_,
                                        " holds long lists (page_bytes=", page_bytes_, ")");
  if (!can_append_) {
    return absl::FailedPreconditionError(absl::StrCat(
        what, ", but OPTIONS name the merge operator ", merge_operator_,
        ": a tool wrote them that does not know sheaf.append; `sheaf repair` puts that "
        "back"));
  }
  return absl::FailedPreconditionError(
      absl::StrCat(what, ", which lie in pages: this command is for plain lists, one a key"));
}

void Database::FindLayout() {
  FindPageBytes();
  const rocksdb::ColumnFamilyOptions& options = family();
  if (can_append_ && GetLayout(*options.merge_operator, &layout_)) return;
  for (const auto& factory : options.table_properties_collector_factories) {
    if (factory != nullptr && factory->IsInstanceOf(kStatsCollectorName) &&
        GetLayout(*factory, &layout_)) {
      return;
    }
  }
}

rocksdb::Options Database::options() const { return rocksdb::Options(db_options_, family()); }

std::vector<std::string> Database::FamilyNames() const {
  std::vector<std::string> names;
  for (const rocksdb::ColumnFamilyDescriptor& family : families_) names.push_back(family.name);
  return names;
}

Database Database::WithFamily(const std::string& name) const {
  Database other = *this;
  other.family_name_ = name;
  other.layout_ = Layout::kCompact;
  other.DeriveOptions();
  return other;
}

std::string Database::OtherFamilies() const {
  std::vector<std::string> names;
  for (const std::string& name : FamilyNames()) {
    if (name != family_name_ && WithFamily(name).can_append()) names.push_back(name);
  }
  if (names.empty()) return "";
  return absl::StrCat(names.size() == 1 ? "The column family" : "The column families",
                      " with sheaf.append: ", absl::StrJoin(names, ", "), ". Name ",
                      names.size() == 1 ? "it: " : "one: ", "--cf ",
                      names.size() == 1 ? names.front() : "NAME");
}

Database Database::At(const std::string& path) const {
  Database other = *this;
  other.path_ = path;
  return other;
}

absl::Status Database::Locked() const {
  return absl::FailedPreconditionError(
      absl::StrCat(path_,
                   ": another process has this DB open; only one can write to it. Close that "
                   "one and run this again"));
}

absl::Status Database::CheckUnlocked() const {
  // RocksDB's lock is a POSIX lock on this file. Closing it releases locks of this process alone,
  // which has none.
  const int fd = open((path_ + "/LOCK").c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return absl::OkStatus();  // opening will tell
  struct flock lock = {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  const bool locked = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
  close(fd);
  return locked ? Locked() : absl::OkStatus();
}

}  // namespace load
}  // namespace sheaf
