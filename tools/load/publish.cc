#include "tools/load/publish.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "tools/load/text.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;

constexpr char kManifest[] = "manifest.json";

absl::Status Failed(const std::string& path, const std::string& reason) {
  return absl::InternalError(absl::StrCat(path, ": cannot write: ", reason));
}

absl::Status Sync(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Failed(path, ErrnoText(errno));
  const bool synced = fsync(fd) == 0;
  const int error = errno;
  close(fd);
  return synced ? absl::OkStatus() : Failed(path, ErrnoText(error));
}

absl::Status Move(const std::string& from, const std::string& to) {
  std::error_code error;
  fs::rename(from, to, error);
  if (!error) return absl::OkStatus();
  if (error != std::errc::cross_device_link) return Failed(to, error.message());
  fs::copy_file(from, to, error);
  return error ? Failed(to, error.message()) : Sync(to);
}

absl::Status WriteText(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  return out ? Sync(path) : Failed(path, ErrnoText(errno));
}

}  // namespace

absl::Status CheckFree(const std::string& folder) {
  std::error_code error;
  if (!fs::exists(folder, error) ||
      (fs::is_directory(folder, error) && fs::is_empty(folder, error))) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat(folder, ": expected a new or an empty folder for SSTs, found one with files"));
}

bool HasManifestOf(const std::string& folder, const std::string& mark) {
  std::ifstream in(folder + "/" + kManifest, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str().find(mark) != std::string::npos;
}

absl::Status Publish(const std::string& folder, const std::vector<PublishedFile>& files,
                     const std::string& manifest) {
  if (absl::Status status = CheckFree(folder); !status.ok()) return status;
  const std::string part = folder + ".part";
  std::error_code error;
  fs::create_directories(part, error);
  if (error) return Failed(part, error.message());
  for (const PublishedFile& file : files) {
    const fs::path to = fs::path(part) / file.to;
    // It may have been moved by a load that was killed here.
    if (!fs::exists(file.from, error) && fs::exists(to, error)) continue;
    fs::create_directories(to.parent_path(), error);
    if (error) return Failed(to.parent_path().string(), error.message());
    if (absl::Status status = Move(file.from, to.string()); !status.ok()) return status;
  }
  absl::Status status = WriteText(part + "/" + kManifest, manifest);
  if (!status.ok()) return status;
  fs::rename(part, folder, error);  // an empty folder is replaced
  return error ? Failed(folder, error.message()) : absl::OkStatus();
}

}  // namespace load
}  // namespace sheaf
