#include "tools/database/frozen_files.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string_view>
#include <thread>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;
using rocksdb::IOStatus;

// Descriptors for everything else.
constexpr size_t kOtherFiles = 256;

std::string Normal(const std::string& path) {
  std::string normal = fs::path(path).lexically_normal().string();
  while (normal.size() > 1 && normal.back() == '/') normal.pop_back();
  return normal;
}

bool IsTable(const std::string& name) {
  return absl::EndsWith(name, ".sst") || absl::EndsWith(name, ".ldb") ||
         absl::EndsWith(name, ".blob");
}

// The number of a log; false for any other file.
bool LogNumber(const std::string& name, uint64_t* number) {
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, *number);
  return error == std::errc() && std::string_view(stop, static_cast<size_t>(end - stop)) == ".log";
}

// Files that RocksDB reads when it opens a DB, or later.
bool IsOfDb(const std::string& name) {
  uint64_t number = 0;
  return IsTable(name) || LogNumber(name, &number) || name == "CURRENT" || name == "IDENTITY" ||
         absl::StartsWith(name, "MANIFEST-") || absl::StartsWith(name, "OPTIONS-");
}

std::vector<std::string> NamesIn(const std::string& folder) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().filename().string();
    if (IsOfDb(name)) names.push_back(std::move(name));
  }
  return names;
}

// What a writer changes before it deletes a file, or uses a log again.
struct Moment {
  std::string manifest;
  uint64_t size = 0;

  bool operator==(const Moment& other) const {
    return manifest == other.manifest && size == other.size;
  }
};

bool Look(const std::string& path, Moment* moment) {
  std::ifstream current(path + "/CURRENT");
  if (!std::getline(current, moment->manifest)) return false;
  struct stat info;
  if (stat((path + "/" + moment->manifest).c_str(), &info) != 0) return false;
  moment->size = static_cast<uint64_t>(info.st_size);
  return true;
}

// Also a link to nothing.
bool IsThere(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0;
}

// Whether `count` more files may be open, each of them twice.
bool MayOpen(size_t count) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  const rlim_t wanted = 2 * count + kOtherFiles;
  if (wanted <= limit.rlim_cur) return true;
  if (wanted > limit.rlim_max) return false;
  limit.rlim_cur = wanted;
  return setrlimit(RLIMIT_NOFILE, &limit) == 0;
}

// The header of the first record of a log, of which `size` bytes count. A log that is written anew
// gets another: the header has its number, and it is written before all else.
std::string FrontOf(int log, uint64_t size) {
  constexpr uint64_t kHeaderBytes = 11;
  std::string front(std::min(size, kHeaderBytes), '\0');
  const ssize_t bytes = pread(log, front.data(), front.size(), 0);
  front.resize(bytes < 0 ? 0 : static_cast<size_t>(bytes));
  return front;
}

bool HasProc() {
  static const bool has =
      access("/proc/self/fd/0", F_OK) == 0 || access("/proc/self/fd", X_OK) == 0;
  return has;
}

// Ends at a size.
class CutFile final : public rocksdb::FSSequentialFileOwnerWrapper {
 public:
  CutFile(std::unique_ptr<rocksdb::FSSequentialFile> file, uint64_t size)
      : rocksdb::FSSequentialFileOwnerWrapper(std::move(file)), left_(size), size_(size) {}

  IOStatus Read(size_t n, const rocksdb::IOOptions& options, rocksdb::Slice* result, char* scratch,
                rocksdb::IODebugContext* debug) override {
    if (left_ == 0) {
      *result = rocksdb::Slice();
      return IOStatus::OK();
    }
    // Direct reads want their own sizes.
    const size_t wanted = use_direct_io() ? n : std::min<uint64_t>(n, left_);
    IOStatus status =
        rocksdb::FSSequentialFileOwnerWrapper::Read(wanted, options, result, scratch, debug);
    Cut(left_, result);
    left_ -= result->size();
    return status;
  }
  IOStatus Skip(uint64_t n) override {
    n = std::min(n, left_);
    left_ -= n;
    return rocksdb::FSSequentialFileOwnerWrapper::Skip(n);
  }
  IOStatus PositionedRead(uint64_t offset, size_t n, const rocksdb::IOOptions& options,
                          rocksdb::Slice* result, char* scratch,
                          rocksdb::IODebugContext* debug) override {
    IOStatus status = rocksdb::FSSequentialFileOwnerWrapper::PositionedRead(offset, n, options,
                                                                            result, scratch, debug);
    Cut(size_ - std::min(size_, offset), result);
    return status;
  }

