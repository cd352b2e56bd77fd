#include "tools/common/output_file.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "tools/common/disk_sync.h"
#include "tools/common/interrupt.h"
#include "tools/common/text.h"

namespace sheaf {
namespace load {
namespace {

constexpr int kMaxLinks = 40;  // as the kernel
constexpr char kPart[] = ".part-";

// With its slash; empty for the working folder.
std::string FolderOf(const std::string& path) { return path.substr(0, path.rfind('/') + 1); }

std::string Openable(const std::string& folder) { return folder.empty() ? "." : folder; }

std::string PartOf(const std::string& path, const std::string& id) {
  const std::string folder = FolderOf(path);
  // A name may be too long with more behind it.
  const std::string name =
      path.substr(folder.size()).substr(0, NAME_MAX - (sizeof kPart - 1) - OutputFile::kIdBytes);
  return absl::StrCat(folder, name, kPart, id);
}

std::string RandomId() {
  constexpr char kLetters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
  std::random_device random;
  std::string id;
  for (size_t i = 0; i < OutputFile::kIdBytes; ++i)
    id += kLetters[random() % (sizeof kLetters - 1)];
  return id;
}

// True if the link `name` in `folder` stands for an open file, whatever it says. `*fd`: its number
// if it is one of this process.
bool IsOpenFile(const std::string& folder, const std::string& name, int* fd) {
  struct statfs system;
  char resolved[PATH_MAX];
  if (statfs(Openable(folder).c_str(), &system) != 0 || system.f_type != PROC_SUPER_MAGIC ||
      realpath(Openable(folder).c_str(), resolved) == nullptr) {
    return false;
  }
  const absl::string_view in = resolved;
  if (!absl::EndsWith(in, "/fd")) return false;
  if (!absl::StartsWith(in, absl::StrCat("/proc/", getpid(), "/")) || !absl::SimpleAtoi(name, fd)) {
    *fd = -1;
  }
  return true;
}

}  // namespace

// What is written to.
struct OutputFile::Target {
  std::string path;
  bool exists = false;
  struct stat info = {};  // if it exists
  bool in_place = false;
  int fd = -1;  // that is open already, for a name of it

