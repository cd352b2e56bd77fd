// libdisk_recorder.so, for LD_PRELOAD: records what a process does to a disk. See disk_event.h.
//
// It takes the place of the C library's calls that change files and folders, makes the call, and
// appends a DiskEvent to the log; one lock around both makes the order that of the disk. A sync is
// recorded and not done, as what the disk really has does not matter, and tests are faster.
//
// Not recorded: times, and modes that change. A call that is missing here is found by comparing
// what PowerCut makes of the record with the real folder, as PowerCutRuns does.

#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/support/disk_event.h"

namespace sheaf {
namespace testing {
namespace {

using Header = DiskEventHeader;

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

class Lock {
 public:
  Lock() { pthread_mutex_lock(&mutex); }
  ~Lock() { pthread_mutex_unlock(&mutex); }
};

// The C library's own `name`.
template <typename Function>
Function* Real(const char* name) {
  void* const found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) std::abort();
  return reinterpret_cast<Function*>(found);
}

#define REAL(name) (Real<decltype(::name)>(#name))

struct Disk {
  int log = -1;
  dev_t device = 0;

  Disk() {
    const char* const path = std::getenv(kDiskLogVariable);
    const char* const root = std::getenv(kDiskRootVariable);
    struct stat info;
    if (path == nullptr || root == nullptr || stat(root, &info) != 0) return;
    device = info.st_dev;
    log = static_cast<int>(
        syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  }
};

const Disk& TheDisk() {
  static const Disk* const disk = new Disk();
  return *disk;
}

void Record(Header::Kind kind, uint64_t a, uint64_t b, uint64_t c, const std::string& text,
            const void* data = nullptr, size_t data_bytes = 0) {
  if (TheDisk().log < 0) return;
  const int error = errno;
  const Header header = {kind, static_cast<uint32_t>(text.size()), data_bytes, a, b, c};
  const struct iovec parts[] = {{const_cast<Header*>(&header), sizeof header},
                                {const_cast<char*>(text.data()), text.size()},
                                {const_cast<void*>(data), data_bytes}};
  const auto all = static_cast<ssize_t>(sizeof header + text.size() + data_bytes);
  if (syscall(SYS_writev, TheDisk().log, parts, 3) != all) std::abort();
  errno = error;
}

void Unsupported(const char* call) { Record(Header::kUnsupported, 0, 0, 0, call); }

bool IsOnDisk(const struct stat& info) {
  return info.st_dev == TheDisk().device && (S_ISREG(info.st_mode) || S_ISDIR(info.st_mode));
}

// Whether `fd` is a file or folder of the disk, and which.
bool Find(int fd, uint64_t* inode) {
  struct stat info;
  const int error = errno;
  const bool found = fstat(fd, &info) == 0 && IsOnDisk(info);
  errno = error;
  *inode = info.st_ino;
  return found;
}

// An entry of a folder of the disk.
struct Entry {
  bool found = false;
  uint64_t folder = 0;
  std::string name;
};

Entry EntryOf(const char* path, int at = AT_FDCWD) {
  Entry entry;
  std::string folder = path;
  while (folder.size() > 1 && folder.back() == '/') folder.pop_back();
  const size_t slash = folder.rfind('/');
  entry.name = slash == std::string::npos ? folder : folder.substr(slash + 1);
  folder = slash == std::string::npos ? "." : folder.substr(0, slash + 1);
  struct stat info;
  const int error = errno;
  entry.found = fstatat(at, folder.c_str(), &info, 0) == 0 && IsOnDisk(info);
  errno = error;
  entry.folder = info.st_ino;
  return entry;
}

void RecordCreate(const char* path, int at = AT_FDCWD) {
  const Entry entry = EntryOf(path, at);
  struct stat info;
  if (entry.found && fstatat(at, path, &info, AT_SYMLINK_NOFOLLOW) == 0) {
    Record(Header::kCreate, entry.folder, info.st_ino, info.st_mode, entry.name);
  }
}

// Right after a write of `bytes` that moved the descriptor's offset.
void RecordWritten(int fd, const void* data, ssize_t bytes) {
  if (bytes <= 0) return;
  const auto size = static_cast<size_t>(bytes);
  if (fd == STDOUT_FILENO || fd == STDERR_FILENO) {
    Record(Header::kOutput, static_cast<uint64_t>(fd), 0, 0, "", data, size);
  }
  uint64_t inode;
  if (!Find(fd, &inode)) return;
  const auto end = static_cast<uint64_t>(lseek(fd, 0, SEEK_CUR));
  Record(Header::kWrite, inode, end - size, 0, "", data, size);
}

template <typename Open>
int OpenWith(int at, const char* path, int flags, const Open& open) {
  if ((flags & (O_CREAT | O_TRUNC)) == 0) return open();
  const Lock lock;
  struct stat before;
  const int error = errno;
  const bool existed = fstatat(at, path, &before, 0) == 0;
  errno = error;
  const int fd = open();
  if (fd < 0) return fd;
  if (!existed) {
    RecordCreate(path, at);
  } else if ((flags & O_TRUNC) != 0 && IsOnDisk(before)) {
    Record(Header::kTruncate, before.st_ino, 0, 0, "");
  }
  if ((flags & (O_DSYNC | O_SYNC)) != 0) Unsupported("open with O_SYNC");
  return fd;
}

int FlagsOf(const char* stdio_mode) {
  return stdio_mode[0] == 'w' ? O_CREAT | O_TRUNC : stdio_mode[0] == 'a' ? O_CREAT : 0;
}

FILE* OpenStream(const char* name, const char* path, const char* stdio_mode) {
  FILE* file = nullptr;
  OpenWith(AT_FDCWD, path, FlagsOf(stdio_mode), [&] {
    file = Real<FILE*(const char*, const char*)>(name)(path, stdio_mode);
    return file == nullptr ? -1 : fileno(file);
  });
  return file;
}

int Resize(int fd, off_t size, bool only_larger, int result) {
  uint64_t inode;
  struct stat info;
  if (result == 0 && Find(fd, &inode) && fstat(fd, &info) == 0) {
    // After the call: the size is what the call has made it.
    if (!only_larger || info.st_size == size) {
      Record(Header::kTruncate, inode, static_cast<uint64_t>(size), 0, "");
    }
  }
  return result;
}

int Sync(int fd, const char* name) {
  const Lock lock;
  uint64_t inode;
  if (!Find(fd, &inode)) return Real<int(int)>(name)(fd);
  Record(Header::kSync, inode, 0, 0, "");
  return 0;
}

int Remove(int at, const char* path, int result) {
  if (result != 0) return result;
  const Entry entry = EntryOf(path, at);
  if (entry.found) Record(Header::kRemove, entry.folder, 0, 0, entry.name);
  return result;
}

}  // namespace
}  // namespace testing
}  // namespace sheaf

