#include "tools/common/owned_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "tools/common/disk_sync.h"
#include "tools/common/text.h"

namespace sheaf {
namespace load {
namespace {

constexpr int kFolder = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
// What a load makes is two folders deep at most.
constexpr int kDeepest = 16;
constexpr mode_t kOthersWrite = S_IWGRP | S_IWOTH;
constexpr mode_t kOthersEnter = S_IXGRP | S_IXOTH;

absl::Status Failed(const std::string& path, const char* what, int error) {
  return absl::InternalError(absl::StrCat(path, ": cannot ", what, ": ", ErrnoText(error)));
}

absl::Status NotOurs(const std::string& path, const std::string& why) {
  return absl::FailedPreconditionError(absl::StrCat(path, ": ", why));
}

absl::Status OfAnother(const std::string& path, uid_t owner) {
  return NotOurs(path, absl::StrCat("it belongs to user ", owner, ", not to ", geteuid()));
}

// Where `path` is: the folder that it is in, and its name there.
void Split(std::string path, std::string* parent, std::string* name) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const size_t slash = path.rfind('/');
  *name = path.substr(slash == std::string::npos ? 0 : slash + 1);
  *parent = slash == std::string::npos ? "." : path.substr(0, std::max<size_t>(slash, 1));
}

// Searching is enough: others may be forbidden to list /tmp.
int OpenParent(const std::string& parent) {
  const int fd = open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  return fd >= 0 || errno != EACCES ? fd : open(parent.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

absl::Status ListFd(int fd, const std::string& path, std::vector<std::string>* names) {
  const int copy = openat(fd, ".", kFolder);  // with an offset of its own
  DIR* const stream = copy < 0 ? nullptr : fdopendir(copy);
  if (stream == nullptr) {
    const int error = errno;
    if (copy >= 0) close(copy);
    return Failed(path, "list it", error);
  }
  for (;;) {
    errno = 0;
    const struct dirent* const entry = readdir(stream);
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names->push_back(name);
  }
  const int error = errno;
  closedir(stream);
  std::sort(names->begin(), names->end());
  return error == 0 ? absl::OkStatus() : Failed(path, "list it", error);
}

absl::Status RemoveIn(int parent, const std::string& name, const std::string& path, int depth) {
  struct stat above, info;
  if (fstat(parent, &above) != 0) return Failed(path, "remove it", errno);
  if (fstatat(parent, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0) {
    return errno == ENOENT ? absl::OkStatus() : Failed(path, "remove it", errno);
  }
  int flags = 0;
  if (S_ISDIR(info.st_mode)) {
    flags = AT_REMOVEDIR;
    const int fd = openat(parent, name.c_str(), kFolder);
    if (fd < 0 || fstat(fd, &info) != 0) {
      const int error = errno;
      if (fd >= 0) close(fd);
      return Failed(path, "remove it", error);
    }
    absl::Status status;
    std::vector<std::string> names;
    if (info.st_uid != geteuid()) {
      status = OfAnother(path, info.st_uid);
    } else if (info.st_dev != above.st_dev) {
      status = NotOurs(path, "another file system is mounted there; unmount it");
    } else if (depth == kDeepest) {
      status = NotOurs(path, "folders in it are deeper than those that sheaf makes");
    } else {
      status = ListFd(fd, path, &names);
    }
    for (const std::string& inner : names) {
      if (status.ok()) status = RemoveIn(fd, inner, absl::StrCat(path, "/", inner), depth + 1);
    }
    close(fd);
    if (!status.ok()) return status;
  }
  if (unlinkat(parent, name.c_str(), flags) == 0 || errno == ENOENT) return absl::OkStatus();
  return Failed(path, "remove it", errno);
}

}  // namespace

OwnedFolder::OwnedFolder(OwnedFolder&& other) noexcept
    : path_(std::move(other.path_)),
      parent_(std::exchange(other.parent_, -1)),
      fd_(std::exchange(other.fd_, -1)) {}

OwnedFolder::~OwnedFolder() {
  if (fd_ >= 0) close(fd_);
  if (parent_ >= 0) close(parent_);
}

absl::StatusOr<OwnedFolder> OwnedFolder::OpenAny(const std::string& path) {
  std::string above, name;
  Split(path, &above, &name);
  OwnedFolder folder(path, OpenParent(above), -1);
  if (folder.parent_ >= 0) folder.fd_ = openat(folder.parent_, name.c_str(), kFolder);
  if (folder.fd_ >= 0) return folder;
  const int error = errno;
  if (error == ENOENT) return absl::NotFoundError(absl::StrCat(path, ": is not there"));
  if (error == ENOTDIR || error == ELOOP) {
    return NotOurs(path, "it is a file or a link; expected a folder");
  }
  if (error == EACCES) return NotOurs(path, "this user may not look into it");
  return Failed(path, "open it", error);
}

absl::StatusOr<OwnedFolder> OwnedFolder::Open(const std::string& path) {
  absl::StatusOr<OwnedFolder> folder = OpenAny(path);
  if (!folder.ok()) return folder.status();
  struct stat info;
  if (fstat(folder->fd_, &info) != 0) return Failed(path, "open it", errno);
  if (info.st_uid != geteuid()) return OfAnother(path, info.st_uid);
  if ((info.st_mode & kOthersWrite) != 0) return NotOurs(path, "other users may write to it");
  return folder;
}

absl::StatusOr<OwnedFolder> OwnedFolder::Make(std::string pattern) {
  if (mkdtemp(pattern.data()) == nullptr) {
    const int error = errno;
    std::string above, name;
    Split(pattern, &above, &name);
    return absl::InternalError(
        absl::StrCat("cannot make a temporary folder in ", above, ": ", ErrnoText(error)));
  }
  return OpenAny(pattern);
}

absl::Status OwnedFolder::CheckFile(int fd, const std::string& path) {
  struct stat info;
  if (fstat(fd, &info) != 0) return Failed(path, "read it", errno);
  if (!S_ISREG(info.st_mode)) return NotOurs(path, "expected a regular file, found another kind");
  if (info.st_uid != geteuid()) return OfAnother(path, info.st_uid);
  if (info.st_nlink > 1) {
    return NotOurs(path, absl::StrCat("expected a file with one name, found ", info.st_nlink,
                                      " hard links to it"));
  }
  return absl::OkStatus();
}

absl::StatusOr<int> OwnedFolder::OpenFile(const std::string& name, int flags) const {
  const std::string path = absl::StrCat(path_, "/", name);
  // Does not wait for who writes to a FIFO.
  const int fd = openat(fd_, name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
  if (fd < 0 && errno == ENOENT) return absl::NotFoundError(absl::StrCat(path, ": is not there"));
  if (fd < 0 && (errno == ELOOP || errno == EISDIR || errno == ENXIO)) {
    return NotOurs(path, "expected a regular file, found another kind or a link");
  }
  if (fd < 0) return Failed(path, "open it", errno);
  absl::Status status = CheckFile(fd, path);
  struct stat folder, info;
  if (status.ok() && (fstat(fd_, &folder) != 0 || fstat(fd, &info) != 0)) {
    status = Failed(path, "open it", errno);
  }
  // Nobody can write to a file in a folder that they may not enter.
  if (status.ok() && (info.st_mode & kOthersWrite & (folder.st_mode & kOthersEnter) << 1) != 0) {
    status = NotOurs(path, "other users may write to it");
  }
  if (status.ok()) return fd;
  close(fd);
  return status;
}

absl::StatusOr<std::vector<std::string>> OwnedFolder::Names() const {
  std::vector<std::string> names;
  if (absl::Status status = ListFd(fd_, path_, &names); !status.ok()) return status;
  return names;
}

absl::Status OwnedFolder::Remove(const std::string& name) const {
  return RemoveIn(fd_, name, absl::StrCat(path_, "/", name), 0);
}

absl::Status OwnedFolder::RemoveItself() const {
  std::string above, name;
  Split(path_, &above, &name);
  if (unlinkat(parent_, name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) {
    return absl::OkStatus();
  }
  return Failed(path_, "remove it", errno);
}

absl::Status OwnedFolder::Sync() const {
  const int error = TrySync(fd_);
  return error == 0 ? absl::OkStatus() : NotSynced(path_, error);
}

absl::Status OwnedFolder::SyncParent() const {
  const int error = TrySync(parent_);
  // EBADF: it could be opened for searching alone.
  return error == 0 || error == EBADF ? absl::OkStatus()
                                      : NotSynced(absl::StrCat("the folder of ", path_), error);
}

absl::Status RemoveTree(const std::string& path) {
  std::string above, name;
  Split(path, &above, &name);
  const int parent = OpenParent(above);
  if (parent < 0) {
    return errno == ENOENT ? absl::OkStatus() : Failed(path, "remove it", errno);
  }
  absl::Status status = RemoveIn(parent, name, path, 0);
  close(parent);
  return status;
}

bool IsOwnFile(const std::string& path, uint64_t* bytes) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != geteuid()) {
    return false;
  }
  *bytes = static_cast<uint64_t>(info.st_size);
  return true;
}

absl::Status CheckOwnFolder(const std::string& path) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? absl::NotFoundError(absl::StrCat(path, ": is not there"))
                           : Failed(path, "look at it", errno);
  }
  if (!S_ISDIR(info.st_mode)) return NotOurs(path, "it is a file or a link; expected a folder");
  return info.st_uid == geteuid() ? absl::OkStatus() : OfAnother(path, info.st_uid);
}

}  // namespace load
}  // namespace sheaf
