#include "tools/common/input_files.h"

#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "tools/common/files.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;

bool Same(const struct stat& a, const struct stat& b) {
  return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool HoldsBytes(const struct stat& info) {
  return S_ISREG(info.st_mode) || S_ISBLK(info.st_mode) || S_ISFIFO(info.st_mode);
}

bool IsIn(const std::string& path, const std::string& folder) {
  return path.size() > folder.size() && path.compare(0, folder.size(), folder) == 0 &&
         path[folder.size()] == '/';
}

}  // namespace

absl::Status InputFiles::Refused(const std::string& what, const std::string& is,
                                 const Input& input) {
  return absl::InvalidArgumentError(
      absl::StrCat(what, ": ", is, input.name, ", which this command ",
                   input.written ? "writes" : "reads", "; name another file. Nothing was done"));
}

void InputFiles::AddFile(const std::string& what, const std::string& path) {
  Input input = {};
  if (path == "-") {
    input.name = "stdin";
    input.exists = fstat(STDIN_FILENO, &input.info) == 0;
  } else {
    input.name = absl::StrCat(what, " ", path);
    input.path = CanonicalPath(path);
    input.exists = stat(path.c_str(), &input.info) == 0;
  }
  inputs_.push_back(input);
}

void InputFiles::AddFolder(const std::string& what, const std::string& path) {
  AddFile(what, path);
  inputs_.back().folder = true;
}

void InputFiles::AddOutput(const std::string& what, const std::string& path) {
  AddFile(what, path);
  inputs_.back().written = true;
}

absl::Status InputFiles::CheckOutput(const std::string& what, const std::string& path) const {
  struct stat info;
  if (stat(path.c_str(), &info) == 0) {
    if (absl::Status status = CheckInode(what, info); !status.ok()) return status;
    if (!S_ISREG(info.st_mode)) return absl::OkStatus();
  }
  const std::string canonical = CanonicalPath(path);
  for (const Input& input : inputs_) {
    if (input.path.empty()) continue;
    if (canonical == input.path) return Refused(what, "is ", input);
    if (input.folder && IsIn(canonical, input.path)) {
      return Refused(what, "is in ", input);
    }
  }
  return absl::OkStatus();
}

absl::Status InputFiles::CheckOpen(const std::string& what, int fd) const {
  struct stat info;
  return fstat(fd, &info) == 0 && S_ISREG(info.st_mode) ? CheckInode(what, info) : absl::OkStatus();
}

absl::Status InputFiles::CheckInode(const std::string& what, const struct stat& info) const {
  if (!HoldsBytes(info)) return absl::OkStatus();
  for (const Input& input : inputs_) {
    if (!input.exists) continue;
    if (Same(input.info, info)) return Refused(what, "is ", input);
    if (!input.folder) continue;
    std::error_code error;
    for (fs::directory_iterator at(input.path, error), end; !error && at != end;
         at.increment(error)) {
      struct stat file;
      if (lstat(at->path().c_str(), &file) == 0 && Same(file, info)) {
        return Refused(what, absl::StrCat("is ", at->path().filename().string(), " of "), input);
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace load
}  // namespace sheaf