 private:
  static void Cut(uint64_t size, rocksdb::Slice* result) {
    if (result->size() > size) *result = rocksdb::Slice(result->data(), size);
  }

  uint64_t left_;
  const uint64_t size_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<FrozenFiles>> FrozenFiles::Capture(
    const std::shared_ptr<rocksdb::FileSystem>& base, const std::string& path,
    const std::vector<std::string>& folders, const std::function<void()>& between) {
  std::shared_ptr<FrozenFiles> files(new FrozenFiles(base));
  std::vector<std::string> all = {path};
  all.insert(all.end(), folders.begin(), folders.end());
  for (std::string& folder : all) folder = Normal(folder);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(std::chrono::milliseconds(attempt / 10));
    Moment before;
    // A MANIFEST may be replaced between the looks at CURRENT and at it.
    if (!Look(path, &before) && !Look(path, &before) && !Look(path, &before)) {
      return absl::NotFoundError(
          absl::StrCat(path, ": no file CURRENT, or no MANIFEST of the name that it has"));
    }
    if (between) between();
    for (const std::string& folder : all) files->Open(folder);
    Moment after;
    if (Look(path, &after) && before == after) return files;
  }
  return absl::AbortedError(absl::StrCat(
      path,
      ": another process changes this DB faster than its files can be opened. Run this again "
      "when it writes less, or on a checkpoint of the DB"));
}

std::string FrozenFiles::Fingerprint(const std::string& path) {
  Moment moment;
  Look(path, &moment);
  std::vector<std::string> names = NamesIn(path);
  std::sort(names.begin(), names.end());
  return absl::StrCat(moment.manifest, " ", moment.size, " ", absl::StrJoin(names, " "));
}

FrozenFiles::~FrozenFiles() {
  for (const auto& [path, folder] : folders_) {
    for (const auto& [name, file] : folder) {
      if (file.fd >= 0) close(file.fd);
    }
  }
}

void FrozenFiles::Open(const std::string& path) {
  Folder& folder = folders_[path];
  Folder before = std::exchange(folder, Folder());
  const std::vector<std::string> names = NamesIn(path);
  const bool pin = HasProc();
  const bool pin_tables = pin && MayOpen(names.size());
  for (const std::string& name : names) {
    File file;
    const auto known = before.find(name);
    if (known != before.end() && IsTable(name)) {  // never written again
      file = std::exchange(known->second, File());
    } else if (IsTable(name) ? pin_tables : pin) {
      file.fd = open((path + "/" + name).c_str(), O_RDONLY | O_CLOEXEC);
      // Gone, so nothing that MANIFEST still names. A link to nothing is there, and cannot be read.
      if (file.fd < 0 && errno == ENOENT && !IsThere(path + "/" + name)) continue;
    }
    struct stat info;
    const int got = file.fd >= 0 ? fstat(file.fd, &info) : stat((path + "/" + name).c_str(), &info);
    if (got == 0) file.size = static_cast<uint64_t>(info.st_size);
    if (got == 0) file.written = info.st_mtim;
    uint64_t number = 0;
    if (file.fd >= 0 && LogNumber(name, &number)) file.front = FrontOf(file.fd, file.size);
    folder.emplace(name, file);
  }
  for (const auto& [name, file] : before) {
    if (file.fd >= 0) close(file.fd);
  }
}

const FrozenFiles::File* FrozenFiles::Find(const std::string& path) const {
  const fs::path normal(Normal(path));
  const auto folder = folders_.find(normal.has_parent_path() ? normal.parent_path().string() : ".");
  if (folder == folders_.end()) return nullptr;
  const auto file = folder->second.find(normal.filename().string());
  return file == folder->second.end() ? nullptr : &file->second;
}

std::string FrozenFiles::OpenPath(const File* file, const std::string& path) {
  return file == nullptr || file->fd < 0 ? path : absl::StrCat("/proc/self/fd/", file->fd);
}

IOStatus FrozenFiles::Opened(const File* file, const std::string& path, IOStatus status) {
  if (file != nullptr && (status.IsNotFound() || status.IsPathNotFound()) && !IsThere(path)) {
    missed_ = true;
  }
  return status;
}

