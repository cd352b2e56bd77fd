// OutputFile: a file that is written whole: it is at its place, complete and on disk, or what was
// there before stays.
//
// Like std::ofstream, but the bytes go into a temporary file beside the target, which Commit()
// renames. The temporary file is new and its name is nobody else's. A symbolic link stays one: the
// file that it leads to is replaced. Mode and owner of that file are kept. What is no regular file
// (a device, a pipe) or is the name of an open file (/dev/stderr, /dev/fd/3) is written in place.
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

  // `what`: what messages begin with.
  explicit OutputFile(std::string what) : what_(std::move(what)) {}
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  // `id`: kIdBytes characters for the name of the temporary file, FILE.part-<id>. A file of that
  // name is taken for one that was left by a process that was killed, and replaced. Empty: a new
  // name. Waits for the reader of a FIFO. Errors: Internal with the reason; Cancelled if
  // interrupted.
  absl::Status Open(const std::string& path, const std::string& id = "");
  // Whether Open() would succeed, as far as it can be known without waiting. Leaves nothing, even
  // if the process is killed. (On a file system without O_TMPFILE a kill can leave what Open() with
  // this `id` replaces.) Errors: InvalidArgument with the reason.
  static absl::Status Check(const std::string& what, const std::string& path,
                            const std::string& id = "");
  // Removes what a process that was killed after Open() with this `id` has left beside `path`.
  // Errors are ignored: the file only takes space.
  static void RemoveLeft(const std::string& path, const std::string& id);

  // True if what `path` names is written in place.
  static bool IsInPlace(const std::string& path);

  // To write to, until Commit(). REQUIRES: Open() succeeded.
  int fd() const { return fd_; }

  // Errors: Internal with the reason; Cancelled if interrupted while a pipe takes nothing.
  absl::Status Write(std::string_view bytes);
  // What was written is on disk. Commit() does it if it was not called. Errors: Internal.
  absl::Status Sync();
  // Gives the file its name. Errors: Internal; what was there before then stays, unless the message
  // says otherwise.
  absl::Status Commit();

 private:
  struct Target;

  absl::Status OpenInPlace(const Target& target);
  // `nameless`: only to see that it can be done; the file has no name if the file system can do
  // that.
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