using namespace sheaf::testing;  // NOLINT: what follows is the C library's

extern "C" {

int open(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;
  va_end(list);
  return OpenWith(AT_FDCWD, path, flags, [&] { return REAL(open)(path, flags, mode); });
}

int open64(const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;
  va_end(list);
  return OpenWith(AT_FDCWD, path, flags, [&] { return REAL(open64)(path, flags, mode); });
}

int openat(int at, const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;
  va_end(list);
  return OpenWith(at, path, flags, [&] { return REAL(openat)(at, path, flags, mode); });
}

FILE* fopen(const char* path, const char* mode) { return OpenStream("fopen", path, mode); }
FILE* fopen64(const char* path, const char* mode) { return OpenStream("fopen64", path, mode); }

// Not kept in the stream's buffer: the C library would write it where it is not seen.
size_t fwrite(const void* data, size_t size, size_t count, FILE* file) {
  const Lock lock;
  const size_t written = REAL(fwrite)(data, size, count, file);
  if (REAL(fflush)(file) == 0) {
    RecordWritten(fileno(file), data, static_cast<ssize_t>(written * size));
  }
  return written;
}

int mkostemp(char* path, int flags) {
  const Lock lock;
  const int fd = REAL(mkostemp)(path, flags);
  if (fd >= 0) RecordCreate(path);
  return fd;
}

char* mkdtemp(char* path) {
  const Lock lock;
  char* const made = REAL(mkdtemp)(path);
  if (made != nullptr) RecordCreate(path);
  return made;
}

int mkdir(const char* path, mode_t mode) {
  const Lock lock;
  const int result = REAL(mkdir)(path, mode);
  if (result == 0) RecordCreate(path);
  return result;
}

int mkdirat(int at, const char* path, mode_t mode) {
  const Lock lock;
  const int result = REAL(mkdirat)(at, path, mode);
  if (result == 0) RecordCreate(path, at);
  return result;
}

int linkat(int from_at, const char* from, int to_at, const char* to, int flags) {
  const Lock lock;
  const int result = REAL(linkat)(from_at, from, to_at, to, flags);
  struct stat info;
  const Entry entry = EntryOf(to, to_at);
  if (result == 0 && entry.found && fstatat(to_at, to, &info, AT_SYMLINK_NOFOLLOW) == 0) {
    Record(Header::kLink, entry.folder, info.st_ino, 0, entry.name);
  }
  return result;
}

int link(const char* from, const char* to) { return linkat(AT_FDCWD, from, AT_FDCWD, to, 0); }

int symlink(const char* target, const char* path) {
  Unsupported("symlink");
  return REAL(symlink)(target, path);
}

int renameat(int from_at, const char* from, int to_at, const char* to) {
  const Lock lock;
  const Entry old_entry = EntryOf(from, from_at);
  const Entry new_entry = EntryOf(to, to_at);
  const int result = REAL(renameat)(from_at, from, to_at, to);
  if (result == 0 && (old_entry.found || new_entry.found)) {
    Record(Header::kRename, old_entry.folder, new_entry.folder, 0, old_entry.name,
           new_entry.name.data(), new_entry.name.size());
  }
  return result;
}

int rename(const char* from, const char* to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }

int unlink(const char* path) {
  const Lock lock;
  return Remove(AT_FDCWD, path, REAL(unlink)(path));
}

int unlinkat(int at, const char* path, int flags) {
  const Lock lock;
  return Remove(at, path, REAL(unlinkat)(at, path, flags));
}

int rmdir(const char* path) {
  const Lock lock;
  return Remove(AT_FDCWD, path, REAL(rmdir)(path));
}

int remove(const char* path) {
  const Lock lock;
  return Remove(AT_FDCWD, path, REAL(remove)(path));
}

ssize_t write(int fd, const void* data, size_t size) {
  const Lock lock;
  const ssize_t written = REAL(write)(fd, data, size);
  RecordWritten(fd, data, written);
  return written;
}

ssize_t writev(int fd, const struct iovec* parts, int count) {
  const Lock lock;
  const ssize_t written = REAL(writev)(fd, parts, count);
  std::string all;
  for (int i = 0; i < count; ++i) {
    all.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  }
  RecordWritten(fd, all.data(), written);
  return written;
}

ssize_t pwrite(int fd, const void* data, size_t size, off_t offset) {
  const Lock lock;
  const ssize_t written = REAL(pwrite)(fd, data, size, offset);
  uint64_t inode;
  if (written > 0 && Find(fd, &inode)) {
    Record(DiskEventHeader::kWrite, inode, static_cast<uint64_t>(offset), 0, "", data,
           static_cast<size_t>(written));
  }
  return written;
}

ssize_t pwrite64(int fd, const void* data, size_t size, off_t offset) {
  return pwrite(fd, data, size, offset);
}

ssize_t sendfile(int out, int in, off_t* offset, size_t size) {
  const Lock lock;
  const off_t from = offset != nullptr ? *offset : lseek(in, 0, SEEK_CUR);
  const ssize_t sent = REAL(sendfile)(out, in, offset, size);
  if (sent > 0) {
    std::string data(static_cast<size_t>(sent), '\0');
    if (pread(in, data.data(), data.size(), from) != sent) Unsupported("sendfile");
    RecordWritten(out, data.data(), sent);
  }
  return sent;
}

ssize_t copy_file_range(int in, off64_t* in_offset, int out, off64_t* out_offset, size_t size,
                        unsigned flags) {
  Unsupported("copy_file_range");
  return REAL(copy_file_range)(in, in_offset, out, out_offset, size, flags);
}

int ftruncate(int fd, off_t size) {
  const Lock lock;
  return Resize(fd, size, /*only_larger=*/false, REAL(ftruncate)(fd, size));
}

int ftruncate64(int fd, off_t size) { return ftruncate(fd, size); }

int truncate(const char* path, off_t size) {
  const Lock lock;
  const int result = REAL(truncate)(path, size);
  struct stat info;
  if (result == 0 && stat(path, &info) == 0 && IsOnDisk(info)) {
    Record(DiskEventHeader::kTruncate, info.st_ino, static_cast<uint64_t>(size), 0, "");
  }
  return result;
}

int fallocate(int fd, int mode, off_t offset, off_t size) {
  const Lock lock;
  const int result = REAL(fallocate)(fd, mode, offset, size);
  if (mode == 0) return Resize(fd, offset + size, /*only_larger=*/true, result);
  if (mode == (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)) {
    uint64_t inode;
    struct stat info;
    if (result == 0 && Find(fd, &inode) && fstat(fd, &info) == 0 && offset < info.st_size) {
      const std::string zeros(static_cast<size_t>(std::min(size, info.st_size - offset)), '\0');
      Record(DiskEventHeader::kWrite, inode, static_cast<uint64_t>(offset), 0, "", zeros.data(),
             zeros.size());
    }
  } else if (mode != FALLOC_FL_KEEP_SIZE) {
    Unsupported("fallocate");
  }
  return result;
}

int posix_fallocate(int fd, off_t offset, off_t size) {
  const Lock lock;
  return Resize(fd, offset + size, /*only_larger=*/true, REAL(posix_fallocate)(fd, offset, size));
}

void* mmap(void* address, size_t size, int protection, int flags, int fd, off_t offset) {
  if (fd >= 0 && (protection & PROT_WRITE) != 0 && (flags & MAP_SHARED) != 0) {
    uint64_t inode;
    if (Find(fd, &inode)) Unsupported("mmap for writing");
  }
  return reinterpret_cast<void*>(syscall(SYS_mmap, address, size, protection, flags, fd, offset));
}

int fsync(int fd) { return Sync(fd, "fsync"); }
int fdatasync(int fd) { return Sync(fd, "fdatasync"); }

}  // extern "C"
