// InputFiles: the files that a command reads. No output of the command may be one of these files,
// under any name: that would destroy the input.
//
// Compares files by device and inode, so that symbolic links, hard links, /dev/fd/3 and
// redirections do not hide one.
//
// Thread safety: none.
//
//   InputFiles inputs;
//   inputs.AddFile("--input", "rows.tsv");
//   inputs.AddFolder("the DB", "lists.db");
//   absl::Status status = inputs.CheckOutput("--rejects", "r.tsv");

#ifndef SHEAF_TOOLS_COMMON_INPUT_FILES_H_
#define SHEAF_TOOLS_COMMON_INPUT_FILES_H_

#include <sys/stat.h>

#include <string>
#include <vector>

#include "absl/status/status.h"

namespace sheaf {
namespace load {

class InputFiles {
 public:
  // `what` is for messages. A `path` of "-" is stdin. A file that does not exist yet is compared by
  // its name.
  void AddFile(const std::string& what, const std::string& path);
  // Another output, which cannot be the same file either.
  void AddOutput(const std::string& what, const std::string& path);
  // Everything in `path`.
  void AddFolder(const std::string& what, const std::string& path);

  // InvalidArgument if the output `path` of option `what` is an input, or in a folder of inputs.
  absl::Status CheckOutput(const std::string& what, const std::string& path) const;
  // The same for an open file, such as stdout. Devices and pipes are allowed.
  absl::Status CheckOpen(const std::string& what, int fd) const;

 private:
  struct Input {
    std::string name;  // for messages
    std::string path;  // canonical; empty for stdin
    bool exists;
    struct stat info;
    bool folder;
    bool written;
  };

  static absl::Status Refused(const std::string& what, const std::string& is, const Input& input);
  absl::Status CheckInode(const std::string& what, const struct stat& info) const;

  std::vector<Input> inputs_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_COMMON_INPUT_FILES_H_
