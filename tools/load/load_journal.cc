#include "tools/load/load_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>

#define XXH_INLINE_ALL
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "tools/load/escapes.h"
#include "tools/load/load_place.h"
#include "tools/load/text.h"
#include "xxhash.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;

constexpr char kName[] = "/journal";
// Of the journal's own records.
constexpr char kLoad[] = "load";
constexpr char kWhat[] = "what";
constexpr char kVersion[] = "1";

std::string Hash(std::string_view text) {
  return absl::StrCat(absl::Hex(XXH3_64bits(text.data(), text.size()), absl::kZeroPad16));
}

std::string LineOf(const LoadJournal::Record& record) {
  std::string fields;
  for (const std::string& field : record) {
    if (!fields.empty()) fields += '\t';
    AppendEscaped(field, &fields);
  }
  return absl::StrCat(Hash(fields), "\t", fields, "\n");
}

bool ParseLine(std::string_view line, LoadJournal::Record* record) {
  const size_t tab = line.find('\t');
  if (tab == std::string_view::npos || Hash(line.substr(tab + 1)) != line.substr(0, tab)) {
    return false;
  }
  record->clear();
  for (const absl::string_view field : absl::StrSplit(Abs(line.substr(tab + 1)), '\t')) {
    std::string bad;
    record->emplace_back();
    if (!Unescape(Std(field), &record->back(), &bad)) return false;
  }
  return true;
}

absl::Status Failed(const std::string& folder, const char* what) {
  return absl::InternalError(absl::StrCat(folder, kName, ": ", what, ": ", ErrnoText(errno)));
}

fs::path ParentOf(const std::string& prefix) {
  const fs::path parent = fs::path(prefix).parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

}  // namespace

// A load that was killed right after it had made its folder, or right before it had removed it,
// leaves a folder that has nothing in it, or a journal without a byte.
void LoadJournal::RemoveEmpty(const std::string& prefix) {
  const FolderLock lock(ParentOf(prefix).string());
  if (!lock.held()) return;
  for (const std::string& folder : Folders(prefix)) {
    const std::string journal = folder + kName;
    const int fd = open(journal.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    struct stat info;
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &info) == 0 &&
        info.st_size == 0) {
      unlink(journal.c_str());
    }
    if (fd >= 0) close(fd);
    rmdir(folder.c_str());  // fails where there is anything in it
  }
}

absl::StatusOr<std::unique_ptr<LoadJournal>> LoadJournal::Create(const std::string& prefix,
                                                                 const std::vector<Record>& what) {
  // Keeps folders that are being made apart from those whose maker was killed.
  const FolderLock lock(ParentOf(prefix).string());
  std::string folder = prefix + "XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) {
    const int error = errno;
    const std::string parent = fs::path(folder).parent_path().string();
    return absl::InternalError(absl::StrCat("cannot make a temporary folder in ",
                                            parent.empty() ? "." : parent, ": ", ErrnoText(error),
                                            "; name another folder with --tmp"));
  }
  const int fd = open((folder + kName).c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) != 0) {
    absl::Status status = Failed(folder, "cannot make it");
    if (fd >= 0) close(fd);
    std::error_code ignored;
    fs::remove_all(folder, ignored);
    return status;
  }
  std::unique_ptr<LoadJournal> journal(new LoadJournal(folder, fd));
  std::random_device random;
  journal->id_ =
      absl::StrCat(absl::Hex(random(), absl::kZeroPad8), absl::Hex(random(), absl::kZeroPad8),
                   absl::Hex(random(), absl::kZeroPad8));
  journal->what_ = what;
  std::vector<Record> first = {{kLoad, kVersion, journal->id_}};
  for (Record record : what) {
    record.insert(record.begin(), kWhat);
    first.push_back(std::move(record));
  }
  std::string lines;
  for (const Record& record : first) lines += LineOf(record);
  if (write(fd, lines.data(), lines.size()) != static_cast<ssize_t>(lines.size())) {
    absl::Status status = Failed(folder, "cannot write");
    journal->Remove();
    return status;
  }
  return journal;
}

std::unique_ptr<LoadJournal> LoadJournal::Open(const std::string& folder, bool* locked,
                                               absl::Status* damaged) {
  *locked = false;
  *damaged = absl::OkStatus();
  const int fd = open((folder + kName).c_str(), O_RDWR | O_APPEND | O_CLOEXEC);
  if (fd < 0) return nullptr;
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    *locked = true;
    close(fd);
    return nullptr;
  }
  std::unique_ptr<LoadJournal> journal(new LoadJournal(folder, fd));
  std::string text;
  char buffer[1 << 16];
  ssize_t got;
  while ((got = read(fd, buffer, sizeof buffer)) != 0) {
    if (got > 0) {
      text.append(buffer, static_cast<size_t>(got));
    } else if (errno != EINTR) {
      *damaged = Failed(folder, "cannot read");
      break;
    }
  }
  size_t whole = 0;
  for (size_t end; (end = text.find('\n', whole)) != std::string::npos; whole = end + 1) {
    Record record;
    if (!ParseLine(std::string_view(text).substr(whole, end - whole), &record)) {
      // One that was cut off by a crash is the last, and has no end.
      *damaged = absl::DataLossError(absl::StrCat(
          folder, kName, ": the record at offset ", whole,
          " is damaged, so what this load did is not known. Look for one of its keys with `sheaf "
          "get`. If it was ingested, remove ",
          folder, "; if not, load again without --resume"));
      break;
    }
    if (record[0] == kLoad && record.size() == 3 && record[1] == kVersion) {
      journal->id_ = record[2];
    } else if (record[0] == kWhat) {
      journal->what_.emplace_back(record.begin() + 1, record.end());
    } else {
      journal->records_.push_back(std::move(record));
    }
  }
  if (journal->id_.empty()) return nullptr;
  if (damaged->ok() && whole < text.size() && ftruncate(fd, static_cast<off_t>(whole)) != 0) {
    *damaged = Failed(folder, "cannot write");
  }
  journal->worth_keeping_ = !journal->records_.empty();
  return journal;
}

