#include "tools/database/kept_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "tools/common/disk_sync.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;

std::string In(const std::string& folder, const std::string& path) {
  return folder + "/" + fs::path(path).filename().string();
}

// Links are made when the copies are on disk.
bool HasLinks(const std::string& folder, const std::vector<std::string>& linked) {
  return !linked.empty() && std::all_of(linked.begin(), linked.end(), [&](const auto& path) {
    std::error_code error;
    return fs::equivalent(path, In(folder, path), error);
  });
}

absl::Status Copy(const std::string& path, const std::string& folder) {
  const std::string copy = In(folder, path);
  std::error_code error;
  if (!fs::copy_file(path, copy, error)) {
    return absl::InternalError(
        absl::StrCat(path, ": cannot copy it to ", folder, ": ", error.message()));
  }
  return SyncPath(copy);
}

absl::Status Link(const std::string& path, const std::string& folder) {
  std::error_code error;
  fs::create_hard_link(path, In(folder, path), error);
  if (error) return Copy(path, folder);
  // Its bytes need not have reached the disk yet.
  return SyncPath(path);
}

}  // namespace

absl::StatusOr<std::string> KeepFiles(const std::string& db, const std::string& name,
                                      const std::vector<std::string>& copied,
                                      const std::vector<std::string>& linked) {
  std::string folder;
  std::error_code error;
  for (int i = 0;; ++i) {
    folder = absl::StrCat(db, "/", name, i == 0 ? "" : absl::StrCat("-", i));
    if (fs::create_directory(folder, error)) break;
    if (error) {
      return absl::InternalError(
          absl::StrCat(folder, ": cannot make a folder for copies: ", error.message()));
    }
    if (HasLinks(folder, linked)) return folder;
  }
  // A part of a file must not be taken for its copy.
  absl::Cleanup remove = [&folder] {
    std::error_code ignored;  // there is an error to tell already
    fs::remove_all(folder, ignored);
  };
  for (const std::string& path : copied) {
    if (absl::Status status = Copy(path, folder); !status.ok()) return status;
  }
  if (absl::Status status = SyncPath(folder); !status.ok()) return status;
  for (const std::string& path : linked) {
    if (absl::Status status = Link(path, folder); !status.ok()) return status;
  }
  for (const std::string& synced : {folder, db}) {
    if (absl::Status status = SyncPath(synced); !status.ok()) return status;
  }
  std::move(remove).Cancel();
  return folder;
}

}  // namespace load
}  // namespace sheaf
