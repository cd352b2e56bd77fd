// OutputFile: a file that is written as a whole. Either the new file is in its place, complete and
// on disk, or the old one stays.
//
// Like std::ofstream, but the bytes go into a temporary file beside the target, and Commit()
// renames it. The temporary file is new and has a unique name. A symbolic link stays a link: the
// file that it points to is replaced. The new file keeps the mode and owner of the old one. A
// target that is not a regular file (a device, a pipe), or that names an open file (/dev/stderr,
// /dev/fd/3), is written in place.
//
// Ownership: removes the temporary file unless it was committed.
// Thread safety: none.
//
//   OutputFile file("--rejects r.tsv");
//   absl::Status status = file.Open("r.tsv");
//   if (status.ok()) status = file.Write(text);
//   if (status.ok()) status = file.Commit();

#ifndef SHEAF_TOOLS_COMMON_OUTPUT_FILE_H_
#define SHEAF_TOOLS_COMMON_OUTPUT_FILE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

namespace sheaf {
namespace load {

class OutputFile {
 public:
  static constexpr size_t kIdBytes = 6;

  // `what` begins each message.
  explicit OutputFile(std::string what) : what_(std::move(what)) {}
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // `id`: kIdBytes characters for the name of the temporary file, FILE.part-<id>. Replaces a file
  // of that name, which a killed process must have left. Empty: makes a new name. Waits for the
  // reader of a FIFO. Errors: Internal with the reason; Cancelled if interrupted.
  absl::Status Open(const std::string& path, const std::string& id = "");
  // Checks that Open() would succeed, as far as it can without waiting. Leaves no file, even if the
  // process is killed. (On a file system without O_TMPFILE a kill can leave a file; Open() with
  // this `id` replaces it.) Errors: InvalidArgument with the reason.
  static absl::Status Check(const std::string& what, const std::string& path,
                            const std::string& id = "");
  // Removes the file that a process left beside `path` if it was killed after Open() with this
  // `id`.
  // Errors are ignored: the file only takes space.
  static void RemoveLeft(const std::string& path, const std::string& id);

  // True if `path` is written in place.
  static bool IsInPlace(const std::string& path);

  // Can be written to until Commit(). REQUIRES: Open() succeeded.
  int fd() const { return fd_; }

  // Errors: Internal with the reason; Cancelled if interrupted while a pipe is full.
  absl::Status Write(std::string_view bytes);
  // Syncs what was written. Commit() does it if Sync() was not called. Errors: Internal.
  absl::Status Sync();
  // Gives the file its name. Errors: Internal; the old file then stays, unless the message says
  // otherwise.
  absl::Status Commit();

 private:
  struct Target;

  absl::Status OpenInPlace(const Target& target);
  // `nameless`: for a check only; the file gets no name, if the file system supports that.
  absl::Status OpenBeside(const Target& target, const std::string& id, bool nameless);
  absl::Status CheckInPlace(const Target& target) const;
  absl::Status CannotWrite(int error, std::string_view more = "") const;

  const std::string what_;
  int fd_ = -1;
  bool synced_ = false;
  std::string path_;  // without links; empty if it is written in place
  std::string part_;  // the name until Commit()
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_OUTPUT_FILE_H_