std::vector<FrozenFiles::Log> FrozenFiles::LogsOf(const std::string& path, const Folder& folder) {
  std::vector<Log> logs;
  for (const auto& [name, file] : folder) {
    Log log;
    if (!LogNumber(name, &log.number)) continue;
    log.size = file.size;
    log.path = path + "/" + name;
    log.open_path = OpenPath(&file, log.path);
    logs.push_back(std::move(log));
  }
  std::sort(logs.begin(), logs.end(),
            [](const Log& a, const Log& b) { return a.number < b.number; });
  return logs;
}

std::vector<FrozenFiles::Log> FrozenFiles::Logs(const std::string& path) const {
  const auto folder = folders_.find(Normal(path));
  return folder == folders_.end() ? std::vector<Log>() : LogsOf(path, folder->second);
}

std::vector<FrozenFiles::Log> FrozenFiles::LogsNow(const std::string& path) {
  Folder folder;
  for (const std::string& name : NamesIn(path)) {
    File file;
    struct stat info;
    if (stat((path + "/" + name).c_str(), &info) != 0) continue;
    file.size = static_cast<uint64_t>(info.st_size);
    folder.emplace(name, file);
  }
  return LogsOf(path, folder);
}

std::optional<FrozenFiles::Log> FrozenFiles::ManifestNow(const std::string& path) {
  Moment moment;
  if (!Look(path, &moment)) return std::nullopt;
  Log manifest;
  const absl::string_view digits = absl::StripPrefix(moment.manifest, "MANIFEST-");
  std::from_chars(digits.data(), digits.data() + digits.size(), manifest.number);
  manifest.size = moment.size;
  manifest.path = absl::StrCat(path, "/", moment.manifest);
  manifest.open_path = manifest.path;
  return manifest;
}

bool FrozenFiles::Disturbed(uint64_t first_needed) const {
  for (const auto& [path, folder] : folders_) {
    for (const auto& [name, file] : folder) {
      uint64_t number = 0;
      if (!LogNumber(name, &number) || number < first_needed || file.fd < 0) continue;
      if (FrontOf(file.fd, file.size) != file.front) return true;
    }
  }
  return false;
}

bool FrozenFiles::WrittenSince(const std::string& path) const {
  const File* const file = Find(path);
  struct stat now;
  if (file == nullptr || stat(OpenPath(file, path).c_str(), &now) != 0) return false;
  return now.st_mtim.tv_sec != file->written.tv_sec || now.st_mtim.tv_nsec != file->written.tv_nsec;
}

IOStatus FrozenFiles::NewSequentialFile(const std::string& path,
                                        const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                        rocksdb::IODebugContext* debug) {
  const File* const frozen = Find(path);
  IOStatus status = Opened(
      frozen, path, target()->NewSequentialFile(OpenPath(frozen, path), options, file, debug));
  if (status.ok() && frozen != nullptr) {
    *file = std::make_unique<CutFile>(std::move(*file), frozen->size);
  }
  return status;
}

IOStatus FrozenFiles::NewRandomAccessFile(const std::string& path,
                                          const rocksdb::FileOptions& options,
                                          std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                          rocksdb::IODebugContext* debug) {
  const File* const frozen = Find(path);
  return Opened(frozen, path,
                target()->NewRandomAccessFile(OpenPath(frozen, path), options, file, debug));
}

IOStatus FrozenFiles::FileExists(const std::string& path, const rocksdb::IOOptions& options,
                                 rocksdb::IODebugContext* debug) {
  return Find(path) != nullptr ? IOStatus::OK() : target()->FileExists(path, options, debug);
}

IOStatus FrozenFiles::GetChildren(const std::string& path, const rocksdb::IOOptions& options,
                                  std::vector<std::string>* names, rocksdb::IODebugContext* debug) {
  const auto folder = folders_.find(Normal(path));
  if (folder == folders_.end() || folder->second.empty()) {
    return target()->GetChildren(path, options, names, debug);
  }
  names->clear();
  for (const auto& [name, file] : folder->second) names->push_back(name);
  return IOStatus::OK();
}

IOStatus FrozenFiles::GetFileSize(const std::string& path, const rocksdb::IOOptions& options,
                                  uint64_t* size, rocksdb::IODebugContext* debug) {
  const File* const frozen = Find(path);
  if (frozen == nullptr) return target()->GetFileSize(path, options, size, debug);
  *size = frozen->size;
  return IOStatus::OK();
}

}  // namespace load
}  // namespace sheaf