std::vector<std::string> LoadJournal::Folders(const std::string& prefix) {
  const fs::path path(prefix);
  const std::string begin = path.filename().string();
  std::vector<std::string> folders;
  std::error_code error;
  for (fs::directory_iterator at(ParentOf(prefix), error), end; !error && at != end;
       at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (name.size() != begin.size() + 6 || name.compare(0, begin.size(), begin) != 0) continue;
    folders.push_back(path.parent_path().empty() ? name : at->path().string());
  }
  std::sort(folders.begin(), folders.end());
  return folders;
}

std::string LoadJournal::Differs(const std::vector<Record>& what) const {
  for (size_t i = 0; i < std::max(what.size(), what_.size()); ++i) {
    if (i < what.size() && i < what_.size() && what[i] == what_[i]) continue;
    const Record& record = i < what.size() ? what[i] : what_[i];
    return absl::StrJoin(record.begin(), record.begin() + (record[0] == "--input" ? 2 : 1), " ");
  }
  return "";
}

absl::StatusOr<std::unique_ptr<LoadJournal>> LoadJournal::Find(const std::string& prefix,
                                                               const std::vector<Record>& what) {
  RemoveEmpty(prefix);
  std::unique_ptr<LoadJournal> found;
  std::string others;
  for (const std::string& folder : Folders(prefix)) {
    bool locked = false;
    absl::Status damaged;
    std::unique_ptr<LoadJournal> journal = Open(folder, &locked, &damaged);
    if (locked) {
      absl::StrAppend(&others, "; ", folder, " is of a load that is running");
      continue;
    }
    // The first record of what is the DB.
    if (journal == nullptr || journal->what_.empty() || journal->what_[0] != what[0]) continue;
    if (!damaged.ok()) return damaged;
    const std::string differs = journal->Differs(what);
    if (!differs.empty()) {
      absl::StrAppend(&others, "; ", folder, " is of a load that differs in ", differs);
      continue;
    }
    if (found != nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("--resume: ", found->folder(), " and ", folder,
                       " are both of such a load; remove the one that is not wanted"));
    }
    found = std::move(journal);
  }
  if (found == nullptr && !others.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("--resume: no interrupted load of these inputs with these options", others,
                     ". Leave --resume out to begin from the start"));
  }
  return found;
}

std::vector<std::unique_ptr<LoadJournal>> LoadJournal::Leftovers(const std::string& prefix,
                                                                 const std::vector<Record>& what) {
  RemoveEmpty(prefix);
  std::vector<std::unique_ptr<LoadJournal>> leftovers;
  for (const std::string& folder : Folders(prefix)) {
    bool locked = false;
    absl::Status damaged;
    std::unique_ptr<LoadJournal> journal = Open(folder, &locked, &damaged);
    if (journal != nullptr && !journal->what_.empty() && journal->what_[0] == what[0]) {
      leftovers.push_back(std::move(journal));
    }
  }
  return leftovers;
}

std::string LoadJournal::Digest(const std::vector<Record>& what) {
  std::string lines;
  for (const Record& record : what) lines += LineOf(record);
  return Hash(lines);
}

LoadJournal::~LoadJournal() { close(fd_); }

absl::Status LoadJournal::Append(const Record& record, bool sync) {
  const std::string line = LineOf(record);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (broken_) {
    errno = EIO;
    return Failed(folder_, "cannot write");
  }
  worth_keeping_ = true;
  // One call, so that a record that was cut off is the last.
  struct stat info;
  if (fstat(fd_, &info) != 0) return Failed(folder_, "cannot write");
  const ssize_t written = write(fd_, line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size())) {
    const int error = written < 0 ? errno : ENOSPC;
    // Behind a part of a record no other one can be read.
    if (written > 0 && ftruncate(fd_, info.st_size) != 0) broken_ = true;
    errno = error;
    return Failed(folder_, "cannot write");
  }
  if (sync && fdatasync(fd_) != 0) return Failed(folder_, "cannot write");
  return absl::OkStatus();
}

void LoadJournal::Remove() {
  if (std::exchange(removed_, true)) return;
  // The journal goes last, so that what is left can be told from other folders.
  std::error_code ignored;
  for (fs::directory_iterator at(folder_, ignored), end; at != end; at.increment(ignored)) {
    if (at->path().filename() != kName + 1) fs::remove(at->path(), ignored);
  }
  fs::remove_all(folder_, ignored);
}

}  // namespace load
}  // namespace sheaf
