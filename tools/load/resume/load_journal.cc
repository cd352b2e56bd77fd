#include "tools/load/resume/load_journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <random>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/common/files.h"
#include "tools/common/text.h"
#include "tools/load/load_files.h"

namespace sheaf {
namespace load {
namespace {

namespace fs = std::filesystem;

// A record of a run names chunks of the input: some bytes for each half of a megabyte.
constexpr uint64_t kMaxBytes = uint64_t{1} << 32;

absl::Status Failed(const std::string& folder, const char* what) {
  return absl::InternalError(
      absl::StrCat(folder, "/", kJournalName, ": ", what, ": ", ErrnoText(errno)));
}

fs::path ParentOf(const std::string& prefix) {
  const fs::path parent = fs::path(prefix).parent_path();
  return parent.empty() ? fs::path(".") : parent;
}

// Of the form `<prefix>XXXXXX`, sorted.
std::vector<std::string> Folders(const std::string& prefix) {
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

}  // namespace

// A folder in which a load could have been.
struct LoadJournal::Found {
  std::string folder;
  std::unique_ptr<LoadJournal> journal;  // null: the load is running
};

absl::StatusOr<std::unique_ptr<LoadJournal>> LoadJournal::Create(const std::string& prefix,
                                                                 const std::vector<Record>& what) {
  // Keeps folders that are being made apart from those whose maker was killed.
  const FolderLock lock(ParentOf(prefix).string());
  absl::StatusOr<OwnedFolder> folder = OwnedFolder::Make(prefix + "XXXXXX");
  if (!folder.ok()) {
    return absl::InternalError(
        absl::StrCat(folder.status().message(), "; name another folder with --tmp"));
  }
  const absl::StatusOr<int> fd =
      folder->OpenFile(kJournalName, O_RDWR | O_CREAT | O_EXCL | O_APPEND);
  if (!fd.ok()) {
    folder->RemoveItself().IgnoreError();
    return fd.status();
  }
  std::unique_ptr<LoadJournal> journal(new LoadJournal(*std::move(folder), *fd));
  std::random_device random;
  JournalContents& contents = journal->contents_;
  for (int i = 0; i < 3; ++i) absl::StrAppend(&contents.id, absl::Hex(random(), absl::kZeroPad8));
  contents.what = what;
  contents.begun = true;
  const std::string lines = JournalHeader(contents.id, what);
  absl::Status status;
  errno = ENOSPC;  // of a part that is written
  if (flock(*fd, LOCK_EX | LOCK_NB) != 0 ||
      write(*fd, lines.data(), lines.size()) != static_cast<ssize_t>(lines.size()) ||
      fdatasync(*fd) != 0) {
    status = Failed(journal->folder(), "cannot write");
  }
  if (status.ok()) status = journal->folder_.Sync();
  if (status.ok()) status = journal->folder_.SyncParent();
  if (status.ok()) return journal;
  journal->Remove();
  return status;
}

absl::Status LoadJournal::ReadContents() {
  struct stat info;
  if (fstat(fd_, &info) != 0) return Failed(folder(), "cannot read");
  if (static_cast<uint64_t>(info.st_size) > kMaxBytes) {
    return absl::DataLossError(absl::StrCat(folder(), "/", kJournalName, ": expected at most ",
                                            Grouped(kMaxBytes), " bytes, found ",
                                            Grouped(static_cast<uint64_t>(info.st_size))));
  }
  std::string bytes;
  std::string buffer(1 << 16, '\0');
  ssize_t got;
  while ((got = read(fd_, buffer.data(), buffer.size())) != 0) {
    if (got > 0) {
      bytes.append(buffer, 0, static_cast<size_t>(got));
    } else if (errno != EINTR) {
      return Failed(folder(), "cannot read");
    }
  }
  contents_ = ParseJournal(bytes, absl::StrCat(folder(), "/", kJournalName));
  worth_keeping_ = !contents_.records.empty();
  // What was never written must not come back behind what is appended.
  if (contents_.begun && contents_.damage.ok() && contents_.whole < bytes.size() &&
      (ftruncate(fd_, static_cast<off_t>(contents_.whole)) != 0 || fdatasync(fd_) != 0)) {
    return Failed(folder(), "cannot write");
  }
  return absl::OkStatus();
}

// Errors: as OwnedFolder; NotFound also if there is no journal in it.
absl::StatusOr<LoadJournal::Found> LoadJournal::Open(const std::string& path) {
  absl::StatusOr<OwnedFolder> folder = OwnedFolder::Open(path);
  if (!folder.ok()) return folder.status();
  const absl::StatusOr<int> fd = folder->OpenFile(kJournalName, O_RDWR | O_APPEND);
  if (!fd.ok()) return fd.status();
  Found found{path, std::unique_ptr<LoadJournal>(new LoadJournal(*std::move(folder), *fd))};
  if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return Failed(path, "cannot lock");
    found.journal.reset();
    return found;
  }
  absl::Status status = found.journal->ReadContents();
  if (!status.ok()) return status;
  return found;
}

// A load that was killed, or lost power, before its journal was whole has finished nothing. So has
// one whose folder was being removed. REQUIRES: nobody makes a folder meanwhile.
bool LoadJournal::RemoveUnlessBegun(const std::string& path) {
  const absl::StatusOr<OwnedFolder> folder = OwnedFolder::Open(path);
  if (!folder.ok()) return absl::IsNotFound(folder.status());
  const absl::StatusOr<Found> found = Open(path);
  const bool has_journal = !absl::IsNotFound(found.status());
  if (has_journal && (!found.ok() || found->journal == nullptr || found->journal->contents_.begun ||
                      !found->journal->contents_.damage.ok())) {
    return false;
  }
  const absl::StatusOr<std::vector<std::string>> names = folder->Names();
  if (!names.ok() || !std::all_of(names->begin(), names->end(), IsLoadFileName)) return false;
  // The journal goes last, so that what is left can be told from other folders.
  absl::Status status;
  for (const std::string& name : *names) {
    if (name != kJournalName && status.ok()) status = folder->Remove(name);
  }
  if (status.ok()) status = folder->Remove(kJournalName);
  return status.ok() && folder->RemoveItself().ok();
}

std::vector<LoadJournal::Found> LoadJournal::FindAll(const std::string& prefix, const Note& note) {
  const FolderLock lock(ParentOf(prefix).string());
  std::vector<Found> all;
  for (const std::string& folder : Folders(prefix)) {
    if (lock.held() && RemoveUnlessBegun(folder)) continue;
    absl::StatusOr<Found> found = Open(folder);
    if (found.ok() && (found->journal == nullptr || found->journal->contents_.begun)) {
      all.push_back(*std::move(found));
      continue;
    }
    const absl::Status status = found.ok() ? found->journal->contents_.damage : found.status();
    std::error_code error;
    if (!fs::exists(fs::symlink_status(folder, error))) continue;  // another load has removed it
    note(absl::StrCat(folder, " is left alone, as it is not known to be of a load of this user: ",
                      status.ok() ? "its journal is not whole, and files in it are no load's"
                                  : status.message()));
  }
  return all;
}

std::string LoadJournal::Differs(const std::vector<Record>& what) const {
  for (size_t i = 0; i < std::max(what.size(), contents_.what.size()); ++i) {
    if (i < what.size() && i < contents_.what.size() && what[i] == contents_.what[i]) continue;
    const Record& record = i < what.size() ? what[i] : contents_.what[i];
    return record.size() > 1 && record[0] == "--input" ? absl::StrCat("--input ", record[1])
                                                       : record[0];
  }
  return "";
}

absl::StatusOr<std::unique_ptr<LoadJournal>> LoadJournal::Find(const std::string& prefix,
                                                               const std::vector<Record>& what,
                                                               const Note& note) {
  std::unique_ptr<LoadJournal> match;
  std::string others;
  for (Found& found : FindAll(prefix, note)) {
    if (found.journal == nullptr) {
      absl::StrAppend(&others, "; ", found.folder, " is of a load that is running");
      continue;
    }
    // The first record of what is the DB.
    if (found.journal->what()[0] != what[0]) continue;
    if (!found.journal->contents_.damage.ok()) return found.journal->contents_.damage;
    const std::string differs = found.journal->Differs(what);
    if (!differs.empty()) {
      absl::StrAppend(&others, "; ", found.folder, " is of a load that differs in ", differs);
      continue;
    }
    if (match != nullptr) {
      return absl::FailedPreconditionError(
          absl::StrCat("--resume: ", match->folder(), " and ", found.folder,
                       " are both of such a load; remove the one that is not wanted"));
    }
    match = std::move(found.journal);
  }
  if (match == nullptr && !others.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat("--resume: no interrupted load of these inputs with these options", others,
                     ". Leave --resume out to begin from the start"));
  }
  return match;
}

std::vector<std::unique_ptr<LoadJournal>> LoadJournal::Leftovers(const std::string& prefix,
                                                                 const std::vector<Record>& what,
                                                                 const Note& note) {
  std::vector<std::unique_ptr<LoadJournal>> leftovers;
  for (Found& found : FindAll(prefix, note)) {
    if (found.journal != nullptr && found.journal->what()[0] == what[0]) {
      leftovers.push_back(std::move(found.journal));
    }
  }
  return leftovers;
}

// Each record that matters was synced.
LoadJournal::~LoadJournal() { close(fd_); }

absl::Status LoadJournal::Append(const Record& record) {
  const std::string line = JournalLine(record);
  const bool sync = !MayBeLost(record[0]);
  const std::lock_guard<std::mutex> lock(mutex_);
  if (broken_) {
    errno = EIO;
    return Failed(folder(), "cannot write");
  }
  worth_keeping_ = true;
  if (sync) {
    if (absl::Status status = folder_.Sync(); !status.ok()) return status;
  }
  // One call, so that a record that was cut off is the last.
  struct stat info;
  if (fstat(fd_, &info) != 0) return Failed(folder(), "cannot write");
  const ssize_t written = write(fd_, line.data(), line.size());
  if (written != static_cast<ssize_t>(line.size())) {
    const int error = written < 0 ? errno : ENOSPC;
    // Behind a part of a record no other one can be read.
    if (written > 0 && ftruncate(fd_, info.st_size) != 0) broken_ = true;
    errno = error;
    return Failed(folder(), "cannot write");
  }
  if (sync && fdatasync(fd_) != 0) return Failed(folder(), "cannot write");
  return absl::OkStatus();
}

void LoadJournal::RemoveUnknown(const std::set<std::string>& known) {
  const absl::StatusOr<std::vector<std::string>> names = folder_.Names();
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    if (name == kJournalName || name == kRejectsName) continue;
    if (known.count(absl::StrCat(folder(), "/", name)) != 0) continue;
    folder_.Remove(name).IgnoreError();  // only takes space
  }
}

void LoadJournal::Remove() {
  if (std::exchange(removed_, true)) return;
  // The journal goes last, so that what is left can be told from other folders.
  RemoveUnknown({});
  folder_.Remove(kRejectsName).IgnoreError();
  folder_.Remove(kJournalName).IgnoreError();
  folder_.RemoveItself().IgnoreError();
}

}  // namespace load
}  // namespace sheaf
