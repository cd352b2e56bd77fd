// OwnedFolder: a folder that only this user can change, by its descriptor.
//
// Unlike a path, a descriptor cannot become another folder between two calls. A symbolic link as
// the last part of a path is never followed. So a folder or file that another user has put into a
// shared folder, such as /tmp, is refused.
//
// Ownership: closes its descriptors. Thread safety: immutable; const functions from any thread.
//
//   absl::StatusOr<OwnedFolder> folder = OwnedFolder::Open("/tmp/sheaf-load-Zk3bQx");
//   absl::StatusOr<int> fd = folder->OpenFile("journal", O_RDWR);

#ifndef SHEAF_TOOLS_COMMON_OWNED_FOLDER_H_
#define SHEAF_TOOLS_COMMON_OWNED_FOLDER_H_

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace sheaf {
namespace load {

class OwnedFolder {
 public:
  // Errors: NotFound; FailedPrecondition, with the reason, if it is no folder, if it is a link, or
  // if another user owns it or may write to it; Internal.
  static absl::StatusOr<OwnedFolder> Open(const std::string& path);
  // Makes a folder that only this user may look into. `pattern` ends with six X, which are
  // replaced. Errors: Internal.
  static absl::StatusOr<OwnedFolder> Make(std::string pattern);

  OwnedFolder(OwnedFolder&& other) noexcept;
  ~OwnedFolder();
  OwnedFolder(const OwnedFolder&) = delete;
  OwnedFolder& operator=(const OwnedFolder&) = delete;

  const std::string& path() const { return path_; }

  // Opens the file `name` in it with the flags of open(2). A new file is for this user alone.
  // Errors: NotFound; FailedPrecondition as for CheckFile(), or if others may write to it;
  // Internal.
  absl::StatusOr<int> OpenFile(const std::string& name, int flags) const;

  // Returns FailedPrecondition unless the open file `fd` is a regular file of this user with one
  // name.
  static absl::Status CheckFile(int fd, const std::string& path);

  // The names of its files and folders, sorted. Errors: Internal.
  absl::StatusOr<std::vector<std::string>> Names() const;

  // Removes `name` from it; if that is a folder, with all that is in it. Does not follow links,
  // leave the file system, or enter folders of other users. It is no error if `name` does not
  // exist.
  // Errors: FailedPrecondition; Internal.
  absl::Status Remove(const std::string& name) const;
  // Removes the folder itself, which must be empty. Errors: Internal.
  absl::Status RemoveItself() const;

  // Syncs the folder: the names of its files reach the disk. Errors: Internal.
  absl::Status Sync() const;
  // Syncs the folder that it is in.
  absl::Status SyncParent() const;

 private:
  OwnedFolder(std::string path, int parent, int fd)
      : path_(std::move(path)), parent_(parent), fd_(fd) {}
  static absl::StatusOr<OwnedFolder> OpenAny(const std::string& path);

  std::string path_;
  int parent_;  // may be open only for searching
  int fd_;
};

// Like OwnedFolder::Remove(), for a path. Does not follow its last part.
absl::Status RemoveTree(const std::string& path);

// True if `path` is a regular file of this user, and no link to one. Sets `*bytes` to its size.
bool IsOwnFile(const std::string& path, uint64_t* bytes);

// Returns FailedPrecondition, with the reason, unless `path` is a folder of this user and not a
// link to one; NotFound if it does not exist.
absl::Status CheckOwnFolder(const std::string& path);

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_OWNED_FOLDER_H_
