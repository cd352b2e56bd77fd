#include "tools/load/output/publish.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "tools/common/disk_sync.h"
#include "tools/common/output_file.h"
#include "tools/common/text.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;

absl::Status Failed(const std::string& path, const std::string& reason) {
  return absl::InternalError(absl::StrCat(path, ": cannot write: ", reason));
}

absl::Status LinkOrCopy(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::create_hard_link(from, to, error);
  if (!error) return absl::OkStatus();
  fs::copy_file(from, to, error);
  return error ? Failed(to, error.message()) : SyncPath(to);
}

}  // namespace

absl::Status CheckFree(const std::string& folder) {
  std::error_code error;
  if (!fs::exists(folder, error)) return absl::OkStatus();
  std::string found = fs::is_directory(folder, error) ? "" : "a file";
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    // What loads have left there is named by them.
    if (!absl::StartsWith(name, ".load-") && !absl::StartsWith(name, ".new-")) {
      found = "one with files (" + name + ")";
    }
  }
  if (found.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(folder, ": expected a new or an empty folder for SSTs, found ", found));
}

bool HasManifestOf(const std::string& folder, const std::string& mark) {
  std::ifstream in(folder + "/" + kManifest, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str().find(mark) != std::string::npos;
}

absl::Status Publish(const std::string& folder, const std::vector<std::string>& folders,
                     const std::vector<PublishedFile>& files, const std::string& manifest) {
  std::error_code error;
  fs::create_directory(folder, error);
  for (const std::string& inner : folders) {
    if (!error) fs::create_directories(fs::path(folder) / inner, error);
  }
  if (error) return Failed(folder, error.message());
  for (const PublishedFile& file : files) {
    if (absl::Status status = LinkOrCopy(file.from, folder + "/" + file.to); !status.ok()) {
      return status;
    }
  }
  for (const std::string& inner : folders) {
    if (absl::Status status = SyncPath(folder + "/" + inner); !status.ok()) return status;
  }
  const std::string path = folder + "/" + kManifest;
  OutputFile out(path);
  absl::Status status = out.Open(path);
  if (status.ok()) status = out.Write(manifest);
  return status.ok() ? out.Commit() : status;
}

}  // namespace load
}  // namespace sheaf
