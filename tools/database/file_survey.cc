#include "tools/database/file_survey.h"

#include <filesystem>
#include <limits>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "rocksdb/env.h"
#include "rocksdb/metadata.h"
#include "tools/common/silent_logger.h"
#include "tools/database/guarded_file_system.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxPaths = 4;  // RocksDB's limit

class Surveyor {
 public:
  Surveyor(const std::string& path, const rocksdb::DBOptions& db_options) {
    for (const rocksdb::DbPath& folder : db_options.db_paths) known_.push_back(folder.path);
    if (known_.empty()) known_.push_back(path);
    // Names that stand for the paths that are not known; nothing is there.
    paths_ = known_;
    while (paths_.size() < kMaxPaths) {
      paths_.push_back(absl::StrCat(path, "/db_paths[", paths_.size(), "]"));
    }
  }

  const std::vector<std::string>& paths() const { return paths_; }

  void Add(const std::string& family, const std::string& folder, const std::string& name) {
    ++survey_.files;
    size_t index = 0;
    while (index + 1 < paths_.size() && paths_[index] != folder) ++index;
    survey_.other_paths |= index != 0;
    // RocksDB looks in the last path for what is past it.
    const std::string& where = known_[std::min(index, known_.size() - 1)];
    std::error_code error;
    if (fs::exists(where + "/" + name, error)) {
      if (index == 0) survey_.settled.insert(family);
      return;
    }
    if (survey_.missing++ == 0) {
      survey_.first_missing = absl::StrCat(name, " of column family ", family,
                                           index == 0 ? "" : absl::StrCat(", path ", index));
    }
  }

  FileSurvey& survey() { return survey_; }

 private:
  std::vector<std::string> known_;
  std::vector<std::string> paths_;
  FileSurvey survey_;
};

}  // namespace

std::set<uint64_t> NamedFiles(rocksdb::DB* db,
                              const std::vector<rocksdb::ColumnFamilyHandle*>& handles) {
  std::set<uint64_t> numbers;
  for (rocksdb::ColumnFamilyHandle* const handle : handles) {
    rocksdb::ColumnFamilyMetaData family;
    db->GetColumnFamilyMetaData(handle, &family);
    for (const rocksdb::LevelMetaData& level : family.levels) {
      for (const rocksdb::SstFileMetaData& file : level.files) numbers.insert(file.file_number);
    }
    for (const rocksdb::BlobMetaData& file : family.blob_files) {
      numbers.insert(file.blob_file_number);
    }
  }
  return numbers;
}

absl::StatusOr<FileSurvey> SurveyFiles(
    const std::string& path, const rocksdb::DBOptions& db_options,
    const std::vector<rocksdb::ColumnFamilyDescriptor>& families) {
  Surveyor surveyor(path, db_options);
  auto guard = std::make_shared<GuardedFileSystem>(std::vector<std::string>{});
  guard->HideLogs();
  const std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(guard);
  rocksdb::DBOptions options = db_options;
  options.env = env.get();
  options.info_log = std::make_shared<SilentLogger>();
  options.wal_dir = path;
  options.db_paths.clear();
  for (const std::string& folder : surveyor.paths()) {
    options.db_paths.emplace_back(folder, std::numeric_limits<uint64_t>::max());
  }
  // What is missing is to be counted, not to be an error.
  options.paranoid_checks = false;
  options.max_open_files = 20;
  options.skip_stats_update_on_db_open = true;
  options.track_and_verify_wals_in_manifest = false;
  options.allow_2pc = false;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status =
      rocksdb::DB::OpenForReadOnly(options, path, families, &handles, &opened);
  if (!status.ok()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, ": cannot open the DB: ", status.ToString()));
  }
  const std::unique_ptr<rocksdb::DB> db(opened);
  surveyor.survey().named = NamedFiles(opened, handles);
  for (rocksdb::ColumnFamilyHandle* const handle : handles) {
    rocksdb::ColumnFamilyMetaData family;
    db->GetColumnFamilyMetaData(handle, &family);
    for (const rocksdb::LevelMetaData& level : family.levels) {
      for (const rocksdb::SstFileMetaData& file : level.files) {
        surveyor.Add(family.name, file.directory, file.relative_filename);
      }
    }
    for (const rocksdb::BlobMetaData& file : family.blob_files) {
      surveyor.Add(family.name, surveyor.paths().front(),
                   fs::path(file.blob_file_name).filename().string());
    }
    db->DestroyColumnFamilyHandle(handle);
  }
  return surveyor.survey();
}

LogSize SizeOfLogs(const std::string& path) {
  LogSize size;
  std::error_code error;
  for (fs::directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    if (!IsLogName(at->path().filename().string())) continue;
    std::error_code ignored;
    const uint64_t bytes = fs::file_size(at->path(), ignored);
    if (ignored) continue;
    ++size.files;
    size.bytes += bytes;
  }
  return size;
}

}  // namespace load
}  // namespace sheaf
