// TempFolder: a new folder that is removed, with the files in it, whatever happens.
//
// Thread safety: none.

#ifndef SHEAF_TOOLS_LOAD_TEMP_FOLDER_H_
#define SHEAF_TOOLS_LOAD_TEMP_FOLDER_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace sheaf {
namespace load {

class TempFolder {
 public:
  // Makes `<prefix>XXXXXX`, with other characters for the X. Errors: Internal, naming the folder in
  // which it cannot be made and the reason.
  static absl::StatusOr<std::unique_ptr<TempFolder>> Make(const std::string& prefix);

  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  explicit TempFolder(std::string path) : path_(std::move(path)) {}

  const std::string path_;
};

}  // namespace load
}  // namespace sheaf

#endif  // SHEAF_TOOLS_LOAD_TEMP_FOLDER_H_
