#include "tools/load/resume/load_inputs.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "tools/common/files.h"
#include "tools/common/text.h"

namespace sheaf {
namespace load {
namespace {

constexpr char kReadOnce[] = "that cannot be read again";

}  // namespace

absl::Status LoadInputs::Look(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (absl::Status status = LookAt(path); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status LoadInputs::LookAt(const std::string& path) {
  struct stat info;
  if (path == "-") {
    if (fstat(0, &info) == 0 && S_ISREG(info.st_mode)) {
      total_bytes_ += static_cast<uint64_t>(info.st_size);
    }
    can_read_again_ = false;
    return absl::OkStatus();
  }
  const int error = stat(path.c_str(), &info) != 0    ? errno
                    : access(path.c_str(), R_OK) != 0 ? errno
                                                      : 0;
  if (error != 0) {
    const std::string message = absl::StrCat(path, ": cannot open: ", ErrnoText(error));
    return error == ENOENT ? absl::NotFoundError(message) : absl::InternalError(message);
  }
  if (S_ISDIR(info.st_mode)) {
    return absl::InvalidArgumentError(
        absl::StrCat(path, ": is a directory; expected a file, a pipe or - for stdin"));
  }
  files_.push_back({"--input", CanonicalPath(path)});
  if (S_ISREG(info.st_mode)) {
    total_bytes_ += static_cast<uint64_t>(info.st_size);
    files_.back().push_back(absl::StrCat(info.st_size));
    files_.back().push_back(absl::StrCat(info.st_mtim.tv_sec, ".", info.st_mtim.tv_nsec));
  } else {
    can_read_again_ = false;
  }
  return absl::OkStatus();
}

std::vector<JournalRecord> LoadInputs::Records() const {
  std::vector<JournalRecord> records = {{"--input", can_read_again_ ? "files" : kReadOnce}};
  records.insert(records.end(), files_.begin(), files_.end());
  return records;
}

bool CanReadAgain(const std::vector<JournalRecord>& what) {
  return std::none_of(what.begin(), what.end(),
                      [](const JournalRecord& record) { return record.back() == kReadOnce; });
}

}  // namespace load
}  // namespace sheaf