  // 0, or errno.
  int Find(std::string name) {
    path = std::move(name);
    for (int links = 0;; ++links) {
      if (path.empty()) return ENOENT;
      if (path.back() == '/') return stat(path.c_str(), &info) == 0 ? EISDIR : errno;
      if (lstat(path.c_str(), &info) != 0) return errno == ENOENT ? 0 : errno;
      if (!S_ISLNK(info.st_mode)) break;
      if (links == kMaxLinks) return ELOOP;
      const std::string folder = FolderOf(path);
      if (IsOpenFile(folder, path.substr(folder.size()), &fd)) {
        in_place = exists = true;
        return (fd >= 0 ? fstat(fd, &info) : stat(path.c_str(), &info)) == 0 ? 0 : errno;
      }
      std::string to(PATH_MAX, '\0');
      const ssize_t size = readlink(path.c_str(), to.data(), to.size());
      if (size < 0) return errno;
      to.resize(static_cast<size_t>(size));
      path = to[0] == '/' ? to : folder + to;
    }
    exists = true;
    in_place = !S_ISREG(info.st_mode);
    return S_ISDIR(info.st_mode) ? EISDIR : 0;
  }
};

OutputFile::~OutputFile() {
  if (fd_ >= 0) close(fd_);  // it was not committed: what is in it does not matter
  if (!part_.empty()) unlink(part_.c_str());
}

absl::Status OutputFile::CannotWrite(int error, std::string_view more) const {
  return absl::InternalError(
      absl::StrCat(what_, ": cannot write it: ", ErrnoText(error), Abs(more)));
}

absl::Status OutputFile::Check(const std::string& what, const std::string& path,
                               const std::string& id) {
  OutputFile file(what);
  Target target;
  const int error = target.Find(path);
  const absl::Status status = error != 0        ? file.CannotWrite(error)
                              : target.in_place ? file.CheckInPlace(target)
                                                : file.OpenBeside(target, id, /*nameless=*/true);
  return status.ok() ? status : absl::InvalidArgumentError(status.message());
}

absl::Status OutputFile::CheckInPlace(const Target& target) const {
  if (target.fd >= 0 || faccessat(AT_FDCWD, target.path.c_str(), W_OK, AT_EACCESS) == 0)
    return absl::OkStatus();
  return CannotWrite(errno);
}

absl::Status OutputFile::Open(const std::string& path, const std::string& id) {
  Target target;
  if (const int error = target.Find(path); error != 0) {
    return CannotWrite(error);
  }
  return target.in_place ? OpenInPlace(target) : OpenBeside(target, id, /*nameless=*/false);
}

absl::Status OutputFile::OpenInPlace(const Target& target) {
  // A name of an open file means that one, where it is and as it was opened.
  while (fd_ < 0) {
    fd_ = target.fd >= 0 ? fcntl(target.fd, F_DUPFD_CLOEXEC, 0)
                         : open(target.path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
    if (fd_ >= 0) break;
    if (errno != EINTR) return CannotWrite(errno);
    if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
  }
  return absl::OkStatus();
}

absl::Status OutputFile::OpenBeside(const Target& target, const std::string& id, bool nameless) {
  constexpr int kMaxTries = 100;
  if (target.exists && faccessat(AT_FDCWD, target.path.c_str(), W_OK, AT_EACCESS) != 0)
    return CannotWrite(errno);
  const std::string folder = FolderOf(target.path);
  struct stat above;
  if (target.exists && stat(Openable(folder).c_str(), &above) == 0 &&
      (above.st_mode & S_ISVTX) != 0 && geteuid() != 0 && above.st_uid != geteuid() &&
      target.info.st_uid != geteuid()) {
    return CannotWrite(EPERM,
                       "; it belongs to another user, and its folder is sticky: only that user can "
                       "replace it");
  }
  // Nothing can be left of it, whatever ends the process or the machine.
  if (nameless) fd_ = open(Openable(folder).c_str(), O_WRONLY | O_TMPFILE | O_CLOEXEC, 0600);
  for (int tries = 0; fd_ < 0 && tries < kMaxTries; ++tries) {
    const std::string part = PartOf(target.path, id.empty() ? RandomId() : id);
    // Until it has the owner of the target, nobody else may read it.
    fd_ = open(part.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
               target.exists ? 0600 : 0666);
    if (fd_ >= 0) part_ = part;
    if (fd_ < 0 && errno != EEXIST) break;
    if (fd_ < 0 && !id.empty() && unlink(part.c_str()) != 0) break;
  }
  if (fd_ < 0) {
    return CannotWrite(errno, "; a new file beside it gets its name when it is complete");
  }
  path_ = target.path;
  if (!target.exists) return absl::OkStatus();
  struct stat info;
  if (fstat(fd_, &info) != 0) return CannotWrite(errno);
  if ((info.st_uid != target.info.st_uid || info.st_gid != target.info.st_gid) &&
      fchown(fd_, target.info.st_uid, target.info.st_gid) != 0) {
    return CannotWrite(errno,
                       "; the file belongs to another user or group, which a new one in its place "
                       "could not. Remove it, or name another");
  }
  const mode_t mode = target.info.st_mode & 07777;
  if (fchmod(fd_, mode) != 0 && (info.st_mode & 07777) != mode) return CannotWrite(errno);
  return absl::OkStatus();
}

absl::Status OutputFile::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN || errno == EINTR) {
      // A pipe may be full until a signal comes.
      struct pollfd wait = {fd_, POLLOUT, 0};
      if (errno == EAGAIN) poll(&wait, 1, -1);
      if (absl::Status status = CheckInterrupt(); !status.ok()) return status;
    } else {
      return CannotWrite(errno);
    }
  }
  return absl::OkStatus();
}

absl::Status OutputFile::Sync() {
  const int error = TrySync(fd_);
  synced_ = error == 0;
  return synced_ ? absl::OkStatus() : CannotWrite(error);
}

absl::Status OutputFile::Commit() {
  if (!synced_) {
    if (absl::Status status = Sync(); !status.ok()) return status;
  }
  const int fd = std::exchange(fd_, -1);
  if (close(fd) != 0 && errno != EINTR) return CannotWrite(errno);
  if (part_.empty()) return absl::OkStatus();
  if (std::rename(part_.c_str(), path_.c_str()) != 0) {
    return CannotWrite(errno);
  }
  part_.clear();
  const int error = TrySync(Openable(FolderOf(path_)));
  if (error == 0) return absl::OkStatus();
  return CannotWrite(error, "; it is at its place, but a power cut could still take it away");
}

void OutputFile::RemoveLeft(const std::string& path, const std::string& id) {
  Target target;
  if (target.Find(path) == 0 && !target.in_place) unlink(PartOf(target.path, id).c_str());
}

bool OutputFile::IsInPlace(const std::string& path) {
  Target target;
  return target.Find(path) == 0 && target.in_place;
}

}  // namespace load
}  // namespace sheaf
