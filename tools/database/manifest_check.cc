#include "tools/database/manifest_check.h"

#include <charconv>
#include <filesystem>
#include <map>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "tools/common/text.h"
#include "tools/database/kept_files.h"
#include "tools/database/log_scan.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;

// So many names are told.
constexpr size_t kMaxNames = 8;

// The number of an SST or blob file; false for any other file.
bool FileNumber(const std::string& name, uint64_t* number) {
  const char* const end = name.data() + name.size();
  const auto [stop, error] = std::from_chars(name.data(), end, *number);
  const std::string_view rest(stop, static_cast<size_t>(end - stop));
  return error == std::errc() && (rest == ".sst" || rest == ".ldb" || rest == ".blob");
}

}  // namespace

std::string CutManifest::Text() const {
  std::string names;
  for (size_t i = 0; i < unnamed.size() && i < kMaxNames; ++i) {
    absl::StrAppend(&names, i == 0 ? "" : ", ", fs::path(unnamed[i]).filename().string());
  }
  if (unnamed.size() > kMaxNames) {
    absl::StrAppend(&names, " and ", Grouped(unnamed.size() - kMaxNames), " more");
  }
  return absl::StrCat(manifest.path, ": cut MANIFEST: at offset ", offset, ": ", reason, "; ",
                      Plural(manifest.size - offset, "byte"), " from there on cannot be read, and ",
                      Plural(unnamed.size(), "file"), unnamed.size() == 1 ? " is" : " are",
                      " there that it does not name: ", names);
}

absl::StatusOr<std::optional<CutManifest>> ScanManifest(const std::string& path) {
  std::optional<CutManifest> cut;
  const std::optional<FrozenFiles::Log> manifest = FrozenFiles::ManifestNow(path);
  if (!manifest.has_value()) return cut;
  const absl::StatusOr<LogScan> scan =
      ScanLog(manifest->open_path, manifest->number, manifest->size);
  if (!scan.ok()) return scan.status();
  const auto set = [&](uint64_t offset, std::string reason) {
    cut.emplace();
    cut->manifest = *manifest;
    cut->offset = offset;
    cut->reason = std::move(reason);
  };
  if (scan->damage.has_value()) {
    set(scan->damage->offset, scan->damage->reason);
  } else if (scan->torn.has_value()) {
    set(*scan->torn, "ends within a record");
  } else if (scan->room.has_value()) {
    set(*scan->room, "zeros in the place of records");
  }
  return cut;
}

std::vector<std::string> FindUnnamed(const std::vector<std::string>& folders,
                                     const std::set<uint64_t>& named) {
  std::map<uint64_t, std::string> unnamed;
  for (const std::string& folder : folders) {
    std::error_code error;
    for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
      const std::string name = at->path().filename().string();
      uint64_t number = 0;
      if (!FileNumber(name, &number) || named.count(number) != 0) continue;
      unnamed.emplace(number, absl::StrCat(folder, "/", name));
    }
  }
  std::vector<std::string> paths;
  for (auto& [number, path] : unnamed) paths.push_back(std::move(path));
  return paths;
}

absl::StatusOr<std::string> KeepUnnamed(const CutManifest& cut, const std::string& path,
                                        const std::string& wal_folder) {
  std::vector<std::string> copied = {cut.manifest.path, path + "/CURRENT"};
  for (const FrozenFiles::Log& log : FrozenFiles::LogsNow(wal_folder)) copied.push_back(log.path);
  return KeepFiles(path, absl::StrFormat("cut-manifest-%06d", cut.manifest.number), copied,
                   cut.unnamed);
}

}  // namespace load
}  // namespace sheaf
