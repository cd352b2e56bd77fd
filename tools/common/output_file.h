// OutputFile: a file that is written whole. Afterwards the new file is at its place, complete and
// on disk; or the old one still is.
//
// Like std::ofstream, but the bytes go into a new file beside the target, which Commit() renames.
// If the target is a symbolic link, the file that it leads to is replaced. Mode and owner of that
// file are kept. A device, a pipe, or the name of an open file (/dev/stderr, /dev/fd/3) is written
// in place.
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

  // Messages begin with `what`.
  explicit OutputFile(std::string what) : what_(std::move(what)) {}
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // `id`: kIdBytes characters for the name of the temporary file, FILE.part-<id>. A file of that
  // name was left by a process that was killed, and is replaced. Default: a new name. Waits for the
  // reader of a FIFO. Errors: Internal with the reason; Cancelled if interrupted.
  absl::Status Open(const std::string& path, const std::string& id = "");
  // Checks that Open() would succeed, as far as that is known without waiting. Leaves nothing, even
  // if the process is killed. (A kill can leave a file on a file system without O_TMPFILE. Open()
  // with this `id` replaces it.) Errors: InvalidArgument with the reason.
  static absl::Status Check(const std::string& what, const std::string& path,
                            const std::string& id = "");
  // Removes the temporary file of a process that was killed after Open() with this `id`. Ignores
  // errors: the file only takes space.
  static void RemoveLeft(const std::string& path, const std::string& id);

  // True if `path` is written in place.
  static bool IsInPlace(const std::string& path);

  // Open for writing until Commit(). REQUIRES: Open() succeeded.
  int fd() const { return fd_; }

  // Errors: Internal with the reason; Cancelled if interrupted while a pipe is full.
  absl::Status Write(std::string_view bytes);
  // Syncs what was written. Commit() does it if nobody else has. Errors: Internal.
  absl::Status Sync();
  // Gives the file its name. Errors: Internal. The old file then stays, unless the message says
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
